"""Shortest cuts and necks of one piece of ground, in a plane: cases done by hand, samples, laws."""

import heapq
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, Polygon, box
from shapely.ops import substring
from thoroughness import examples

from geo.control.siege.chambers import find_necks
from geo.control.siege.isolation import isolation
from geo.control.siege.minimum import minimum_cuts
from geo.control.siege.piece import Piece
from geo.control.testing import FIRST_DAY, theatre

KM = 1000.0


def km(polygon):
    return shapely.transform(polygon, lambda xy: xy * KM)


def rooms(*boxes):
    return km(shapely.union_all([box(*one) for one in boxes]))


def cut_km(polygon, place, *anchors, edge=None, open_edge=True):
    """The minimum cut between a place and anchors; None where there is none."""
    named = {f"anchor-{i}": km(Point(one)) for i, one in enumerate(anchors)}
    piece = Piece(polygon, anchors=named, edge=edge, open_edge=open_edge)
    (cut,) = minimum_cuts(piece, np.array([place]) * KM)
    return None if cut is None else cut.length / KM


def neck_list(polygon, *anchors, min_area=1.0, max_width=50.0):
    """Length, pocket area and number of legs of each neck, best first."""
    named = {f"anchor-{i}": km(Point(one)) for i, one in enumerate(anchors)}
    found = find_necks(Piece(polygon, anchors=named), polygon, min_area * KM**2, max_width * KM)
    return [
        (
            pytest.approx(neck.cut.length / KM),
            pytest.approx(neck.ground.area / KM**2),
            len(neck.cut.legs.edge),
        )
        for neck in found
    ]


HOURGLASS = km(
    Polygon(
        [(0, 0), (10, 0), (12, 4), (14, 0), (24, 0), (24, 10), (14, 10), (12, 6), (10, 10), (0, 10)]
    )
)


def test_an_hourglass_is_cut_at_its_waist():
    assert cut_km(HOURGLASS, (5, 5), (20, 5)) == pytest.approx(2)
    assert neck_list(HOURGLASS, (20, 5)) == [(2, 112, 1)]


def test_of_two_necks_in_series_a_place_is_cut_off_by_the_narrower_one():
    chain = rooms((0, 0, 10, 10), (10, 4, 12, 7), (12, 0, 22, 10), (22, 4, 24, 5), (24, 0, 34, 10))
    assert cut_km(chain, (5, 5), (30, 5)) == pytest.approx(1)
    # Both are necks, though who can cut the second has no need of the first.
    assert neck_list(chain, (30, 5)) == [(1, 208, 1), (3, 106, 1)]


def test_of_two_necks_in_series_the_inner_one_may_be_the_narrower_one():
    chain = rooms((0, 0, 10, 10), (10, 4, 12, 5), (12, 0, 22, 10), (22, 4, 24, 7), (24, 0, 34, 10))
    assert cut_km(chain, (5, 5), (30, 5)) == pytest.approx(1)
    assert cut_km(chain, (17, 5), (30, 5)) == pytest.approx(3)
    assert sorted(neck_list(chain, (30, 5)), key=lambda one: one[2:]) == [(1, 102, 1), (3, 208, 1)]


def test_two_necks_in_parallel_are_cut_together():
    ring = rooms((0, 0, 10, 20), (10, 2, 14, 4), (10, 15, 14, 18), (14, 0, 24, 20))
    assert cut_km(ring, (5, 10), (20, 10)) == pytest.approx(2 + 3)
    ((length_km, area_km2, legs),) = neck_list(ring, (20, 10))
    assert (length_km, legs) == (5, 2)
    assert any(area_km2 == 200 + a + b for a in (0, 8) for b in (0, 12))


def test_an_annulus_is_cut_twice_through_its_hole():
    circle = Point(0, 0).buffer(10, quad_segs=64).difference(Point(0, 0).buffer(6, quad_segs=64))
    found = cut_km(km(circle), (-8, 0), (8, 0))
    # Chords of regular 256-gons: each bank is nearer to the middle by at most cos(pi/256).
    assert found == pytest.approx(8, rel=5e-4)


def test_each_tooth_of_a_comb_is_cut_at_its_root():
    comb = rooms((0, 0, 40, 5), *((x, 5, x + 2, 15) for x in (4, 14, 24, 34)))
    for x in (5, 15, 25, 35):
        assert cut_km(comb, (x, 12), (20, 1)) == pytest.approx(2)
    found = neck_list(comb, (20, 1), min_area=5)
    assert found.count((2, 20, 1)) == 4
    # The rest are cuts through the back of the comb, five wide.
    assert [one[0] for one in found if one[0] != 2] == [5] * (len(found) - 4)


def test_a_cut_chains_through_an_enemy_island_where_that_is_shorter():
    strip = rooms((0, 0, 40, 10)).difference(rooms((19, 3, 21, 7)))
    assert cut_km(strip, (5, 5), (35, 5)) == pytest.approx(3 + 3)
    assert cut_km(rooms((0, 0, 40, 10)), (5, 5), (35, 5)) == pytest.approx(10)


def test_a_cut_passes_by_an_island_that_is_too_far_aside():
    # By way of the island it would be twice the square root of 5^2 + 2^2, or 10.77 km.
    wall = shapely.union_all([box(19.9, -5, 20.1, 0), box(19.9, 10, 20.1, 15)])
    field = km(box(0, -5, 40, 15).difference(wall))
    island = km(Point(22, 5).buffer(0.01))
    legs = cut_km(field.difference(island), (5, 5), (35, 5))
    assert legs == pytest.approx(10, abs=1e-3)


def test_enemy_enclaves_in_a_row_are_chained():
    enclaves = [box(19, y, 21, y + 2) for y in (1, 5, 9, 13)]
    field = km(box(0, 0, 40, 16).difference(shapely.union_all(enclaves)))
    assert cut_km(field, (5, 8), (35, 8)) == pytest.approx(1 + 2 + 2 + 2 + 1)


def test_where_an_island_touches_the_border_a_cut_costs_nothing():
    island = Polygon([(10, 0), (9, 4), (10, 8), (11, 4)])  # it stands on the southern border
    assert cut_km(km(box(0, 0, 20, 10).difference(island)), (5, 5), (18, 5)) == pytest.approx(2)


def test_a_place_in_a_wedge_is_cut_off_by_a_leg_through_itself():
    wedge = km(Polygon([(0, 0), (20, -10), (20, 10)]))
    # The shortest segment through a point on the axis of a wedge stands across it.
    assert cut_km(wedge, (6, 0), (18, 0)) == pytest.approx(6, rel=1e-5)


@pytest.mark.slow
def test_a_leg_turns_about_an_anchor_that_it_must_not_sweep_over():
    wedge = km(Polygon([(0, 0), (20, -10), (20, 10)]))
    # The anchor lies beside the place, so a straight leg must pass between the two.
    assert cut_km(wedge, (10, 1), (10, -1)) == pytest.approx(
        min(_wedge_leg(angle) for angle in np.linspace(0.02, np.pi - 0.02, 20_001)), rel=1e-3
    )


def _wedge_leg(angle):
    """Length of the leg through (10, 1) or (10, -1) that has them on two sides, by brute force."""
    u = np.array([np.cos(angle), np.sin(angle)])
    lengths = []
    for through in ((10, 1), (10, -1)):
        whole = LineString([through - 99 * u, through + 99 * u])
        inside = whole.intersection(Polygon([(0, 0), (20, -10), (20, 10)]))
        lengths.append(inside.length if inside.length > 1e-6 else 99)
    return min(lengths)


def test_the_open_edge_is_a_way_out_and_the_closed_edge_a_wall():
    strip = rooms((0, 0, 40, 10))
    edge = km(LineString([(0, 0), (0, 10)]))
    assert cut_km(strip, (5, 5), (35, 5), edge=edge) == pytest.approx(20)
    assert cut_km(strip, (5, 5), (35, 5), edge=edge, open_edge=False) == pytest.approx(10)


def test_no_cut_ends_on_an_open_edge():
    # Three sides are enemy ground; the leg runs along the fourth, from corner to corner.
    ground = km(Polygon([(0, 0), (20, 0), (30, 10), (-10, 10)]))
    south = km(LineString([(-50, 0), (50, 0)]))
    assert cut_km(ground, (10, 5), edge=south) == pytest.approx(20)


def test_an_anchor_at_a_closed_edge_supplies_only_there():
    strip = rooms((0, 0, 40, 10))
    edge = km(LineString([(0, 10), (0, 0), (40, 0), (40, 10)]))
    assert cut_km(strip, (20, 5), (40, 5), edge=edge, open_edge=False) == pytest.approx(10)
    assert cut_km(strip, (20, 5), (40, 5), (0, 5), edge=edge, open_edge=False) == pytest.approx(20)


def test_a_road_that_supplies_cannot_be_crossed():
    strip = rooms((0, 0, 40, 10))
    road = {"road": km(LineString([(10, 2), (30, 2)]))}
    (cut,) = minimum_cuts(Piece(strip, anchors=road), np.array([[20.0, 6.0]]) * KM)
    assert shapely.intersection(shapely.multilinestrings(cut.legs.xy), road["road"]).is_empty
    # The steepest line through the place that misses the road touches an end of it.
    assert cut.length / KM == pytest.approx(np.hypot(25, 10), rel=1e-5)


def test_a_place_that_is_an_anchor_cannot_be_severed():
    assert cut_km(rooms((0, 0, 40, 10)), (20, 5), (20, 5)) is None


def test_too_many_separate_anchors_are_refused():
    anchors = {f"a{i}": km(Point(i + 0.5, 5)) for i in range(9)}
    with pytest.raises(ValueError, match="9 separate anchors"):
        Piece(rooms((0, 0, 10, 10)), anchors=anchors)


def star(rng, corners, radius, centre=(0, 0), rough=0.85):
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    far = radius * rng.uniform(1 - rough, 1, corners)
    return Polygon(np.stack([np.cos(turn), np.sin(turn)], 1) * far[:, None] + centre)


def scene(seed):
    """A piece of ground with islands, and four positions in it; metres."""
    rng = np.random.default_rng(seed)
    while True:
        ground = star(rng, int(rng.integers(6, 16)), 10e3)
        if not ground.is_valid or ground.area < 3e7:
            continue
        for _ in range(int(rng.integers(0, 5))):
            centre = rng.uniform(-6e3, 6e3, 2)
            island = star(rng, int(rng.integers(3, 7)), rng.uniform(300, 1500), centre, 0.6)
            if island.is_valid and ground.contains(island):
                ground = ground.difference(island)
        inner = ground.buffer(-50)
        found = [xy for xy in rng.uniform(-8e3, 8e3, (60, 2)) if inner.contains(Point(xy))]
        if ground.geom_type == "Polygon" and len(found) >= 4:
            return ground, np.array(found[:4]), rng


def sampled_cut(ground, place, anchor, count=36):
    """
    The shortest chain of sampled chords between a place and an anchor, found in another way.

    Chords join points on the rings; a chain counts where it crosses the straight line between the
    two an odd number of times. None of it is shared with the code under test.
    """
    rings = [ground.exterior, *ground.interiors]
    nodes = []
    for number, ring in enumerate(rings):
        at = [ring.project(Point(xy)) for xy in ring.coords[:-1]]
        nodes += [(number, s) for s in sorted({*at, *np.linspace(0, ring.length, count)[:-1]})]
    xy = np.array([rings[n].interpolate(s).coords[0] for n, s in nodes])
    between = LineString([place, anchor])
    one, two = np.triu_indices(len(xy), 1)
    chords = shapely.linestrings(np.stack([xy[one], xy[two]], axis=1))
    wide = ground.buffer(1e-4)
    shapely.prepare(wide)
    inside = shapely.covers(wide, chords)
    links = [[] for _ in xy]
    for a, b, w, h in zip(
        one[inside], two[inside], shapely.length(chords[inside]),
        shapely.crosses(chords[inside], between), strict=True,
    ):  # fmt: skip
        links[a].append((b, w, int(h)))
        links[b].append((a, w, int(h)))
    for number, ring in enumerate(rings):
        mine = [i for i, (n, _) in enumerate(nodes) if n == number]
        for a, b in pairwise([*mine, mine[0]]):
            start, end = nodes[a][1], nodes[b][1] or ring.length
            met = shapely.intersection(substring(ring, start, end), between)
            h = len(shapely.get_parts(met)) % 2 if not met.is_empty else 0
            links[a].append((b, 0.0, h))
            links[b].append((a, 0.0, h))
    return min(_round_trip(links, home) for home in range(len(xy)))


def _round_trip(links, home):
    """The lightest odd walk from a node back to it."""
    best, queue = {(home, 0): 0.0}, [(0.0, home, 0)]
    while queue:
        w, at, h = heapq.heappop(queue)
        if (at, h) == (home, 1):
            return w
        if w > best[at, h]:
            continue
        for to, step, change in links[at]:
            state = (to, h ^ change)
            if w + step < best.get(state, np.inf):
                best[state] = w + step
                heapq.heappush(queue, (w + step, *state))
    return np.inf


def stays_connected(ground, cut, place, sinks):
    """Whether a way is left from the place to a sink, once the legs are taken out of the ground."""
    xy = cut.legs.xy
    if len(np.unique(xy.round(2).reshape(-1, 4), axis=0)) < len(xy):
        return False  # one leg counts twice: it passes the place on both sides
    step = xy[:, 1] - xy[:, 0]
    over = step / np.maximum(np.hypot(*step.T), 1e-9)[:, None] * 0.05
    legs = shapely.multilinestrings(np.stack([xy[:, 0] - over, xy[:, 1] + over], axis=1))
    trench = legs.buffer(0.02, cap_style="flat")
    parts = [p for p in shapely.get_parts(ground.difference(trench)) if p.distance(place) < 0.05]
    # A leg may run through the place: then it is severed if one side of the leg is.
    return all(
        any(part.intersects(s.buffer(0.001).difference(trench.buffer(0.1))) for s in sinks)
        for part in parts
    )


seeds = st.integers(0, 2**32 - 1)


@pytest.mark.slow
@given(seeds)
@example(3)  # an anchor in a wedge
@example(35)  # a leg that ends at the sharp corner of an island
@settings(max_examples=12)
def test_no_sampled_cut_is_shorter_and_the_cut_severs(seed):
    ground, (anchor, place, *_), _ = scene(seed)
    piece = Piece(ground, anchors={"a": Point(anchor)})
    (cut,) = minimum_cuts(piece, place[None])
    assert cut.length <= sampled_cut(ground, place, anchor) + 1e-3
    assert not stays_connected(ground, cut, Point(place), [Point(anchor)])
    assert piece.behind(cut).distance(Point(place)) < 0.01


def supplied(seed):
    """A scene with one to three anchors, at times a road, at times an open edge."""
    ground, at, rng = scene(seed)
    anchors = {f"a{i}": Point(xy) for i, xy in enumerate(at[: int(rng.integers(1, 4))])}
    if rng.random() < 0.4:
        road = LineString(rng.uniform(-5e3, 5e3, (3, 2))).intersection(ground)
        anchors |= {} if road.is_empty else {"road": road}
    edge, half = None, box(-3e4, -3e4, 3e4, 3e4)
    if rng.random() < 0.4:
        half = box(rng.uniform(-4e3, 4e3), -2e4, 2e4, 2e4)
        kept = ground.intersection(half)
        if kept.geom_type == "Polygon" and kept.contains(Point(at[3])):
            ground, edge = kept, half.boundary
    assume(any(shape.intersects(ground) for shape in anchors.values()))
    # A road that leaves and enters again is as many anchors; there may be only eight.
    parts = [len(shapely.get_parts(shape.intersection(ground))) for shape in anchors.values()]
    assume(sum(parts) <= 5)
    return ground, at[3], anchors, edge, half, rng


def length(ground, place, anchors, edge):
    piece = Piece(ground, anchors=anchors, edge=edge)
    (cut,) = minimum_cuts(piece, place[None])
    return np.inf if cut is None else cut.length


@given(seeds)
@example(594)  # a cut along the open edge
@example(333)  # a leg along a road
@example(13)  # a place amid anchors, passed on both sides
@example(1277)  # an enemy border that leaves the open edge at so sharp an angle that it stays near
@example(
    258846
)  # a road that ends on the edge; what ties it to the edge meets it, but for rounding
@example(2379)  # a road and what ties it to the edge meet on the border; no cut ends between them
@example(6176)  # a road near the edge with enemy ground between the two
@settings(max_examples=examples(40))
def test_a_cut_severs_from_every_anchor_and_from_an_open_edge(seed):
    ground, place, anchors, edge, _, _ = supplied(seed)
    (cut,) = minimum_cuts(Piece(ground, anchors=anchors, edge=edge), place[None])
    sinks = [shape.intersection(ground) for shape in anchors.values()]
    if edge is not None:
        sinks.append(ground.boundary.intersection(edge.buffer(0.001)))
    assert cut is None or not stays_connected(ground, cut, Point(place), sinks)


@given(seeds)
@example(172)  # the way between a place and the open edge is cut along the edge
@settings(max_examples=examples(40))
def test_one_more_anchor_never_makes_a_cut_shorter(seed):
    ground, place, anchors, edge, _, rng = supplied(seed)
    more = anchors | {"more": MultiPoint(rng.uniform(-8e3, 8e3, (2, 2))).intersection(ground)}
    without, with_it = (length(ground, place, one, edge) for one in (anchors, more))
    assert with_it >= without * (1 - 1e-5) - 0.05


@given(seeds)
@example(93)  # an anchor near the edge
@example(155)  # two roads that meet the border side by side
@example(58)  # a road that ends on the border
@settings(max_examples=examples(40))
def test_more_ground_never_makes_a_cut_shorter(seed):
    ground, place, anchors, edge, half, rng = supplied(seed)
    more = star(rng, 8, 4e3, rng.uniform(-8e3, 8e3, 2)).buffer(0).intersection(half)
    larger = ground.union(more)
    (larger,) = (p for p in shapely.get_parts(larger) if p.contains(Point(place)))
    kept = {name: shape.intersection(ground) for name, shape in anchors.items()}
    small, large = (length(one, place, kept, edge) for one in (ground, larger))
    assert large >= small * (1 - 1e-5) - 0.05


@given(seeds)
@example(1121)  # a leg that turns about a corner near the place, which is moved by a millimetre
@settings(max_examples=15)
def test_turning_the_map_turns_the_answer(seed):
    ground, (anchor, place, *_), rng = scene(seed)
    turn = rng.uniform(0, 2 * np.pi)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = shapely.transform(ground, lambda xy: xy @ spin.T)
    straight = length(ground, place, {"a": Point(anchor)}, None)
    assert length(turned, spin @ place, {"a": Point(spin @ anchor)}, None) == pytest.approx(
        straight, rel=1e-5, abs=0.05
    )


@pytest.mark.slow
@given(seeds)
@example(104)  # an anchor on an island of the enemy that touches the outer border
@example(99)  # an anchor on the very cut between two places
@example(80)  # ground that touches itself in points
@example(106)  # a road that starts near a closed edge
@settings(max_examples=4)
def test_on_squares_more_passable_ground_and_more_ways_out_never_shorten_a_cut(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(2, 9, 2)
    rows = ["".join(rng.choice(list("aaab?"), width)) for _ in range(height)]

    def position():
        return 37 + rng.uniform(0, width * 0.1), 33 + rng.uniform(0, height * 0.1)

    anchors = {f"x{i}": Point(position()) for i in range(rng.integers(0, 4))}
    if rng.random() < 0.4:
        anchors["road"] = LineString([position() for _ in range(3)])
    if rng.random() < 0.3:
        anchors["zone"] = Point(position()).buffer(0.04, quad_segs=3)
    places = {f"p{i}": position() for i in range(6)}
    places |= {
        f"{i}-{j}": (37.05 + 0.1 * i, 33.05 + 0.1 * j) for i in range(width) for j in range(height)
    }
    km_of = {}
    for unknown in ("passable", "enemy"):
        for edge in ("open", "closed"):
            found = isolation(
                theatre(rows), FIRST_DAY, "a",
                anchors=anchors, places=places, unknown=unknown, edge=edge,
            )  # fmt: skip
            for row in found[(found["length_km"] > 0) & found["pocket"].notna()].itertuples():
                assert row.pocket.distance(Point(places[row.place_id])) < 1e-6
            km_of[unknown, edge] = found.set_index("place_id")["length_km"].fillna(np.inf)
    for one, two in (
        (("passable", "open"), ("passable", "closed")),
        (("enemy", "open"), ("enemy", "closed")),
        (("passable", "open"), ("enemy", "open")),
        (("passable", "closed"), ("enemy", "closed")),
    ):
        larger, smaller = km_of[one].sort_index(), km_of[two].sort_index()
        assert (larger >= smaller * (1 - 1e-5) - 1e-4).all()


@given(seeds)
@settings(max_examples=20)
def test_every_neck_severs_its_pocket_and_no_small_move_of_its_ends_shortens_it(seed):
    ground, (anchor, *_), _ = scene(seed)
    piece = Piece(ground, anchors={"a": Point(anchor)})
    for neck in find_necks(piece, ground, 1e6, 20e3):
        assert not stays_connected(
            ground, neck.cut, shapely.point_on_surface(neck.ground), [Point(anchor)]
        )
        assert neck.ground.area >= 1e6
        for (a, b), edges in zip(neck.cut.legs.xy, neck.cut.legs.edge, strict=True):
            assert edges.shape == (2,)
            banks = [ground.boundary.intersection(Point(end).buffer(5.0)) for end in (a, b)]
            assert banks[0].distance(banks[1]) >= np.hypot(*(b - a)) - 1e-6
