"""Every answer of the composite against the plain overlay of whole polygons."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import pictures, redrawn
from thoroughness import examples

from geo.control.as_drawn import areas_as_drawn, ground_of
from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.crs import area_km2
from geo.errors import CoverageError, DateError
from geo.model import Label, Patch

DAY = [FIRST_DAY + dt.timedelta(days=i) for i in range(9)]
GRID_M = 0.12
"""Longest half diagonal that rounding to the 1e-6 degree grid moves a border by, with room."""


def ground(patches, holder):
    return shapely.union_all([p.geometry for p in patches if p.label.holder == holder])


def polygonal(geometry):
    """Without the lines and points in which polygons merely touch."""
    parts = shapely.get_parts(geometry)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def assert_same_ground(ours, truth):
    """No further apart than the grid lets any two drawings of the same ground be."""
    apart = shapely.symmetric_difference(ours, truth)
    reach = shapely.length(ours) + shapely.length(truth)
    assert shapely.area(apart) <= 1e-6 * reach + 1e-12
    assert ours.is_valid


@given(redrawn())
@settings(max_examples=examples(60))
def test_control_is_the_union_of_the_patches_of_a_holder(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    for day, patches in snapshots.items():
        control = composite.control(day, by="holder").set_index("holder")
        for holder in {p.label.holder for p in patches}:
            assert_same_ground(control.geometry[holder], ground(patches, holder))
        assert set(control.index) == {p.label.holder for p in patches}


@given(redrawn(), st.sampled_from(["holder", "side"]))
@settings(max_examples=examples(60))
def test_one_layer_alone_gives_the_ground_that_the_composite_of_all_gives(drawn, by):
    whole, snapshots = drawn
    sides = {"a": "north", "c": "north"}
    composite = Composite.build(whole, snapshots, sides)
    for day, patches in snapshots.items():
        columns, shapes = ground_of(whole, patches, sides, by=by)
        truth = composite.control(day, by=by)
        assert columns[by] == truth[by].tolist()
        assert columns["side"] == truth["side"].tolist()
        assert columns["area_km2"] == pytest.approx(truth["area_km2"].tolist(), abs=0.05)
        for ours, theirs in zip(shapes, truth.geometry, strict=True):
            assert_same_ground(ours, theirs)
            # Nothing but the corners of the layer itself.
            corners = [shapely.get_coordinates(patch.geometry) for patch in patches]
            drawn_at = {tuple(xy) for xy in np.concatenate(corners).tolist()}
            assert {tuple(xy) for xy in shapely.get_coordinates(ours).tolist()} <= drawn_at


def test_one_layer_with_a_sliver_gives_it_to_whom_the_composite_does():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.09998, 33, 37.2, 33.1))
    columns, shapes = ground_of(area("ab"), [one, wide], {}, by="holder")
    truth = Composite.build(area("ab"), {FIRST_DAY: [one, wide]}).control(FIRST_DAY, "holder")
    assert columns["holder"] == ["a", "b"]
    assert columns["area_km2"] == pytest.approx(truth["area_km2"].tolist(), rel=1e-9)
    assert sum(columns["area_km2"]) == pytest.approx(area_km2(area("ab"))[0], rel=1e-9)
    assert shapely.intersection(*shapes).area == 0


def test_ground_is_joined_by_holder_or_side_only():
    with pytest.raises(ValueError, match="patch, holder or side"):
        ground_of(area("ab"), grid("ab"), {}, by="actor")


@given(pictures())
def test_areas_as_drawn_are_those_of_the_composite_where_edges_are_straight(drawn):
    snapshots = {day: grid(*rows) for day, rows in zip(DAY, drawn, strict=False)}
    ours, truth = areas_as_drawn(snapshots), theatre(*drawn).areas()
    keys = ["date", "controller", "status"]
    assert ours[keys].to_numpy().tolist() == truth[keys].to_numpy().tolist()
    assert ours["area_km2"].tolist() == pytest.approx(truth["area_km2"].tolist(), rel=1e-12)


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


@given(pictures())
@example([["aaa", "aba", "aaa"], ["aaa", "aaa", "aaa"]])
@example([["ab", "ba"], ["ba", "ab"]])
def test_areas_on_the_grid_are_the_geodesic_areas_of_the_pictures(drawn):
    composite = theatre(*drawn)
    areas = composite.areas().set_index(["date", "controller"])["area_km2"]
    for day, rows in zip(DAY, drawn, strict=False):
        for patch in grid(*rows):
            truth = area_km2(patch.geometry)[0]
            assert areas[day, patch.label.controller] == pytest.approx(truth, rel=1e-7)


@given(redrawn())
@settings(max_examples=examples(40))
def test_faces_tile_the_study_area(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    assert composite.face_area_km2.sum() == pytest.approx(area_km2(whole)[0], rel=1e-6)
    arcs = composite.arcs
    lines = [shapely.LineString(arcs.coords[i:j]) for i, j in itertools.pairwise(arcs.offsets)]
    faces = shapely.get_parts(shapely.polygonize(lines))
    inside = faces[shapely.contains(whole.buffer(1e-5), faces)]
    assert len(inside) >= len(composite.face_area_km2)
    assert (composite.history >= 0).all()


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


@given(redrawn())
@settings(max_examples=examples(30))
def test_labels_at_positions_are_those_of_the_patches_there(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(36.9, 38.6, 50), rng.uniform(32.9, 34.1, 50)
    for day, patches in snapshots.items():
        found = composite.labels_at(day, lon, lat)
        for point, label in zip(shapely.points(lon, lat), found, strict=True):
            near = [p for p in patches if p.geometry.distance(point) < 2e-6]
            if label < 0:
                assert whole.distance(point) > 0 or whole.boundary.distance(point) < 2e-6
            else:
                assert composite.labels[label] in {p.label for p in near}


def test_a_layer_holds_until_the_next_and_nothing_is_known_before_the_first():
    composite = theatre(["ab"], ["aa"])
    assert composite.index(DAY[0]) == 0
    assert composite.index(DAY[8]) == 1
    with pytest.raises(DateError, match="the first layer is of 2001-01-01"):
        composite.index(FIRST_DAY - dt.timedelta(days=1))


def test_ground_drawn_anew_in_the_same_box_is_not_compared_with_all_there_was(monkeypatch):
    calls, told = [], shapely.equals_identical

    def counted(one, two):
        calls.append(1)
        return told(one, two)

    monkeypatch.setattr(shapely, "equals_identical", counted)
    square, days, snapshots = area(["aaa"]), 30, {}
    west, south, east, north = square.bounds
    for n in range(days):
        cut = west + (east - west) * (n + 1) / (days + 2)
        # A hole that moves: the box and the number of corners stay.
        hole = shapely.box(cut, south + 0.02, cut + 0.005, north - 0.02)
        hole = shapely.set_precision(hole, 1e-6)
        for day in (2 * n, 2 * n + 1):  # as two files give it: equal, not the same
            snapshots[FIRST_DAY + dt.timedelta(day)] = [
                Patch(Label("a", "", "controlled", patch="a"), square.difference(hole)),
                Patch(Label("b", "", "controlled", patch="b"), shapely.from_wkb(hole.wkb)),
            ]
    composite = Composite.build(square, snapshots)
    assert len(calls) <= 4 * days
    assert len({composite.labels_at(day, west + 0.051, south + 0.05)[0] for day in snapshots}) == 2


def test_history_of_a_position_is_half_open():
    composite = theatre(["ab"], ["aa"], ["aa"], ["ab"])
    history = composite.history_at(37.15, 33.05)
    assert [(a, b, label.controller) for a, b, label in history] == [
        (DAY[0], DAY[1], "b"),
        (DAY[1], DAY[3], "a"),
        (DAY[3], None, "b"),
    ]
    assert composite.history_at(40, 40) == []


def test_intervals_tell_each_spell_of_the_same_ground():
    composite = theatre(["abc"], ["abc"], ["aac"], ["abc"])
    intervals = composite.intervals()
    spells = intervals[["patch", "valid_from", "valid_to"]].to_numpy().tolist()
    assert spells == [
        ["patch-a", DAY[0], DAY[2]],
        ["patch-a", DAY[2], DAY[3]],
        ["patch-a", DAY[3], None],
        ["patch-b", DAY[0], DAY[2]],
        ["patch-b", DAY[3], None],
        ["patch-c", DAY[0], None],
    ]


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


@given(redrawn())
@settings(max_examples=20)
def test_records_say_what_the_frames_say(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots, {"a": "north"})
    for day, patches in snapshots.items():
        records = composite.patches(day)
        assert {one.label for one in records} == {one.label for one in patches}
        frame = composite.control(day)
        assert [one.side for one in records] == frame["side"].tolist()
        assert [one.geometry for one in records] == frame.geometry.tolist()
        again = Composite.build(whole, {day: records}, composite.sides).patches(day)
        for one, other in zip(records, again, strict=True):
            assert one.label == other.label
            assert_same_ground(one.geometry, other.geometry)
        outlines = composite.outlines(day, "side")
        frame = composite.control(day, by="side")
        assert [(o.side, o.area_km2) for o in outlines] == list(
            frame[["side", "area_km2"]].itertuples(index=False, name=None)
        )
        whole_km2 = sum(one.area_km2 for one in records)
        assert sum(one.area_km2 for one in outlines) == pytest.approx(whole_km2)


def test_changes_are_found_once_for_each_pair_of_layers(monkeypatch):
    composite = theatre(["aab"], ["abb"])
    (piece,) = composite.changes(DAY[0], DAY[1])
    assert (piece.from_holder, piece.to_holder) == ("a", "b")
    monkeypatch.delattr("geo.control.composite.find_changes")
    assert composite.changes(DAY[0], DAY[5]) == (piece,)
    assert composite.changes(DAY[0], DAY[1], piece.area_km2 + 1) == ()
    assert composite.change(DAY[0], DAY[1])["id"].tolist() == [piece.id]


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


def test_a_label_keeps_all_axes():
    label = Label("a", "", "advance", "claimed", "low", "p1")
    composite = Composite.build(area("a"), {FIRST_DAY: [Patch(label, area("a"))]})
    (row,) = composite.control(FIRST_DAY).to_dict("records")
    assert [row[k] for k in ("controller", "status", "basis", "confidence", "patch")] == [
        "a", "advance", "claimed", "low", "p1",
    ]  # fmt: skip


# ---------------------------------------------------------------- growing, keeping, epochs


def same_answers(one, two):
    """Whether two composites say the same, face by face and arc by arc."""
    assert one.dates == two.dates
    assert one.labels == two.labels
    assert np.array_equal(one.history, two.history)
    assert np.array_equal(one.face_area_km2, two.face_area_km2)
    for name in ("coords", "offsets", "left", "right", "start", "end"):
        assert np.array_equal(getattr(one.arcs, name), getattr(two.arcs, name)), name


def grown(whole, snapshots, slivers=()):
    days = sorted(snapshots)
    composite = Composite.build(whole, {days[0]: snapshots[days[0]]})
    for day in days[1:]:
        composite = composite.extend(day, snapshots[day])
        # A sound layer is labelled from its borders, not repaired like one with slivers.
        assert composite.epochs[-1].last is not None or day in slivers
    return composite


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


@given(redrawn())
@settings(max_examples=examples(30))
def test_bytes_give_back_the_same_composite(drawn):
    composite = Composite.build(*drawn, {"a": "side"})
    again = Composite.from_bytes(composite.to_bytes())
    same_answers(composite, again)
    assert again.sides == {"a": "side"}
    assert again.to_bytes() == composite.to_bytes()
    day = composite.dates[-1] + dt.timedelta(days=1)
    patches = next(iter(drawn[1].values()))
    same_answers(composite.extend(day, patches), again.extend(day, patches))


@given(st.integers(0, 1 << 20), st.integers(1, 255))
def test_damaged_bytes_are_refused(at, change):
    data = bytearray(theatre(["ab"]).to_bytes())
    data[at % len(data)] ^= change
    with pytest.raises(ValueError, match="build it anew"):
        Composite.from_bytes(bytes(data))


def test_bytes_cut_short_are_refused():
    data = theatre(["ab"]).to_bytes()
    for size in (0, 5, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match="build it anew"):
            Composite.from_bytes(data[:size])


@given(redrawn(most_dates=5))
@settings(max_examples=examples(40))
def test_epochs_give_the_answers_of_one_arrangement(drawn):
    whole = Composite.build(*drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.control.epochs._CROSSINGS", -1)
        parts = Composite.build(*drawn)
        same_answers(grown(*drawn), parts)
    for day in whole.dates:
        one, two = (c.control(day, by="holder").set_index("holder") for c in (whole, parts))
        assert list(one.index) == list(two.index)
        assert one["area_km2"].tolist() == pytest.approx(two["area_km2"].tolist(), abs=0.05)
    before, after = whole.dates[0], whole.dates[-1]
    one, two = whole.transfers(before, after), parts.transfers(before, after)
    assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=0.1)
    assert parts.change(before, before).empty
    for point in ([37.31, 33.27], [37.71, 33.83], [38.3, 33.2]):
        assert whole.history_at(*point) == parts.history_at(*point)
    spells = [c.intervals()[["patch", "valid_from", "valid_to"]] for c in (whole, parts)]
    assert spells[0].to_numpy().tolist() == spells[1].to_numpy().tolist()


def shaken_layers(dates, vertices, metres):
    """Two holders and a line between them that is drawn anew each day, about where it was."""
    rng = np.random.default_rng(0)
    y = np.linspace(33, 34, vertices)
    snapshots = {}
    for i in range(dates):
        x = 37.5 + 0.2 * np.sin(9 * y) + rng.normal(0, metres / 93_000, vertices)
        inner = y[1:-1] + rng.uniform(-0.4, 0.4, vertices - 2) / vertices
        line = np.stack([x, np.r_[33, inner, 34]], axis=1).round(6)
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = [
            Patch(
                Label(name, "", "controlled", "reported", "high", name),
                shapely.Polygon([*line, (edge, 34), (edge, 33)]),
            )
            for name, edge in (("a", 37), ("b", 38))
        ]
    return shapely.box(37, 33, 38, 34), snapshots


def test_layers_redrawn_with_ten_metres_of_jitter_cost_no_more_than_their_number():
    faces = []
    for dates in (28, 56):
        composite = Composite.build(*shaken_layers(dates, 500, 10))
        assert composite.history.shape[1] == dates
        faces.append(len(composite.face_area_km2))
    assert faces[1] <= 2.2 * faces[0]
    first, last = composite.dates[0], composite.dates[-1]
    change = composite.change(first, last)
    overlay = ground(shaken_layers(1, 500, 10)[1][FIRST_DAY], "a")
    later = composite.control(last, by="holder").geometry[0]
    truth = polygonal(shapely.symmetric_difference(overlay, later))
    assert change["area_km2"].sum() == pytest.approx(area_km2(truth)[0], rel=1e-2)
