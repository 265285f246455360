"""Ground that is cut off already."""

import datetime as dt

import pytest
from shapely import LineString
from siege_cases import BASE, CORRIDOR, WEST

from geo.control.siege.pockets import pockets
from geo.control.testing import FIRST_DAY, theatre

SECOND_DAY = FIRST_DAY + dt.timedelta(days=1)


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
