"""Labels of faces: what is no coverage is refused; a date more gives what building anew gives."""

from __future__ import annotations

import pytest
import shapely
from composites import DAY, grown, same_answers
from hypothesis import given, settings
from strategies import pictures, redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.errors import CoverageError
from geo.layers import read_folder
from geo.model import Patch


def test_an_overlap_is_refused_and_named():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.05, 33, 37.2, 33.1))
    with pytest.raises(CoverageError, match="patch-a and patch-b overlap") as caught:
        Composite.build(area("ab"), {FIRST_DAY: [one, wide]})
    (issue,) = caught.value.issues
    assert (issue.code, issue.ids) == ("layer.overlap", ("patch-a", "patch-b"))
    assert shapely.box(37.05, 33, 37.1, 33.1).contains(shapely.Point(issue.where))


def test_a_gap_is_refused_and_shown():
    with pytest.raises(CoverageError, match="no patch covers this ground") as caught:
        Composite.build(area("abc"), {FIRST_DAY: grid("a.c")})
    assert [issue.code for issue in caught.value.issues] == ["layer.gap"]


def test_a_patch_beyond_the_study_area_is_refused():
    with pytest.raises(CoverageError) as caught:
        Composite.build(area("ab"), {FIRST_DAY: grid("abb")})
    assert [(i.code, i.ids) for i in caught.value.issues] == [("layer.outside", ("patch-b",))]


def test_the_same_patch_twice_is_an_overlap():
    with pytest.raises(CoverageError):
        Composite.build(area("ab"), {FIRST_DAY: grid("ab") + grid("ab")[:1]})


def test_slivers_are_given_away_and_sums_still_reconcile():
    one, two = grid("ab")
    apart = Patch(two.label, shapely.box(37.10001, 33, 37.2, 33.1))
    over = Patch(two.label, shapely.box(37.09999, 33, 37.2, 33.1))
    composite = Composite.build(area("ab"), {DAY[0]: [one, apart], DAY[1]: [one, over]})
    assert (composite.history >= 0).all()
    total = composite.areas().groupby("date")["area_km2"].sum()
    assert total.tolist() == [composite.face_area_km2.sum()] * 2


@given(redrawn(most_dates=5))
@settings(max_examples=examples(60))
def test_extending_by_a_date_gives_what_building_anew_gives(drawn):
    same_answers(grown(*drawn), Composite.build(*drawn))


@given(pictures(most_dates=6))
@settings(max_examples=examples(60))
def test_extending_pictures_gives_what_building_anew_gives(drawn):
    snapshots = {day: grid(*rows) for day, rows in zip(DAY, drawn, strict=False)}
    same_answers(grown(area(*drawn[0]), snapshots), theatre(*drawn))


def test_extending_takes_only_later_dates():
    composite = theatre(["ab"], ["aa"])
    with pytest.raises(ValueError, match="not after 2001-01-02"):
        composite.extend(DAY[1], grid("ab"))


def test_extending_by_a_faulty_layer_is_refused():
    with pytest.raises(CoverageError, match="2001-01-02: no patch covers"):
        theatre(["ab"]).extend(DAY[1], grid("a."))
    with pytest.raises(CoverageError, match="overlap"):
        theatre(["ab"]).extend(DAY[1], grid("ab") + grid("ab")[:1])


def test_extending_after_a_sliver_layer_gives_what_building_anew_gives():
    one, two = grid("ab")
    apart = Patch(two.label, shapely.box(37.10001, 33, 37.2, 33.1))
    snapshots = {DAY[0]: [one, two], DAY[1]: [one, apart], DAY[2]: [one, two], DAY[3]: grid("ba")}
    same_answers(grown(area("ab"), snapshots, [DAY[1]]), Composite.build(area("ab"), snapshots))


@pytest.mark.parametrize("edge", [37.1, 37.10001])
def test_a_border_within_one_label_is_a_border_when_a_date_is_added_too(edge):
    (one,) = grid("aa")
    halves = [shapely.box(37, 33, 37.1, 33.1), shapely.box(edge, 33, 37.2, 33.1)]
    snapshots = {DAY[0]: [one], DAY[1]: [Patch(one.label, half) for half in halves]}
    slivers = [DAY[1]] * (edge > 37.1)
    same_answers(grown(area("aa"), snapshots, slivers), Composite.build(area("aa"), snapshots))


def test_a_corner_beside_the_rim_leaves_ground_in_the_area_when_days_are_added(shipped):
    # Corners rounded to the sixth place bend the rim by some centimetres, from their date on.
    folder = read_folder(shipped)
    made = None
    for day in folder.control:
        patches = folder.patches(day)
        if made is None:
            made = Composite.build(folder.area, {day: patches}, folder.sides)
        else:
            made = Composite.from_bytes(made.to_bytes()).extend(day, patches)
    assert (made.history >= 0).all()
    sums = made.areas().groupby("date")["area_km2"].sum()
    assert sums.max() - sums.min() < 1e-9
