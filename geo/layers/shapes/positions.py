"""Positions on the world, on the grid, and sequences of enough of them."""

from __future__ import annotations

import math

import numpy as np

from geo.errors import Issue
from geo.layers.shapes.areas import _PIECE
from geo.layers.shapes.flat import (
    Flags,
    Floats,
    Found,
    Shapes,
    are_rings,
    drop_failed,
    first_of_each,
    offsets_of,
    repairable,
    sequence_features,
    vertex_features,
    vertex_sequences,
)

_NOISE_DEG = 1e-12


def check_world(raw: Shapes, found: Found) -> None:
    """Find positions outside the world, and edges round its back."""
    if not len(raw.xy):
        return
    x, y = raw.xy[:, 0], raw.xy[:, 1]
    if np.abs(x).max() <= 180 and np.abs(y).max() <= 90 and np.ptp(x) <= 180:
        return
    owner = vertex_features(raw)
    outside = (np.abs(x) > 180) | (np.abs(y) > 90)
    for i, at in first_of_each(owner, outside):
        far = bool(np.abs(raw.xy[at]).max() > 360)
        hint = "reproject it to longitude, latitude" if far else "longitude, latitude in degrees"
        message = f"{x[at]:g}, {y[at]:g} is outside the world"
        found.append((i, Issue("coord.range", "error", message, hint)))
    same = np.diff(vertex_sequences(raw)) == 0
    jumps = np.append(same & (np.abs(np.diff(x)) > 180) & ~outside[1:] & ~outside[:-1], False)
    for i, at in first_of_each(owner, jumps):
        message = "an edge runs more than half round the world"
        hint = "cut the shape at longitude 180"
        where = (float(x[at]), float(y[at]))
        found.append((i, Issue("coord.antimeridian", "error", message, hint, where=where)))


def check_swapped(raw: Shapes, found: Found) -> None:
    """Find a feature far from all others that would lie among them with its axes swapped."""
    present = np.flatnonzero(np.diff(raw.features))
    if len(present) < 4:
        return
    starts = raw.sequences[raw.parts[raw.features[present]]]
    low = np.minimum.reduceat(raw.xy, starts)
    high = np.maximum.reduceat(raw.xy, starts)
    # The box of all others is that of all, or where the feature itself is the outermost, the next.
    box_low, box_high = _least_of_others(low), -_least_of_others(-high)
    gap = np.maximum(np.maximum(box_low - high, low - box_high), 0)
    size = np.hypot(*(box_high - box_low).T)
    among = ((low[:, ::-1] >= box_low) & (high[:, ::-1] <= box_high)).all(axis=1)
    for n in np.flatnonzero(among & (np.hypot(*gap.T) > size)):
        where = (float(low[n, 0]), float(low[n, 1]))
        hint = "longitude stands first; nothing is swapped by itself"
        message = "longitude and latitude look swapped"
        issue = Issue("coord.swapped", "error", message, hint, where=where)
        found.append((int(present[n]), issue))


def _least_of_others(values: Floats) -> Floats:
    """For each row, the least of all other rows, column by column."""
    least, second = np.partition(values, 1, axis=0)[:2]
    own = np.arange(len(values))[:, None] == values.argmin(axis=0)
    return np.asarray(np.where(own, second, least), dtype=np.float64)


def put_on_grid(raw: Shapes, found: Found) -> Shapes:
    """Round to the grid and drop repeated vertices; explain what is then too short."""
    if not len(raw.xy):
        return raw
    xy = raw.xy
    if not _is_on_grid(xy):
        xy = np.round(raw.xy, 6)
        xy += 0.0
        # What other programs add behind the fifteenth digit is layout, not precision.
        fine: Flags = np.abs(xy - raw.xy) > _NOISE_DEG
        for i, _ in first_of_each(vertex_features(raw), fine[:, 0] | fine[:, 1]):
            found.append((i, repairable("coord.precision", "there are more than six decimals")))
    repeated = _repeated(raw, xy)
    if not repeated.any():
        return _long_enough(
            raw, Shapes(raw.kinds, xy, raw.sequences, raw.parts, raw.features), found
        )
    for i, _ in first_of_each(vertex_features(raw), _repeated(raw, raw.xy)):
        found.append((i, repairable("ring.duplicate_vertex", "a vertex is repeated")))
    counts = np.bincount(vertex_sequences(raw)[~repeated], minlength=len(raw.sequences) - 1)
    clean = Shapes(raw.kinds, xy[~repeated], offsets_of(counts), raw.parts, raw.features)
    return _long_enough(raw, clean, found)


def _is_on_grid(xy: Floats) -> bool:
    """Whether all have six decimals and none is zero, which has two signs of which one is kept."""
    pieces = (xy[first : first + _PIECE] for first in range(0, len(xy), _PIECE))
    return all(piece.all() and np.array_equal(np.round(piece, 6), piece) for piece in pieces)


def _repeated(raw: Shapes, xy: Floats) -> Flags:
    """Whether each position is that of the one before in its sequence."""
    x, y = xy[:, 0], xy[:, 1]
    repeated = np.zeros(len(xy), dtype=bool)
    np.logical_and(x[1:] == x[:-1], y[1:] == y[:-1], out=repeated[1:])
    # Sequences may be empty, so several may begin at one place, or behind the last.
    first = raw.sequences[:-1]
    repeated[first[first < len(xy)]] = False
    return repeated


def close_rings(raw: Shapes, found: Found) -> Shapes:
    """Close rings whose ends lie no farther apart than their other vertices do."""
    first, last = raw.xy[raw.sequences[:-1]], raw.xy[raw.sequences[1:] - 1]
    open_rings = np.flatnonzero(are_rings(raw) & (first != last).any(axis=1))
    if not open_rings.size:
        return raw
    owner = sequence_features(raw)
    closed = []
    for ring in open_rings:
        xy = raw.xy[raw.sequences[ring] : raw.sequences[ring + 1]]
        gap = math.hypot(*(xy[0] - xy[-1]))
        where = (float(xy[-1, 0]), float(xy[-1, 1]))
        message = f"a ring ends {gap:.6g} degrees from where it begins"
        usual = float(np.median(np.hypot(*np.diff(xy, axis=0).T))) if len(xy) > 2 else 0.0
        if (np.round(xy[0], 6) == np.round(xy[-1], 6)).all():
            issue = Issue("ring.unclosed", "warning", message, where=where, fixable=True)
        elif gap <= 2 * usual:
            hint = "`frontline fmt` repeats its first position at the end"
            issue = Issue("ring.unclosed", "error", message, hint, where=where, fixable=True)
        else:
            hint = "is a part of it missing? draw it again"
            issue = Issue("ring.unclosed", "error", message, hint, where=where)
        found.append((int(owner[ring]), issue))
        closed.append(ring)
    at = raw.sequences[1:][closed]
    xy = np.insert(raw.xy, at, raw.xy[raw.sequences[:-1][closed]], axis=0)
    counts = np.diff(raw.sequences)
    counts[closed] += 1
    return Shapes(raw.kinds, xy, offsets_of(counts), raw.parts, raw.features)


def _long_enough(raw: Shapes, clean: Shapes, found: Found) -> Shapes:
    """Leave out features with a ring or line that has too few vertices."""
    counts = np.diff(clean.sequences)
    lines = np.array(
        [kind in {"LineString", "MultiLineString"} for kind in clean.kinds], dtype=bool
    )
    owner = sequence_features(clean)
    short = np.where(are_rings(clean), counts < 4, lines[owner] & (counts < 2))
    if not short.any():
        return clean
    for i, at in first_of_each(owner, short):
        before = raw.xy[raw.sequences[at] : raw.sequences[at + 1]]
        distinct = len(np.unique(before, axis=0))
        where = (float(before[0, 0]), float(before[0, 1]))
        if distinct >= (2 if lines[i] else 3):
            message = "nothing is left when it is rounded to six decimals"
            found.append((i, Issue("geom.collapse", "error", message, where=where)))
        elif lines[i]:
            message = "a line has fewer than two positions"
            found.append((i, Issue("line.short", "error", message, where=where)))
        else:
            message = "a ring has fewer than three corners"
            hint = "it needs four positions, the last like the first"
            found.append((i, Issue("ring.short", "error", message, hint, where=where)))
    failed = np.zeros(len(clean.kinds), dtype=bool)
    failed[owner[short]] = True
    return drop_failed(clean, failed)
