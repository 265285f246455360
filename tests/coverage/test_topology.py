"""Noding, arcs and faces: laws that hold for any set of segments."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from strategies import outline, partition, redrawn, theatre

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid
from geo.coverage import lines, noding
from geo.coverage.arrangement import rotation
from geo.coverage.lines import join
from geo.coverage.topology import (
    Arrangement,
    arrange,
    components,
    find_faults,
    shapes,
)
from geo.crs import snap
from geo.errors import CoverageError
from geo.model import Label, Patch


@st.composite
def segments(draw, most=25):
    """Distinct segments on a small grid: crossings, touchings and overlaps abound."""
    size = draw(st.integers(2, 40))
    end = st.tuples(st.integers(-size, size), st.integers(-size, size))
    pairs = draw(
        st.lists(st.tuples(end, end).filter(lambda p: p[0] != p[1]), min_size=1, max_size=most)
    )
    ends = np.array(pairs, np.int64)
    one = noding.pack(ends[:, 0, 0], ends[:, 0, 1])
    two = noding.pack(ends[:, 1, 0], ends[:, 1, 1])
    low, high = np.minimum(one, two), np.maximum(one, two)
    first, _ = noding.distinct(low, high)
    return low[first], high[first]


def edges_of(noded):
    start, end, _ = noded.edges()
    first, _ = noding.distinct(np.minimum(start, end), np.maximum(start, end))
    return noding.unpack(start[first]), noding.unpack(end[first])


@given(segments())
@settings(max_examples=300)
def test_noded_edges_meet_only_at_their_ends(drawn):
    (ax, ay), (bx, by) = edges_of(noding.Segments.noded(*drawn))
    for i in range(len(ax)):
        here = (ax[i], ay[i], bx[i], by[i])
        one, two = noding.side(*here, ax, ay), noding.side(*here, bx, by)
        three = noding.side(ax, ay, bx, by, ax[i], ay[i])
        four = noding.side(ax, ay, bx, by, bx[i], by[i])
        assert not ((one * two < 0) & (three * four < 0)).any()
        for px, py, turn in ((ax, ay, one), (bx, by, two)):
            dot = (px - ax[i]) * (px - bx[i]) + (py - ay[i]) * (py - by[i])
            assert not ((turn == 0) & (dot < 0)).any()


@given(segments())
def test_pieces_of_all_segments_are_those_of_each_chain(drawn):
    noded = noding.Segments.noded(*drawn)
    every = np.arange(len(noded.low))
    for found, wanted in zip(noded.edges(), noded.chain(every).edges(every), strict=True):
        assert found.tolist() == wanted.tolist()


@given(segments())
@settings(max_examples=200)
def test_a_noded_segment_stays_within_a_grid_step_of_itself(drawn):
    noded = noding.Segments.noded(*drawn)
    chains = noded.chain(np.arange(len(noded.low)))
    for i in range(len(noded.low)):
        x, y = noding.unpack(chains.key[chains.offsets[i] : chains.offsets[i + 1]])
        straight = shapely.LineString([(x[0], y[0]), (x[-1], y[-1])])
        assert max(straight.distance(shapely.points(x, y))) <= 0.7072


@given(segments(), segments(10))
@settings(max_examples=300)
def test_segments_noded_in_two_steps_are_those_noded_at_once(one, two):
    both = np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1]])
    first, _ = noding.distinct(*both)
    at_once = noding.Segments.noded(both[0][first], both[1][first])
    old = noding.Segments.noded(*one)
    new = old.find(*two) < 0
    low, high = two[0][new], two[1][new]
    if not len(low):
        return
    fresh = noding.Segments(low, high, low[:0], low[:0])
    grown = old.with_more(low, high, np.flatnonzero(noding.close(old.boxes(), fresh.boxes())))
    for name in ("low", "high", "split", "split_at"):
        assert getattr(grown, name).tolist() == getattr(at_once, name).tolist(), name


@given(st.data(), st.integers(1, 6), st.integers(2, 9))
@settings(max_examples=300)
def test_segments_noded_strip_by_strip_are_those_noded_in_one(data, reach, strip):
    at = st.tuples(st.integers(-40, 40), st.integers(-9, 9))
    step = st.tuples(st.integers(-reach, reach), st.integers(-9, 9)).filter(any)
    pairs = data.draw(st.lists(st.tuples(at, step), min_size=1, max_size=40))
    (x, y), (dx, dy) = np.array(pairs, np.int64).transpose(1, 2, 0)
    one, two = noding.pack(x, y), noding.pack(x + dx, y + dy)
    low, high = np.minimum(one, two), np.maximum(one, two)
    first, _ = noding.distinct(low, high)
    low, high = low[first], high[first]
    whole = noding.splits(low, high)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noding, "_STRIP", strip)
        found = noding.splits(low, high)
    assert [column.tolist() for column in found] == [column.tolist() for column in whole]


def test_a_long_layer_is_noded_in_strips_and_one_of_long_lines_is_not(monkeypatch):
    monkeypatch.setattr(noding, "_STRIP", 4)
    x, zero = np.arange(40), np.zeros(40, np.int64)
    strips = noding._strips(noding.pack(10 * x, zero), noding.pack(10 * x + 9, zero))
    assert len(strips) == 10
    assert [west for _, west, _ in strips[1:]] == [east for _, _, east in strips[:-1]]
    assert max(len(near) for near, _, _ in strips) <= 6
    assert len(noding._strips(noding.pack(10 * x, zero), noding.pack(10 * x + 900, zero))) == 1


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-9, 9)), max_size=80), st.integers(1, 30))
@example([(0, -n) for n in range(40)], 40)  # so many begin alike that they are sorted at once
def test_distinct_pairs_are_the_sorted_set_whichever_way_they_are_told(pairs, run):
    # In ascending runs, as merged() likes them; it must be right for any.
    ordered = [one for n in range(0, len(pairs), run) for one in sorted(pairs[n : n + run])]
    for given_, told in (
        (pairs, noding.distinct),
        (pairs, noding.merged),
        (ordered, noding.merged),
    ):
        low, high = np.array(given_, np.int64).reshape(-1, 2).T
        first, inverse = told(low, high)
        assert list(zip(low[first].tolist(), high[first].tolist(), strict=True)) == sorted(
            set(pairs)
        )
        assert np.array_equal(low[first][inverse], low)
        assert np.array_equal(high[first][inverse], high)


def same(one: Arrangement, two: Arrangement) -> bool:
    return (
        np.array_equal(one.lines.key, two.lines.key)
        and np.array_equal(one.lines.offsets, two.lines.offsets)
        and np.array_equal(one.face, two.face)
    )


@given(redrawn())
@settings(max_examples=60)
def test_an_extended_arrangement_is_the_one_arranged_anew(drawn):
    whole, snapshots = drawn
    layers = [[patch.geometry for patch in patches] for patches in snapshots.values()]
    grown = arrange(shapes([whole, *layers[0]]))
    everything = [whole, *layers[0]]
    for layer in layers[1:]:
        before = grown
        grown, source = before.extended(shapes(layer))
        everything += layer
        anew = arrange(shapes(everything))
        assert same(grown, anew)
        # A face lies in the face that it came from.
        polygons = grown.dissolve(np.arange(grown.face_count))[1]
        inside = shapely.point_on_surface(polygons)
        found = before.locate(shapely.get_x(inside), shapely.get_y(inside))
        wide = shapely.area(polygons) > 1e-9
        assert found[wide].tolist() == source[wide].tolist()


@given(redrawn())
@settings(max_examples=60)
def test_faces_assembled_one_by_one_tile_what_all_of_them_cover(drawn):
    whole, snapshots = drawn
    layers = [patch.geometry for patches in snapshots.values() for patch in patches]
    arrangement = arrange(shapes([whole, *layers]))
    faces = arrangement.dissolve(np.arange(arrangement.face_count))[1]
    assert shapely.is_valid(faces).all()
    assert (shapely.get_type_id(faces) == 3).all()
    assert shapely.coverage_is_valid(faces)
    together = arrangement.dissolve(np.zeros(arrangement.face_count, int))[1]
    assert shapely.equals(shapely.union_all(faces), together[0])


@given(st.lists(st.text("ab.", min_size=5, max_size=5), min_size=1, max_size=5), st.integers(0, 9))
@example(["aaaaa", "abbba", "ab.ba", "abbba", "aaaaa"], 0)
@example(["ab...", "ba..."], 0)
@example(["aab..", "aba..", "baa.."], 0)
@settings(max_examples=200)
def test_dissolved_letters_are_valid_and_equal_to_the_union(rows, seed):
    rows = [row if row.strip(".") else "a" + row[1:] for row in rows]
    squares = [
        shapely.box(x / 10, -y / 10, x / 10 + 0.1, 0.1 - y / 10)
        for y, row in enumerate(rows)
        for x, _ in enumerate(row)
    ]
    letters = "".join(rows)
    order = np.random.default_rng(seed).permutation(len(squares))
    arrangement = arrange(shapes([snap(squares[i]) for i in order]))
    at = np.array([shapely.get_coordinates(shapely.centroid(s))[0] for s in squares])
    labels = np.full(arrangement.face_count, -1)
    labels[arrangement.locate(*at.T)] = ["ab.".index(c) if c != "." else -1 for c in letters]
    values, polygons = arrangement.dissolve(labels)
    for value, polygon in zip(values, polygons, strict=True):
        truth = shapely.union_all(
            [s for s, c in zip(squares, letters, strict=True) if c == "ab"[value]], grid_size=1e-6
        )
        assert polygon.is_valid, shapely.is_valid_reason(polygon)
        assert shapely.equals(polygon, snap(truth))
        assert shapely.get_num_geometries(polygon) == shapely.get_num_geometries(truth)
        parts = shapely.get_parts(polygon)
        assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()
        holes = [ring for part in parts for ring in part.interiors]
        assert not shapely.is_ccw(holes).any() if holes else True


def test_an_island_in_a_lake_in_an_island_is_nested_rightly():
    rings = [shapely.box(k, k, 20 - k, 20 - k) for k in range(1, 9)]
    arrangement = arrange(shapes(rings))
    depth = np.zeros(arrangement.face_count, int)
    offsets, arc, sign = arrangement.borders(shapes(rings))
    for i in range(len(rings)):
        depth += arrangement.cover(
            arc[offsets[i] : offsets[i + 1]], sign[offsets[i] : offsets[i + 1]]
        )
    assert sorted(depth) == [1, 2, 3, 4, 5, 6, 7, 8]
    _, polygons = arrangement.dissolve(depth % 2)
    assert [shapely.get_num_geometries(p) for p in polygons] == [4, 4]


def segmentized(polygon, longest, at_least=1):
    """The polygon with each edge cut into equal pieces."""

    def cut(ring):
        xy = shapely.get_coordinates(ring)
        step = np.diff(xy, axis=0)
        pieces = [max(at_least, int(np.ceil(np.hypot(*d) / longest))) for d in step]
        return np.concatenate(
            [a + d * np.arange(n)[:, None] / n for a, d, n in zip(xy, step, pieces, strict=False)]
        )

    return shapely.Polygon(cut(polygon.exterior), [cut(ring) for ring in polygon.interiors])


@given(redrawn(most_dates=2))
@settings(max_examples=30)
def test_face_areas_are_those_of_geodesics_along_their_edges(drawn):
    _, snapshots = drawn
    arrangement = arrange(shapes([p.geometry for patches in snapshots.values() for p in patches]))
    faces = arrangement.dissolve(np.arange(arrangement.face_count))[1]
    geod = Geod(ellps="WGS84")
    once = [segmentized(face, 0.004) for face in shapely.orient_polygons(faces)]
    twice = [segmentized(face, 1.0, at_least=2) for face in once]
    coarse, fine = (
        np.array([geod.geometry_area_perimeter(face)[0] for face in pieces]) / 1e6
        for pieces in (once, twice)
    )
    # A geodesic bulges from the straight edge by the square of its length; so to the limit:
    truth = fine + (fine - coarse) / 3
    apart = np.abs(arrangement.face_area_km2 - truth)
    # Geod itself is good to about a tenth of a square metre in a polygon of so many edges.
    assert (apart <= 1e-9 * truth + 1e-7).all()
    assert arrangement.face_area_km2.sum() == pytest.approx(truth.sum(), rel=1e-9)


@pytest.mark.parametrize("edge_deg", [0.3, 5.0, 40.0])
def test_splitting_a_long_edge_changes_no_area(edge_deg):
    plain = shapely.box(10, 30, 10 + edge_deg, 30 + edge_deg)
    tilted = shapely.Polygon([(10, 30), (10 + edge_deg, 31), (11, 30 + edge_deg)])
    for polygon in (plain, tilted):
        cut = snap(shapely.segmentize(polygon, edge_deg / 64))
        one, two = (arrange(shapes([p])).face_area_km2.sum() for p in (polygon, cut))
        slack = 0.12e-3 * 111 * polygon.length if polygon is tilted else 0
        assert two == pytest.approx(one, rel=1e-12, abs=slack)


def test_components_are_named_by_their_least_member():
    part = components(6, np.array([5, 1, 2]), np.array([4, 2, 0]))
    assert part.tolist() == [0, 0, 0, 3, 4, 4]


def test_empty_shapes_make_an_empty_arrangement():
    arrangement = arrange(shapes([]))
    assert arrangement.face_count == 0
    assert arrangement.dissolve(np.zeros(0, int))[1].tolist() == []
    assert arrangement.locate(1.0, 2.0).tolist() == [-1]
    assert arrange(shapes([shapely.box(0, 0, 1e-9, 1)])).face_count == 0


# ---------------------------------------------------------------- twins


@given(redrawn(most_dates=2))
@settings(max_examples=60)
def test_a_twin_runs_the_other_way_and_what_has_none_lies_on_a_border(drawn):
    _, snapshots = drawn
    for patches in snapshots.values():
        edges = noding.BorderEdges.of([patch.geometry for patch in patches])
        known = set(zip(edges.start.tolist(), edges.end.tolist(), strict=True))
        for i, twin in enumerate(edges.twin.tolist()):
            back = (int(edges.end[i]), int(edges.start[i]))
            assert (twin >= 0) == (back in known)
            if twin >= 0:
                assert (edges.start[twin], edges.end[twin]) == back
                assert edges.twin[twin] == i


def test_segments_that_are_there_more_than_twice_have_no_twin():
    box = shapely.box(37, 33, 38, 34)
    edges = noding.BorderEdges.of([box, box, shapely.box(38, 33, 39, 34)])
    assert (edges.twin == -1).all()
    assert len(noding.BorderEdges.of([shapely.Polygon()]).twin) == 0


@pytest.mark.parametrize("moved", range(4))
def test_a_cell_moved_by_one_step_of_the_grid_is_found(moved):
    rows = ["abc", "dxe", "fgh"]
    patches = grid(*rows)
    assert find_faults(area(*rows), patches) == []
    k = next(i for i, patch in enumerate(patches) if patch.label.controller == "x")
    ring = shapely.get_coordinates(patches[k].geometry)
    ring[moved % 4] += 1e-6
    ring[-1] = ring[0]
    patches[k] = Patch(patches[k].label, shapely.Polygon(ring))
    assert {issue.code for issue in find_faults(area(*rows), patches)} == {"layer.sliver"}


# ---------------------------------------------------------------- faults


def test_a_sound_layer_has_no_faults():
    assert find_faults(area("ab", "?a"), grid("ab", "?a")) == []


def test_a_sliver_is_a_warning_with_its_width():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.09998, 33, 37.2, 33.1))
    (issue,) = find_faults(area("ab"), [one, wide])
    assert (issue.code, issue.severity) == ("layer.sliver", "warning")
    # 2e-5 degrees of longitude at 33 degrees north are 1.87 m.
    assert "1.87 m wide" in issue.message
    assert issue.ids == ("patch-a", "patch-b")


def test_every_fault_of_a_layer_is_found_at_once():
    one, two = grid("ab..")
    patches = [
        Patch(one.label, shapely.box(37, 33, 37.12, 33.1)),
        Patch(two.label, shapely.box(37.1, 33, 37.15, 33.15)),
    ]
    found = find_faults(area("ab"), patches)
    assert sorted(issue.code for issue in found) == ["layer.gap", "layer.outside", "layer.overlap"]
    for issue in found:
        inside = {
            "layer.gap": shapely.box(37.15, 33, 37.2, 33.1),
            "layer.outside": shapely.box(37.1, 33.1, 37.15, 33.15),
            "layer.overlap": shapely.box(37.1, 33, 37.12, 33.1),
        }[issue.code]
        assert inside.contains(shapely.Point(issue.where))


@given(st.integers(0, 10**6))
@settings(max_examples=40)
def test_faults_are_the_gaps_and_overlaps_that_the_overlay_finds(seed):
    rng = np.random.default_rng(seed)
    whole = outline(rng)
    cells = partition(rng, whole, 8)
    cells = [c for c in cells if rng.random() < 0.8] or cells
    grown = [snap(c.buffer(0.01)) if rng.random() < 0.3 else c for c in cells]
    patches = [
        Patch(Label("a", "", "controlled", "reported", "high", f"p{i}"), c)
        for i, c in enumerate(grown)
    ]
    found = [i for i in find_faults(whole, patches) if i.severity == "error"]
    codes = {issue.code for issue in found}
    gap = whole.difference(shapely.union_all(grown)).buffer(-1e-4)
    outside = shapely.union_all(grown).difference(whole).buffer(-1e-4)
    shared = [a.intersection(b) for n, a in enumerate(grown) for b in grown[:n]]
    overlap = shapely.union_all(shared).intersection(whole).buffer(-1e-4)
    assert ("layer.gap" in codes) == (not gap.is_empty)
    assert ("layer.outside" in codes) == (not outside.is_empty)
    assert ("layer.overlap" in codes) == (not overlap.is_empty)


def test_a_patch_that_crosses_itself_is_refused():
    bow = shapely.Polygon([(37, 33), (37.2, 33.1), (37.2, 33), (37, 33.1), (37, 33)])
    label = Label("a", "", "controlled", "reported", "high", "bow")
    codes = [issue.code for issue in find_faults(area("ab"), [Patch(label, bow)])]
    assert codes.count("layer.crossing") == 1
    assert set(codes) == {"layer.crossing", "layer.gap"}
    with pytest.raises(CoverageError, match="crosses itself"):
        Composite.build(area("ab"), {FIRST_DAY: [Patch(label, bow)]})


def test_order_of_patches_and_start_of_rings_change_nothing():
    rng = np.random.default_rng(4)
    whole = outline(rng)
    cells = partition(rng, whole, 9)
    turned = [
        shapely.Polygon(np.roll(np.array(c.exterior.coords)[:-1], 2, axis=0)[::-1], c.interiors)
        for c in cells
    ]
    one, two = arrange(shapes([whole, *cells])), arrange(shapes([*turned[::-1], whole]))
    assert same(one, two)


def test_composites_are_equal_whatever_the_order_of_patches():
    rng = np.random.default_rng(5)
    whole, snapshots = theatre(rng, 3, 7)
    shuffled = {d: [p[i] for i in rng.permutation(len(p))] for d, p in reversed(snapshots.items())}
    one, two = Composite.build(whole, snapshots), Composite.build(whole, shuffled)
    assert np.array_equal(one.history, two.history)
    assert np.array_equal(one.arcs.coords, two.arcs.coords)


# ---------------------------------------------------------------- snapping and simplification


def halves(line, names="ab"):
    """The two sides of a line from the south to the north edge of a square degree."""
    return [
        Patch(
            Label(name, "", "controlled", "reported", "high", f"half-{name}"),
            shapely.Polygon(np.round([*line, (edge, 34), (edge, 33)], 6)),
        )
        for name, edge in zip(names, (37, 38), strict=True)
    ]


def wavy(points, shift=0.0, phase=0.0):
    y = np.linspace(33, 34, points)
    return np.stack([37.5 + 0.1 * np.sin(7 * (y + phase)) + shift, y], axis=1)


SQUARE = shapely.box(37, 33, 38, 34)


# ---------------------------------------------------------------- lines between nodes


def as_lines(paths):
    keys = [noding.pack(*np.array(path, np.int64).T) for path in paths]
    offsets = np.concatenate([[0], np.cumsum([len(key) for key in keys])]).astype(np.int64)
    return noding.Lines(np.concatenate(keys), offsets)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_ring_of_long_lines_begins_at_its_least_position_as_one_of_short_lines_does(turn):
    ring = [(5, 5), (3, 6), (0, 4), (1, 1), (4, 0), (6, 2), (5, 5)]
    long = join(as_lines([ring[:4][::turn], ring[3:]]))
    short = join(as_lines([[a, b] for a, b in pairwise(ring)]))
    assert long.arcs.key.tolist() == short.arcs.key.tolist()
    assert noding.unpack(long.arcs.key[:1])[0] == [0]
    assert long.first.sum() >= 1
    assert set(long.arc) == {0}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.randoms(), st.booleans())
def test_members_of_chains_know_their_head_and_their_place(lengths, random, has_loop):
    members = list(range(sum(lengths)))
    random.shuffle(members)
    pred = np.arange(len(members))
    head, rank, rest = {}, {}, iter(members)
    paths = [[next(rest) for _ in range(length)] for length in lengths]
    for path in paths:
        pred[path[1:]] = path[:-1]
        head |= dict.fromkeys(path, path[0])
        rank |= {member: place for place, member in enumerate(path)}
    loop = paths[-1] if has_loop and len(paths[-1]) > 1 else []
    if loop:
        pred[loop[0]] = loop[-1]
    for few in (0, len(members) + 1):  # walked, and by doubling pointers alone
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines, "_FEW", few)
            heads, ranks, looped = lines.chains(pred)
        assert looped.tolist() == sorted(loop)
        for member in set(members) - set(loop):
            assert (heads[member], ranks[member]) == (head[member], rank[member])


def test_directions_that_floats_cannot_tell_apart_are_put_in_order():
    far = 300_000_000
    steps = np.array([(far, far - 1), (far - 1, far - 2), (far - 2, far - 3), (-1, 0), (1, -1)])
    order = rotation(np.zeros(5, np.int64), *steps.T)
    turned = [steps[i].tolist() for i in order]
    for (ax, ay), (bx, by) in pairwise(turned[:3]):
        assert ax * by - ay * bx > 0
    assert turned[3:] == [[-1, 0], [1, -1]]
