"""
Merging by ground: who owns each face of three versions of a control layer.

Private to `geo.edit.merge`.

Two clean merges by id can give an overlap, and a border moved towards a patch that changed hands
meanwhile gives ground to a holder whom nobody named. So the borders of base, ours and theirs are
noded together, and each face goes to the side that changed it. Connected ground that both
changed, and not in the same way, is a conflict with its place; so is a face whose merged holder
is not what merging the holders of that face gives. Two people can move different borders of one
patch; they cannot move the same border without a question. Vertices stay as they were drawn; only
a patch whose borders both moved is put together anew.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from geo.coverage import arrange, trace_borders
from geo.edit.merge.by_id import (
    HOLDER,
    QUALITY,
    WHOLE,
    Choose,
    Conflict,
    Outcome,
    State,
    States,
    Versions,
    canonical,
    held,
    three,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def shape_of(record: State | None) -> shapely.Geometry | None:
    """Return the geometry of a record, None where there is no record."""
    return None if record is None else record.geometry


class GroundMerge:
    """
    The patches on which three versions of a control layer differ, as faces that each owns.

    The borders of all versions are noded together. Connected ground that one side alone changed
    goes to that side; connected ground that both changed, and not in the same way, is in dispute.
    """

    def __init__(self, versions: Versions, outcome: Outcome, choose: Choose | None = None) -> None:
        self.versions = versions
        self.outcome = outcome
        self.choose = choose
        # A shape that both redrew may still merge, border by border; that is found out below.
        outcome.conflicts[:] = [c for c in outcome.conflicts if c.what != "geometry"]
        ids = sorted(versions.base.keys() | versions.ours.keys() | versions.theirs.keys())
        self.names = [name for name in ids if self._differs(name)]
        self.sets: list[tuple[str, ...]] = [(), *((name,) for name in self.names)]
        self._number: dict[shapely.Geometry, int] = {}
        drawn = [
            shape
            for records in versions
            for name in self.names
            if (shape := shape_of(records.get(name))) is not None and self._is_new(shape)
        ]
        which = trace_borders(drawn)
        self.arrangement = arrange(which)
        offsets, arc, sign = self.arrangement.borders(which)
        spans = [slice(a, b) for a, b in pairwise(offsets.tolist())]
        covers = (self.arrangement.cover(arc[span], sign[span]) for span in spans)
        self.covered = [np.flatnonzero(cover > 0) for cover in covers]
        self.base, self.ours, self.theirs = (self._owners(records) for records in versions)
        # Whose word a person chose for each face: 1 ours, 2 theirs, 0 nobody's.
        self.chosen = np.zeros(self.arrangement.face_count, np.int64)

    def settle(self) -> None:
        """Give the outcome its shapes, and add what is in dispute."""
        if not self.names:
            return
        disputed = self._both_changed()
        self._report(disputed)
        for conflict, side in self.outcome.settled:
            if conflict.what in WHOLE and conflict.ids[0] in self.names:
                own = np.zeros(len(disputed), bool)
                own[self._faces_of(conflict.ids[0])] = True
                own = self._within(own)
                self._choose_faces(own & (self.chosen == 0), side)
                disputed |= own
        for name in self._torn():
            torn = np.zeros(len(disputed), bool)
            torn[self._faces_of(name)] = True
            disputed |= self._within(torn)
        while True:
            more = disputed | self._lost(disputed)
            if (more == disputed).all():
                break
            self._report(more & ~disputed)
            disputed = more
        disputed |= self._misheld(disputed)
        self._write(disputed)

    @cached_property
    def is_changed(self) -> Bools:
        """Whether either side gave a face to another patch."""
        changed: Bools = (self.ours != self.base) | (self.theirs != self.base)
        return changed

    @cached_property
    def part(self) -> Ints:
        """The connected piece of changed ground that each face belongs to."""
        return self.arrangement.parts(np.where(self.is_changed, 0, -1))

    def _differs(self, name: str) -> bool:
        records = [version.get(name) for version in self.versions]
        shown = [
            None if r is None else (r.geometry, *(r.values.get(key) for key in HOLDER))
            for r in records
        ]
        return not (shown[0] == shown[1] == shown[2])

    def _is_new(self, shape: shapely.Geometry) -> bool:
        if shape in self._number:
            return False
        self._number[shape] = len(self._number)
        return True

    def _covered(self, record: State | None) -> Ints:
        """The faces of a record's own shape."""
        shape = shape_of(record)
        return np.zeros(0, np.int64) if shape is None else self.covered[self._number[shape]]

    def _owners(self, records: States) -> Ints:
        """Who owns each face, as a number in `sets`."""
        owner = np.zeros(self.arrangement.face_count, np.int64)
        for number, name in enumerate(self.names, 1):
            faces = self._covered(records.get(name))
            taken = owner[faces] > 0
            # Patches that overlap own their common ground together.
            for face in faces[taken].tolist():
                owner[face] = self._set((*self.sets[owner[face]], name))
            owner[faces[~taken]] = number
        return owner

    def _set(self, names: tuple[str, ...]) -> int:
        if names not in self.sets:
            self.sets.append(names)
        return self.sets.index(names)

    def _faces_of(self, name: str) -> Ints:
        """Every face that one of the versions gives to a patch."""
        own = [self._covered(records.get(name)) for records in self.versions]
        return np.unique(np.concatenate(own))

    def _within(self, flags: Bools) -> Bools:
        """Whether any face of the connected ground that a face belongs to has a flag."""
        return self.is_changed & np.isin(self.part, self.part[flags & self.is_changed])

    def _both_changed(self) -> Bools:
        return (
            self._within(self.ours != self.base)
            & self._within(self.theirs != self.base)
            & self._within(self.ours != self.theirs)
        )

    def _torn(self) -> set[str]:
        """Patches of which it is disputed whether they are there at all."""
        return {i for c in self.outcome.conflicts if c.what in WHOLE for i in c.ids}.intersection(
            self.names
        )

    def _owner(self, disputed: Bools, own: Ints) -> Ints:
        """Who owns each face after the merge, disputed ground as one side has it."""
        theirs_alone = ~self._within(self.ours != self.base)
        own = np.choose(self.chosen, [own, self.ours, self.theirs])
        return np.where(disputed, own, np.where(theirs_alone, self.theirs, self.ours))

    def _lost(self, disputed: Bools) -> Bools:
        """Ground whose merge would leave nothing of a patch that neither side deleted."""
        lost = np.zeros(len(self.part), bool)
        for own, records in zip((self.ours, self.theirs), self.versions_of_sides, strict=True):
            left = {n for code in set(self._owner(disputed, own).tolist()) for n in self.sets[code]}
            for name in self.names:
                if name not in left and all(name in r for r in self.outcome) and name in records:
                    lost[self._faces_of(name)] = True
        return self._within(lost)

    @property
    def versions_of_sides(self) -> tuple[States, States]:
        """The records of the two who edited."""
        return self.versions.ours, self.versions.theirs

    def _misheld(self, disputed: Bools) -> Bools:
        """Ground that the merge would give to a holder whom nobody named for it."""
        merged = self._owner(disputed, self.ours)
        codes = np.stack([self.base, self.ours, self.theirs, merged], axis=1)
        told = [*self.outcome.conflicts, *(conflict for conflict, _ in self.outcome.settled)]
        known = {i for c in told if c.what == "holder" for i in c.ids}
        bad = np.zeros(len(self.part), bool)
        rows, inverse = np.unique(codes[~disputed], axis=0, return_inverse=True)
        at = np.flatnonzero(~disputed)
        for i, row in enumerate(rows.tolist()):
            names = {name for code in row for name in self.sets[code]}
            if names & known:
                continue
            sources = (*self.versions, self.outcome.ours)
            base, ours, theirs, got = (
                self._holders(code, records) for code, records in zip(row, sources, strict=True)
            )
            wanted, _, clash = three(base, ours, theirs)
            if clash or wanted != got:
                faces = at[inverse.ravel() == i]
                bad[faces] = True
                side = self._report_holder(names, (base, ours, theirs), faces)
                for name in self.sets[row[3]]:
                    self._take_back(name, side)
        return self._within(bad)

    def _holders(self, code: int, records: States) -> tuple[str, ...]:
        return tuple(held(records[name].values) for name in self.sets[code] if name in records)

    def _take_back(self, name: str, side: str | None) -> None:
        """Let each side say what it said of a patch, or both what was chosen."""
        sides = self.versions_of_sides
        if side is not None:
            sides = (sides[side == "theirs"],) * 2
        for records, own in zip(self.outcome, sides, strict=True):
            if name in records and name in own:
                label = {key: own[name].values.get(key) for key in (*HOLDER, *QUALITY)}
                values = {**records[name].values, **label}
                records[name] = State(values, records[name].geometry)

    def _report(self, flags: Bools) -> None:
        """One conflict for each connected piece of disputed ground."""
        for number in np.unique(self.part[flags]).tolist():
            faces = np.flatnonzero((self.part == number) & self.is_changed)
            named = [self._names(own[faces]) for own in (self.base, self.ours, self.theirs)]
            names = tuple(sorted({*chain(*named)}))
            size, where = self._place(faces)
            message = (
                f"both moved the borders of {', '.join(names)} on the same {size:,.6g} km2 "
                f"round {where[0]:g}, {where[1]:g}, and not in the same way"
            )
            base, ours, theirs = (" and ".join(own) or None for own in named)
            conflict = Conflict(names, "ground", base, ours, theirs, message, where)
            self._ask(conflict, faces)

    def _ask(self, conflict: Conflict, faces: Ints) -> Literal["ours", "theirs"] | None:
        """Add a conflict to what a person must decide, or do as they have decided."""
        side = self.choose(conflict) if self.choose else None
        if side is None:
            self.outcome.conflicts.append(conflict)
            return None
        self.outcome.settled.append((conflict, side))
        flags = np.zeros(len(self.part), bool)
        flags[faces] = True
        self._choose_faces(self._within(flags), side)
        return side

    def _choose_faces(self, flags: Bools, side: str) -> None:
        self.chosen[flags] = 1 if side == "ours" else 2

    def _names(self, codes: Ints) -> list[str]:
        """Whose some ground is."""
        return sorted({name for code in np.unique(codes).tolist() for name in self.sets[code]})

    def _report_holder(
        self, names: set[str], held: Sequence[tuple[str, ...]], faces: Ints
    ) -> Literal["ours", "theirs"] | None:
        size, where = self._place(faces)
        was, ours, theirs = (" and ".join(holders) or "nobody's" for holders in held)
        message = (
            f"{size:,.6g} km2 round {where[0]:g}, {where[1]:g} was {was}; it is {ours} for ours, "
            f"{theirs} for theirs: a border was moved, and who holds the patch behind it changed"
        )
        ids = tuple(sorted(names))
        return self._ask(Conflict(ids, "holder", was, ours, theirs, message, where), faces)

    def _place(self, faces: Ints) -> tuple[float, tuple[float, float]]:
        """How large some faces are, and a point on them."""
        labels = np.full(self.arrangement.face_count, -1, np.int64)
        labels[faces] = 0
        _, polygons = self.arrangement.dissolve(labels)
        x, y = shapely.get_coordinates(shapely.point_on_surface(polygons[0]))[0].tolist()
        return float(self.arrangement.face_area_km2[faces].sum()), (round(x, 6), round(y, 6))

    def _write(self, disputed: Bools) -> None:
        """Put patches with their new shapes into the outcome."""
        for records, own, side in zip(
            self.outcome, (self.ours, self.theirs), self.versions_of_sides, strict=True
        ):
            owner = self._owner(disputed, own)
            for name in self.names:
                kept = [code for code, names in enumerate(self.sets) if name in names]
                faces = np.flatnonzero(np.isin(owner, kept))
                # Whose ground was chosen is there, also where the other side deleted it.
                record = records.pop(name, None) or side.get(name) or self._anybodys(name)
                if len(faces) and record is not None:
                    shape = self._shape(name, faces, side)
                    records[name] = State(record.values, shape)

    def _anybodys(self, name: str) -> State | None:
        """A record of either side; None for what both deleted."""
        return self.versions.ours.get(name) or self.versions.theirs.get(name)

    def _shape(self, name: str, faces: Ints, side: States) -> shapely.Geometry:
        """The shape of a patch: as somebody drew it, where somebody drew just that."""
        shapes = [shape_of(version.get(name)) for version in self.versions]
        merged, other, _ = three(*shapes)
        chosen = merged if side is self.versions.ours else other
        for shape in (chosen, *shapes):
            if shape is not None and np.array_equal(self._covered(State({}, shape)), faces):
                return shape
        labels = np.full(self.arrangement.face_count, -1, np.int64)
        labels[faces] = 0
        _, polygons = self.arrangement.dissolve(labels)
        return canonical(polygons[0])
