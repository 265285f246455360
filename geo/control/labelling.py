"""
Which label each face has: from the borders of labelled shapes, kept up from date to date.

An epoch is made of all its dates at once, or of the one before with one date more; both give the
same faces and labels.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.epochs import DrawnLayers, Epoch, count_positions
from geo.control.history import History
from geo.coverage import Arrangement, arrange, find_faults, trace_borders, uniques
from geo.errors import CoverageError, Issue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.coverage import DirectedBorders
    from geo.model import Label, Patch

    Ints = NDArray[np.int64]
    Row = NDArray[np.int32]
    Borders = tuple[Ints, Ints, NDArray[np.int8]]


class Labeller:
    """Labels of the faces from the borders of labelled shapes, kept up from date to date."""

    def __init__(self, arrangement: Arrangement, borders: Borders, labels: int) -> None:
        self.arrangement = arrangement
        self.offsets, self.arc, self.sign = borders
        # Of a face that several shapes cover, or one covers twice, the label is a sum; the weights
        # of what was summed then do not add up to the weight of the sum.
        rng = np.random.default_rng(0)
        self.weight = np.append(0, rng.integers(1, 1 << 48, labels))
        self.count = labels

    def entries(self, shape: Ints) -> tuple[Ints, Ints]:
        """Places of some shapes' arcs, and which of the shapes each belongs to."""
        begin, count = self.offsets[shape], self.offsets[shape + 1] - self.offsets[shape]
        which = np.repeat(np.arange(len(shape)), count)
        return np.arange(len(which)) - np.repeat(np.cumsum(count) - count - begin, count), which

    def cover(self, shape: Ints, value: Ints | None = None) -> Ints:
        """Sum over the shapes that cover a face, of ones or of a value each."""
        at, which = self.entries(shape)
        ones: Ints = self.sign[at].astype(np.int64)
        change = ones if value is None else value[which] * ones
        return self.arrangement.cover(self.arc[at], change)

    def empty(self) -> Ints:
        """What `enter` adds to arcs for no shapes; the study area, the first shape, is wanted."""
        off = np.zeros(len(self.arrangement.lines.size), np.int64)
        at, _ = self.entries(np.zeros(1, np.int64))
        np.subtract.at(off, self.arc[at], self.sign[at])
        return off

    def enter(self, steps: Ints, off: Ints, shape: Ints, label: Ints, factor: Ints) -> None:
        """
        Add shapes to, or take them from, running sums.

        `steps` sum the labels and their weights; `off` sums how often shapes end
        on the left of an arc less how often on the right.
        """
        at, which = self.entries(shape)
        arc, sign = self.arc[at], self.sign[at] * factor[which]
        named = label[which] + 1
        self.arrangement.enter(steps, arc, [sign * named, sign * self.weight[named]])
        np.add.at(off, arc, sign)

    def row(self, steps: Ints, off: Ints, base: Row | None = None) -> Row | None:
        """Labels from the sums, and those before; None where a face has not just one."""
        if off.any():
            return None
        total, weights = self.arrangement.settle(steps)
        if base is not None:
            total, weights = total + base + 1, weights + self.weight[base + 1]
        if not np.array_equal(self.weight[np.clip(total, 0, self.count)], weights):
            return None
        row: Row = (total - 1).astype(np.int32)
        return row

    def repaired(self, shape: Ints, label: Ints, inside: NDArray[np.bool_]) -> Row:
        """A layer with slivers: overlaps go to the first label, gaps to the longest neighbour."""
        count = self.cover(shape)
        nothing = np.iinfo(np.int32).max
        row = np.full(len(inside), nothing, np.int32)
        good = inside & (count == 1)
        row[good] = (self.cover(shape, label + 1) - 1)[good]
        for one, name in zip(shape, label, strict=True):
            covered = inside & ~good & (self.cover(np.array([one])) > 0)
            row[covered] = np.minimum(row[covered], np.int32(name))
        row[row == nothing] = -1
        return self.arrangement.spread(row, inside)


def compose_epoch(
    which: DirectedBorders, layers: DrawnLayers, span: slice
) -> tuple[Arrangement, History, frozenset[int]]:
    """Faces and labels of some dates, and which of these do not cover the study area once."""
    shape, label = layers.shape[span], layers.label[span]
    used = uniques(np.concatenate([np.zeros(1, np.int64), *shape]))
    if len(used) < len(layers.geometries):
        which = which.take(used)
        shape = tuple(np.searchsorted(used, one) for one in shape)
    arrangement = arrange(which)
    unsound = set()

    def rows() -> Iterator[Row]:
        dates = _label_dates(arrangement, which, shape, label, len(layers.labels))
        for i, (row, sound) in enumerate(dates):
            if not sound:
                unsound.add(i)
            yield row

    history = History.of(rows())
    # What only the shapes of these dates were looked up in.
    arrangement.pieces = None
    return arrangement, history, frozenset(unsound)


def _label_dates(
    arrangement: Arrangement,
    which: DirectedBorders,
    shape: Sequence[Ints],
    label: Sequence[Ints],
    labels: int,
) -> Iterator[tuple[Row, bool]]:
    """The labels at each date, and whether its patches cover the study area exactly once."""
    labeller = Labeller(arrangement, arrangement.borders(which), labels)
    area = np.zeros(1, np.int64)
    inside = labeller.cover(area) > 0
    steps = np.zeros((2, len(inside) + 1), np.int64)
    off = labeller.empty()
    was = np.zeros((2, 0), np.int64)
    for now in map(np.stack, zip(shape, label, strict=True)):
        # What stands where it stood before need not be taken out and put in again.
        moved = np.ones(now.shape[1], bool) if was.shape != now.shape else (was != now).any(axis=0)
        gone, came = was if was.shape != now.shape else was[:, moved], now[:, moved]
        factor = np.repeat([-1, 1], [gone.shape[1], came.shape[1]])
        if len(factor):
            shown, named = np.concatenate([gone, came], axis=1)
            labeller.enter(steps, off, shown, named, factor)
        was = now
        row = labeller.row(steps, off)
        yield (labeller.repaired(now[0], now[1], inside), False) if row is None else (row, True)


def extend_epoch(
    area: shapely.Geometry,
    epoch: Epoch,
    layer: tuple[dt.date, tuple[Patch, ...]],
    moved: tuple[list[Patch], list[Patch]],
    labels: Sequence[Label],
) -> Epoch | None:
    """An epoch with one date more; None where that begins a new one."""
    (day, patches), (gone, came) = layer, moved
    named = find_labels(labels, [patch.label for patch in (*gone, *came)])
    factor = np.repeat([-1, 1], [len(gone), len(came)])
    which = trace_borders([area, *(patch.geometry for patch in (*gone, *came))])
    known = epoch.arrangement.segments.find(which.low, which.high) >= 0
    fresh = int((~known).sum())
    # What a patch kept of its border changes nothing.
    which = which.net(np.append(-1, named), np.append(1, factor), known)
    load = epoch.load.more(fresh, count_positions([patch.geometry for patch in patches]))
    if load is None:
        return None
    arrangement, source = epoch.arrangement.extended(which)
    history = epoch.history
    if arrangement is not epoch.arrangement:
        history = history.inherited(source)
    labeller = Labeller(arrangement, arrangement.borders(which), len(labels))
    shape = np.arange(1, len(named) + 1)
    steps = np.zeros((2, arrangement.face_count + 1), np.int64)
    off = labeller.empty() if epoch.last is None else 0 * labeller.empty()
    labeller.enter(steps, off, shape, named, factor)
    base = None if epoch.last is None else history.row(len(history) - 1)
    # The same object twice is an overlap, but has neither gone nor come.
    twice = len({id(patch) for patch in patches}) < len(patches)
    row = None if twice else labeller.row(steps, off, base)
    last = None if row is None else patches
    if row is None:
        raise_coverage(find_coverage_errors(area, day, patches))
        which = trace_borders([area, *(patch.geometry for patch in patches)])
        labeller = Labeller(arrangement, arrangement.borders(which), len(labels))
        named = find_labels(labels, [patch.label for patch in patches])
        row = labeller.repaired(np.arange(1, len(patches) + 1), named, history.first >= 0)
    # A corner that rounding sets beside the rim bends the rim: what was inside of it stays.
    row = arrangement.spread(row, history.first >= 0)
    return Epoch(epoch.begin, arrangement, history.followed_by(row), load, last)


def find_moved(last: Sequence[Patch], now: Sequence[Patch]) -> tuple[list[Patch], list[Patch]]:
    """Return the patches that are gone and those that came; equal ones have equal bytes."""
    before, after = {id(patch) for patch in last}, {id(patch) for patch in now}
    gone = {_spell_out(patch): patch for patch in last if id(patch) not in after}
    # Taken out one by one: of two equal patches that came, which overlap, one remains to be seen.
    came = [p for p in now if id(p) not in before and gone.pop(_spell_out(p), None) is None]
    return list(gone.values()), came


def _spell_out(patch: Patch) -> tuple[bytes, Label]:
    return shapely.to_wkb(patch.geometry), patch.label


def find_labels(labels: Sequence[Label], wanted: Sequence[Label]) -> Ints:
    """The place of each wanted label among labels in order."""
    return np.array([bisect_left(labels, label) for label in wanted], np.int64)


def insert_labels(
    labels: tuple[Label, ...], more: Sequence[Label]
) -> tuple[tuple[Label, ...], Ints]:
    """Labels in order with some more, and where the old ones stand now."""
    new = [
        label
        for label in sorted(set(more))
        if (at := bisect_left(labels, label)) == len(labels) or labels[at] != label
    ]
    slots = find_labels(labels, new)
    joined = list(labels)
    for at, label in zip(reversed(slots.tolist()), reversed(new), strict=True):
        joined.insert(at, label)
    old = np.arange(len(labels))
    return tuple(joined), old + np.searchsorted(slots, old, side="right")


def find_coverage_errors(
    area: shapely.Geometry, day: dt.date, patches: Sequence[Patch]
) -> list[Issue]:
    """The errors of a layer that does not cover the study area exactly once."""
    return [
        Issue(i.code, i.severity, f"{day}: {i.message}", i.hint, i.file, i.line, i.ids, i.where)
        for i in find_faults(area, patches)
        if i.severity == "error"
    ]


def raise_coverage(issues: Sequence[Issue]) -> None:
    """
    Raise what was found, if anything.

    Raises
    ------
    CoverageError
        If there are issues; all of them are in it.
    """
    if issues:
        raise CoverageError("\n".join(str(issue) for issue in issues), issues)
