"""Where positions lie on a page: over longitude 180, and round a pole."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo.crs import area_km2
from geo.draw.page import store
from geo.draw.projection import Projection
from geo.theatre import open_layers
from tests.round_the_world import FIJI, POLE, box, write_theatre
from tests.unpacking import unpacked

SPHERE = "+R=6378137 +units=m +no_defs"
SOUTH = ({"one": box(-180, -90, 0, -70), "two": box(0, -90, 180, -70)},)
SVALBARD = ({"one": box(10, 76, 20, 86), "two": box(20, 76, 30, 86)},)
ANYWHERE = {"over the line": FIJI, "a pole": POLE, "the other": SOUTH, "beside one": SVALBARD}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    def make(name):
        return open_layers(write_theatre(tmp_path_factory.mktemp("world"), *ANYWHERE[name]))

    return make


@given(st.floats(-180, 180), st.floats(60, 90))
def test_a_polar_theatre_lies_where_proj_has_its_plane(lon, lat):
    plane = f"+proj=stere +lat_0=90 +lon_0=0 {SPHERE}"
    mercator = f"+proj=merc {SPHERE}"
    shown = Projection(shapely.box(-180, 70, 180, 90)).positions([[lon, lat]])[0]
    there = Transformer.from_crs(f"+proj=longlat {SPHERE}", plane, always_xy=True)
    drawn = Transformer.from_crs(f"+proj=longlat {SPHERE}", mercator, always_xy=True)
    assert drawn.transform(*shown) == pytest.approx(there.transform(lon, lat), abs=1e-3)


def test_what_mercator_shows_is_drawn_where_it_is():
    theatre = shapely.box(36, 32, 39, 35)
    shown = Projection(theatre)
    assert shown.is_plain
    assert shown.record() == {}
    assert shown.point(37.123456, 33) == [37.123456, 33]
    assert shown.forward(theatre) is theatre


def test_a_line_over_the_line_stays_one():
    road = shapely.MultiLineString([[(179, -17), (180, -17.5)], [(-180, -17.5), (-179, -18)]])
    area = shapely.MultiPolygon(
        [shapely.box(177, -20, 180, -16), shapely.box(-180, -20, -178, -16)]
    )
    drawn = Projection(area).forward(road)
    merged = shapely.line_merge(drawn)
    assert list(merged.coords) == [(179, -17), (180, -17.5), (181, -18)]


@pytest.mark.parametrize("name", ANYWHERE)
def test_ground_is_one_piece_on_the_page(opened, name):
    theatre = opened(name)
    shown = Projection(theatre.composite.area)
    got = unpacked(store.pack(theatre.composite, shown))
    assert got["areas"].sum() == pytest.approx(area_km2(theatre.composite.area)[0], rel=1e-9)
    # No line has the same ground, or none, on both hands; nothing runs where only the map ends.
    assert (got["left"] != got["right"]).all()
    for day, holders in zip(theatre.dates, ANYWHERE[name], strict=True):
        row = theatre.composite.index(day)
        for holder in holders:
            mine = [
                face
                for face, history in enumerate(got["history"])
                if history[row] >= 0 and got["header"]["labels"][history[row]][0] == holder
            ]
            edge = np.isin(got["left"], mine) != np.isin(got["right"], mine)
            lines = [shapely.LineString(got["lines"][k]) for k in np.flatnonzero(edge)]
            ground = shapely.build_area(shapely.multilinestrings(lines))
            patches = [p for p in theatre.composite.patches(day) if p.label.controller == holder]
            drawn = shown.forward(shapely.union_all([patch.geometry for patch in patches]))
            assert len(shapely.get_parts(ground)) == 1
            assert shapely.symmetric_difference(ground, drawn).area < 1e-4 * drawn.area


@pytest.mark.parametrize("name", ANYWHERE)
def test_arcs_meet_at_the_nodes_that_they_name(opened, name):
    theatre = opened(name)
    got = unpacked(store.pack(theatre.composite, Projection(theatre.composite.area)))
    at = {}
    for line, start, end in zip(got["lines"], got["start"], got["end"], strict=True):
        at.setdefault(start, set()).add(tuple(line[0].round(4)))
        at.setdefault(end, set()).add(tuple(line[-1].round(4)))
    assert all(len(spots) == 1 for spots in at.values())


def test_tiles_end_where_mercator_does(opened):
    with pytest.raises(ValueError, match="85 degrees"):
        opened("a pole").map(tiles="https://example.org/{z}/{x}/{y}.png", attribution="Example")


def test_elements_lie_beyond_the_line_in_one_piece(opened):
    theatre = opened("over the line")
    west, south, east, north = 176, -20, 183, -16
    for element in (theatre.layer("2000-02-01"), theatre.fronts_layer("2000-02-01")):
        (low_lat, low), (high_lat, high) = element.get_bounds()
        assert west <= low <= high <= east
        assert south <= low_lat <= high_lat <= north
