"""A source that revises itself: what it changed is taken, what was edited here stays."""

import csv
import json
import re

import pytest

from geo.check import check_folder
from geo.evidence import find_why
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.revising import WORDS, revise
from geo.exchange.saving import import_into, save_import
from geo.layers.folder import read_folder
from tests.exports import made as opened
from tests.foreign import ACLED, HEADER, assert_adds_up

UCDP = (
    "id,date_start,date_end,date_prec,type_of_violence,side_a,side_b,where_coordinates,latitude,"
    "longitude,where_prec,source_office,best,low,high\n"
)


def acled(*rows):
    lines = [
        f"{name},{day},1,Battles,Armed clash,A,B,{place},48.1,{lon},1,X,{notes},{dead}"
        for name, day, place, lon, notes, dead in rows
    ]
    return ACLED + "\n".join(lines) + "\n"


FIRST = acled(
    ("E1", "2024-07-01", "Alpha", 37.1, "one", 1),
    ("E2", "2024-07-02", "Beta", 37.2, "two", 2),
    ("E3", "2024-07-03", "Gamma", 37.3, "three", 3),
    ("E4", "2024-07-04", "Delta", 37.4, "four", 4),
    ("E5", "2024-07-05", "Epsilon", 37.5, "five", 5),
    ("E6", "2024-06-05", "Zeta", 37.6, "six", 6),
)
# E1 as it was, E2 with more dead, E3 with other words and more dead, E4 and E5 gone, E7 new; the
# pull begins in July.
SECOND = acled(
    ("E1", "2024-07-01", "Alpha", 37.1, "one", 1),
    ("E2", "2024-07-02", "Beta", 37.2, "two", 20),
    ("E3", "2024-07-03", "Gamma", 37.3, "three and more", 30),
    ("E7", "2024-07-07", "Eta", 37.7, "seven", 7),
)


def edit(root, name, column, value):
    """Write a value into the event with an id of theirs, as an analyst would."""
    for path in (root / "events").iterdir():
        text = json.loads(path.read_text(encoding="utf-8"))
        for feature in text["features"]:
            if f"id {name}." in feature["properties"]["notes"]:
                feature["properties"][column] = value
                path.write_text(json.dumps(text), encoding="utf-8")
                return feature["properties"]["id"]
    raise AssertionError(name)


def pulled(root, path, kind="acled", *, whole=True, **options):
    """Run an update, and return what became of each record by what the source calls it."""
    into = read_folder(root)
    chosen = Options(update=True, **options)
    imported = run_import(kind, [path], options=chosen, into=into)
    if whole:
        assert_adds_up(imported)
    revision = revise(imported, into)
    save_import(imported, root, into=into, update=True)
    assert [str(i) for i in check_folder(read_folder(root)) if i.severity == "error"] == []
    return revision


def what(revision):
    return {one.theirs: one.what for one in revision.revised}


@pytest.fixture
def root(tmp_path, put):
    import_into(tmp_path / "new", "acled", put("pull-1.csv", FIRST))
    return tmp_path / "new"


def by_theirs(root):
    found = {}
    for event in read_folder(root).events:
        found[re.search(r"id (E\d+)\.", event.properties["notes"])[1]] = event.properties
    return found


def test_new_changed_and_withdrawn_records_are_told_and_edits_stay(root, put):
    edit(root, "E3", "fatalities", 99)
    edit(root, "E4", "confidence", "high")
    revision = pulled(root, put("pull-2.csv", SECOND))
    assert what(revision) == {
        "E1": "same",
        "E2": "changed",
        "E3": "kept",
        "E7": "new",
        "E4": "stays",
        "E5": "withdrawn",
        "E6": "outside",
    }
    events = by_theirs(root)
    assert set(events) == {"E1", "E2", "E3", "E4", "E6", "E7"}
    assert events["E2"]["fatalities"] == 20
    # The words of the source are taken where nobody edited them, the count that somebody did stays.
    assert "three and more" in events["E3"]["notes"]
    assert events["E3"]["fatalities"] == 99
    text = revision.report()
    assert "fatalities: 99 kept; the source says 30" in text
    assert "fatalities: 2 now 20" in text


def test_the_reconciliation_adds_up(root, put):
    edit(root, "E3", "fatalities", 99)
    text = pulled(root, put("pull-2.csv", SECOND)).report()
    for total, title, sums in re.findall(r"(\d+) records of (.+?) = (.*)", text):
        assert int(total) == sum(map(int, re.findall(r"(?:^|\+ )(\d+)", sums)))
        assert int(total) == {"this pull": 4, "the version before": 6}[title]
    assert WORDS["kept"] in text


def test_the_same_pull_again_changes_nothing(root, put):
    edit(root, "E3", "fatalities", 99)
    path = put("pull-2.csv", SECOND)
    pulled(root, path)
    before = {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    again = pulled(root, path)
    assert {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()} == before
    assert set(what(again).values()) == {"same", "outside", "gone"}


def test_a_pull_of_the_first_version_again_changes_nothing(root, put):
    before = {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    revision = pulled(root, put("pull-1.csv", FIRST))
    assert set(what(revision).values()) == {"same"}
    assert {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()} == before


def test_what_was_withdrawn_and_comes_back_is_new_again(root, put):
    pulled(root, put("pull-2.csv", SECOND))
    revision = pulled(root, put("pull-3.csv", FIRST))
    assert what(revision)["E5"] == "new"
    assert what(revision)["E7"] == "outside"
    assert set(by_theirs(root)) == {f"E{n}" for n in range(1, 8)}


def test_what_others_name_is_not_taken_away(root, put):
    folder = read_folder(root)
    named = next(e for e in folder.events if "id E5." in e.properties["notes"])
    place = {"name": "P", "lon": "37.2", "lat": "48.1", "controller": "A", "date": "2024-07-06"}
    import_into(
        root, "statements-csv", put("s.csv", ",".join(place) + "\n" + ",".join(place.values()))
    )
    text = (root / "statements.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    rows[0]["event_ids"] = named.id
    lines = [",".join(rows[0]), ",".join(rows[0].values())]
    (root / "statements.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    revision = pulled(root, put("pull-2.csv", SECOND))
    (one,) = [r for r in revision.revised if r.theirs == "E5"]
    assert (one.what, one.why) == ("stays", f"named by statements.csv, {rows[0]['id']}")


def test_what_was_removed_here_stays_removed(root, put):
    for path in (root / "events").iterdir():
        text = json.loads(path.read_text(encoding="utf-8"))
        text["features"] = [f for f in text["features"] if "id E2." not in f["properties"]["notes"]]
        path.write_text(json.dumps(text), encoding="utf-8")
    assert what(pulled(root, put("pull-2.csv", SECOND)))["E2"] == "removed"
    assert "E2" not in by_theirs(root)


def test_a_row_that_is_refused_now_is_not_withdrawn(root, put):
    broken = SECOND.replace("Beta,48.1", "Beta,north")
    revision = pulled(root, put("pull-2.csv", broken))
    assert what(revision)["E2"] == "unread"
    assert by_theirs(root)["E2"]["fatalities"] == 2


def test_an_answer_that_was_cut_off_withdraws_nothing(root, put):
    rows = [line.split(",") for line in SECOND.splitlines()]
    features = [
        {"attributes": dict(zip(rows[0], row, strict=True)), "geometry": None} for row in rows[1:]
    ]
    text = json.dumps({"features": features, "geometryType": "x", "exceededTransferLimit": True})
    revision = pulled(root, put("pull-2.json", text), whole=False)
    assert revision.partial
    assert not {"withdrawn", "stays"} & set(what(revision).values())
    assert "nothing counts as withdrawn" in revision.report()


def test_days_that_are_asked_for_bound_what_can_be_withdrawn(root, put):
    import datetime as dt

    revision = pulled(root, put("pull-2.csv", SECOND), since=dt.date(2024, 7, 5))
    told = what(revision)
    assert (told["E4"], told["E5"]) == ("outside", "withdrawn")


# ------------------------------------------------------------------ candidate events to final


def ucdp(*rows):
    return UCDP + "".join(
        f"{name},{day},{day},1,1,A,B,{place},48.1,{lon},1,X,{best},0,9\n"
        for name, day, place, lon, best in rows
    )


def test_candidate_events_become_final_ones(tmp_path, put):
    candidate = ucdp((1, "2024-07-01", "Alpha", 37.1, 3), (2, "2024-07-02", "Beta", 37.2, 4))
    final = ucdp((1, "2024-07-03", "Alpha", 37.1, 5), (3, "2024-07-02", "Beta", 37.2, 4))
    root = tmp_path / "new"
    imported = import_into(root, "ucdp", put("candidate.csv", candidate), version="24.0.7")
    assert imported.version == "24.0.7"
    # A date that was moved into another month moves the record to its file.
    final = final.replace("2024-07-03", "2024-08-03")
    revision = pulled(root, put("final.csv", final), "ucdp", fixed={"version": "25.1"})
    assert what(revision) == {"1": "changed", "3": "new", "2": "withdrawn"}
    assert {e.properties["event_date"] for e in read_folder(root).events} == {
        "2024-08-03",
        "2024-07-02",
    }
    versions = {row.values["theirs"]: row.values for row in read_folder(root).imports.rows}
    assert {name: (v["version"], v["state"]) for name, v in versions.items()} == {
        "1": ("25.1", "current"),
        "2": ("25.1", "withdrawn"),
        "3": ("25.1", "current"),
    }


# ------------------------------------------------------------------------------ a town list


TOWNS = (
    "Alpha,red,2024-07-01,48.10,37.10\nBeta,red,2024-07-01,48.12,37.30\n"
    "Gamma,blue,2024-07-01,48.10,37.55\n"
)


def test_a_town_that_changes_hands_in_a_list_keeps_its_id(tmp_path, put):
    root = tmp_path / "new"
    import_into(root, "statements-csv", put("a.csv", HEADER + TOWNS))
    ids = {row.values["theirs"]: row.id for row in read_folder(root).imports.rows}
    revised = TOWNS.replace("Beta,red", "Beta,blue")
    revision = pulled(root, put("b.csv", HEADER + revised), "statements-csv")
    assert what(revision) == {
        "Alpha 2024-07-01": "same",
        "Beta 2024-07-01": "changed",
        "Gamma 2024-07-01": "same",
    }
    said = read_folder(root).rows("statements")[ids["Beta 2024-07-01"]].values
    assert said["controller"] == "blue"


def test_a_list_of_places_moves_them_where_nobody_did(tmp_path, put):
    root = tmp_path / "new"
    head = "name,lon,lat\n"
    import_into(root, "places-csv", put("a.csv", head + "Alpha,37.10,48.10\nBeta,37.3,48.1\n"))
    again = put("b.csv", head + "Alpha,37.11,48.10\nGamma,37.5,48.1\n")
    revision = pulled(root, again, "places-csv")
    assert what(revision) == {"Alpha": "changed", "Gamma": "new", "Beta": "withdrawn"}
    places = read_folder(root).places
    assert {p.properties["name"]: p.geometry.x for p in places.values()} == {
        "Alpha": 37.11,
        "Gamma": 37.5,
    }


def test_why_says_which_version_it_quotes(tmp_path, put, frontline, monkeypatch):
    root = tmp_path / "new"
    told = {"confidence": "high", "version": "first"}
    import_into(root, "statements-csv", put("a.csv", HEADER + TOWNS), **told)
    assert frontline("estimate", "2024-07-02", "--layers", str(root))[0] == 0
    options = {"fixed": {**told, "version": "second"}}
    pulled(
        root,
        put("b.csv", HEADER + TOWNS.replace("Beta,red", "Beta,blue")),
        "statements-csv",
        **options,
    )
    why = find_why(*opened(root), "alpha", "2024-07-02")
    assert "as its source has it in first (Alpha 2024-07-01)" in str(why)
    (version,) = {one["version"] for one in why.to_dict()["versions"].values()} - {"second"}
    assert version == "first"
    monkeypatch.chdir(tmp_path)
    text = (root / "statements.csv").read_text(encoding="utf-8")
    (root / "statements.csv").write_text(
        text.replace(",reported,high", ",claimed,high", 1), encoding="utf-8"
    )
    edited = next(
        row.id for row in read_folder(root).statements.rows if row.values["basis"] == "claimed"
    )
    place = read_folder(root).rows("statements")[edited].values["place_id"]
    assert "edited here: basis" in str(find_why(*opened(root), place, "2024-07-02"))


# -------------------------------------------------------------------------- what it refuses


def test_kinds_that_hold_whole_layers_are_not_updated(put):
    with pytest.raises(ValueError, match="--update says nothing about control-geojson"):
        run_import("control-geojson", [put("a.geojson", "{}")], options=Options(update=True))


def test_two_publishers_of_one_kind_are_told_apart(root, put):
    import_into(root, "events-csv", put("o.csv", SECOND.replace("E", "F")), publisher="one")
    import_into(root, "events-csv", put("p.csv", SECOND.replace("E", "G")), publisher="two")
    with pytest.raises(ValueError, match="there are one, two"):
        run_import(
            "events-csv",
            [put("q.csv", SECOND)],
            options=Options(update=True),
            into=read_folder(root),
        )


def test_the_command_prints_what_happened_and_a_dry_run_writes_nothing(root, put, frontline):
    path = str(put("pull-2.csv", SECOND))
    before = {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    words = ("import", "acled", path, "--into", str(root), "--update")
    code, out, _ = frontline(*words, "--dry-run")
    assert code == 0
    assert "  withdrawn: events" in out
    assert "1 new + 2 changed + 0 changed by the source and edited here + 1 unchanged" in out
    assert {p: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()} == before
    code, _, told = frontline(*words)
    assert code == 0
    assert "files written" in told
    assert frontline("check", str(root))[0] == 0
