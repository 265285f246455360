"""Public series of real fronts and borders, against the figures that their notes give."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import numpy as np
import pytest
import shapely
from pyproj import Geod
from series import SHARED, compose, layers, needs_data

from geo import import_into, open_layers
from geo.control.composite import Composite
from geo.control.fronts import front_lines
from geo.crs import area_km2
from geo.model import Label, Patch

pytestmark = [needs_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def western_front():
    return compose(layers("wwi-fronts", "actor"))


WWI = [
    ("1914-08-13", 244_558, 123_528, 536, None, None),
    ("1914-09-06", 193_586, 174_501, 845, 298, 51_281),
    ("1914-10-17", 199_566, 168_521, 679, 9_987, 4_008),
    ("1917-04-09", 203_871, 164_217, 661, None, None),
    ("1918-07-19", 193_839, 174_248, 781, 0, 10_031),
    ("1918-11-11", 224_890, 143_198, 537, 31_051, 0),
]


def by_corners_km2(geometry):
    """Area as the notes have it: each edge, however long, is one geodesic between its corners."""
    wound = shapely.orient_polygons(geometry)
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(wound)[0]) / 1e6


@pytest.mark.parametrize("row", WWI, ids=[row[0] for row in WWI])
def test_western_front_has_the_areas_and_the_length_of_its_notes(western_front, row):
    day, entente, central, length, _, _ = row
    day = dt.date.fromisoformat(day)
    control = western_front.control(day, by="holder").set_index("holder")["area_km2"]
    for patch in layers("wwi-fronts", "actor")[day]:
        notes = entente if patch.label.holder == "Entente" else central
        assert by_corners_km2(patch.geometry) == pytest.approx(notes, rel=1e-5)
        # The frame has edges of ten degrees, which are straight in longitude-latitude here.
        truth = area_km2(patch.geometry)[0]
        assert control[patch.label.holder] == pytest.approx(truth, rel=1e-6)
        assert truth == pytest.approx(notes, rel=0.011)
    fronts = front_lines(western_front, day, "Entente", "Central Powers")
    assert fronts["length_km"].sum() == pytest.approx(length, rel=1e-3)


def test_with_geodesic_edges_areas_are_those_of_the_notes_at_all_six_dates(tmp_path):
    paths = [SHARED / "wwi-fronts" / "control" / f"{row[0]}.geojson" for row in WWI]
    import_into(tmp_path / "front", "control-geojson", *paths)
    theatre = open_layers(tmp_path / "front")
    geodesic = theatre.areas(edges="geodesic").pivot_table(
        index="date", columns="controller", values="area_km2"
    )
    for day, entente, central, *_ in WWI:
        row = geodesic.loc[dt.date.fromisoformat(day)]
        assert row["entente"] == pytest.approx(entente, abs=0.6)
        assert row["central_powers"] == pytest.approx(central, abs=0.6)
    # Straight edges give other figures, but the same sum at every date.
    straight = theatre.areas(bands=False)
    totals = straight.groupby("date")["area_km2"].sum()
    assert totals.nunique() == 1
    assert (straight["area_km2"] - theatre.areas(edges="geodesic")["area_km2"]).abs().max() > 1000


@pytest.mark.parametrize(
    ("before", "after"),
    [pair for pair in itertools.pairwise(WWI) if pair[1][4] is not None],
    ids=lambda row: row[0],
)
def test_western_front_gains_and_losses_are_those_of_its_notes(western_front, before, after):
    days = [dt.date.fromisoformat(row[0]) for row in (before, after)]
    moved = western_front.transfers(*days).reindex(
        index=["Entente", "Central Powers"], columns=["Entente", "Central Powers"], fill_value=0
    )
    assert moved.loc["Central Powers", "Entente"] == pytest.approx(after[4], rel=4e-3, abs=0.6)
    assert moved.loc["Entente", "Central Powers"] == pytest.approx(after[5], rel=4e-3, abs=0.6)
    change = western_front.change(*days)
    gained = change[change["to_controller"] == "Entente"].geometry
    assert sum(by_corners_km2(g) for g in gained) == pytest.approx(after[4], rel=1e-3, abs=0.7)


def assert_answers_are_the_overlay(composite, snapshots, days):
    """Control of single dates and change of pairs against whole polygons, on the same grid."""
    for day in days:
        control = composite.control(day, by="holder").set_index("holder")
        total = control["area_km2"].sum()
        for holder in control.index:
            mine = [p.geometry for p in snapshots[day] if p.label.holder == holder]
            truth = shapely.union_all(mine, grid_size=1e-6)
            ours = control.geometry[holder]
            assert ours.is_valid
            apart = shapely.symmetric_difference(ours, truth).area
            assert apart <= 1e-6 * (ours.length + truth.length)
            slack = 1.2e-4 * 112 * truth.length + 1e-8 * total
            assert control["area_km2"][holder] == pytest.approx(area_km2(truth)[0], abs=slack)
    for before, after in itertools.pairwise(days):
        for row in composite.change(before, after).head(3).itertuples():
            one, two = row.from_controller or row.from_status, row.to_controller or row.to_status
            was = [p.geometry for p in snapshots[before] if p.label.holder == one]
            now = [p.geometry for p in snapshots[after] if p.label.holder == two]
            truth = shapely.intersection(shapely.union_all(was), shapely.union_all(now))
            # Moving a border by the grid takes at most this much from a piece.
            apart = row.geometry.difference(truth.buffer(1e-6))
            assert apart.area <= 1e-6 * row.geometry.length


def test_every_tenth_layer_of_the_western_front_is_what_the_overlay_says(western_front):
    snapshots = layers("wwi-fronts", "actor")
    assert_answers_are_the_overlay(western_front, snapshots, sorted(snapshots)[::10])


@pytest.fixture(scope="module")
def ukraine():
    return compose(layers("places-ukraine", "controller"))


@pytest.mark.parametrize(
    ("day", "area"),
    [("2022-03-31", 395_343), ("2022-08-31", 467_232), ("2022-12-01", 497_302)],
)
def test_ukraine_holds_what_its_notes_say(ukraine, day, area):
    day = dt.date.fromisoformat(day)
    held = ukraine.control(day, by="holder").set_index("holder")["area_km2"]
    mine = [p for p in layers("places-ukraine", "controller")[day] if p.label.holder == "Ukraine"]
    assert sum(by_corners_km2(p.geometry) for p in mine) == pytest.approx(area, rel=1e-5)
    assert held["Ukraine"] == pytest.approx(sum(area_km2([p.geometry for p in mine])), rel=5e-7)
    assert held["Ukraine"] == pytest.approx(area, rel=1e-3)


def test_each_date_of_ukraine_adds_up_to_the_same_total(ukraine):
    totals = ukraine.areas().groupby("date")["area_km2"].sum()
    assert totals.nunique() == 1
    assert totals.iloc[0] == pytest.approx(601_946.74, abs=0.1)
    assert totals.iloc[0] == pytest.approx(601_926, rel=1e-4)


def test_ukraine_is_what_the_overlay_says(ukraine):
    snapshots = layers("places-ukraine", "controller")
    assert_answers_are_the_overlay(ukraine, snapshots, sorted(snapshots)[::3])


def test_states_of_europe_are_what_the_overlay_says():
    path = SHARED / "cshapes-europe" / "cshapes_europe_1912_1950.geojson"
    features = json.loads(path.read_text("utf-8"))["features"]
    days = [dt.date(year, 6, 1) for year in (1913, 1920, 1930, 1938, 1949)]
    states = [
        (f["properties"], shapely.make_valid(shapely.geometry.shape(f["geometry"])))
        for f in features
    ]
    area = shapely.box(12, 40, 30, 52)
    snapshots = {}
    for day in days:
        patches, rest = [], area
        for properties, shape in states:
            if properties["start"] <= day.isoformat() <= properties["end"]:
                inside = shapely.intersection(shape, rest, grid_size=1e-6)
                rest = shapely.difference(rest, shape, grid_size=1e-6)
                inside = polygonal(inside)
                if not inside.is_empty:
                    code = f"gw{properties['gwcode']}"
                    label = Label(code, "", "controlled", "reported", "high", f"s{len(patches)}")
                    patches.append(Patch(label, inside))
        patches.append(Patch(Label(status="none", patch="rest"), polygonal(rest)))
        snapshots[day] = patches
    composite = Composite.build(area, snapshots)
    assert_answers_are_the_overlay(composite, snapshots, days)
    totals = composite.areas().groupby("date")["area_km2"].sum()
    assert totals.nunique() == 1
    assert totals.iloc[0] == pytest.approx(area_km2(area)[0], rel=1e-7)
    assert np.isfinite(composite.face_area_km2).all()


def polygonal(geometry):
    parts = shapely.get_parts(geometry)
    return shapely.multipolygons(shapely.get_parts(parts[shapely.get_dimensions(parts) == 2]))
