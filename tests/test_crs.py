import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from geo.crs import (
    CRSError,
    LocalPlane,
    arc_length_km,
    area_km2,
    distance_km,
    length_km,
    middle_of,
    snap,
)


def cell_km2(west, south, east, north):
    """Area of a cell of the graticule of WGS 84, from the closed form of the authalic latitude."""
    a, f = 6378.137, 1 / 298.257223563
    e = math.sqrt(f * (2 - f))

    def q(lat):
        s = e * math.sin(math.radians(lat))
        return s / e / (1 - s * s) + math.log((1 + s) / (1 - s)) / (2 * e)

    b2 = a * a * (1 - e * e)
    return b2 * math.radians(east - west) * (q(north) - q(south)) / 2


@pytest.mark.parametrize("box", [(37, 33, 38, 34), (-5, 50, -4, 51), (10, -1, 11, 0)])
def test_a_cell_of_the_graticule_has_its_closed_form_area(box):
    assert area_km2(shapely.box(*box))[0] == pytest.approx(cell_km2(*box), rel=1e-6)


def test_a_published_distance_is_met():
    # The example of GeodSolve's manual: JFK to LHR, 5551.759400 km.
    assert distance_km(-73.8, 40.6, -0.5, 51.6) == pytest.approx(5551.7594, abs=1e-4)


def test_a_degree_of_the_meridian_has_its_published_length():
    # 110.574 km from the equator to 1 degree north, 111.694 km from 89 degrees to the pole.
    lines = [shapely.LineString([(0, 0), (0, 1)]), shapely.LineString([(0, 89), (0, 90)])]
    assert length_km(lines) == pytest.approx([110.574, 111.694], abs=5e-4)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=8, unique=True))
def test_splitting_an_edge_changes_no_area(parts):
    whole = shapely.box(36, 33, 40, 35)
    south = [(36 + 4 * t, 33) for t in sorted(parts)]
    split = shapely.Polygon([(36, 33), *south, (40, 33), (40, 35), (36, 35)])
    assert area_km2(split)[0] == pytest.approx(area_km2(whole)[0], rel=1e-6)


def test_a_hole_is_taken_off_whatever_its_direction():
    shell = shapely.box(37, 33, 38, 34).exterior.coords
    hole = list(shapely.box(37.2, 33.2, 37.4, 33.4).exterior.coords)
    expected = cell_km2(37, 33, 38, 34) - cell_km2(37.2, 33.2, 37.4, 33.4)
    for ring in (hole, hole[::-1]):
        assert area_km2(shapely.Polygon(shell, [ring]))[0] == pytest.approx(expected, rel=1e-6)


def test_an_octant_of_the_ellipsoid_has_an_eighth_of_its_published_area():
    # The way from the equator to the pole runs up a meridian, not straight on the map.
    octant = shapely.Polygon([(0, 0), (90, 0), (0, 90)])
    assert area_km2(octant, edges="geodesic")[0] == pytest.approx(510_065_621.724 / 8, rel=1e-11)
    square = shapely.box(0, 0, 90, 90)
    assert area_km2(square)[0] == pytest.approx(510_065_621.724 / 8, rel=1e-11)
    assert area_km2(octant)[0] < 0.7 * area_km2(octant, edges="geodesic")[0]


def cut_edges(ring, pieces):
    """The polygon of a ring, each of its edges cut into so many pieces of one length."""
    along = np.arange(pieces)[:, None] / pieces
    edges = zip(ring, np.roll(ring, -1, axis=0), strict=True)
    return shapely.Polygon(np.concatenate([one + along * (other - one) for one, other in edges]))


@given(
    st.floats(-170, 150),
    st.floats(-80, 70),
    st.floats(0.001, 9),
    st.lists(st.floats(0.2, 1), min_size=3, max_size=9),
)
@example(0, 69, 8, [0.25, 0.21875, 0.5])
def test_straight_edges_are_the_limit_of_geodesics_between_ever_nearer_corners(
    lon, lat, size, reach
):
    turn = np.linspace(0, 2 * np.pi, len(reach), endpoint=False)
    ring = np.stack([lon + size * np.cos(turn) * reach, lat + size * np.sin(turn) * reach], axis=1)
    geod = Geod(ellps="WGS84")
    coarse, fine = (
        abs(geod.geometry_area_perimeter(cut_edges(ring, pieces))[0]) / 1e6 for pieces in (64, 128)
    )
    # A geodesic leaves the straight edge by the square of its length; Geod is good to 0.1 m2.
    limit = fine + (fine - coarse) / 3
    assert area_km2(shapely.Polygon(ring))[0] == pytest.approx(limit, rel=1e-9, abs=1e-7)


@given(
    st.floats(-60, 0), st.floats(-80, 20), st.floats(0, 60), st.floats(0.2, 60), st.floats(0, 60)
)
def test_a_long_edge_has_the_ground_and_the_length_of_the_short_ones_it_is_cut_into(
    lon, lat, east, north, further
):
    ring = np.array([(lon, lat), (lon + east + 0.2, lat + further), (lon, lat + north)])
    short = cut_edges(ring, 1000)
    whole = area_km2(short)[0]
    assert area_km2(shapely.Polygon(ring))[0] == pytest.approx(whole, rel=1e-12, abs=1e-4)
    lengths = [
        arc_length_km(np.asarray(xy), np.array([0, len(xy)]))[0]
        for xy in (np.append(ring, ring[:1], axis=0), shapely.get_coordinates(short))
    ]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)


def test_areas_of_collections_are_those_of_their_polygons():
    box = shapely.box(37, 33, 38, 34)
    nested = shapely.GeometryCollection(
        [shapely.Point(1, 2), shapely.MultiPolygon([box]), shapely.GeometryCollection([box])]
    )
    empty = [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon()]
    areas = area_km2([*empty, nested, box])
    assert areas.tolist() == [0, 0, 0, 2 * areas[4], areas[4]]
    assert area_km2([]).tolist() == []


def test_unknown_edges_are_refused():
    with pytest.raises(ValueError, match="straight or geodesic"):
        area_km2(shapely.box(37, 33, 38, 34), edges="great circle")


def test_the_middle_of_a_shape_lies_on_it():
    line = shapely.LineString([(36, 33), (36, 34), (38, 34)])
    assert middle_of(line) == shapely.Point(36.5, 34)
    # Of two lines of one and three degrees the second degree of the longer one's is half-way.
    lines = shapely.MultiLineString([[(36, 33), (37, 33)], [(36, 34), (39, 34)]])
    assert middle_of(lines) == shapely.Point(37, 34)
    horseshoe = shapely.Polygon(
        [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3), (0, 0)]
    )
    assert not horseshoe.contains(horseshoe.centroid)
    assert horseshoe.contains(middle_of(horseshoe))
    assert middle_of(shapely.Point(36, 33)) == shapely.Point(36, 33)


def test_metres_are_refused():
    with pytest.raises(CRSError, match="not longitude and latitude"):
        area_km2(shapely.box(500_000, 3_600_000, 501_000, 3_601_000))


@given(st.floats(35, 40), st.floats(31, 36))
def test_the_local_plane_leads_back_and_keeps_distances(lon, lat):
    plane = LocalPlane(37.5, 33.5)
    there = plane.forward(shapely.Point(lon, lat))
    back = plane.inverse(there)
    assert (back.x, back.y) == pytest.approx((lon, lat), abs=1e-7)  # a tenth of the grid
    away = float(distance_km(37.5, 33.5, lon, lat))
    assert math.hypot(there.x, there.y) / 1e3 == pytest.approx(away, rel=5e-4, abs=1e-6)


def test_snapped_coordinates_are_what_their_six_decimals_say():
    xy = shapely.get_coordinates(snap(shapely.Point(37.12345678, -0.0000001)))
    assert xy.tolist() == [[37.123457, 0.0]]
    assert not np.signbit(xy[0, 1])


ROUND_A_POLE = {
    "a disc round it": shapely.Point(0, 0).buffer(1e6),
    "a wedge that ends there": shapely.Polygon([(0, 0), (1e6, 1e5), (1e6, 9e5)]),
    "all but a wedge": shapely.Polygon(
        [(0, 0), (-1e6, 1e6), (-1e6, -1e6), (1e6, -1e6), (1e6, 1e6)]
    ),
    "a box over longitude 180": shapely.box(-3e5, 4e5, 3e5, 9e5),
    "a ring round it": shapely.Point(0, 0).buffer(9e5) - shapely.box(-1e5, -1e5, 1e5, 1e5),
}


@pytest.mark.parametrize("pole", [90, -90])
@pytest.mark.parametrize("name", ROUND_A_POLE)
def test_ground_of_a_plane_round_a_pole_keeps_its_area_on_the_map(name, pole):
    # The plane is equal-area: what lies there has the area that the map must have.
    flat = shapely.segmentize(ROUND_A_POLE[name], 2e4)
    plane = LocalPlane(0, pole)
    ground = plane.inverse(flat)
    assert shapely.is_valid(ground)
    assert area_km2(ground)[0] == pytest.approx(flat.area / 1e6, rel=1e-4)
    back = plane.forward(shapely.segmentize(ground, 0.1))
    assert shapely.symmetric_difference(back, flat).area < 1e-3 * flat.area


@pytest.mark.parametrize("pole", [90, -90])
def test_a_line_over_a_pole_keeps_its_length(pole):
    flat = shapely.LineString([(-3e5, 5e5), (0, 0), (3e5, 5e5)])
    line = LocalPlane(0, pole).inverse(shapely.segmentize(flat, 2e4))
    geod = Geod(ellps="WGS84")
    assert length_km(line)[0] == pytest.approx(flat.length / 1e3, rel=1e-3)
    assert geod.geometry_length(line) == pytest.approx(flat.length, rel=1e-3)
