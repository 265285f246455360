from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import grid as packed
from geo.coverage import lines, noding
from geo.coverage.lines import join


def as_lines(paths):
    keys = [packed.pack(*np.array(path, np.int64).T) for path in paths]
    offsets = np.concatenate([[0], np.cumsum([len(key) for key in keys])]).astype(np.int64)
    return noding.Lines(np.concatenate(keys), offsets)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_ring_of_long_lines_begins_at_its_least_position_as_one_of_short_lines_does(turn):
    ring = [(5, 5), (3, 6), (0, 4), (1, 1), (4, 0), (6, 2), (5, 5)]
    long = join(as_lines([ring[:4][::turn], ring[3:]]))
    short = join(as_lines([[a, b] for a, b in pairwise(ring)]))
    assert long.arcs.key.tolist() == short.arcs.key.tolist()
    assert packed.unpack(long.arcs.key[:1])[0] == [0]
    assert long.first.sum() >= 1
    assert set(long.arc) == {0}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.randoms(), st.booleans())
def test_members_of_chains_know_their_head_and_their_place(lengths, random, has_loop):
    members = list(range(sum(lengths)))
    random.shuffle(members)
    pred = np.arange(len(members))
    head, rank, rest = {}, {}, iter(members)
    paths = [[next(rest) for _ in range(length)] for length in lengths]
    for path in paths:
        pred[path[1:]] = path[:-1]
        head |= dict.fromkeys(path, path[0])
        rank |= {member: place for place, member in enumerate(path)}
    loop = paths[-1] if has_loop and len(paths[-1]) > 1 else []
    if loop:
        pred[loop[0]] = loop[-1]
    for few in (0, len(members) + 1):  # walked, and by doubling pointers alone
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines, "_FEW", few)
            heads, ranks, looped = lines.chains(pred)
        assert looped.tolist() == sorted(loop)
        for member in set(members) - set(loop):
            assert (heads[member], ranks[member]) == (head[member], rank[member])
