import dataclasses
import datetime as dt
import functools
import re
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from hypothesis import example, given, settings
from ledgers import composite_of, with_rows, without
from strategies import pictures
from thoroughness import examples

from geo import evidence
from geo.check import check_folder
from geo.control.testing import FIRST_DAY, area, grid
from geo.errors import DateError, StaleLayerError
from geo.layers import geojson, tables
from geo.layers.folder import Folder, read_folder
from geo.model import CONTROL, SCHEMAS, Feature, Row, split_ids

RECORDED = dt.date(2001, 2, 3)


class Remembered:
    """A composite that works out each change once, for questions about many ledgers."""

    def __init__(self, composite):
        self.dates = composite.dates
        self.changes = functools.cache(composite.changes)


def unexplained(pieces):
    return pieces[(pieces["change_ids"] == "") | (pieces["unnamed"] != "")]


def used(pieces):
    """The rows that speak of some piece."""
    return {row for cell in pieces["change_ids"] for row in split_ids(cell)}


def test_the_ledger_of_the_shipped_case_is_complete_and_nothing_in_it_is_idle(case):
    folder, composite = case
    pieces = evidence.ledger_frame(folder, composite)
    assert len(pieces) > 50
    assert unexplained(pieces).empty
    assert evidence.idle_rows(folder, used(pieces)) == ()
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


@pytest.mark.slow
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


@pytest.mark.parametrize("identity", ["chg-6b26821d", "chg-9456a3b1"])
def test_check_names_a_change_whose_row_is_gone(case, identity):
    folder, _ = case
    row = folder.rows("changes")[identity]
    issues = [i for i in check_folder(without(folder, identity)) if i.severity == "error"]
    stops = {s.id for s in folder.tour.rows if identity in split_ids(s.values["change_ids"])}
    assert issues
    for issue in issues:
        if issue.code == "reference.dangling":
            assert identity in issue.message
            assert set(issue.ids) <= {*split_ids(row.values["event_ids"]), *stops}
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
        found = evidence.idle_rows(lone, used(evidence.ledger_frame(lone, composite)))
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


@settings(max_examples=examples(40))
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
    assert evidence.idle_rows(drafted, used(explained)) == ()
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
    first, last = dt.date(2017, 7, 14), dt.date(2017, 8, 2)
    change = evidence.explain_pieces(folder, composite, first, last)
    row = next(r for r in change.itertuples() if "bir_mahruthah" in split_ids(r.place_ids))
    assert row.to_controller == "opposition"
    steps = evidence.ledger_frame(folder, composite)
    steps = steps[(steps["to_date"] > first) & (steps["to_date"] <= last)]
    mine = ["bir_mahruthah" in split_ids(places) for places in steps["place_ids"]]
    named = {one for ids in steps["change_ids"][mine] for one in split_ids(ids)}
    assert "chg-6b26821d" in named
    assert named <= set(split_ids(row.change_ids))


def test_no_change_has_no_explanation_and_small_pieces_are_told(case):
    folder, composite = case
    day = dt.date(2017, 7, 31)
    assert evidence.explain_pieces(folder, composite, day, day).empty
    later = dt.date(2017, 8, 2)
    change = evidence.explain_pieces(folder, composite, day, later, min_area_km2=1e6)
    assert change.empty
    whole = composite.change(day, later)["area_km2"].sum()
    assert change.attrs["left_out_km2"] == pytest.approx(whole, abs=0.1)
    with pytest.raises(DateError):
        evidence.explain_pieces(folder, composite, dt.date(2016, 1, 1), day)
