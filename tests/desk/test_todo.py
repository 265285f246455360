"""What waits is ranked by the ground that hangs on it, and moves as much as it says."""

import csv
import datetime as dt
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import open_layers
from geo.crs import area_km2
from geo.desk import COLUMNS, KINDS
from geo.errors import DateError, UnknownIdError
from geo.evidence.field.fitting import FieldParameters
from geo.evidence.field.latent import LatentField
from geo.evidence.field.observations import Observations
from geo.evidence.hanging import Change, Hanging

ROOT = Path(__file__).parents[2]
DAY = "2017-08-01"


def row(name, place, date, holder, source="wire-1", confidence="high"):
    return f"{name},{place},{date},day,controlled,{holder},,reported,{confidence},,{source},\n"


@pytest.fixture
def waiting_layers(small):
    """Statements of every kind that may wait, on a theatre of a few places."""
    places = json.loads((small / "places.geojson").read_text())
    first = places["features"][0]
    for name, lon, lat in (("north", 37.3, 33.6), ("south", 37.2, 33.1), ("lost", None, None)):
        more = json.loads(json.dumps(first))
        more["properties"] |= {"id": name, "name": name.title(), "alternatenames": None}
        more["geometry"] = {"type": "Point", "coordinates": [lon, lat]} if lon else None
        if not lon:
            more["properties"] |= {"coord_method": "none", "geo_radius_m": None}
            more["properties"] |= {"coord_source": None}
        places["features"].append(more)
    (small / "places.geojson").write_text(json.dumps(places))
    with (small / "sources.csv").open("a") as file:
        file.write("other-1,Other,,A report,,,2017-08-01,,,C3\n")
    with (small / "statements.csv").open("a") as file:
        file.write(row("stm-against", "mid_well", "2017-08-01", "red", "other-1", "moderate"))
        file.write(row("stm-old", "north", "2016-08-10", "red", "other-1"))
        file.write(row("stm-south", "south", "2017-07-20", "blue"))
        file.write(row("stm-lost", "lost", "2017-07-20", "blue", "other-1"))
    ledger = (small / "changes.csv").read_text().splitlines(keepends=True)
    (small / "changes.csv").write_text("".join(x for x in ledger if not x.startswith("chg-east")))
    return small


def test_every_kind_is_found_and_the_most_ground_stands_first(waiting_layers):
    found = open_layers(waiting_layers).todo()
    assert tuple(found.columns) == COLUMNS
    assert set(found["kind"]) == set(KINDS)
    assert found["km2"].is_monotonic_decreasing
    assert bool(found["measured"].iloc[0])
    by_kind = dict(iter(found.groupby("kind")))
    assert "mid_well" in set(by_kind["contradiction"]["place_ids"])
    (old,) = by_kind["ageing"].to_dict("records")
    assert (old["place_ids"], old["statement_ids"]) == ("north", "stm-old")
    assert "counts until 2017-08-10" in old["text"]
    (lost,) = by_kind["unlocated"].to_dict("records")
    assert lost["statement_ids"] == "stm-lost"
    assert lost["command"] == "frontline find Lost"
    assert "south" in set(by_kind["sole"]["place_ids"])
    (step,) = by_kind["unexplained"].to_dict("records")
    assert step["command"] == "frontline change 2017-07-01 2017-08-01 --ledger --write"
    # A place of which sources disagree is not told of by one alone as well.
    of_words = found[found["kind"] != "unexplained"]
    assert not of_words["place_ids"].duplicated().any()


def test_the_command_of_the_unexplained_explains_it(waiting_layers, frontline):
    theatre = open_layers(waiting_layers)
    (step,) = [one for one in theatre.waiting() if one["kind"] == "unexplained"]
    words = step["command"].split()[1:]
    code, _, _ = frontline(*words, "--layers", waiting_layers)
    assert code == 0
    left = open_layers(waiting_layers).waiting()
    assert not [one for one in left if one["kind"] == "unexplained"]


def ground(folder, day):
    """The ground of each side, or status, as the layer of a date draws it."""
    found = {}
    for one in folder.control[day].features:
        name = one.properties["controller"]
        holder = folder.sides.get(name, name) if name else one.properties["status"]
        found.setdefault(holder, []).append(one.geometry)
    return {holder: shapely.union_all(shapes) for holder, shapes in found.items()}


def moved_km2(one, other):
    """How much ground two drawings give to different holders, straight from their shapes."""
    shared = [shapely.intersection(one[h], other[h]) for h in one.keys() & other.keys()]
    whole = area_km2([shapely.union_all(list(one.values()))])[0]
    return whole - float(sum(area_km2([shape])[0] for shape in shared))


def test_taking_the_first_advice_in_a_copy_moves_what_it_said(waiting_layers, tmp_path, frontline):
    # Drawn from its words to begin with, so that only the advice moves anything.
    for day in ("2017-07-01", DAY):
        assert frontline("estimate", day, "--force", "--layers", waiting_layers)[0] == 0
    first = next(one for one in open_layers(waiting_layers).waiting(DAY) if one["statement_ids"])
    assert first["measured"]
    assert first["km2"] > 50
    copy = tmp_path / "copy"
    shutil.copytree(waiting_layers, copy)
    words = first["command"].replace("--dry-run", "--force").split()[1:]
    assert frontline(*words, "--layers", copy)[0] == 0
    day = dt.date.fromisoformat(DAY)
    before, after = (ground(open_layers(root).folder, day) for root in (waiting_layers, copy))
    assert moved_km2(before, after) == pytest.approx(first["km2"], rel=0.01, abs=1)


@pytest.mark.slow
def test_in_the_case_too_the_first_advice_moves_about_what_it_said(shipped, tmp_path, frontline):
    theatre = open_layers(shipped)
    first, *others = theatre.waiting()
    assert first["measured"]
    assert all(one["km2"] <= first["km2"] for one in others)
    copy = tmp_path / "layers"
    shutil.copytree(shipped, copy)
    gone = set(first["statement_ids"].split(";"))
    table = (copy / "statements.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in table if line.partition(",")[0] not in gone]
    assert len(kept) == len(table) - len(gone)
    (copy / "statements.csv").write_text("".join(kept), encoding="utf-8")
    # Patches still name the words that are gone; what is drawn anew does not.
    for path in (copy / "control").glob("*.geojson"):
        text = path.read_text(encoding="utf-8")
        for one in gone:
            text = text.replace(f"{one};", "").replace(f";{one}", "").replace(f'"{one}"', "null")
        path.write_text(text, encoding="utf-8")
    day = theatre.after
    code, _, err = frontline("estimate", day, "--force", "--layers", copy)
    assert code == 0, err
    moved = moved_km2(ground(theatre.folder, day), ground(open_layers(copy).folder, day))
    # In the copy the numbers of the field are fitted anew, to a word less.
    assert first["km2"] * 0.7 < moved < first["km2"] * 1.4


def test_words_that_are_left_out_must_be_there(waiting_layers, frontline):
    theatre = open_layers(waiting_layers)
    with pytest.raises(UnknownIdError, match="stm-nobody: no such statement"):
        theatre.estimate(DAY, without=["stm-nobody"])
    code, out, err = frontline(
        "estimate", DAY, "--without", "stm-nobody", "--layers", waiting_layers
    )
    assert (code, out) == (1, "")
    assert "no such statement" in err
    with pytest.raises(DateError):
        theatre.todo("2016-01-01")


def test_the_command_lists_in_every_form(waiting_layers, frontline):
    code, out, err = frontline("todo", "--limit", "2", "--layers", waiting_layers)
    assert code == 0
    assert out.startswith("1. ")
    assert "frontline " in out
    assert "more, with less ground" in err
    code, out, _ = frontline(
        "todo", "--format", "json", "--kind", "sole", "--layers", waiting_layers
    )
    told = json.loads(out)
    assert {one["kind"] for one in told} == {"sole"}
    code, out, _ = frontline("todo", "--format", "csv", "--layers", waiting_layers)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [float(one["km2"]) for one in rows] == sorted(
        (float(one["km2"]) for one in rows), reverse=True
    )
    assert set(rows[0]) == {*COLUMNS, "who"}


def test_git_knows_who_wrote_the_words(waiting_layers, frontline):
    def git(*words):
        subprocess.run(["git", *words], cwd=waiting_layers, check=True, capture_output=True)

    name = ["-c", "user.name=Ana B", "-c", "user.email=ana@example.org"]
    git("init", "-q")
    git("add", ".")
    git(*name, "commit", "-qm", "begun")
    with (waiting_layers / "statements.csv").open("a") as file:
        file.write(row("stm-new", "south", "2017-07-21", "blue"))
    code, out, _ = frontline("todo", "--format", "json", "--layers", waiting_layers)
    assert code == 0
    who = {one["statement_ids"]: one["who"] for one in json.loads(out)}
    assert who["stm-old"] == "Ana B"
    assert who["stm-new"] == ""  # not committed yet
    code, out, _ = frontline("todo", "--by-person", "--layers", waiting_layers)
    assert "Ana B:\n" in out
    assert "nobody that git knows:\n" in out


def test_without_statements_only_the_ledger_waits(small):
    for name in ("statements.csv", "changes.csv"):
        head = (small / name).read_text().splitlines()[0]
        (small / name).write_text(f"{head}\n")
    for folder in ("control", "events"):
        for path in (small / folder).glob("*.geojson"):
            layer = json.loads(path.read_text())
            for feature in layer["features"]:
                none = {"statement_ids": None, "change_id": None}
                feature["properties"] |= {
                    k: v for k, v in none.items() if k in feature["properties"]
                }
            path.write_text(json.dumps(layer))
    found = open_layers(small).todo()
    assert set(found["kind"]) == {"unexplained"}


# ---------------------------------------------------------------- the closed form


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), out=st.integers(0, 4))
def test_a_field_without_some_observations_is_that_of_the_rest(seed, out):
    rng = np.random.default_rng(seed)
    count = 12
    seen = Observations(
        rng.uniform(0, 1e5, (count, 2)),
        rng.uniform(0, 5e3, count),
        rng.dirichlet(np.ones(3), count),
        rng.uniform(0, 0.5, count),
        clock=rng.normal(0, 1, count),
    )
    numbers = (FieldParameters(3e4, 0.5, weight=0.6), FieldParameters(6e4, 0.7, weight=0.4))
    prior = np.array([0.1, 0.0, -0.1])
    whole = LatentField(seen, "abc", parameters=numbers, prior=prior)
    points = rng.uniform(0, 1e5, (40, 2))
    gone = rng.choice(count, out, replace=False)
    ((chance, told),) = whole.left_out(points, [gone])
    rest = seen.take(np.setdiff1d(np.arange(count), gone))
    wanted = LatentField(rest, "abc", parameters=numbers, prior=prior).assess(points)
    assert chance == pytest.approx(wanted[0], abs=2e-3)
    assert told == pytest.approx(wanted[1], abs=2e-3)


def test_many_words_are_ranked_by_those_near(waiting_layers, monkeypatch):
    folder = open_layers(waiting_layers).folder
    hanging = Hanging(folder, dt.date.fromisoformat(DAY))
    changes = [Change((row.id,)) for row in folder.statements.rows if row.id != "stm-lost"]
    together = hanging.rank(changes)
    assert max(together) > 0
    monkeypatch.setattr("geo.evidence.hanging._LOT", 1)
    apart = Hanging(folder, dt.date.fromisoformat(DAY)).rank(changes)
    best = int(np.argmax(together))
    assert apart[best] > 0.3 * together[best]
    nothing = hanging.rank([Change()])
    assert nothing == [0.0]


def test_a_task_is_the_same_asked_twice(waiting_layers):
    theatre = open_layers(waiting_layers)
    once, again = theatre.waiting(), theatre.waiting()
    assert once == again
