"""The labels of faces over time, as the first ones and what changed at each date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Row = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class History:
    """Labels of the faces at the first date, and what changed at each later one; -1 is outside."""

    first: Row
    offsets: Ints
    face: NDArray[np.int32]
    was: Row
    label: Row

    @classmethod
    def of(cls, rows: Iterator[Row]) -> History:
        """Keep what differs from row to row."""
        first = previous = next(rows)
        face, was, label = [], [], []
        for row in rows:
            moved = np.flatnonzero(row != previous)
            face.append(moved)
            was.append(previous[moved])
            label.append(row[moved])
            previous = row
        offsets = np.cumsum([0, 0, *(len(moved) for moved in face)]).astype(np.int64)
        empty = [np.zeros(0, np.int32)]
        columns = [np.concatenate(empty + c).astype(np.int32) for c in (face, was, label)]
        return cls(first, offsets, *columns)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, i: int) -> Row:
        """The labels at one date."""
        row = self.first.copy()
        end = self.offsets[i + 1]
        # Of several changes of a face the last one stays.
        row[self.face[:end]] = self.label[:end]
        return row

    def rows(self) -> Iterator[Row]:
        """The labels at all dates; each one is valid until the next."""
        row = self.first.copy()
        for begin, end in zip(self.offsets, self.offsets[1:], strict=False):
            row[self.face[begin:end]] = self.label[begin:end]
            yield row

    def followed_by(self, row: Row) -> History:
        """The history with one date more."""
        previous = self.row(len(self) - 1)
        moved = np.flatnonzero(row != previous).astype(np.int32)
        return History(
            self.first,
            np.append(self.offsets, self.offsets[-1] + len(moved)),
            np.concatenate([self.face, moved]),
            np.concatenate([self.was, previous[moved]]),
            np.concatenate([self.label, row[moved]]),
        )

    def inherited(self, source: Ints) -> History:
        """The history of faces that came from others; -1 was outside."""
        order = np.argsort(source, kind="stable")
        ordered = source[order]
        begin = np.searchsorted(ordered, self.face, side="left")
        count = np.searchsorted(ordered, self.face, side="right") - begin
        ends = np.cumsum(count)
        at = np.repeat(begin - (ends - count), count) + np.arange(int(count.sum()))
        bounds = np.concatenate([np.zeros(1, np.int64), ends])[self.offsets]
        return History(
            np.append(self.first, np.int32(-1))[source],
            bounds,
            order[at].astype(np.int32),
            np.repeat(self.was, count),
            np.repeat(self.label, count),
        )

    def relabelled(self, number: Ints) -> History:
        """The history with other numbers for the labels."""
        table = np.append(number, -1).astype(np.int32)
        return History(
            table[self.first], self.offsets, self.face, table[self.was], table[self.label]
        )

    def at(self, faces: Ints) -> Row:
        """The labels of some faces, one row a face and one column a date."""
        place = np.full(len(self.first), -1, np.int64)
        wanted, back = np.unique(faces, return_inverse=True)
        place[wanted] = np.arange(len(wanted))
        mine = np.flatnonzero(place[self.face] >= 0)
        date = np.searchsorted(self.offsets, mine, side="right") - 1
        table = np.full((len(wanted), len(self)), -2, np.int32)
        table[:, 0] = self.first[wanted]
        table[place[self.face[mine]], date] = self.label[mine]
        filled = np.where(table == -2, 0, np.arange(len(self)))
        np.maximum.accumulate(filled, axis=1, out=filled)
        result: Row = np.take_along_axis(table, filled, axis=1)[back]
        return result
