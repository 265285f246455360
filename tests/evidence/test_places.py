import pytest
import shapely

from geo import evidence


def test_the_nearest_place_of_ground_is_on_it_or_in_a_straight_line(little):
    folder, _ = little
    assert evidence.nearest_place(folder, shapely.box(37.1, 33.4, 37.3, 33.6)) == ("west_well", 0.0)
    strip = shapely.box(37.3041, 33.4, 37.31, 33.6)
    place, far_km = evidence.nearest_place(folder, strip)
    assert place == "west_well"
    # A tenth of a degree of longitude at 33.5 N, from published tables: 9.29 km.
    assert far_km == pytest.approx(9.29, abs=0.02)
    assert evidence.nearest_place(folder, strip, ["east_well"])[0] == "east_well"
    assert evidence.nearest_place(folder, strip, ["lost_well"]) is None
