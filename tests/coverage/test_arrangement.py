from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from strategies import outline, partition, redrawn
from thoroughness import examples

from geo.coverage.arrangement import Arrangement, arrange
from geo.coverage.edges import trace_borders
from geo.coverage.faces import rotation
from geo.coverage.lines import components
from geo.crs import snap


def same(one: Arrangement, two: Arrangement) -> bool:
    return (
        np.array_equal(one.lines.key, two.lines.key)
        and np.array_equal(one.lines.offsets, two.lines.offsets)
        and np.array_equal(one.face, two.face)
    )


@given(redrawn())
@settings(max_examples=examples(60))
def test_an_extended_arrangement_is_the_one_arranged_anew(drawn):
    whole, snapshots = drawn
    layers = [[patch.geometry for patch in patches] for patches in snapshots.values()]
    grown = arrange(trace_borders([whole, *layers[0]]))
    everything = [whole, *layers[0]]
    for layer in layers[1:]:
        before = grown
        grown, source = before.extended(trace_borders(layer))
        everything += layer
        anew = arrange(trace_borders(everything))
        assert same(grown, anew)
        # A face lies in the face that it came from.
        polygons = grown.dissolve(np.arange(grown.face_count))[1]
        inside = shapely.point_on_surface(polygons)
        found = before.locate(shapely.get_x(inside), shapely.get_y(inside))
        wide = shapely.area(polygons) > 1e-9
        assert found[wide].tolist() == source[wide].tolist()


@given(redrawn())
@settings(max_examples=examples(60))
def test_faces_assembled_one_by_one_tile_what_all_of_them_cover(drawn):
    whole, snapshots = drawn
    layers = [patch.geometry for patches in snapshots.values() for patch in patches]
    arrangement = arrange(trace_borders([whole, *layers]))
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
@settings(max_examples=examples(200))
def test_dissolved_letters_are_valid_and_equal_to_the_union(rows, seed):
    rows = [row if row.strip(".") else "a" + row[1:] for row in rows]
    squares = [
        shapely.box(x / 10, -y / 10, x / 10 + 0.1, 0.1 - y / 10)
        for y, row in enumerate(rows)
        for x, _ in enumerate(row)
    ]
    letters = "".join(rows)
    order = np.random.default_rng(seed).permutation(len(squares))
    arrangement = arrange(trace_borders([snap(squares[i]) for i in order]))
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
    arrangement = arrange(trace_borders(rings))
    depth = np.zeros(arrangement.face_count, int)
    offsets, arc, sign = arrangement.borders(trace_borders(rings))
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
@settings(max_examples=examples(30))
def test_face_areas_are_those_of_geodesics_along_their_edges(drawn):
    _, snapshots = drawn
    arrangement = arrange(
        trace_borders([p.geometry for patches in snapshots.values() for p in patches])
    )
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
        one, two = (arrange(trace_borders([p])).face_area_km2.sum() for p in (polygon, cut))
        slack = 0.12e-3 * 111 * polygon.length if polygon is tilted else 0
        assert two == pytest.approx(one, rel=1e-12, abs=slack)


def test_components_are_named_by_their_least_member():
    part = components(6, np.array([5, 1, 2]), np.array([4, 2, 0]))
    assert part.tolist() == [0, 0, 0, 3, 4, 4]


def test_empty_shapes_make_an_empty_arrangement():
    arrangement = arrange(trace_borders([]))
    assert arrangement.face_count == 0
    assert arrangement.dissolve(np.zeros(0, int))[1].tolist() == []
    assert arrangement.locate(1.0, 2.0).tolist() == [-1]
    assert arrange(trace_borders([shapely.box(0, 0, 1e-9, 1)])).face_count == 0


def test_directions_that_floats_cannot_tell_apart_are_put_in_order():
    far = 300_000_000
    steps = np.array([(far, far - 1), (far - 1, far - 2), (far - 2, far - 3), (-1, 0), (1, -1)])
    order = rotation(np.zeros(5, np.int64), *steps.T)
    turned = [steps[i].tolist() for i in order]
    for (ax, ay), (bx, by) in pairwise(turned[:3]):
        assert ax * by - ay * bx > 0
    assert turned[3:] == [[-1, 0], [1, -1]]


def test_order_of_patches_and_start_of_rings_change_nothing():
    rng = np.random.default_rng(4)
    whole = outline(rng)
    cells = partition(rng, whole, 9)
    turned = [
        shapely.Polygon(np.roll(np.array(c.exterior.coords)[:-1], 2, axis=0)[::-1], c.interiors)
        for c in cells
    ]
    one, two = (
        arrange(trace_borders([whole, *cells])),
        arrange(trace_borders([*turned[::-1], whole])),
    )
    assert same(one, two)
