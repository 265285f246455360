"""The shipped case, read with the standard library alone: our own readers are not asked."""

import csv
import datetime as dt
import hashlib
import json
import re
from collections import Counter
from itertools import pairwise

import pytest

from geo.model import ID_PATTERN, SCHEMAS, split_ids

HAND_MADE = sorted(set(SCHEMAS) - {"control", "imports"})
ARABIC = re.compile("[\u0600-\u06ff]")
FORBIDDEN = re.compile(r"regime|liberat|terroris|occupied|\brebel", re.IGNORECASE)
REPORT = "sohr-71105"
LARGE_AREA = "evt-3da4671d"
AGAINST_ITS_CONTROLLER = {"gap", "ring", "severed"}
FOUND_LATER = {
    "abu_sharshuh",
    "border_posts_133_154",
    "border_posts_161_163",
    "border_posts_165_169",
    "damascus_baghdad_road",
    "tal_al_riyahi",
    "tal_asada",
    "wadi_mahmoud",
}
CODED = {"id", "ref", "refs", "choice"}
DISPUTED = [
    "abu_khashbah",
    "al_asfar",
    "bir_mahruthah",
    "dumayr",
    "jabal_seis",
    "jayrud",
    "khalkhalah_airbase",
    "khirbat_al_umbashi",
    "rujm_at_tamr",
    "ruhaybah",
    "sabaa_biyar",
    "sayqal_airbase",
    "tall_mahruthah",
    "tall_salman_sayqal",
    "tanf_garrison",
    "thaniyat_wadhah",
    "tulul_al_safa",
    "umm_rumam",
    "wadi_shaab",
    "zalaf_dam",
    "zaza_junction",
]


def geojson(path):
    return json.loads(path.read_bytes())["features"]


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def records(shipped):
    """Every record by schema: file name, values with None for an empty cell, geometry."""
    found = {}
    for name, schema in SCHEMAS.items():
        found[name] = []
        for path in sorted(shipped.glob(schema.path)):
            label = path.relative_to(shipped).as_posix()
            if schema.geometry:
                pairs = [(f["properties"], f["geometry"]) for f in geojson(path)]
            else:
                whole = {c.name for c in schema.columns if c.kind == "integer"}
                pairs = [
                    ({k: int(v) if v and k in whole else v or None for k, v in r.items()}, None)
                    for r in table(path)
                ]
            found[name] += [(label, values, geometry) for values, geometry in pairs]
    return found


@pytest.fixture(scope="module")
def values(records):
    """The values of every record by schema."""
    return {name: [v for _, v, _ in rows] for name, rows in records.items()}


@pytest.fixture(scope="module")
def dictionary(shipped):
    """The sections of the data dictionary by their heading."""
    text = (shipped / "README.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {"introduction": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


@pytest.fixture(scope="module")
def dossier(shared):
    """The tables of the dossier by name."""
    folder = shared / "case"
    if not folder.is_dir():
        pytest.skip("the test material holds no dossier of the case")
    return {path.stem: table(path) for path in folder.glob("*.csv")}


def is_shaped(geometry):
    """Whether a geometry is a line or an area."""
    return geometry is not None and geometry["type"] != "Point"


def derived(prefix, text):
    return prefix + hashlib.sha256(f"badia_2017/{text}".encode()).hexdigest()[:8]


# The dictionary, the schemas and the files say the same.


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_dictionary_lists_the_columns_of_a_file_in_order(name, dictionary):
    section = dictionary[SCHEMAS[name].path]
    assert re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE) == list(SCHEMAS[name].names)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_dictionary_holds_every_word_of_a_closed_list(name, dictionary):
    section = dictionary[SCHEMAS[name].path]
    for column in SCHEMAS[name].columns:
        if name == "statements" and column.name in {"status", "basis", "confidence"}:
            assert "as for control" in section
            continue
        words = {" ".join(word.split()) for word in re.findall("`([^`]+)`", section)}
        assert set(column.choices) <= words, column.name


@pytest.mark.parametrize("name", HAND_MADE)
def test_every_record_has_the_keys_of_its_schema_in_order(name, values):
    assert values[name]
    for row in values[name]:
        assert list(row) == list(SCHEMAS[name].names), row.get("id")


@pytest.mark.parametrize("name", HAND_MADE)
def test_every_value_is_of_its_column(name, values):
    for row in values[name]:
        for column in SCHEMAS[name].columns:
            cell = row[column.name]
            where = (name, row.get("id"), column.name, cell)
            if cell is None:
                assert not column.required, where
            elif column.kind == "date":
                assert dt.date.fromisoformat(cell).isoformat() == cell, where
            elif column.kind == "choice":
                assert cell in column.choices, where
            elif column.kind == "pattern":
                assert re.fullmatch(column.pattern, cell), where
            elif column.kind == "url":
                assert cell.startswith(("http://", "https://")), where
                assert " " not in cell, where
            elif column.kind == "id":
                assert ID_PATTERN.fullmatch(cell), where
            elif column.kind == "integer":
                assert type(cell) is int, where
            else:
                assert cell == " ".join(cell.split()), where


def test_the_counts_in_the_dictionary_are_those_of_the_data(records, values, dictionary):
    located = sum(geometry is not None for _, _, geometry in records["places"])
    places = len(values["places"])
    inferred = sum(place["coord_method"] == "inferred" for place in values["places"])
    shaped = sum(is_shaped(geometry) for _, _, geometry in records["places"])
    months = len({label for label, _, _ in records["events"]})
    for line in (
        f"| {len(values['events'])} events in {months} months |",
        (
            f"| {places} places, {located} with a position "
            f"({inferred} of them inferred, {shaped} lines and areas) |"
        ),
        f"| {len(values['statements'])} statements of who held a place |",
        f"| {len(values['actors'])} actors, 5 of them sides |",
        f"| {len(values['changes'])} changes: ",
        f"| {len(values['alignments'])} relations |",
        f"| {len(values['sources'])} sources |",
    ):
        assert line in dictionary["introduction"], line
    bases = Counter(row["basis"] for row in values["statements"])
    for basis, count in bases.items():
        assert f"`{basis}` ({count})" in dictionary["statements.csv"]


def test_the_dictionary_lists_exactly_the_places_never_located(values, dictionary):
    section = dictionary["places.geojson"].split("### Never located")[1]
    listed = re.findall(r"^- `(\w+)`:", section, re.MULTILINE)
    assert listed == sorted(p["id"] for p in values["places"] if p["coord_method"] == "none")


# Identity and references.


def test_ids_are_unique(values):
    for name in HAND_MADE:
        if "id" in SCHEMAS[name].names:
            repeated = [i for i, n in Counter(v["id"] for v in values[name]).items() if n > 1]
            assert not repeated, (name, repeated)


@pytest.mark.parametrize("name", HAND_MADE)
def test_every_reference_exists(name, values):
    known = {n: {row["id"] for row in values[n]} for n in SCHEMAS if "id" in SCHEMAS[n].names}
    for row in values[name]:
        for column in SCHEMAS[name].columns:
            if column.refers_to:
                parts = split_ids(row[column.name])
                assert set(parts) <= known[column.refers_to], (name, row.get("id"), column.name)
                assert len(parts) == len(set(parts)), (name, row.get("id"), column.name)


def test_random_ids_are_prefixed_by_their_kind(values):
    for name, prefix in {"events": "evt", "statements": "stm", "changes": "chg"}.items():
        for row in values[name]:
            assert re.fullmatch(f"{prefix}-[0-9a-f]{{8}}", row["id"])


def test_codes_are_neutral(values):
    for name in HAND_MADE:
        for row in values[name]:
            for column in SCHEMAS[name].columns:
                if column.kind in CODED and row[column.name]:
                    assert not FORBIDDEN.search(row[column.name]), (name, row)


def test_our_own_sentences_are_neutral(values):
    prose = {"note", "notes", "summary", "title", "scope"}
    for name in HAND_MADE:
        for row in values[name]:
            for key in prose & row.keys():
                assert not FORBIDDEN.search(row[key] or ""), (name, row.get("id"), row[key])


def test_no_trace_of_the_numbering_of_the_dossier(shipped):
    for path in shipped.rglob("*"):
        if path.suffix in {".csv", ".geojson", ".md"} and path.parent.name != "control":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\bE\d{3}\b|/wor[k]/|\bseed\b", text), path.name


# The study area.


def inside(ring, lon, lat):
    """Whether a position lies in a ring: the even-odd rule."""
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def test_the_study_area_holds_what_was_fought_for_with_a_margin(records):
    [(_, _, area)] = records["theatre"]
    assert area["type"] == "Polygon"
    [ring] = area["coordinates"]
    places = {p["id"]: geometry["coordinates"] for _, p, geometry in records["places"] if geometry}
    margin = 0.03  # degrees, about 3 km
    for name in DISPUTED:
        lon, lat = places[name]
        for east, north in ((0, 0), (margin, 0), (-margin, 0), (0, margin), (0, -margin)):
            assert inside(ring, lon + east, lat + north), name
    assert inside(ring, *places["tanf_crossing"])
    assert not inside(ring, *places["damascus"])
    assert not inside(ring, *places["palmyra"])


# Places.


def test_a_place_has_a_position_and_a_radius_or_neither(records):
    for _, place, geometry in records["places"]:
        located = place["coord_method"] != "none"
        assert (geometry is not None) == located, place["id"]
        assert (place["geo_radius_m"] is not None) == located, place["id"]


def test_an_inferred_place_is_never_sharp(records):
    for _, place, _ in records["places"]:
        if place["coord_method"] == "inferred":
            assert place["geo_radius_m"] >= 4000, place["id"]


def test_what_is_drawn_quotes_its_words_and_is_never_sharp(records):
    drawn = [(p, g) for _, p, g in records["places"] if p["coord_method"] == "drawn"]
    assert len(drawn) > 20
    for place, geometry in drawn:
        assert is_shaped(geometry), place["id"]
        assert place["geo_radius_m"] >= 3000, place["id"]
        words = place["coord_source"].startswith(("The words: ", "OpenStreetMap"))
        assert words and place["source_ids"], place["id"]


def test_arabic_names_stand_in_their_own_column(values):
    for place in values["places"]:
        assert not ARABIC.search(place["name"])
        if place["name_ar"]:
            assert ARABIC.search(place["name_ar"])
            assert place["name_ar"] not in (place["alternatenames"] or "").split(";")


def test_the_spelling_of_the_report_is_kept(values):
    places = {p["id"]: p for p in values["places"]}
    for place, spelling in {
        "bir_mahruthah": "Beir Mahruthah",
        "sayqal_airbase": "Al-Sein Military Airport",
        "tanf_garrison": "Tanf Camp",
        "shaddadi": "Al-Shaddadi",
    }.items():
        assert spelling in places[place]["alternatenames"].split(";")
        assert f"SOHR writes {spelling}" in places[place]["note"]


# Events.


def test_a_monthly_file_holds_only_its_month(records):
    for label, event, _ in records["events"]:
        assert label == f"events/{event['event_date'][:7]}.geojson", event["id"]


def test_every_event_lies_at_its_place(records):
    places = {p["id"]: (p, geometry) for _, p, geometry in records["places"]}
    for _, event, geometry in records["events"]:
        if event["place_id"] is None:
            assert geometry is None
            continue
        assert event["location"]
        place, where = places[event["place_id"]]
        if is_shaped(where):  # at which part of it, nobody says
            assert geometry is None and event["geo_precision"] is None, event["id"]
            continue
        assert geometry == where, event["id"]
        assert (event["geo_precision"] is None) == (where is None), event["id"]
        if event["id"] != LARGE_AREA:
            assert event["geo_radius_m"] == place["geo_radius_m"], event["id"]


def test_an_event_of_a_large_area_is_no_dot(values):
    (event,) = [e for e in values["events"] if e["id"] == LARGE_AREA]
    assert "large area" in event["notes"]
    assert event["geo_precision"] == 3 and event["geo_radius_m"] >= 10000


def test_no_event_is_more_exact_than_its_place(records):
    places = {p["id"]: p for _, p, _ in records["places"]}
    for _, event, geometry in records["events"]:
        if geometry is not None:
            place = places[event["place_id"]]
            best = (
                1 if place["geo_radius_m"] <= 3000 else 2 if place["geo_radius_m"] <= 10000 else 3
            )
            assert event["geo_precision"] >= best, event["id"]


def test_sub_event_types_belong_to_their_type(values):
    types = {
        "Battles": {
            "Armed clash",
            "Government regains territory",
            "Non-state actor overtakes territory",
        },
        "Explosions/Remote violence": {"Air/drone strike", "Shelling/artillery/missile attack"},
        "Violence against civilians": {"Attack"},
        "Strategic developments": {
            "Agreement",
            "Change to group/activity",
            "Disrupted weapons use",
            "Non-violent transfer of territory",
            "Other",
        },
    }
    sides = {a["id"]: a["side"] for a in values["actors"]}
    for event in values["events"]:
        assert event["sub_event_type"] in types[event["event_type"]], event["id"]
        if event["sub_event_type"] == "Government regains territory":
            assert sides[event["actor1"]] == "government"
        if event["sub_event_type"] == "Non-state actor overtakes territory":
            assert sides[event["actor1"]] == "opposition"


def test_no_side_stands_on_both_sides_of_an_event(values):
    sides = {a["id"]: a["side"] for a in values["actors"]}
    for event in values["events"]:
        first = {event["actor1"], *split_ids(event["assoc_actor_1"])} - {None}
        second = {event["actor2"], *split_ids(event["assoc_actor_2"])} - {None}
        assert not first & second, event["id"]
        assert not {sides[a] for a in first} & {sides[a] for a in second}, event["id"]
        assert first or event["sub_event_type"] == "Other", event["id"]


def test_all_that_the_report_says_is_here(values):
    said = [e for e in values["events"] if e["source_ids"] == REPORT]
    assert len(said) == 18
    text = " ".join(e["notes"] for e in said)
    for number in range(1, 6):
        assert f"item {number}:" in text
    for word in ("besieged", "ceasefire", "Shaddadi", "shelling", "dead and wounded", "seized"):
        assert word in text


def test_the_advance_is_dated_to_the_night(values):
    (advance,) = [
        e
        for e in values["events"]
        if e["source_ids"] == REPORT
        and e["sub_event_type"] == "Non-state actor overtakes territory"
    ]
    assert (advance["event_date"], advance["end_date"]) == ("2017-08-01", "2017-08-02")
    assert (advance["actor1"], advance["assoc_actor_1"]) == ("usud_al_sharqiyah", "ahmad_al_abdo")
    assert advance["place_id"] == "bir_mahruthah"


# Statements.


def test_a_statement_names_its_holder_or_its_parties(values):
    sides = {a["id"] for a in values["actors"] if a["kind"] == "side"}
    for row in values["statements"]:
        parties = split_ids(row["controllers"])
        if row["status"] in {"contested", "mixed"}:
            assert row["controller"] is None and len(parties) >= 2, row["id"]
        else:
            assert row["status"] in {"controlled", "advance"}, row["id"]
            assert row["controller"] and not parties, row["id"]
        assert {row["controller"], *parties} - {None} <= sides, row["id"]


def test_a_medium_that_speaks_for_its_own_side_only_claims(values):
    leaning = {s["id"]: s["leaning"] for s in values["sources"]}
    for row in values["statements"]:
        if row["basis"] == "claimed" and row["controller"]:
            assert row["confidence"] != "high", row["id"]
        if row["extent"] in AGAINST_ITS_CONTROLLER:
            continue
        if row["basis"] == "reported" and row["controller"]:
            own = leaning[row["source_ids"]] == row["controller"]
            assert not own or row["confidence"] == "high", row["id"]


def test_a_statement_speaks_of_the_place_of_its_events(values):
    events = {e["id"]: e for e in values["events"]}
    for row in values["statements"]:
        ids = split_ids(row["event_ids"])
        if "taken" in (row["note"] or "").lower() and ids and row["note"].startswith("Taken by"):
            assert {events[i]["place_id"] for i in ids} == {row["place_id"]}, row["id"]


def test_the_snapshot_is_entered_as_a_week(values):
    rows = [r for r in values["statements"] if r["source_ids"] == "wikipedia-module-syria"]
    assert sum(row["basis"] == "assessed" for row in rows) == 102
    for row in rows:
        assert (row["date"], row["date_precision"]) == ("2017-07-31", "week")
        assert row["basis"] == ("inferred" if row["extent"] else "assessed")
        assert "24 July and 2 August" in row["note"]


def test_ground_of_which_the_report_speaks_has_a_shape(records, values):
    shapes = {p["id"]: geometry["type"] for _, p, geometry in records["places"] if geometry}
    said = {
        (row["extent"], row["place_id"]): row
        for row in values["statements"]
        if row["source_ids"] == REPORT and row["extent"] and row["date"] == "2017-08-02"
    }
    assert said.keys() == {
        ("all", "mahruthah_area"),
        ("all", "pocket_west_of_line"),
        ("front", "line_of_advance_west"),
        ("gap", "neck_seis_ruhbah"),
    }
    for (extent, place), row in said.items():
        assert row["controller"] == "opposition"
        assert ("Polygon" in shapes[place]) == (extent == "all")
    few = said["gap", "neck_seis_ruhbah"]
    assert few["opposite"] == "government"
    assert 0 < few["width_from_m"] < few["width_to_m"]


def test_no_area_that_a_source_claims_is_a_figure_of_a_statement(values):
    for row in values["statements"]:
        assert not re.search(r"\bkm2\b|sq km|square", row["note"] or ""), row["id"]


# The ledger and the assessments.


def test_an_event_and_its_ledger_row_name_each_other(values):
    from_rows = {(i, row["id"]) for row in values["changes"] for i in split_ids(row["event_ids"])}
    from_events = {(e["id"], e["change_id"]) for e in values["events"] if e["change_id"]}
    assert from_rows == from_events


def test_a_ledger_row_lies_between_its_layers(values):
    events = {e["id"]: e for e in values["events"]}
    for row in values["changes"]:
        assert row["from_date"] < row["to_date"], row["id"]
        assert row["source_ids"] and row["note"], row["id"]
        hands = {row["from_controller"], row["to_controller"]}
        assert len(hands) == 2 or hands == {None}, row["id"]
        # Desert without a named place changes only in our picture of it.
        assert row["place_ids"] or row["kind"] in {"refinement", "correction"}, row["id"]
        for day in filter(None, (row["date"], row["date_end"])):
            assert row["from_date"] < day <= row["to_date"], row["id"]
        for event in split_ids(row["event_ids"]):
            assert row["from_date"] < events[event]["event_date"] <= row["to_date"], row["id"]
        sources = set(split_ids(row["source_ids"]))
        assert {events[e]["source_ids"] for e in split_ids(row["event_ids"])} <= sources, row["id"]


def test_the_dates_of_the_ledger_are_consecutive_assessed_dates(values):
    looked = sorted({row["date"] for row in values["assessments"]})
    pairs = set(pairwise(looked))
    assert {(row["from_date"], row["to_date"]) for row in values["changes"]} <= pairs


def test_ground_changes_by_an_event_and_the_picture_by_none(values):
    transfers = {
        "Government regains territory",
        "Non-state actor overtakes territory",
        "Non-violent transfer of territory",
    }
    kinds = {e["id"]: e["sub_event_type"] for e in values["events"]}
    for row in values["changes"]:
        taken = {kinds[e] for e in split_ids(row["event_ids"])} & transfers
        if row["kind"] in {"refinement", "correction"}:
            assert not taken, row["id"]
        else:
            assert row["date"] and row["event_ids"], row["id"]
            assert taken, row["id"]


def test_both_default_dates_were_looked_at(values):
    theatre = values["theatre"][0]
    outcomes = {(row["date"], row["outcome"]) for row in values["assessments"]}
    assert (theatre["before"], "partial") in outcomes
    assert {(theatre["after"], o) for o in ("changed", "no_change", "partial")} <= outcomes


# Against the dossier from which the case was compiled.


def test_every_place_of_the_dossier_is_here(dossier, records):
    shipped = {p["id"]: geometry for _, p, geometry in records["places"]}
    theirs = {row["id"] for row in dossier["places"]}
    assert len(theirs) == 166 and theirs <= shipped.keys()
    assert all(is_shaped(shipped[ours]) for ours in shipped.keys() - theirs)
    for row in dossier["places"]:
        where = [float(row["lon"]), float(row["lat"])] if row["lat"] else None
        geometry = shipped[row["id"]]
        if row["id"] in FOUND_LATER:
            assert geometry is not None and where is None, row["id"]
        else:
            assert (geometry["coordinates"] if geometry else None) == where, row["id"]


def test_no_spelling_of_the_dossier_is_lost(dossier, values):
    places = {p["id"]: p for p in values["places"]}
    for row in dossier["places"]:
        place = places[row["id"]]
        kept = {place["name"], place["name_ar"], *(place["alternatenames"] or "").split(";")}
        for name in filter(None, map(str.strip, row["names_alternate"].split(";"))):
            assert name in kept or re.sub(r" \([^()]*\)$", "", name) in kept, (row["id"], name)


def test_every_event_of_the_dossier_is_here(dossier, values):
    shipped = {e["id"]: e for e in values["events"]}
    assert len(shipped) == 228
    assert shipped.keys() == {derived("evt-", row["id"]) for row in dossier["events"]}
    words = {"high": "high", "medium": "moderate", "low": "low"}
    elsewhere = []
    for row in dossier["events"]:
        event = shipped[derived("evt-", row["id"])]
        assert event["confidence"] == words[row["confidence"]]
        last = event["end_date"] or event["event_date"]
        assert event["event_date"] <= row["date"] <= last, row["id"]
        if event["place_id"] != row["place_id"]:
            elsewhere.append((row["id"], event["place_id"]))
    # A ceasefire that did not hold in this desert, and a complaint about all of Syria.
    assert elsewhere == [("E106", None), ("E151", None)]


def test_the_dead_are_those_that_the_dossier_counts(dossier, values):
    shipped = {e["id"]: e for e in values["events"]}
    for row in dossier["events"]:
        estimate = re.search(r"best estimate (\d+) death", row["summary"])
        if estimate:
            assert shipped[derived("evt-", row["id"])]["fatalities"] == int(estimate[1]), row["id"]


def test_every_statement_of_the_dossier_is_here(dossier, values):
    shipped = {s["id"]: s for s in values["statements"]}
    urls = {s["id"]: s["url"] for s in values["sources"]}
    ours = [
        s
        for s in values["statements"]
        if s["extent"] or (s["note"] or "").startswith("Read back: ")
    ]
    assert len(shipped) == 295 + len(ours)
    keys = ("place_id", "date", "holder", "source_url", "note")
    for row in dossier["control"]:
        statement = shipped[derived("stm-", "|".join(row[key] for key in keys))]
        assert (statement["place_id"], statement["date"]) == (row["place_id"], row["date"])
        assert urls[statement["source_ids"]] == row["source_url"]
        holder = {"regime": "government"}.get(row["holder"], row["holder"])
        assert (statement["controller"] or "contested") == holder
        events = {derived("evt-", number) for number in re.findall(r"event (E\d+)", row["note"])}
        assert events <= set(split_ids(statement["event_ids"]))


def test_every_page_of_the_dossier_is_a_source(dossier, values):
    urls = {s["url"] for s in values["sources"]}
    assert {r["source_url"] for r in dossier["events"] + dossier["control"]} <= urls


def test_every_actor_of_the_dossier_is_here(dossier, values):
    shipped = {a["id"]: a for a in values["actors"]}
    for row in dossier["actors"]:
        side = {"regime": "government", "opposition supporter": None, "": None}
        assert shipped[row["id"]]["side"] == side.get(row["side"], row["side"]), row["id"]


def test_every_place_of_the_assessment_was_looked_at(dossier, values):
    rows = dossier["assessment_31jul_02aug"]
    for day in ("2017-07-31", "2017-08-02"):
        scope = " ".join(r["scope"] for r in values["assessments"] if r["date"] == day)
        assert set(re.findall(r"\w+", scope)) >= {row["place_id"] for row in rows}
