"""Where two maps differ, table by table, and what is said on either side."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from geo.control import OUTSIDE, Contrast, DrawnMap, compare_sides, sum_agreement
from geo.crs import middle_of
from geo.layers import ConsensusPatch
from geo.model import Basis, Confidence, Label, Status, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from geo.desk.compare.other import OtherMap
    from geo.layers import Folder
    from geo.model import Feature, Row

    Columns = dict[str, list[Any]]

TABLES = ("agreement", "pairs", "classes", "sides", "fronts", "first", "places")
"""The tables of a comparison, by the names of the methods that make them."""

_TOLD = 3
"""So many statements a place are told on either hand, the newest first."""


@dataclass(frozen=True)
class Comparison:
    """
    Our layers beside another map; the tables have columns by name, ready for a frame.

    Attributes
    ----------
    folder
        Our layers.
    other
        The other map.
    asked
        The days to be compared; none takes `Contrast.days`.
    name
        What our map is called.
    """

    folder: Folder
    other: OtherMap
    asked: tuple[dt.date, ...] = ()
    name: str = field(default="here")

    @cached_property
    def contrast(self) -> Contrast:  # numpydoc ignore=RT01
        """Both maps on the same faces."""
        ours = DrawnMap(
            self.folder.area, {day: self.folder.patches(day) for day in self.folder.control}
        )
        return Contrast(ours, self.other.drawn, {**self.other.sides, **self.folder.sides})

    @cached_property
    def days(self) -> tuple[dt.date, ...]:  # numpydoc ignore=RT01
        """The days compared."""
        for day in self.asked:
            self.contrast.as_of(day)
        return tuple(sorted(set(self.asked))) or self.contrast.days

    @cached_property
    def sides(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """Every side that holds ground on either map."""
        codes = self.contrast.composite.held_codes
        names = self.contrast.composite.side_codes[0]
        return tuple(names[k] for k in sorted({int(code) for code in codes if code >= 0}))

    @property
    def strangers(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """Who holds ground on the other map and is no actor of ours."""
        held = {
            patch.label.controller
            for patches in self.other.drawn.layers.values()
            for patch in patches
        }
        return tuple(sorted(held - {"", *self.folder.rows("actors")}))

    def _each(self, table: Any) -> Columns:
        """The same table of every day, one below the other, with the day before it."""
        found: Columns = {}
        for day in self.days:
            columns = table(day)
            rows = len(next(iter(columns.values()), []))
            for name, column in {"date": [day] * rows, **columns}.items():
                found.setdefault(name, []).extend(column)
        return found

    def agreement(self) -> Columns:
        """
        Return on how much ground the maps agree, day by day.

        Returns
        -------
        agreement
            ``date``, ``here`` and ``there`` (dates of the layers in force), the sums of
            `geo.control.sum_agreement`, ``share`` (of the ground that both reach, what both say the
            same of) and ``held_share`` (of what both give to a side, what they give to the same).
        """

        def one(day: dt.date) -> Columns:
            sums = sum_agreement(self.contrast.pairs(day), self.sides)
            here, there = self.contrast.as_of(day)
            shares = {
                "share": _ratio(sums["same_km2"], sums["common_km2"]),
                "held_share": _ratio(sums["held_same_km2"], sums["held_km2"]),
            }
            return {
                name: [v] for name, v in {"here": here, "there": there, **shares, **sums}.items()
            }

        return self._each(one)

    def pairs(self, by: str = "side") -> Columns:
        """
        Return how much ground the one map gives to whom, and the other to whom.

        Parameters
        ----------
        by
            ``side`` or ``holder``.

        Returns
        -------
        pairs
            ``date`` and what `geo.control.Contrast.pairs` returns, without the rim of both.
        """

        def one(day: dt.date) -> Columns:
            columns = self.contrast.pairs(day, by=by)
            rows = zip(*columns.values(), strict=True)
            kept = [row for row in rows if not (row[0] == row[1] == OUTSIDE)]
            kept.sort(key=lambda row: (row[0] == row[1], -row[2]))
            return {name: [row[i] for row in kept] for i, name in enumerate(columns)}

        return self._each(one)

    def classes(self) -> Columns:
        """
        Return how much ground the maps see alike, by how sure each is.

        Returns
        -------
        classes
            ``date`` and what `geo.control.Contrast.classes` returns.
        """
        return self._each(self.contrast.classes)

    def by_side(self) -> Columns:
        """
        Return how alike the ground of each side is.

        Returns
        -------
        sides
            ``date`` and what `geo.control.compare_sides` returns.
        """
        return self._each(lambda day: compare_sides(self.contrast.pairs(day), self.sides))

    def fronts(self) -> Columns:
        """
        Return how far the fronts of every two sides lie apart.

        Returns
        -------
        fronts
            ``date`` and what `geo.control.Contrast.front` returns.
        """
        return self._each(lambda day: self.contrast.fronts(day, self._spots))

    def first(self) -> Columns:
        """
        Return which map showed first that ground came to a side.

        Returns
        -------
        first
            What `geo.control.Contrast.first_shown` returns.
        """
        return self.contrast.first_shown()

    @cached_property
    def _places(self) -> dict[str, Feature]:
        """The places of both, ours where both have one of an id."""
        theirs = self.other.folder.places if self.other.folder else {}
        return {
            one.id: one
            for one in {**theirs, **self.folder.places}.values()
            if one.geometry is not None
        }

    def place(self, place_id: str) -> Feature | None:
        """
        Return a place of either map.

        Parameters
        ----------
        place_id
            Its id.

        Returns
        -------
        place
            Ours, where both have one of the id; None where there is none that was located.
        """
        return self._places.get(place_id)

    @cached_property
    def _spots(self) -> dict[str, tuple[float, float]]:
        spots = {}
        for name, place in self._places.items():
            assert place.geometry is not None
            middle = middle_of(place.geometry)
            spots[name] = (middle.x, middle.y)
        return spots

    def places(self) -> Columns:
        """
        Return the places that the maps give to different holders, with what is said on either hand.

        Returns
        -------
        places
            ``date``, ``place_id``, ``name``, ``here``, ``there``, and ``says_here`` and
            ``says_there``: the newest statements up to the day that give the place to the holder on
            this map, of whichever folder they stand in.
        """

        def one(day: dt.date) -> Columns:
            names = list(self._spots)
            held = self.contrast.holders_at(day, list(self._spots.values()))
            rows = [
                (
                    *(name, self._places[name].properties["name"], here, there),
                    *(";".join(self._said(name, side, day)) for side in (here, there)),
                )
                for name, (here, there) in zip(names, held, strict=True)
                if here != there and OUTSIDE not in {here, there}
            ]
            heads = ("place_id", "name", "here", "there", "says_here", "says_there")
            return {head: [row[i] for row in rows] for i, head in enumerate(heads)}

        return self._each(one)

    def _said(self, place_id: str, side: str, day: dt.date) -> list[str]:
        """The newest statements that give a place to a side."""
        rows = self._statements.get((place_id, side), [])
        return [row.id for row in rows if str(row.values["date"]) <= str(day)][:_TOLD]

    @cached_property
    def _statements(self) -> dict[tuple[str, str], list[Row]]:
        """Statements of both folders by the place and the side, or the status, that they say."""
        found: dict[tuple[str, str], dict[str, Row]] = {}
        for folder in filter(None, (self.folder, self.other.folder)):
            for row in folder.statements.rows:
                who = str(row.values["controller"] or "")
                side = self.folder.sides.get(who) or self.other.sides.get(who, who)
                key = (str(row.values["place_id"]), side or str(row.values["status"]))
                found.setdefault(key, {}).setdefault(row.id, row)
        return {
            key: sorted(rows.values(), key=lambda row: (str(row.values["date"]), row.id))[::-1]
            for key, rows in found.items()
        }

    def table(self, name: str) -> Columns:
        """
        Return one of the tables by its name.

        Parameters
        ----------
        name
            One of `TABLES`.

        Returns
        -------
        columns
            What the method of that name returns; ``sides`` is `by_side`.
        """
        made: Columns = getattr(self, "by_side" if name == "sides" else name)()
        return made

    def statements(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """
        Return statements by id, with who published them.

        Parameters
        ----------
        ids
            As `places` names them.

        Returns
        -------
        statements
            ``id``, ``date``, ``publishers`` and ``note``.
        """
        rows: dict[str, tuple[Row, Folder]] = {}
        for folder in filter(None, (self.folder, self.other.folder)):
            for name, row in folder.rows("statements").items():
                rows.setdefault(name, (row, folder))
        return [_told(*rows[name]) for name in ids if name in rows]

    def consensus(self, day: dt.date) -> list[ConsensusPatch]:
        """
        Return the ground that both maps give to the same side, and where they differ.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        patches
            One a pair of holders. Where both say the same it is inferred, and as sure as the less
            sure of them; where they differ it is unknown, and the note has what each says.
        """
        return [patch for patch in (self._agreed(*row) for row in self._grounds(day)) if patch]

    def _grounds(self, day: dt.date) -> list[tuple[Label, Label, Any]]:
        """The ground of every two holders and certainties, without what sets patches apart."""
        import shapely

        found: dict[tuple[Label, Label], list[Any]] = {}
        for here, there, shape in self.contrast.ground(day):
            key = (self._plain(here), self._plain(there))
            found.setdefault(key, []).append(shape)
        return [(*key, shapely.union_all(many, grid_size=1e-6)) for key, many in found.items()]

    def _plain(self, label: Label) -> Label:
        side = self.contrast.composite.side(label) if label.controller else ""
        parties = [self.contrast.composite.sides.get(p, p) for p in split_ids(label.controllers)]
        shared = ";".join(dict.fromkeys(sorted(parties)))
        return Label(side, shared, label.status, "", label.confidence)

    def _agreed(self, here: Label, there: Label, shape: Any) -> ConsensusPatch | None:
        names = f"{self.name}: {_says(here)}; {self.other.name}: {_says(there)}"
        if (here.holder, here.controllers) != (there.holder, there.controllers):
            return ConsensusPatch(Label(), f"The maps differ. {names}.", shape)
        if here.is_nobodys and here.status == Status.UNKNOWN:
            return ConsensusPatch(Label(), f"Both maps leave it open. {names}.", shape)
        order = [str(one) for one in Confidence]
        sure = max((one.confidence or order[-1] for one in (here, there)), key=order.index)
        label = Label(here.controller, here.controllers, here.status, Basis.INFERRED, sure)
        return ConsensusPatch(label, f"Both maps say so. {names}.", shape)

    def to_dict(self) -> dict[str, Any]:
        """
        Return everything as plain values.

        Returns
        -------
        comparison
            The names of the maps and every table as a list of records.
        """
        tables = {name: _records(self.table(name)) for name in TABLES}
        return {"here": self.name, "there": self.other.name, **tables}


def _says(label: Label) -> str:
    holder = label.controller or label.controllers.replace(";", " and ") or label.status
    return f"{holder} ({label.confidence})" if label.confidence else holder


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _records(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    rows = zip(*columns.values(), strict=True)
    return [
        {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]


def _told(row: Row, folder: Folder) -> dict[str, Any]:
    sources = folder.rows("sources")
    cited = [sources[i].values for i in split_ids(row.values["source_ids"]) if i in sources]
    return {
        "id": row.id,
        "date": str(row.values["date"]),
        "publishers": sorted({str(one["publisher"]) for one in cited}),
        "note": str(row.values["note"] or ""),
    }
