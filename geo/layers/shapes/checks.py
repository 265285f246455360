"""
Coordinates of a layer: checked, put on the grid, and brought into one order.

All geometries of a layer are flattened into one array of positions, so that the checks run
over arrays; only what fails is looked at one by one, to say what is wrong and where. The order
of what comes out does not depend on the start of a ring, its direction, or the order of holes
and parts: shells run counter-clockwise, holes clockwise, each from its smallest vertex.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geo.crs import GRID_DEG
from geo.errors import Issue, mend, refuse
from geo.layers.shapes import flat
from geo.layers.shapes.areas import _PIECE, check_areas
from geo.layers.shapes.spelling import gather_nested, gather_numbered, spelt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def flatten(
    geometries: Sequence[Mapping[str, object] | None], rings: flat.Rings | None = None
) -> tuple[flat.Shapes, NDArray[np.object_], flat.Found]:
    """
    Check and flatten the geometries of a layer.

    Parameters
    ----------
    geometries
        One a feature: ``type``, one of `KINDS`, and ``coordinates`` as parsed; None for none.
    rings
        Rings parsed before, if there are only areas: then ``coordinates`` hold the numbers of
        rings in place of these.

    Returns
    -------
    shapes
        On the 1e-6 degree grid and in order; a feature with an error that cannot be repaired has
        no geometry here.
    built
        The same as shapely geometries.
    found
        All findings.
    """
    found: flat.Found = []
    raw = None if rings is None else gather_numbered(geometries, rings)
    if raw is None:
        geometries = [spelt(geometry, rings) for geometry in geometries]
        raw, rings = gather_nested(geometries, found), None
    check_world(raw, found)
    raw = flat.drop_failed(raw, flat.failed_features(len(geometries), found))
    misplaced: flat.Found = []
    check_swapped(raw, misplaced)
    raw = close_rings(raw, found)
    raw = flat.drop_failed(raw, flat.failed_features(len(geometries), found))
    shapes = put_in_order(put_on_grid(raw, found), found)
    built = shapes.build()
    check_areas(shapes, built, lambda i: spelt(geometries[i], rings), found)
    found += misplaced
    failed = flat.failed_features(len(geometries), found)
    if failed.any():
        built[failed] = None
        shapes = flat.drop_failed(shapes, failed)
    return shapes, built, found


_NOISE_DEG = 1e-12


def check_world(raw: flat.Shapes, found: flat.Found) -> None:
    """Find positions outside the world, and edges round its back."""
    if not len(raw.xy):
        return
    x, y = raw.xy[:, 0], raw.xy[:, 1]
    if np.abs(x).max() <= 180 and np.abs(y).max() <= 90 and np.ptp(x) <= 180:
        return
    owner = flat.vertex_features(raw)
    outside = (np.abs(x) > 180) | (np.abs(y) > 90)
    for i, at in flat.first_of_each(owner, outside):
        far = bool(np.abs(raw.xy[at]).max() > 360)
        hint = "reproject it to longitude, latitude" if far else "longitude, latitude in degrees"
        found.append((i, refuse("coord.range", f"{x[at]:g}, {y[at]:g} is outside the world", hint)))
    same = np.diff(flat.vertex_sequences(raw)) == 0
    jumps = np.append(same & (np.abs(np.diff(x)) > 180) & ~outside[1:] & ~outside[:-1], False)
    for i, at in flat.first_of_each(owner, jumps):
        message = "an edge runs more than half round the world"
        hint = "cut the shape at longitude 180"
        where = (float(x[at]), float(y[at]))
        found.append((i, refuse("coord.antimeridian", message, hint, where=where)))


def check_swapped(raw: flat.Shapes, found: flat.Found) -> None:
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
        issue = refuse("coord.swapped", "longitude and latitude look swapped", hint, where=where)
        found.append((int(present[n]), issue))


def _least_of_others(values: flat.Floats) -> flat.Floats:
    """For each row, the least of all other rows, column by column."""
    least, second = np.partition(values, 1, axis=0)[:2]
    own = np.arange(len(values))[:, None] == values.argmin(axis=0)
    return np.asarray(np.where(own, second, least), dtype=np.float64)


def put_on_grid(raw: flat.Shapes, found: flat.Found) -> flat.Shapes:
    """Round to the grid and drop repeated vertices; explain what is then too short."""
    if not len(raw.xy):
        return raw
    xy = raw.xy
    if not _is_on_grid(xy):
        xy = np.round(raw.xy, 6)
        xy += 0.0
        # What other programs add behind the fifteenth digit is layout, not precision.
        fine: flat.Flags = np.abs(xy - raw.xy) > _NOISE_DEG
        for i, _ in flat.first_of_each(flat.vertex_features(raw), fine[:, 0] | fine[:, 1]):
            found.append((i, mend("coord.precision", "there are more than six decimals")))
    repeated = _repeated(raw, xy)
    if not repeated.any():
        return _long_enough(raw, replace(raw, xy=xy), found)
    for i, _ in flat.first_of_each(flat.vertex_features(raw), _repeated(raw, raw.xy)):
        found.append((i, mend("ring.duplicate_vertex", "a vertex is repeated")))
    counts = np.bincount(flat.vertex_sequences(raw)[~repeated], minlength=len(raw.sequences) - 1)
    clean = replace(raw, xy=xy[~repeated], sequences=flat.offsets_of(counts))
    return _long_enough(raw, clean, found)


def _is_on_grid(xy: flat.Floats) -> bool:
    """Whether all have six decimals and none is zero, which has two signs of which one is kept."""
    pieces = (xy[first : first + _PIECE] for first in range(0, len(xy), _PIECE))
    return all(piece.all() and np.array_equal(np.round(piece, 6), piece) for piece in pieces)


def _repeated(raw: flat.Shapes, xy: flat.Floats) -> flat.Flags:
    """Whether each position is that of the one before in its sequence."""
    x, y = xy[:, 0], xy[:, 1]
    repeated = np.zeros(len(xy), dtype=bool)
    np.logical_and(x[1:] == x[:-1], y[1:] == y[:-1], out=repeated[1:])
    # Sequences may be empty, so several may begin at one place, or behind the last.
    first = raw.sequences[:-1]
    repeated[first[first < len(xy)]] = False
    return repeated


def close_rings(raw: flat.Shapes, found: flat.Found) -> flat.Shapes:
    """Close rings whose ends lie no farther apart than their other vertices do."""
    first, last = raw.xy[raw.sequences[:-1]], raw.xy[raw.sequences[1:] - 1]
    open_rings = np.flatnonzero(flat.are_rings(raw) & (first != last).any(axis=1))
    if not open_rings.size:
        return raw
    owner = flat.sequence_features(raw)
    closed = []
    for ring in open_rings:
        xy = raw.xy[raw.sequences[ring] : raw.sequences[ring + 1]]
        gap = math.hypot(*(xy[0] - xy[-1]))
        where = (float(xy[-1, 0]), float(xy[-1, 1]))
        message = f"a ring ends {gap:.6g} degrees from where it begins"
        usual = float(np.median(np.hypot(*np.diff(xy, axis=0).T))) if len(xy) > 2 else 0.0
        if (np.round(xy[0], 6) == np.round(xy[-1], 6)).all():
            issue = mend("ring.unclosed", message, where=where)
        elif gap <= 2 * usual:
            hint = "`frontline fmt` repeats its first position at the end"
            issue = refuse("ring.unclosed", message, hint, where=where, fixable=True)
        else:
            hint = "is a part of it missing? draw it again"
            issue = refuse("ring.unclosed", message, hint, where=where)
        found.append((int(owner[ring]), issue))
        closed.append(ring)
    at = raw.sequences[1:][closed]
    xy = np.insert(raw.xy, at, raw.xy[raw.sequences[:-1][closed]], axis=0)
    counts = np.diff(raw.sequences)
    counts[closed] += 1
    return replace(raw, xy=xy, sequences=flat.offsets_of(counts))


def _long_enough(raw: flat.Shapes, clean: flat.Shapes, found: flat.Found) -> flat.Shapes:
    """Leave out features with a ring or line that has too few vertices."""
    counts = np.diff(clean.sequences)
    lines = np.array(
        [kind in {"LineString", "MultiLineString"} for kind in clean.kinds], dtype=bool
    )
    owner = flat.sequence_features(clean)
    short = np.where(flat.are_rings(clean), counts < 4, lines[owner] & (counts < 2))
    if not short.any():
        return clean
    for i, at in flat.first_of_each(owner, short):
        before = raw.xy[raw.sequences[at] : raw.sequences[at + 1]]
        distinct = len(np.unique(before, axis=0))
        where = (float(before[0, 0]), float(before[0, 1]))
        if distinct >= (2 if lines[i] else 3):
            found.append((i, _tell_collapse(owner == i, short, where)))
        elif lines[i]:
            message = "a line has fewer than two positions"
            found.append((i, refuse("line.short", message, where=where)))
        else:
            message = "a ring has fewer than three corners"
            hint = "it needs four positions, the last like the first"
            found.append((i, refuse("ring.short", message, hint, where=where)))
    failed = np.zeros(len(clean.kinds), dtype=bool)
    failed[owner[short]] = True
    return flat.drop_failed(clean, failed)


def _tell_collapse(own: flat.Flags, short: flat.Flags, where: tuple[float, float]) -> Issue:
    """Say how much of a shape vanishes on the grid: all of it, or some of its rings."""
    gone, held = int((own & short).sum()), int(own.sum())
    if gone == held:
        message = "nothing is left when it is rounded to six decimals"
        return refuse("geom.collapse", message, where=where)
    message = f"{gone} of its {held} rings vanish when it is rounded to six decimals, as this one"
    hint = "delete them; `import` and `save` leave such out and say so"
    return refuse("geom.collapse", message, hint, where=where)


def put_in_order(shapes: flat.Shapes, found: flat.Found) -> flat.Shapes:
    """Wind rings, begin each at its smallest vertex, order holes and parts."""
    if not len(shapes.xy):
        return shapes
    ring = flat.are_rings(shapes)
    counts = np.diff(shapes.sequences)
    first = shapes.sequences[:-1]
    owner = flat.vertex_sequences(shapes)
    x, y = shapes.xy[:, 0], shapes.xy[:, 1]
    # The smallest vertex of each sequence: least longitude, and of those the least latitude.
    west = np.minimum.reduceat(x, first)
    at = np.flatnonzero(x == np.repeat(west, counts))
    south = np.full(len(counts), np.inf)
    np.minimum.at(south, owner[at], y[at])
    at = at[y[at] == south[owner[at]]]
    smallest = at[np.unique(owner[at], return_index=True)[1]] - first
    turn = _turns(shapes, smallest, ring)
    shell = np.zeros(len(counts), dtype=bool)
    shell[shapes.parts[:-1]] = True
    wrong = ring & (np.where(shell, turn, -turn) < 0)
    for i, _ in flat.first_of_each(flat.sequence_features(shapes), wrong):
        found.append((i, mend("ring.winding", "a ring runs the wrong way round")))
    if not (wrong | (ring & (smallest > 0))).any():
        return _sorted(shapes)
    step = np.where(wrong, -1, 1)[owner]
    place = np.arange(len(x)) - first[owner]
    length = np.maximum(counts - 1, 1)[owner]
    turned = first[owner] + (smallest[owner] + step * place) % length
    xy = np.where(ring[owner][:, None], shapes.xy[turned], shapes.xy)
    return _sorted(replace(shapes, xy=xy))


def _turns(shapes: flat.Shapes, smallest: flat.Ints, ring: flat.Flags) -> flat.Ints:
    """Sign of each ring's turn at its smallest vertex, which is convex: exact, in whole steps."""
    first = shapes.sequences[:-1]
    length = np.maximum(np.diff(shapes.sequences) - 1, 1)

    def steps(place: flat.Ints) -> flat.Ints:
        whole: flat.Ints = np.rint(shapes.xy[first + place % length] / GRID_DEG).astype(np.int64)
        return whole

    here = steps(smallest)
    back, ahead = steps(smallest - 1) - here, steps(smallest + 1) - here
    sign: flat.Ints = np.sign(ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0])
    return np.where(ring, sign, 0)


def _sorted(shapes: flat.Shapes) -> flat.Shapes:
    """Order the holes of a part and the parts of a feature by their first two vertices."""
    if len(shapes.sequences) == len(shapes.features):
        return shapes
    first = shapes.sequences[:-1]
    second = np.minimum(first + 1, shapes.sequences[1:] - 1)
    keys = np.hstack([shapes.xy[first], shapes.xy[second]])
    keys = _line_ranks(shapes, keys)
    part = flat.owners_of(shapes.parts)
    hole = np.ones(len(first), dtype=bool)
    hole[shapes.parts[:-1]] = False
    rings = np.lexsort((*keys.T[::-1], hole, part))
    shapes = _rearranged(shapes, rings, shapes.parts)
    parts = np.lexsort((*keys[shapes.parts[:-1]].T[::-1], flat.owners_of(shapes.features)))
    counts = np.diff(shapes.parts)
    rings = np.concatenate(
        [np.arange(shapes.parts[p], shapes.parts[p + 1]) for p in parts] or [np.empty(0, np.int64)]
    )
    return _rearranged(shapes, rings, flat.offsets_of(counts[parts]))


def _line_ranks(shapes: flat.Shapes, keys: flat.Floats) -> flat.Floats:
    """Give lines, which may share their first two vertices, a rank by all their vertices."""
    kinds = np.array([kind == "MultiLineString" for kind in shapes.kinds], dtype=bool)
    lines = np.flatnonzero(kinds[flat.sequence_features(shapes)])
    if lines.size:
        full = [shapes.xy[shapes.sequences[s] : shapes.sequences[s + 1]].tolist() for s in lines]
        rank = np.empty(len(lines))
        rank[sorted(range(len(lines)), key=full.__getitem__)] = np.arange(len(lines))
        keys[lines] = rank[:, None]
    return keys


def _rearranged(shapes: flat.Shapes, order: flat.Ints, parts: flat.Ints) -> flat.Shapes:
    """Put the sequences in another order."""
    if (order == np.arange(len(order))).all():
        return replace(shapes, parts=parts)
    counts = np.diff(shapes.sequences)[order]
    sequences = flat.offsets_of(counts)
    shift = np.repeat(shapes.sequences[:-1][order] - sequences[:-1], counts)
    xy = shapes.xy[np.arange(len(shapes.xy)) + shift]
    return replace(shapes, xy=xy, sequences=sequences, parts=parts)
