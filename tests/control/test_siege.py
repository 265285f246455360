import datetime as dt
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

from geo.control.composite import Composite
from geo.control.siege.advance import advance_along
from geo.control.siege.chambers import find_necks
from geo.control.siege.isolation import isolation
from geo.control.siege.minimum import minimum_cuts
from geo.control.siege.necks import narrowest, necks
from geo.control.siege.piece import Piece
from geo.control.siege.pockets import pockets
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.crs import LocalPlane
from geo.errors import DateError
from geo.model import Label, Patch

KM = 1000.0
SECOND_DAY = FIRST_DAY + dt.timedelta(days=1)


# ------------------------------------------------------------ cases done by hand, in kilometres


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


# ------------------------------------------------------------ laws


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


# ------------------------------------------------------------ dates, sides, degrees


CORRIDOR = ["bbbbbbb", "baabaab", "baaaaab", "baabaab", "bbbbbbb"]
BASE = {"base": Point(37.55, 33.25)}
WEST = {"west": (37.15, 33.25), "wall": (37.35, 33.45), "floor": (37.35, 33.05)}


def test_a_neck_names_what_it_cuts_off_and_what_would_join():
    (row,) = necks(theatre(CORRIDOR), FIRST_DAY, "a", anchors=BASE, places=WEST).itertuples()
    # A tenth of a degree of latitude at 33.25 N, on the ellipsoid.
    assert row.length_km == pytest.approx(11.09, abs=0.01)
    assert (row.rank, row.day, row.side, row.leg_count) == (1, FIRST_DAY, "a", 1)
    assert row.place_ids == "west"
    assert row.anchors_lost == "base"
    assert {row.from_holder, row.to_holder} == {"b"}
    assert {row.from_place, row.to_place} == {"wall", "floor"}
    assert row.certainty == "reported"
    assert row.footing == "reported 11.1 km"
    assert row.km2_per_km == pytest.approx(row.area_km2 / row.length_km)
    assert row.pocket.contains(Point(WEST["west"]))
    assert not row.pocket.intersects(BASE["base"])
    assert row.geometry.geom_type == "LineString"


def test_each_leg_of_a_cut_names_the_stretches_that_it_joins():
    # The corridor is a square high, with an island in its middle: two legs, past the island.
    rows = ["bbbbbbb", "baabaab", "baaaaab", "baacaab", "baaaaab", "baabaab", "bbbbbbb"]
    places = {
        "north_near": (37.35, 33.52), "north_far": (37.36, 33.6), "island": (37.35, 33.35),
        "south": (37.35, 33.15), "beyond": (37.35, 32.8), "own": (37.15, 33.35),
    }  # fmt: skip
    (row,) = necks(
        theatre(rows), FIRST_DAY, "a", anchors={"base": Point(37.55, 33.35)}, places=places
    ).itertuples()
    legs = row.legs.split("; ")
    assert row.leg_count == len(legs) == 2
    ends = {frozenset(leg.split(": ")[0].split(" to ")) for leg in legs}
    assert ends == {
        frozenset({"north_near / north_far", "island"}), frozenset({"island", "south"}),
    }  # fmt: skip
    told = [float(leg.split(": ")[1].split(" km")[0]) for leg in legs]
    assert sum(told) == pytest.approx(row.length_km, abs=0.1)
    assert {leg.rsplit(", ", 1)[1] for leg in legs} == {"reported"}


def test_events_behind_a_neck_are_named_and_no_others():
    events = {"evt-in": WEST["west"], "evt-out": (37.55, 33.25), "evt-enemy": WEST["wall"]}
    rules = {"anchors": BASE, "events": events}
    (row,) = necks(theatre(CORRIDOR), FIRST_DAY, "a", **rules).itertuples()
    assert row.event_ids == "evt-in"


def test_a_cut_that_ends_at_a_closed_edge_says_so():
    rows = ["aabaa", "aaaaa"]
    (row,) = necks(
        theatre(rows),
        FIRST_DAY,
        "a",
        anchors={"base": Point(37.45, 33.05)},
        edge="closed",
        places={"salient": (37.25, 33.15)},
    ).itertuples()
    (leg,) = row.legs.split("; ")
    assert set(leg.split(": ")[0].split(" to ")) == {"edge", "salient"}


def test_a_frame_without_necks_has_its_columns():
    found = necks(theatre(["aaa", "aaa"]), FIRST_DAY, "a", anchors=BASE)
    assert len(found) == 0
    assert {"length_km", "place_ids", "pocket", "geometry"} <= set(found.columns)
    none = isolation(theatre(["aa"]), FIRST_DAY, "z", anchors={}, places=WEST)
    assert (len(none), len(pockets(theatre(["aa"]), FIRST_DAY, "z", anchors={}))) == (0, 0)


def test_the_three_rules_for_unknown_ground_give_three_answers():
    layers = theatre(["bbbbbbb", "baabaab", "baa?aab", "baabaab", "bbbbbbb"])
    rules = {"anchors": BASE, "places": WEST}
    found = {
        rule: necks(layers, FIRST_DAY, "a", unknown=rule, **rules)
        for rule in ("passable", "enemy", "own")
    }
    assert [len(found[rule]) for rule in ("passable", "enemy", "own")] == [1, 0, 1]
    assert found["passable"]["certainty"].tolist() == ["unknown"]
    # The corridor is unknown: it lets supply through either way, but counts as held only as own.
    assert found["passable"]["area_km2"].item() < found["own"]["area_km2"].item()
    off = pockets(layers, FIRST_DAY, "a", unknown="enemy", **rules)
    assert off["place_ids"].tolist() == ["west"]
    assert off["enclosed_by"].tolist() == ["b;unknown"]


def labelled(letter, **label):
    """The corridor with its middle held as the label says."""
    day = {FIRST_DAY: []}
    for patch in grid("bbbbbbb", "baabaab", "baacaab", "baabaab", "bbbbbbb"):
        mine = patch.label.controller == letter
        day[FIRST_DAY].append(
            Patch(Label(patch="patch-c", **label), patch.geometry) if mine else patch
        )
    return Composite.build(area(*CORRIDOR), day)


@pytest.mark.parametrize(
    ("label", "is_open"),
    [
        ({"controllers": "a;b", "status": "contested"}, True),
        ({"controllers": "b;c", "status": "contested"}, False),
        ({"controllers": "", "status": "contested"}, True),
        ({"controllers": "a;b", "status": "mixed"}, True),
        ({"controller": "b", "status": "advance"}, True),
        ({"status": "none"}, True),
        ({"controller": "c", "status": "controlled"}, False),
    ],
    ids=lambda value: "" if isinstance(value, bool) else "-".join(value.values()),
)
def test_ground_that_no_side_controls_alone_follows_the_rule_unless_it_is_others(label, is_open):
    layers = labelled("c", **label)
    off = pockets(layers, FIRST_DAY, "a", anchors=BASE, unknown="passable")
    assert len(off) == (0 if is_open else 1)
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE, unknown="enemy")) == 1


def test_the_ground_of_a_friend_supplies():
    layers = labelled("c", controller="c", status="controlled")
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 1
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE, friends={"c"})) == 0


def test_the_sides_of_controllers_are_what_counts():
    layers = theatre(["bbbbbbb", "baabccb", "baaaccb", "baabccb", "bbbbbbb"], sides={"c": "a"})
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 0


def test_isolation_lists_held_places_the_most_exposed_first():
    layers = theatre(["bbbbbbbbbbb", "baabaaaabab", "baaaaaaabbb", "baabaaaabbb", "bbbbbbbbbbb"])
    places = WEST | {"east": (37.75, 33.15), "islet": (37.95, 33.35)}
    found = isolation(
        layers, FIRST_DAY, "a", anchors={"base": Point(37.65, 33.25)}, places=places
    ).set_index("place_id")
    assert found.index.tolist() == ["islet", "west", "east"]  # those of b are left out
    assert found.loc["islet", "length_km"] == 0
    assert found.loc["west", "length_km"] == pytest.approx(11.09, abs=0.01)
    assert found.loc["west", "pocket"].contains(Point(places["west"]))
    assert found.loc["islet", "geometry"] is None


def test_what_no_cut_can_sever_has_no_length():
    layers = theatre(["aaa", "aaa"])
    found = isolation(
        layers, FIRST_DAY, "a", anchors={"base": Point(37.25, 33.1)}, places={"west": (37.05, 33.1)}
    )
    assert np.isnan(found["length_km"].item())
    assert found["pocket"].tolist() == [None]


def test_a_pocket_knows_since_when():
    closed = ["bbbbbbb", "baabaab", "baabaab", "baabaab", "bbbbbbb"]
    layers = theatre(CORRIDOR, closed, closed, closed)
    off = pockets(layers, FIRST_DAY + dt.timedelta(days=9), "a", anchors=BASE, places=WEST)
    assert off["since"].tolist() == [SECOND_DAY]
    assert off["day"].tolist() == [FIRST_DAY + dt.timedelta(days=3)]
    assert off["place_ids"].tolist() == ["west"]
    assert off["enclosed_by"].tolist() == ["b"]


def test_ground_at_the_edge_is_cut_off_only_where_the_edge_is_closed():
    layers = theatre(["aab", "bbb", "bab"])
    assert len(pockets(layers, FIRST_DAY, "a", anchors={})) == 0
    assert len(pockets(layers, FIRST_DAY, "a", anchors={}, edge="closed")) == 2


def test_a_border_line_at_a_closed_edge_supplies_the_ground_beside_it():
    layers = theatre(["aab", "bbb", "bab"])
    south = {"border": LineString([(36.9, 32.999), (37.4, 32.999)])}
    off = pockets(layers, FIRST_DAY, "a", anchors=south, edge="closed")
    assert off.geometry.bounds["miny"].tolist() == [pytest.approx(33.2)]


def test_the_series_shows_the_neck_close():
    wide = ["bbbbbbb", "baaaaab", "baaaaab", "baaaaab", "bbbbbbb"]
    closed = ["bbbbbbb", "baabaab", "baabaab", "baabaab", "bbbbbbb"]
    supply = {"anchors": BASE, "places": WEST}
    series = narrowest(theatre(wide, CORRIDOR, closed), "a", supply=lambda _: supply)
    assert series["necks"].tolist() == [0, 1, 0]
    assert series["length_km"].round(1).tolist()[1] == 11.1
    assert [km2 > 0 for km2 in series["cut_off_km2"]] == [False, False, True]


def test_what_would_be_taken_is_taken_and_marked():
    layers = theatre(CORRIDOR)
    patches = advance_along(layers, FIRST_DAY, "b", [(37.35, 33.4), (37.35, 33.1)], width_km=3)
    assert all(patch.label.patch.startswith("what-if-") for patch in patches)
    taken = next(patch for patch in patches if patch.label.patch == "what-if-b")
    assert (taken.label.basis, taken.label.confidence) == ("inferred", "low")
    assert taken.geometry.contains(Point(37.35, 33.25))
    after = Composite.build(layers.area, {FIRST_DAY: patches})
    assert after.areas()["area_km2"].sum() == pytest.approx(layers.areas()["area_km2"].sum())
    off = pockets(after, FIRST_DAY, "a", anchors=BASE, places=WEST)
    assert off["place_ids"].tolist() == ["west"]
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 0


def test_an_advance_leaves_friends_alone():
    layers = theatre(["abc"])
    line = [(37.05, 33.05), (37.25, 33.05)]
    both = advance_along(layers, FIRST_DAY, "a", line)
    spared = advance_along(layers, FIRST_DAY, "a", line, friends={"c"})
    ground = {patch.label.patch: patch.geometry.area for patch in (*both, *spared)}
    before = {patch.label.patch: patch.geometry.area for patch in grid("abc")}
    assert ground["what-if-patch-c"] == pytest.approx(before["patch-c"])
    assert {p.label.patch: p for p in both}["what-if-patch-c"].geometry.area < before["patch-c"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, unknown="free"), "unknown is 'free'"),
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, edge="round"), "edge is 'round'"),
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, min_area_km2=0), "min_area_km2 is 0"),
        (lambda c: pockets(c, FIRST_DAY, "a", anchors={}, min_area_km2=-1), "min_area_km2 is -1"),
        (lambda c: advance_along(c, FIRST_DAY, "a", []), "at least one position"),
        (lambda c: advance_along(c, FIRST_DAY, "a", [(0, 0)]), "outside the study area"),
        (lambda c: advance_along(c, FIRST_DAY, "a", [(37, 33)], width_km=0), "width_km is 0"),
    ],
)
def test_a_wrong_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theatre(["ab"]))


def test_before_the_first_layer_there_is_no_answer():
    with pytest.raises(DateError):
        necks(theatre(["ab"]), FIRST_DAY - dt.timedelta(days=1), "a", anchors={})


def test_finely_drawn_ground_is_simplified_within_the_stated_error():
    plane = LocalPlane(37.5, 33.2)
    turn = np.linspace(0, 2 * np.pi, 12_000, endpoint=False)
    # A waist of 4 km, with waves of 5 m on the banks.
    wave = 1 + 0.0005 * np.sin(400 * turn)
    far = (11e3 + 9e3 * np.cos(2 * turn)) * wave
    held = plane.inverse(Polygon(np.stack([np.cos(turn), np.sin(turn)], 1) * far[:, None]))
    held = shapely.set_precision(held, 1e-6)
    study = box(37, 32.9, 38, 33.5)
    layers = Composite.build(
        study,
        {
            FIRST_DAY: [
                Patch(Label("a", "", "controlled", "reported", "high", "a"), held),
                Patch(
                    Label("b", "", "controlled", "reported", "high", "b"),
                    shapely.difference(study, held, grid_size=1e-6),
                ),
            ]
        },
    )
    (row,) = necks(layers, FIRST_DAY, "a", anchors={"base": Point(37.6, 33.2)}).itertuples()
    assert row.length_km == pytest.approx(4, abs=0.05 + 0.01)


def test_the_same_question_has_the_same_answer():
    layers = theatre(CORRIDOR)
    one, two = (necks(layers, FIRST_DAY, "a", anchors=BASE, places=WEST) for _ in range(2))
    assert one.to_wkb().equals(two.to_wkb())
