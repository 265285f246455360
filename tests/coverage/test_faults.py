from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import outline, partition, theatre
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid
from geo.coverage.faults import find_faults
from geo.crs import snap
from geo.errors import CoverageError
from geo.model import Label, Patch


def test_a_sound_layer_has_no_faults():
    assert find_faults(area("ab", "?a"), grid("ab", "?a")) == []


def test_a_sliver_is_a_warning_with_its_width():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.09998, 33, 37.2, 33.1))
    (issue,) = find_faults(area("ab"), [one, wide])
    assert (issue.code, issue.severity) == ("layer.sliver", "warning")
    # 2e-5 degrees of longitude at 33 degrees north are 1.87 m.
    assert "1.87 m wide" in issue.message
    assert issue.ids == ("patch-a", "patch-b")


def test_every_fault_of_a_layer_is_found_at_once():
    one, two = grid("ab..")
    patches = [
        Patch(one.label, shapely.box(37, 33, 37.12, 33.1)),
        Patch(two.label, shapely.box(37.1, 33, 37.15, 33.15)),
    ]
    found = find_faults(area("ab"), patches)
    assert sorted(issue.code for issue in found) == ["layer.gap", "layer.outside", "layer.overlap"]
    for issue in found:
        inside = {
            "layer.gap": shapely.box(37.15, 33, 37.2, 33.1),
            "layer.outside": shapely.box(37.1, 33.1, 37.15, 33.15),
            "layer.overlap": shapely.box(37.1, 33, 37.12, 33.1),
        }[issue.code]
        assert inside.contains(shapely.Point(issue.where))


@given(st.integers(0, 10**6))
@settings(max_examples=examples(40))
def test_faults_are_the_gaps_and_overlaps_that_the_overlay_finds(seed):
    rng = np.random.default_rng(seed)
    whole = outline(rng)
    cells = partition(rng, whole, 8)
    cells = [c for c in cells if rng.random() < 0.8] or cells
    grown = [snap(c.buffer(0.01)) if rng.random() < 0.3 else c for c in cells]
    patches = [
        Patch(Label("a", "", "controlled", "reported", "high", f"p{i}"), c)
        for i, c in enumerate(grown)
    ]
    found = [i for i in find_faults(whole, patches) if i.severity == "error"]
    codes = {issue.code for issue in found}
    gap = whole.difference(shapely.union_all(grown)).buffer(-1e-4)
    outside = shapely.union_all(grown).difference(whole).buffer(-1e-4)
    shared = [a.intersection(b) for n, a in enumerate(grown) for b in grown[:n]]
    overlap = shapely.union_all(shared).intersection(whole).buffer(-1e-4)
    assert ("layer.gap" in codes) == (not gap.is_empty)
    assert ("layer.outside" in codes) == (not outside.is_empty)
    assert ("layer.overlap" in codes) == (not overlap.is_empty)


def test_a_patch_that_crosses_itself_is_refused():
    bow = shapely.Polygon([(37, 33), (37.2, 33.1), (37.2, 33), (37, 33.1), (37, 33)])
    label = Label("a", "", "controlled", "reported", "high", "bow")
    codes = [issue.code for issue in find_faults(area("ab"), [Patch(label, bow)])]
    assert codes.count("layer.crossing") == 1
    assert set(codes) == {"layer.crossing", "layer.gap"}
    with pytest.raises(CoverageError, match="crosses itself"):
        Composite.build(area("ab"), {FIRST_DAY: [Patch(label, bow)]})


def test_composites_are_equal_whatever_the_order_of_patches():
    rng = np.random.default_rng(5)
    whole, snapshots = theatre(rng, 3, 7)
    shuffled = {d: [p[i] for i in rng.permutation(len(p))] for d, p in reversed(snapshots.items())}
    one, two = Composite.build(whole, snapshots), Composite.build(whole, shuffled)
    assert np.array_equal(one.history, two.history)
    assert np.array_equal(one.arcs.coords, two.arcs.coords)
