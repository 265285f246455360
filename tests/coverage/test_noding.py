from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.coverage import grid as packed
from geo.coverage import noding


@st.composite
def segments(draw, most=25):
    """Distinct segments on a small grid: crossings, touchings and overlaps abound."""
    size = draw(st.integers(2, 40))
    end = st.tuples(st.integers(-size, size), st.integers(-size, size))
    pairs = draw(
        st.lists(st.tuples(end, end).filter(lambda p: p[0] != p[1]), min_size=1, max_size=most)
    )
    ends = np.array(pairs, np.int64)
    one = packed.pack(ends[:, 0, 0], ends[:, 0, 1])
    two = packed.pack(ends[:, 1, 0], ends[:, 1, 1])
    low, high = np.minimum(one, two), np.maximum(one, two)
    first, _ = packed.distinct(low, high)
    return low[first], high[first]


def edges_of(noded):
    start, end, _ = noded.edges()
    first, _ = packed.distinct(np.minimum(start, end), np.maximum(start, end))
    return packed.unpack(start[first]), packed.unpack(end[first])


@given(segments())
@settings(max_examples=examples(300))
def test_noded_edges_meet_only_at_their_ends(drawn):
    (ax, ay), (bx, by) = edges_of(noding.Segments.noded(*drawn))
    for i in range(len(ax)):
        here = (ax[i], ay[i], bx[i], by[i])
        one, two = packed.side(*here, ax, ay), packed.side(*here, bx, by)
        three = packed.side(ax, ay, bx, by, ax[i], ay[i])
        four = packed.side(ax, ay, bx, by, bx[i], by[i])
        assert not ((one * two < 0) & (three * four < 0)).any()
        for px, py, turn in ((ax, ay, one), (bx, by, two)):
            dot = (px - ax[i]) * (px - bx[i]) + (py - ay[i]) * (py - by[i])
            assert not ((turn == 0) & (dot < 0)).any()


@given(segments())
def test_pieces_of_all_segments_are_those_of_each_chain(drawn):
    noded = noding.Segments.noded(*drawn)
    every = np.arange(len(noded.low))
    for found, wanted in zip(noded.edges(), noded.chain(every).edges(every), strict=True):
        assert found.tolist() == wanted.tolist()


@given(segments())
@settings(max_examples=examples(200))
def test_a_noded_segment_stays_within_a_grid_step_of_itself(drawn):
    noded = noding.Segments.noded(*drawn)
    chains = noded.chain(np.arange(len(noded.low)))
    for i in range(len(noded.low)):
        x, y = packed.unpack(chains.key[chains.offsets[i] : chains.offsets[i + 1]])
        straight = shapely.LineString([(x[0], y[0]), (x[-1], y[-1])])
        assert max(straight.distance(shapely.points(x, y))) <= 0.7072


@given(segments(), segments(10))
@settings(max_examples=examples(300))
def test_segments_noded_in_two_steps_are_those_noded_at_once(one, two):
    both = np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1]])
    first, _ = packed.distinct(*both)
    at_once = noding.Segments.noded(both[0][first], both[1][first])
    old = noding.Segments.noded(*one)
    new = old.find(*two) < 0
    low, high = two[0][new], two[1][new]
    if not len(low):
        return
    fresh = noding.Segments(low, high, low[:0], low[:0])
    grown = old.with_more(low, high, np.flatnonzero(packed.close(old.boxes(), fresh.boxes())))
    for name in ("low", "high", "split", "split_at"):
        assert getattr(grown, name).tolist() == getattr(at_once, name).tolist(), name


@given(st.data(), st.integers(1, 6), st.integers(2, 9))
@settings(max_examples=examples(300))
def test_segments_noded_strip_by_strip_are_those_noded_in_one(data, reach, strip):
    at = st.tuples(st.integers(-40, 40), st.integers(-9, 9))
    step = st.tuples(st.integers(-reach, reach), st.integers(-9, 9)).filter(any)
    pairs = data.draw(st.lists(st.tuples(at, step), min_size=1, max_size=40))
    (x, y), (dx, dy) = np.array(pairs, np.int64).transpose(1, 2, 0)
    one, two = packed.pack(x, y), packed.pack(x + dx, y + dy)
    low, high = np.minimum(one, two), np.maximum(one, two)
    first, _ = packed.distinct(low, high)
    low, high = low[first], high[first]
    whole = noding.splits(low, high)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noding, "_STRIP", strip)
        found = noding.splits(low, high)
    assert [column.tolist() for column in found] == [column.tolist() for column in whole]


def test_a_long_layer_is_noded_in_strips_and_one_of_long_lines_is_not(monkeypatch):
    monkeypatch.setattr(noding, "_STRIP", 4)
    x, zero = np.arange(40), np.zeros(40, np.int64)
    strips = noding._strips(packed.pack(10 * x, zero), packed.pack(10 * x + 9, zero))
    assert len(strips) == 10
    assert [west for _, west, _ in strips[1:]] == [east for _, _, east in strips[:-1]]
    assert max(len(near) for near, _, _ in strips) <= 6
    assert len(noding._strips(packed.pack(10 * x, zero), packed.pack(10 * x + 900, zero))) == 1


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-9, 9)), max_size=80), st.integers(1, 30))
@example([(0, -n) for n in range(40)], 40)  # so many begin alike that they are sorted at once
def test_distinct_pairs_are_the_sorted_set_whichever_way_they_are_told(pairs, run):
    # In ascending runs, as merged() likes them; it must be right for any.
    ordered = [one for n in range(0, len(pairs), run) for one in sorted(pairs[n : n + run])]
    for given_, told in (
        (pairs, packed.distinct),
        (pairs, packed.merged),
        (ordered, packed.merged),
    ):
        low, high = np.array(given_, np.int64).reshape(-1, 2).T
        first, inverse = told(low, high)
        assert list(zip(low[first].tolist(), high[first].tolist(), strict=True)) == sorted(
            set(pairs)
        )
        assert np.array_equal(low[first][inverse], low)
        assert np.array_equal(high[first][inverse], high)
