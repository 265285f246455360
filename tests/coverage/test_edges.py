from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from strategies import redrawn
from thoroughness import examples

from geo.control.testing import area, grid
from geo.coverage.edges import BorderEdges
from geo.coverage.faults import find_faults
from geo.model import Patch


@given(redrawn(most_dates=2))
@settings(max_examples=examples(60))
def test_a_twin_runs_the_other_way_and_what_has_none_lies_on_a_border(drawn):
    _, snapshots = drawn
    for patches in snapshots.values():
        edges = BorderEdges.of([patch.geometry for patch in patches])
        known = set(zip(edges.start.tolist(), edges.end.tolist(), strict=True))
        for i, twin in enumerate(edges.twin.tolist()):
            back = (int(edges.end[i]), int(edges.start[i]))
            assert (twin >= 0) == (back in known)
            if twin >= 0:
                assert (edges.start[twin], edges.end[twin]) == back
                assert edges.twin[twin] == i


def test_segments_that_are_there_more_than_twice_have_no_twin():
    box = shapely.box(37, 33, 38, 34)
    edges = BorderEdges.of([box, box, shapely.box(38, 33, 39, 34)])
    assert (edges.twin == -1).all()
    assert len(BorderEdges.of([shapely.Polygon()]).twin) == 0


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
