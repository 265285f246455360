"""Arcs of a topology are shared, and turn as d3 wants."""

import itertools
import json

import numpy as np
import shapely
from shaped import SHAPES

from tests.exports import made, one


def test_topojson_fronts_are_shared_arcs(little):
    read, composite = little
    topology = json.loads(one(read, composite, "topojson"))
    last = [
        geometry
        for geometry in topology["objects"]["control"]["geometries"]
        if geometry["properties"]["valid_to"] is None
    ]
    users = {}
    for geometry in last:
        for arc in itertools.chain.from_iterable(itertools.chain(*geometry["arcs"])):
            users.setdefault(arc if arc >= 0 else ~arc, []).append(geometry["properties"]["id"])
    inner = [ids for ids in users.values() if len(ids) == 2]
    assert inner
    assert max(map(len, users.values())) == 2
    assert all(first != second for first, second in inner)


def test_topojson_shells_run_clockwise_as_d3_wants(little):
    read, composite = little
    topology = json.loads(one(read, composite, "topojson"))
    scale = topology["transform"]["scale"]

    def line(arc):
        points = np.cumsum(topology["arcs"][arc if arc >= 0 else ~arc], axis=0) * scale
        return points if arc >= 0 else points[::-1]

    for geometry in topology["objects"]["control"]["geometries"]:
        for shell, *_ in geometry["arcs"]:
            ring = np.concatenate([line(arc)[1:] for arc in shell])
            assert not shapely.is_ccw(shapely.linearrings(ring))


def test_topojson_holds_the_lines_and_areas_of_places(shaped):
    read, composite = made(shaped)
    topology = json.loads(one(read, composite, "topojson"))
    scale, shift = (np.array(topology["transform"][name]) for name in ("scale", "translate"))

    def line(arc):
        points = np.cumsum(topology["arcs"][arc if arc >= 0 else ~arc], axis=0) * scale + shift
        return points if arc >= 0 else points[::-1]

    found = {g["properties"]["id"]: g for g in topology["objects"]["places"]["geometries"]}
    assert found["west_well"]["type"] == "Point"
    assert found["lost_well"]["type"] is None
    ((march,),) = found["night_march"]["arcs"]
    assert np.allclose(line(march), SHAPES["night_march"][2], atol=1e-9)
    assert len(found["old_road"]["arcs"]) == 2
    parts = [shapely.Polygon(line(ring)) for ((ring,),) in found["the_pocket"]["arcs"]]
    assert not any(shapely.is_ccw(part.exterior) for part in parts)
    drawn = shapely.union_all(parts)
    assert (
        shapely.area(shapely.symmetric_difference(drawn, read.places["the_pocket"].geometry)) < 1e-9
    )
