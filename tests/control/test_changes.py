"""What changed hands against the plain overlay of whole polygons."""

from __future__ import annotations

import pytest
import shapely
from composites import DAY, GRID_M, assert_same_ground, ground, polygonal
from hypothesis import given, settings
from strategies import redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import theatre
from geo.crs import area_km2


@given(redrawn())
@settings(max_examples=examples(40))
def test_change_is_the_overlay_of_two_dates(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    before, after = min(snapshots), max(snapshots)
    change = composite.change(before, after)
    for one in "abc":
        for two in set("abc") - {one}:
            rows = change[(change["from_controller"] == one) & (change["to_controller"] == two)]
            truth = polygonal(ground(snapshots[before], one) & ground(snapshots[after], two))
            assert_same_ground(shapely.union_all(rows.geometry.array), truth)
            slack = GRID_M / 1e3 * 112 * shapely.length(truth) + 1e-9
            assert rows["area_km2"].sum() == pytest.approx(area_km2(truth)[0], abs=slack)


@given(redrawn())
@settings(max_examples=examples(40))
def test_rows_and_columns_of_transfers_are_the_areas_to_the_last_bit(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    before, after = min(snapshots), max(snapshots)
    areas = composite.areas().set_index("date")
    transfers = composite.transfers(before, after)
    for day, axis in ((before, 1), (after, 0)):
        truth = areas.loc[[day]].groupby("controller")["area_km2"].sum()
        assert transfers.sum(axis=axis).to_dict() == truth.to_dict()


def test_change_of_a_date_with_itself_is_empty():
    assert theatre(["ab", "ba"]).change(DAY[0], DAY[0]).empty


@given(redrawn())
@settings(max_examples=20)
def test_change_backwards_is_change_forwards_with_the_hands_exchanged(drawn):
    composite = Composite.build(*drawn)
    days = composite.dates[0], composite.dates[-1]
    there, back = composite.change(*days), composite.change(*reversed(days))

    def key(f, a, b):
        return sorted(zip(f[a], f[b], f["area_km2"], f.geometry.to_wkb(), strict=True))

    assert key(there, "from_controller", "to_controller") == key(
        back, "to_controller", "from_controller"
    )


def test_changes_are_found_once_for_each_pair_of_layers(monkeypatch):
    composite = theatre(["aab"], ["abb"])
    (piece,) = composite.changes(DAY[0], DAY[1])
    assert (piece.from_holder, piece.to_holder) == ("a", "b")
    monkeypatch.delattr("geo.control.composite.find_changes")
    assert composite.changes(DAY[0], DAY[5]) == (piece,)
    assert composite.changes(DAY[0], DAY[1], piece.area_km2 + 1) == ()
    assert composite.change(DAY[0], DAY[1])["id"].tolist() == [piece.id]
