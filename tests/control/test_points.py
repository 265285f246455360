import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from geo import open_layers
from geo.control import testing
from geo.control.fronts import distance_to_front, front_lines
from geo.control.points import events_beside_control, places_beside_control
from geo.crs import distance_km
from geo.model import Feature

LAYERS = Path(__file__).parents[2] / "layers"
DAY = testing.FIRST_DAY


def event(name, day, lon, lat):
    values = {"event_date": day.isoformat(), "end_date": None, "event_type": "Battles"}
    shape = None if lon is None else shapely.Point(lon, lat)
    return Feature(id=name, properties={"id": name, **values}, geometry=shape)


def test_an_event_knows_who_held_its_ground_then_and_when_that_changed():
    composite = testing.theatre(["ab"], ["ab"], ["bb"])
    later = DAY + dt.timedelta(days=1)
    folder = SimpleNamespace(
        events=(
            event("in-a", later, 37.05, 33.05),
            event("in-b", later, 37.15, 33.05),
            event("before", DAY - dt.timedelta(days=1), 37.05, 33.05),
            event("outside", later, 40.0, 33.05),
            event("nowhere", later, None, None),
        )
    )
    events = events_beside_control(folder, composite).set_index("id")
    assert events.loc["in-a", "holder"] == "a"
    assert events.loc["in-a", "next_change"] == DAY + dt.timedelta(days=2)
    assert events.loc["in-a", "lag_days"] == 1
    assert events.loc["in-b", "holder"] == "b"
    assert events["lag_days"].isna().sum() == 4
    assert events.loc[["before", "outside", "nowhere"], "as_of"].isna().all()
    assert next(iter(events.index)) == "before", "in order of date"


def test_the_distance_to_a_front_is_that_of_a_second_engine():
    composite = testing.theatre(["ab", "ab"])
    lon, lat = [37.0, 37.19], [33.05, 33.12]
    found = distance_to_front(composite, DAY, lon, lat)
    (line,) = front_lines(composite, DAY).geometry
    for x, y, km in zip(lon, lat, found, strict=True):
        along = [line.interpolate(share, normalized=True) for share in np.linspace(0, 1, 4001)]
        true = min(distance_km([x], [y], [p.x for p in along], [p.y for p in along]))
        assert km == pytest.approx(true, rel=1e-3)
    assert np.isnan(distance_to_front(testing.theatre(["aa"]), DAY, lon, lat)).all()


def test_changes_of_hands_do_not_count_what_was_not_assessed():
    composite = testing.theatre(["ab"], ["?b"], ["ab"], ["bb"])
    spot = shapely.Point(37.05, 33.05)
    values = dict.fromkeys(("name", "name_ar", "kind", "geo_radius_m"))
    places = {
        "west": Feature(id="west", properties=values, geometry=spot),
        "nowhere": Feature(id="nowhere", properties=values, geometry=None),
        "far": Feature(id="far", properties=values, geometry=shapely.Point(0, 0)),
    }
    (row,) = places_beside_control(SimpleNamespace(places=places), composite).to_dict("records")
    assert (row["place_id"], row["changes"], row["holders"]) == ("west", 1, "a;b")
    assert (row["contested_layers"], row["assessed_layers"]) == (0, 3)


def test_the_shipped_theatre_answers():
    rif = open_layers(LAYERS)
    events, places = rif.events(), rif.places()
    assert len(events) == len(rif.folder.events)
    assert events["event_date"].is_monotonic_increasing
    assert places["changes"].is_monotonic_decreasing
    well = places.set_index("place_id").loc["bir_mahruthah"]
    assert well["changes"] >= 2 and {"government", "opposition"} <= set(well["holders"].split(";"))


@pytest.mark.slow
def test_nearness_is_told_layer_by_layer_beside_all_places():
    rif = open_layers(LAYERS)
    events = rif.events()
    battles = events[events["event_type"] == "Battles"]
    table = rif.fronts_near(battles)
    assert list(table.index) == list(rif.dates)
    assert table["events"].sum() == battles["front_km"].notna().sum()
    assert table["assessed_share"].between(0, 1).all()
    day = rif.after
    assert table.loc[day, "fronts_km"] == pytest.approx(
        rif.fronts(day, bands=False)["length_km"].sum()
    )
    own = battles[battles["as_of"] == day]["front_km"]
    assert table.loc[day, "events_median_km"] == pytest.approx(own.median())
    assert np.isnan(table.loc[table["events"] == 0, "events_median_km"]).all()
