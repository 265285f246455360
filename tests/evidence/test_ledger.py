import dataclasses
import datetime as dt
import functools
import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from strategies import pictures

from geo.check import check_folder, patches_of
from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid
from geo.errors import DateError, StaleLayerError, UnknownIdError
from geo.evidence import ledger as evidence
from geo.layers import geojson, tables
from geo.layers.folder import Folder, read_folder
from geo.model import CONTROL, SCHEMAS, Feature, Row, split_ids

RECORDED = dt.date(2001, 2, 3)


def composite_of(folder):
    snapshots = {day: patches_of(layer.features) for day, layer in folder.control.items()}
    return Composite.build(folder.area, snapshots, folder.sides)


class Remembered:
    """A composite that works out each change once, for questions about many ledgers."""

    def __init__(self, composite):
        self.dates = composite.dates
        self._change = functools.cache(composite.change)

    def change(self, *arguments):
        return self._change(*arguments).copy()


@pytest.fixture(scope="module")
def case(shipped):
    folder = read_folder(shipped)
    return folder, composite_of(folder)


@pytest.fixture
def little(small):
    folder = read_folder(small)
    return folder, composite_of(folder)


def with_rows(folder, name, rows):
    table = dataclasses.replace(getattr(folder, name), rows=tuple(rows))
    return dataclasses.replace(folder, **{name: table})


def without(folder, identity):
    return with_rows(folder, "changes", [r for r in folder.changes.rows if r.id != identity])


def unexplained(pieces):
    return pieces[(pieces["change_ids"] == "") | (pieces["unnamed"] != "")]


# The ledger.


def test_the_ledger_of_the_shipped_case_is_complete_and_nothing_in_it_is_idle(case):
    folder, composite = case
    pieces = evidence.ledger_frame(folder, composite)
    assert len(pieces) > 50
    assert unexplained(pieces).empty
    assert evidence.idle_rows(folder, pieces) == ()
    assert evidence.draft_ledger(folder, pieces, recorded_at=RECORDED) == ()
    assert not [r.id for r in folder.changes.rows if evidence.DRAFT in r.values["note"]]


def test_the_ledger_leaves_no_change_out(case):
    folder, composite = case
    pieces = evidence.ledger_frame(folder, composite, min_area_km2=0)
    for first, second in pairwise(composite.dates):
        transfers = composite.transfers(first, second)
        stayed = sum(transfers.loc[n, n] for n in transfers.index if n in transfers.columns)
        moved = transfers.to_numpy().sum() - stayed
        listed = pieces.loc[pieces["to_date"] == second, "area_km2"].sum()
        assert listed == pytest.approx(moved, abs=1e-6)


def test_without_any_one_row_exactly_that_change_is_named(case):
    folder, composite = case
    remembered = Remembered(composite)
    whole = evidence.ledger_frame(folder, remembered)
    events = {event.id: event.properties["change_id"] for event in folder.events}
    for row in folder.changes.rows:
        open_ = unexplained(evidence.ledger_frame(without(folder, row.id), remembered))
        spoken = {
            i
            for i, ids in zip(whole["id"], whole["change_ids"], strict=True)
            if row.id in split_ids(ids)
        }
        assert set(open_["id"]) <= spoken, row.id
        for piece in open_.itertuples():
            named = set(split_ids(row.values["place_ids"]))
            assert set(split_ids(piece.unnamed)) <= named or not piece.change_ids, row.id
        if open_.empty:
            # Ground that could not be drawn: its events name the row that is not there.
            mine = split_ids(row.values["event_ids"])
            assert mine, row.id
            assert {events[event] for event in mine} == {row.id}


@pytest.mark.parametrize("identity", ["chg-6b26821d", "chg-f2d65b2e", "chg-9456a3b1"])
def test_check_names_a_change_whose_row_is_gone(case, identity):
    folder, _ = case
    row = folder.rows("changes")[identity]
    issues = [i for i in check_folder(without(folder, identity)) if i.severity == "error"]
    assert issues
    for issue in issues:
        if issue.code == "reference.dangling":
            assert identity in issue.message
            assert set(issue.ids) <= set(split_ids(row.values["event_ids"]))
        else:
            assert issue.code == "ledger.unexplained"
            assert set(issue.ids[1:]) & set(split_ids(row.values["place_ids"]))
            assert row.values["to_date"] in issue.message


def test_a_row_must_have_the_dates_the_hands_and_a_place_of_the_piece(little):
    folder, composite = little
    pieces = evidence.ledger_frame(folder, composite).set_index("place_ids")
    assert pieces.loc["mid_well", "change_ids"] == "chg-mid"
    assert pieces.loc["east_well", "change_ids"] == "chg-east"
    row = folder.rows("changes")["chg-mid"]
    for wrong in (
        {"from_date": "2017-06-01"},
        {"to_controller": "red"},
        {"to_controller": None},
        {"from_controller": "blue"},
        {"place_ids": "west_well;lost_well"},
        {"place_ids": None, "kind": "refinement"},
    ):
        changed = Row(row.id, row.values | wrong)
        found = evidence.ledger_frame(with_rows(folder, "changes", [changed]), composite)
        assert set(found["change_ids"]) == {""}, wrong


def test_an_actor_of_the_side_and_an_empty_former_holder_agree(little):
    folder, composite = little
    row = folder.rows("changes")["chg-mid"]
    for right in ({"to_controller": "blue"}, {"from_controller": None}):
        changed = Row(row.id, row.values | right)
        found = evidence.ledger_frame(with_rows(folder, "changes", [changed]), composite)
        assert "chg-mid" in set(found["change_ids"]), right


def test_every_place_on_a_piece_must_be_named(little):
    folder, composite = little
    twin = dataclasses.replace(
        folder.places["mid_well"], id="twin_well", geometry=shapely.Point(37.55, 33.6)
    )
    folder = dataclasses.replace(folder, places={**folder.places, "twin_well": twin})
    pieces = evidence.ledger_frame(folder, composite).set_index("change_ids")
    assert pieces.loc["chg-mid", "unnamed"] == "twin_well"
    (row,) = evidence.draft_ledger(
        folder, evidence.ledger_frame(folder, composite), recorded_at=RECORDED
    )
    assert row.values["place_ids"] == "twin_well"
    assert (row.values["from_controller"], row.values["to_controller"]) == ("red", "blue-guard")
    assert row.values["source_ids"] == "wire-1"


def test_a_row_of_events_is_not_idle_and_one_of_the_picture_is(little):
    folder, composite = little
    row = folder.rows("changes")["chg-mid"]
    away = row.values | {"place_ids": "lost_well"}
    for kind, events, gone in (
        ("advance", "evt-a", False),
        ("advance", None, True),
        ("refinement", "evt-a", True),
    ):
        changed = Row(row.id, away | {"kind": kind, "event_ids": events})
        lone = with_rows(folder, "changes", [changed])
        found = evidence.idle_rows(lone, evidence.ledger_frame(lone, composite))
        assert ([r.id for r in found] == ["chg-mid"]) == gone, (kind, events)


# Drafts, on pictures in letters: every second square has a place.


def folder_of(drawn):
    """A theatre in memory: letters are sides, the ledger is empty."""
    empty = {
        name: tables.Table(SCHEMAS[name].path, SCHEMAS[name], (), (), "")
        for name in ("statements", "changes", "assessments", "alignments", "vocabulary", "sources")
    }
    sides = [Row(c, {"id": c, "side": c, "kind": "side"}) for c in "abc"]
    control = {}
    for i, rows in enumerate(drawn):
        features = tuple(
            Feature(
                patch.label.patch,
                {"id": patch.label.patch, "source_ids": None, "statement_ids": None, "note": None}
                | {name: getattr(patch.label, name) or None for name in LABEL},
                patch.geometry,
            )
            for patch in grid(*rows)
        )
        day = FIRST_DAY + dt.timedelta(days=i)
        control[day] = geojson.Layer(f"control/{day}.geojson", CONTROL, features, (), "")
    height, width = len(drawn[0]), len(drawn[0][0])
    places = {
        f"p{x}{y}": Feature(f"p{x}{y}", {}, shapely.Point(37.05 + x / 10, 33.05 + y / 10))
        for x in range(width)
        for y in range(height)
        if (x + y) % 2
    }
    return Folder(
        root=Path("layers"),
        theatre=Feature("picture", {}, area(*drawn[0])),
        control=control,
        events=(),
        places=places,
        actors=tables.Table("actors.csv", SCHEMAS["actors"], tuple(sides), (), ""),
        context=(),
        anchors=(),
        event_layers=(),
        issues=(),
        digests={},
        **empty,
    )


LABEL = ("controller", "controllers", "status", "basis", "confidence")


@settings(max_examples=40)
@given(pictures(letters="ab?"))
@example([["ab?"], ["ba?"], ["?ab"]])  # two hands at each step
@example([["aaa", "aaa"], ["bab", "aba"]])  # pieces that meet at corners, with and without places
def test_drafts_explain_everything_and_none_can_be_spared(drawn):
    folder = folder_of(drawn)
    composite = Remembered(composite_of(folder))
    pieces = evidence.ledger_frame(folder, composite)
    rows = evidence.draft_ledger(folder, pieces, recorded_at=RECORDED)
    assert rows == evidence.draft_ledger(folder, pieces, recorded_at=RECORDED)
    assert len({row.id for row in rows}) == len(rows)
    assert all(re.fullmatch("chg-[0-9a-f]{8}", row.id) for row in rows)
    drafted = with_rows(folder, "changes", rows)
    explained = evidence.ledger_frame(drafted, composite)
    assert unexplained(explained).empty
    assert evidence.idle_rows(drafted, explained) == ()
    assert evidence.draft_ledger(drafted, explained, recorded_at=RECORDED) == ()
    for row in rows:
        assert not unexplained(evidence.ledger_frame(without(drafted, row.id), composite)).empty


def test_drafts_are_added_to_the_ledger_on_disk(small):
    (small / "changes.csv").unlink()
    folder = read_folder(small)
    pieces = evidence.ledger_frame(folder, composite_of(folder))
    rows = evidence.draft_ledger(folder, pieces, recorded_at=RECORDED)
    assert len(rows) == 2
    assert evidence.write_ledger(folder, rows[:1]) == small / "changes.csv"
    with pytest.raises(StaleLayerError):
        evidence.write_ledger(folder, rows)
    folder = read_folder(small)
    evidence.write_ledger(folder, rows[1:])
    read = read_folder(small).rows("changes")
    assert {i: row.values for i, row in read.items()} == {row.id: row.values for row in rows}
    assert {row.values["kind"] for row in rows} == {"refinement"}
    assert all(row.values["note"].startswith(evidence.DRAFT) for row in rows)
    codes = {i.code for i in check_folder(read_folder(small)) if not i.fixable}
    assert codes == {"ledger.draft", "reference.dangling"}  # an event names the row that is gone


# What explains a change between any two dates.


def test_between_two_layers_the_explanation_is_that_of_the_ledger(case):
    folder, composite = case
    pieces = evidence.ledger_frame(folder, composite)
    for first, second in pairwise(composite.dates):
        change = evidence.explain_pieces(folder, composite, first, second)
        mine = pieces[pieces["to_date"] == second]
        assert list(change["id"]) == list(mine["id"])
        assert list(change["change_ids"]) == list(mine["change_ids"])
        assert list(change["place_ids"]) == list(mine["place_ids"])


def test_over_several_layers_every_step_explains(case):
    folder, composite = case
    change = evidence.explain_pieces(folder, composite, dt.date(2017, 7, 14), dt.date(2017, 8, 2))
    row = next(r for r in change.itertuples() if "bir_mahruthah" in split_ids(r.place_ids))
    assert {"chg-83ec3f3c", "chg-6b26821d"} <= set(split_ids(row.change_ids))
    assert row.to_controller == "opposition"


def test_no_change_has_no_explanation_and_small_pieces_are_told(case):
    folder, composite = case
    day = dt.date(2017, 7, 31)
    assert evidence.explain_pieces(folder, composite, day, day).empty
    change = evidence.explain_pieces(folder, composite, day, dt.date(2017, 8, 2), min_area_km2=1000)
    assert change.empty
    assert change.attrs["left_out_km2"] == pytest.approx(176.8, abs=0.1)
    with pytest.raises(DateError):
        evidence.explain_pieces(folder, composite, dt.date(2016, 1, 1), day)


# Why.


def test_the_chain_of_the_advance_ends_in_several_publishers(case):
    chain = evidence.find_why(*case, "bir_mahruthah", "2017-08-02")
    assert chain.label.controller == "opposition"
    assert (chain.since, chain.before.controller) == (dt.date(2017, 8, 2), "government")
    assert [row.id for row in chain.changes] == ["chg-6b26821d"]
    assert {"sohr-71105", "ucdp-ged-syria"} <= set(chain.sources)
    assert "Syrian Observatory for Human Rights" in chain.publishers
    assert len(chain.publishers) >= 2
    assert {row.values["controller"] for row in chain.statements} == {"opposition"}
    assert chain.against == ()
    text = str(chain)
    assert "since the layer of 2017-08-02; before that government" in text
    assert "https://www.syriahr.com/en/71105/" in text
    assert "Syrian Observatory for Human Rights (no known leaning; published 2017-08-02)" in text


def test_ground_without_a_name_says_that_it_is_inferred_and_from_how_far(case):
    chain = evidence.find_why(*case, "37.3,32.9", "2017-07-31")
    assert chain.place is None
    assert chain.label.basis == "inferred"
    place, far_km = chain.nearest
    assert place == "zalaf_dam"
    # On a sphere, from the position in the gazetteer.
    lon, lat = case[0].places["zalaf_dam"].geometry.coords[0]
    east = math.radians(lon - 37.3) * math.cos(math.radians(32.9))
    north = math.radians(lat - 32.9)
    assert far_km == pytest.approx(6371 * math.hypot(east, north), rel=0.005)
    assert {row.values["place_id"] for row in chain.statements} == {"zalaf_dam"}
    assert f"nearest evidence: zalaf_dam, {far_km:.1f} km away" in str(chain)
    assert "inferred" in str(chain)


def test_what_speaks_against_it_is_told_with_its_weight(case):
    chain = evidence.find_why(*case, "sabaa_biyar", "2017-05-23")
    assert chain.label.controller == "government"
    assert [row.values["controller"] for row in chain.against] == ["opposition"]
    weights = [chain.weights[row.id] for row in (*chain.statements, *chain.against)]
    # The patch tells the same shares in its note.
    share = chain.weights[chain.against[0].id] / sum(weights)
    assert f"opposition {share:.0%}" in chain.patch.properties["note"]
    assert "against it" in str(chain)


def test_a_claim_after_the_change_speaks_against_it_and_the_state_before_does_not(little):
    folder, composite = little
    row = folder.rows("statements")["stm-mid-2"]
    late = Row("stm-late", row.values | {"id": "stm-late", "controller": "red"})
    early = Row("stm-early", late.values | {"id": "stm-early", "date": "2017-07-30"})
    folder = with_rows(folder, "statements", [*folder.statements.rows, late, early])
    chain = evidence.find_why(folder, composite, "mid_well", "2017-08-01")
    assert [r.id for r in chain.against] == ["stm-late"]


def test_contested_ground_rests_on_the_words_of_its_parties(case):
    chain = evidence.find_why(*case, "abu_khashbah", "2017-07-31")
    assert chain.label.status == "contested"
    assert {row.values["controller"] for row in chain.statements} == {"government", "opposition"}
    assert chain.against == ()


def test_unknown_ground_names_the_nearest_evidence(case):
    folder, composite = case
    unknown = next(
        f
        for f in folder.control[dt.date(2017, 7, 31)].features
        if f.properties["status"] == "unknown"
    )
    spot = shapely.point_on_surface(unknown.geometry)
    chain = evidence.find_why(folder, composite, (spot.x, spot.y), "2017-07-31")
    assert chain.label.status == "unknown"
    assert chain.statements == ()
    assert chain.nearest[1] > 0
    assert "it rests on no statement" in str(chain)


def test_the_first_layer_has_no_before_and_the_last_no_until(case):
    folder, composite = case
    chain = evidence.find_why(folder, composite, "al_janinah", "2017-09-30")
    assert (chain.since, chain.before, chain.until) == (composite.dates[0], None, None)
    assert chain.as_of == composite.dates[-1]
    assert chain.changes == ()
    assert "the first layer, or longer" in str(chain)


def test_a_change_that_no_row_explains_says_so(little):
    folder, composite = little
    chain = evidence.find_why(with_rows(folder, "changes", []), composite, "mid_well", "2017-08-01")
    assert chain.changes == ()
    assert "no row explains the change" in str(chain)


def test_every_chain_of_every_place_and_layer_can_be_told(case):
    folder, composite = case
    inside = [p for p in folder.places.values() if p.geometry is not None]
    inside = [p.id for p in inside if shapely.covers(folder.area, p.geometry)]
    for place in inside[::20]:
        for day in composite.dates[::4]:
            chain = evidence.find_why(folder, composite, place, day)
            told = json.loads(json.dumps(chain.to_dict()))
            assert told["label"]["status"] == str(chain.label.status)
            assert set(told["patch"]) == set(CONTROL.names)
            assert len(told["sources"]) == len(chain.sources)
            assert chain.since <= chain.as_of <= chain.day
            lines = str(chain).splitlines()[1:]
            assert [line for line in lines if len(line) > 110 and "http" not in line] == []


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("bir_mahrutah", UnknownIdError, "did you mean bir_mahruthah"),
        ("wadi_mahmoud", UnknownIdError, "never located"),
        ("damascus", UnknownIdError, "outside the study area"),
        ("10,50", UnknownIdError, "outside the study area"),
        ("37.3,north", ValueError, "longitude,latitude"),
        ("37.3,32.9,5", ValueError, "longitude,latitude"),
    ],
)
def test_a_position_that_is_none_is_refused_with_help(case, where, error, says):
    with pytest.raises(error, match=says):
        evidence.find_why(*case, where, "2017-08-02")


def test_before_the_first_layer_there_is_no_why(case):
    with pytest.raises(DateError, match="2017-03-29"):
        evidence.find_why(*case, "bir_mahruthah", "2017-01-01")


# Provenance in numbers.


def test_provenance_reconciles_with_the_areas(case):
    folder, composite = case
    table = evidence.provenance(folder, composite)
    areas = composite.areas()
    held = areas[areas["controller"] != ""].groupby("date")["area_km2"].sum()
    sums = table.groupby(["measure", "date"])["area_km2"].sum()
    measures = {"publishers", "leaning", "age_days", "distance_km"}
    assert set(table["measure"]) == measures
    for measure in measures:
        np.testing.assert_allclose(sums[measure], held, rtol=1e-9)
    np.testing.assert_allclose(table.groupby(["measure", "date"])["share"].sum(), 1)


def test_provenance_counts_voices_leanings_ages_and_distances_by_hand(little):
    folder, composite = little
    table = evidence.provenance(folder, composite)
    table = table[table["date"] == dt.date(2017, 8, 1)].set_index(["measure", "value"])
    assert table.loc[("publishers", "1"), "share"] == 1
    assert table.loc[("leaning", "none known"), "share"] == 1
    # The west was last spoken of 31 days before, the strip in the middle on the day.
    assert table.loc[("age_days", "0-7"), "share"] == pytest.approx(1 / 6, rel=0.01)
    assert table.loc[("age_days", "31-90"), "share"] == pytest.approx(5 / 6, rel=0.01)
    # Two discs of two kilometres, each wholly in its own patch.
    near = table.loc[("distance_km", "0-2"), "area_km2"]
    assert near == pytest.approx(2 * math.pi * 2**2, rel=0.005)


def test_media_of_the_holders_own_side_are_one_voice(little):
    folder, composite = little
    source = folder.rows("sources")["wire-1"]

    def shares(*leanings):
        rows = [
            Row(f"s{i}", source.values | {"id": f"s{i}", "publisher": f"P{i}", "leaning": lean})
            for i, lean in enumerate(leanings)
        ]
        cited = ";".join(row.id for row in rows)
        control = {
            day: dataclasses.replace(
                layer,
                features=tuple(
                    dataclasses.replace(f, properties=f.properties | {"source_ids": cited})
                    for f in layer.features
                ),
            )
            for day, layer in folder.control.items()
        }
        changed = dataclasses.replace(with_rows(folder, "sources", rows), control=control)
        table = evidence.provenance(changed, composite)
        table = table[table["date"] == dt.date(2017, 8, 1)]
        return {
            m: dict(zip(g["value"], g["share"].round(3), strict=True))
            for m, g in table.groupby("measure")
        }

    # Red holds five sixths of what is held.
    found = shares("red", "red")
    assert found["publishers"] == {
        "1": pytest.approx(5 / 6, abs=0.01),
        "2": pytest.approx(1 / 6, abs=0.01),
    }
    assert set(found["leaning"]) == {"own side", "other side"}
    assert found["leaning"]["own side"] == pytest.approx(5 / 6, abs=0.01)
    found = shares("red", None, "blue")
    assert found["publishers"] == {"3 or more": 1}
    assert found["leaning"] == {"none known": 1}


# Places and distances.


def test_the_nearest_place_of_ground_is_on_it_or_in_a_straight_line(little):
    folder, _ = little
    assert evidence.nearest_place(folder, shapely.box(37.1, 33.4, 37.3, 33.6)) == ("west_well", 0.0)
    strip = shapely.box(37.3041, 33.4, 37.31, 33.6)
    place, far_km = evidence.nearest_place(folder, strip)
    assert place == "west_well"
    # A tenth of a degree of longitude at 33.5 N, from published tables: 9.29 km.
    assert far_km == pytest.approx(9.29, abs=0.02)
    assert evidence.nearest_place(folder, strip, ["east_well"])[0] == "east_well"
    assert evidence.nearest_place(folder, strip, ["lost_well"]) is None
