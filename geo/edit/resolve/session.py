"""
What the page of conflicts asks: both versions of what git could not merge, and whose word counts.

The session keeps each choice on the disk before it answers, so a crash loses none. The files of the
folder that can be read help to name what is shown; those in conflict are read from git.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import shapely

from geo.draw import side_colors
from geo.edit.editor import parts
from geo.edit.editor.requests import RefusedError, RequestError
from geo.edit.merge.by_id import read_records
from geo.edit.resolve.unmerged import (
    choose_sides,
    key_of,
    merged_records,
    settle_file,
    unmerged_files,
)
from geo.errors import GeoError, LayerError
from geo.layers import read_bytes, unfold
from geo.model import ACTORS, CONTROL, PLACES, THEATRE, Feature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geo.edit.merge.by_id import Conflict
    from geo.edit.resolve.unmerged import Unmerged, Whose
    from geo.model import Row, Schema

    Answer = dict[str, Any]

_SIDES: tuple[Whose, Whose] = ("mine", "theirs")


class ResolveSession:
    """
    The files of one folder that git could not merge, open to be settled.

    Parameters
    ----------
    root
        The layers folder.

    Raises
    ------
    GeoError
        If git has nothing to settle there.
    LayerError
        If a version cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._files = {one.file: one for one in unmerged_files(root)}
        if not self._files:
            raise GeoError("git has nothing to settle here")

    def state(self, _: Mapping[str, str]) -> Answer:
        """
        Return all that the page shows.

        Returns
        -------
        state
            The files with their conflicts and versions, and what names them.
        """
        theatre = self._one(THEATRE)
        area = theatre.geometry if theatre else None
        places = self._read(PLACES)
        return {
            "theatre": {**theatre.properties, "area": area and unfold(area)} if theatre else {},
            "places": parts.to_page(places),
            "lists": self._actors(),
            "files": [self._tell(one) for one in self._files.values()],
        }

    def ping(self, _: Mapping[str, str]) -> Answer:
        """
        Say that somebody is there.

        Returns
        -------
        answer
            Nothing in it.
        """
        return {}

    def choose(self, sent: Mapping[str, Any]) -> Answer:
        """
        Decide one conflict.

        Parameters
        ----------
        sent
            ``file``, ``number`` of the conflict, from 1, and ``side``.

        Returns
        -------
        answer
            The file as it stands then.

        Raises
        ------
        RequestError
            If there is no such file, conflict or side.
        LayerError
            If the choice cannot be kept.
        """
        file, number, side = sent.get("file"), sent.get("number"), sent.get("side")
        with self._lock:
            one = self._files.get(file) if isinstance(file, str) else None
            if one is None or side not in _SIDES or type(number) is not int:
                raise RequestError("file, number and side must name a conflict and a side")
            if not 0 < number <= len(one.conflicts):
                raise RequestError(f"there is no conflict {number}")
            self._files[one.file] = choose_sides(one, {str(number): str(side)})
            return {"file": self._tell(self._files[one.file])}

    def save(self, _: Mapping[str, Any]) -> Answer:
        """
        Write the files whose conflicts are all decided, and give them to git.

        Returns
        -------
        answer
            ``settled`` files, and how many are ``left``.

        Raises
        ------
        RefusedError
            If a file is written but not sound; git did not get it.
        GeoError
            If a file was edited by hand since git stopped.
        LayerError
            If the system refuses to write.
        """
        settled = []
        with self._lock:
            for file, one in list(self._files.items()):
                if one.open:
                    continue
                issues = settle_file(one)[1]
                if issues:
                    raise RefusedError(issues)
                settled.append(file)
                del self._files[file]
            return {"settled": settled, "left": len(self._files)}

    def _tell(self, one: Unmerged) -> Answer:
        """A file as the page wants it."""
        base, ours, theirs = (
            read_records(data, schema=one.schema, file=one.file, repair=True)
            if data.strip()
            else ()
            for data in one.stages
        )
        mine, others = (theirs, ours) if one.is_turned else (ours, theirs)
        versions: dict[str, Any] = {"was": base, "mine": mine, "theirs": others}
        merged = merged_records(one)
        by_id: dict[str, dict[str, Feature | Row]] = {
            name: {record.id: record for record in records} for name, records in versions.items()
        }
        shown = one.schema.geometry and {**versions, "merged": merged}
        return {
            "file": one.file,
            "is_layer": one.schema.name == CONTROL.name,
            "sides": {whose: str(one.side(whose) or "") for whose in _SIDES},
            "branches": {whose: s.name if (s := one.side(whose)) else "" for whose in _SIDES},
            "kind": one.standing.kind if one.standing else "",
            "conflicts": [
                self._conflict(one, number, conflict, by_id)
                for number, conflict in enumerate(one.conflicts, 1)
            ],
            "open": len(one.open),
            "versions": {name: parts.to_page(records) for name, records in shown.items()}
            if shown
            else {},
        }

    def _conflict(
        self,
        one: Unmerged,
        number: int,
        conflict: Conflict,
        by_id: Mapping[str, Mapping[str, Feature | Row]],
    ) -> Answer:
        return {
            "number": number,
            "ids": list(conflict.ids),
            "what": conflict.what.removeprefix("property "),
            "is_property": conflict.what.startswith("property "),
            "was": conflict.base,
            "mine": one.said(conflict, "mine"),
            "theirs": one.said(conflict, "theirs"),
            "where": list(conflict.where) if conflict.where else None,
            "choice": one.choices.get(key_of(conflict)),
            "shape": _ground(conflict, by_id),
        }

    def _read(self, schema: Schema) -> tuple[Any, ...]:
        """What a file says, if it can be read."""
        path = self.root / schema.path
        try:
            data = read_bytes(path, root=self.root)
            return tuple(read_records(data, schema=schema, file=schema.path, repair=True))
        except LayerError:
            return ()

    def _one(self, schema: Schema) -> Feature | None:
        found = self._read(schema)
        return found[0] if found else None

    def _actors(self) -> Answer:
        rows = self._read(ACTORS)
        sides = {row.id: str(row.values["side"]) for row in rows if row.values["side"]}
        own = {row.id: str(row.values["color"] or "") for row in rows}
        colors = side_colors(own, set(sides.values()))
        return {
            "controllers": [
                {
                    **{name: row.values[name] for name in ("id", "name", "name_ar", "kind")},
                    "side": sides.get(row.id),
                    "color": colors.get(sides.get(row.id, "")),
                }
                for row in rows
            ]
        }


def _ground(conflict: Conflict, by_id: Mapping[str, Mapping[str, Feature | Row]]) -> object:
    """Where a conflict lies: ground that the two draw differently, or what it is about."""
    apart, whole = [], []
    for name in conflict.ids:
        records = [by_id[side][name] for side in ("mine", "theirs") if name in by_id[side]]
        shapes = [record.geometry for record in records if record.geometry is not None]
        whole += shapes
        if conflict.what in {"ground", "holder", "geometry"} and len(shapes) == 2:
            apart.append(shapely.symmetric_difference(shapes[0], shapes[1]))
    found = shapely.union_all([one for one in apart if not shapely.is_empty(one)])
    if shapely.is_empty(found):
        found = shapely.union_all(whole)
    if shapely.get_dimensions(found) == 2:
        areas = [p for p in shapely.get_parts(found) if shapely.get_dimensions(p) == 2]
        found = shapely.MultiPolygon([q for p in areas for q in shapely.get_parts(p)])
    return None if shapely.is_empty(found) else unfold(found)
