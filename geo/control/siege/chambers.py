"""Where a piece of ground narrows: its chambers, and the cuts that close one off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.siege.mesh import cross, dot, draw_points, draw_segments
from geo.control.siege.piece import Cut, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

WIDENING = 1.25
"""Ground behind a neck must be this much wider than the neck, or long, to be a chamber."""
_SAMPLES = 2000
"""About so many positions all over the ground tell where it widens."""


@dataclass(frozen=True, slots=True)
class _Chambers:
    """A point of each wide or long part of the ground; positions all over it and widths there."""

    point: Floats
    sample: Floats
    width: Floats


@dataclass(frozen=True, slots=True)
class NarrowCut:
    """A cut, the chambers and sampled positions that it severs, and the ground behind it."""

    cut: Cut
    chambers: Bools
    sampled: Bools
    ground: BaseGeometry


def find_necks(
    piece: Piece, counted: shapely.Geometry, min_area: float, max_width: float
) -> list[NarrowCut]:
    """
    Return the necks of a piece, the largest pocket for the length of its cut first.

    Parameters
    ----------
    piece
        Ground that is supplied.
    counted
        Ground whose area counts, metres.
    min_area
        Least area that counts behind a neck, square metres.
    max_width
        Longest cut, metres.

    Returns
    -------
    necks
        Of all cuts in one passage the best.
    """
    chambers, candidates = _candidates(piece, min_area, max_width)
    found = []
    for neck in candidates:
        held = shapely.intersection(neck.ground, counted).area
        if held >= min_area:
            found.append((held / max(neck.cut.length, 1.0), neck))
    found.sort(key=lambda one: (-one[0], one[1].cut.legs.xy.tobytes()))
    kept: list[NarrowCut] = []
    for _, neck in found:
        if _is_neck(neck, kept, chambers):
            kept.append(neck)
    return kept


@lru_cache(maxsize=64)
def _candidates(
    piece: Piece, min_area: float, max_width: float
) -> tuple[_Chambers, tuple[NarrowCut, ...]]:
    """Every cut that severs a chamber of a piece, whatever of its ground counts."""
    chambers = _chambers(piece, min_area)
    found = []
    for cut in _all_cuts(piece, chambers, max_width):
        rooms = piece.is_severed(cut, chambers.point)
        if rooms.any():
            ground = piece.behind(cut)
            shapely.prepare(ground)
            sampled = np.asarray(shapely.contains_xy(ground, chambers.sample))
            found.append(NarrowCut(cut, rooms, sampled, ground))
    return chambers, tuple(found)


def _all_cuts(piece: Piece, chambers: _Chambers, max_width: float) -> list[Cut]:
    """Every single leg that severs a chamber, the shortest of its kind, and the shortest chains."""
    legs = piece.own_legs(max_width)
    points = np.concatenate([chambers.point, piece.anchor_points])
    parity = piece.parity(legs, points)
    kept = piece.shortest_of_classes(legs, parity)
    legs, parity = legs.take(kept), parity[kept]
    count = len(chambers.point)
    rooms, anchors = parity[:, :count], parity[:, count:]
    node = piece.node[legs.edge]
    whole = node[:, 0] == node[:, 1]
    if piece.has_outside:
        whole &= ~anchors.any(axis=1)
    else:
        whole &= (anchors == anchors[:, :1]).all(axis=1)
    cuts = [Cut((legs.take([i]),), anchors[i : i + 1]) for i in np.flatnonzero(whole).tolist()]
    seen = set()
    for room in range(count):
        chain = piece.sever(legs, rooms[:, room], anchors)
        if chain is None or len(chain.legs.edge) < 2 or chain.length > max_width:
            continue
        key = chain.legs.xy[np.lexsort(chain.legs.xy.reshape(-1, 4).T)].tobytes()
        if key not in seen:
            seen.add(key)
            cuts.append(chain)
    return cuts


def _is_neck(neck: NarrowCut, better: Sequence[NarrowCut], chambers: _Chambers) -> bool:
    """Whether a cut is narrow for the ground behind it, and in no passage that is cut already."""
    if any(_same_neck(neck, other, chambers) for other in better):
        return False
    if (chambers.width[neck.sampled] >= WIDENING * neck.cut.length).any():
        return True
    inner = [n for n in better if not (n.chambers & ~neck.chambers).any()]
    beyond = shapely.union_all([n.ground for n in inner]).area
    return bool(neck.ground.area - beyond >= 2 * neck.cut.length**2)


def _same_neck(neck: NarrowCut, better: NarrowCut, chambers: _Chambers) -> bool:
    """Whether a better cut lies in the same passage: one in the other, no wider ground between."""
    one, two = neck.chambers, better.chambers
    nested = not (one & ~two).any() or not (two & ~one).any()
    between = chambers.width[neck.sampled ^ better.sampled]
    return nested and not (between >= WIDENING * min(neck.cut.length, better.cut.length)).any()


def _chambers(piece: Piece, min_area: float) -> _Chambers:
    """
    Divide the ground where it narrows.

    The triangles are joined through their widest passages first. Where two groups meet in a
    passage, both at least half as large as `min_area` (square metres), and the smaller one is
    `WIDENING` times as wide as the passage, or covers twice the square of its width, it becomes a
    chamber.
    """
    mesh = piece.mesh
    middle, wide = _widest(piece)
    corner = mesh.xy[mesh.tri]
    area = np.abs(cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])) / 2
    t, k = np.nonzero(mesh.partner > np.arange(mesh.tri.size).reshape(-1, 3))
    span = mesh.xy[mesh.size[t, k, 0]] - mesh.xy[mesh.size[t, k, 1]]
    passage = np.hypot(span[:, 0], span[:, 1])
    order = np.lexsort((t, k, -passage))
    group = list(range(len(area)))
    peak, size, top = wide.tolist(), area.tolist(), list(range(len(area)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    found: set[int] = set()
    pairs = zip(t[order].tolist(), (mesh.partner[t, k][order] // 3).tolist(), strict=True)
    for (one, two), width in zip(pairs, passage[order].tolist(), strict=True):
        a, b = root(one), root(two)
        if a == b:
            continue
        if peak[a] < peak[b]:
            a, b = b, a
        least = min(size[a], size[b])
        is_room = peak[b] >= WIDENING * width or least >= 2 * width * width
        if is_room and least >= min_area / 2:
            found.add(top[b])
        group[b] = a
        size[a] += size[b]
    found.add(top[root(0)])
    which = np.array(sorted(found), np.int64)
    # Of the triangles, the widest in each square will do to see where the ground widens.
    square = np.floor(middle / np.sqrt(area.sum() / _SAMPLES)).astype(np.int64)
    order = np.lexsort((-wide, square[:, 1], square[:, 0]))
    first = np.append(True, (np.diff(square[order], axis=0) != 0).any(axis=1))
    sample = order[first]
    return _Chambers(middle[which], middle[sample], wide[sample])


def _widest(piece: Piece) -> tuple[Floats, Floats]:
    """For each triangle the position in it farthest from the enemy, and twice that distance."""
    mesh = piece.mesh
    a, b, c = (mesh.xy[mesh.tri[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    twice, bb, cc = 2 * cross(ab, ac), dot(ab, ab), dot(ac, ac)
    x, y = ac[:, 1] * bb - ab[:, 1] * cc, ab[:, 0] * cc - ac[:, 0] * bb
    good = twice > 0
    centre = a[good] + np.stack([x, y], axis=1)[good] / twice[good, None]
    # The widest disc is centred where three borders are equally near: often not in their triangle.
    at = np.concatenate([(a + b + c) / 3, centre])
    triangle = np.concatenate([np.arange(len(a)), mesh.locate(centre)])
    at, triangle = at[triangle >= 0], triangle[triangle >= 0]
    border = np.stack([mesh.start, mesh.end], axis=1)[piece.free]
    if not len(border):
        return (a + b + c) / 3, np.full(len(a), np.inf)
    tree = shapely.STRtree(list(draw_segments(mesh.xy[border])))
    _, far = tree.query_nearest(draw_points(at), return_distance=True, all_matches=False)
    order = np.lexsort((far, triangle))
    last = np.append(np.flatnonzero(np.diff(triangle[order])), len(order) - 1)
    return at[order[last]], 2 * far[order[last]]
