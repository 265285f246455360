"""Arcs of a topology are shared, and turn as d3 wants."""

import itertools
import json

import numpy as np
import shapely

from tests.exports import one


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
