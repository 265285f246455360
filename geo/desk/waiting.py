"""
What waits to be done, ranked by how much of the map hangs on it.

Five kinds: words that contradict each other; places of which one publisher alone tells; words that
will soon be too old to count; places that were told of and never located; changes that no row of
the ledger explains. What hangs on words is what would be drawn otherwise without them: all are
ranked quickly, and the first ones are drawn anew and measured, until the first of the list is one
that was measured.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.desk.tasks import KINDS
from geo.errors import escape
from geo.evidence import Change, Hanging, Parameters, find_disagreement, kept_answer, ledger_frame
from geo.model import parse_day, shift_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Row

    Told = Callable[[str, int, int], None]

_SOON_DAYS = 30
"""Words that will be too old so soon are told of."""
_MOST_MEASURED = 8
"""So many are drawn anew at most, each as long as a few drafts: until what stands first was."""
_MOST_RANKED = 120
"""Of more sets of words those are ranked that stand most alone."""
_TRIALS = 3
"""A place that nobody located is tried at so many positions."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Something that waits.

    Attributes
    ----------
    kind
        One of `KINDS`.
    text
        What it is, in a sentence.
    km2
        How much of the map hangs on it.
    is_measured
        Whether that was drawn anew and measured; else it is quickly reckoned, or as drawn.
    moves
        Of what was measured: km2 by who is drawn with the ground and who would be.
    places, statements, sources
        Ids of what it is about.
    command
        What to type.
    """

    kind: str
    text: str
    km2: float
    is_measured: bool
    moves: Mapping[tuple[str, str], float]
    places: tuple[str, ...]
    statements: tuple[str, ...]
    sources: tuple[str, ...]
    command: str

    def to_dict(self) -> dict[str, Any]:
        """
        Return it as plain values.

        Returns
        -------
        record
            Ready for JSON, or a row of a table.
        """
        return {
            "kind": self.kind,
            "km2": round(self.km2, 1),
            "measured": self.is_measured,
            "text": self.text,
            "moves": "; ".join(
                f"{was} to {now} {km2:.1f}" for (was, now), km2 in self.moves.items()
            ),
            "place_ids": ";".join(self.places),
            "statement_ids": ";".join(self.statements),
            "source_ids": ";".join(self.sources),
            "command": self.command,
        }


def list_waiting(
    folder: Folder,
    composite: Composite,
    day: dt.date,
    digests: Mapping[str, str],
    *,
    progress: Told | None = None,
) -> list[Waiting]:
    """
    Return what waits, first what would move the most ground.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    day
        The date of the map that is looked at.
    digests
        SHA-256 of every file of the layers, by which answers are kept.
    progress
        Told what is done, how much of it, and of how much.

    Returns
    -------
    waiting
        The most ground first.
    """
    desk = _Desk(folder, day, digests, progress or (lambda *_: None))
    found = [*desk.words(), *desk.unlocated(), *_unexplained(folder, composite, day)]
    found.sort(key=_rank)
    for turn in range(_MOST_MEASURED):
        if not found or not desk.can_measure(found[0]):
            break
        desk.progress("drawn without some words", turn, _MOST_MEASURED)
        found[0] = desk.measured(found[0])
        found.sort(key=_rank)
    desk.progress("drawn without some words", _MOST_MEASURED, _MOST_MEASURED)
    return found


def _rank(one: Waiting) -> tuple[float, int, tuple[str, ...]]:
    return -one.km2, KINDS.index(one.kind), one.places


class _Desk:
    """What waits in the words of a date."""

    def __init__(
        self, folder: Folder, day: dt.date, digests: Mapping[str, str], progress: Told
    ) -> None:
        self._folder, self._day, self.progress = folder, day, progress
        self._kept = partial(kept_answer, digests)
        self._sources, self._rows = folder.rows("sources"), folder.rows("statements")
        try:
            self._hanging: Hanging | None = Hanging(folder, day)
        except ValueError:
            self._hanging = None  # nothing can be drawn from words, so nothing hangs on them

    def can_measure(self, one: Waiting) -> bool:
        """Whether it is about words that could be left out, and was not measured yet."""
        return bool(one.statements) and one.kind != "unlocated" and not one.is_measured

    def measured(self, one: Waiting) -> Waiting:
        """The same, drawn anew without the words."""
        assert self._hanging is not None
        question = f"drawn on {self._day} without {sorted(one.statements)}"
        measure = partial(self._hanging.measure, one.statements)
        rows = self._kept(question, lambda: [[*pair, km2] for pair, km2 in measure().items()])
        moves = {(was, now): float(km2) for was, now, km2 in rows}
        return replace(one, km2=sum(moves.values()), is_measured=True, moves=moves)

    # ------------------------------------------------------------ words

    def words(self) -> list[Waiting]:
        """Contradictions, places of one publisher, and words that age, quickly reckoned."""
        if self._hanging is None:
            return []
        found = [*self._contradictions(), *self._ageing()]
        taken = {place for one in found for place in one.places}
        sole = [one for one in self._sole() if one.places[0] not in taken]
        found += sole[:_MOST_RANKED]
        areas = self._ranked([Change(one.statements) for one in found])
        return [replace(one, km2=km2) for one, km2 in zip(found, areas, strict=True)]

    def _ranked(self, changes: Sequence[Change]) -> list[float]:
        assert self._hanging is not None
        self.progress("reckoned without some words", 0, 1)
        question = f"ranked on {self._day}: {changes}"
        areas = self._kept(question, partial(self._hanging.rank, changes))
        return [float(km2) for km2 in areas]

    def _contradictions(self) -> Iterator[Waiting]:
        for row in find_disagreement(self._folder, self._day).to_dict("records"):
            answers: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
            for word in row["says"]:
                answers[word["holder"]].append(word)
            ranked = row["holders"].split(" | ")
            said = ", ".join(
                f"{answer.replace(';', ' and ')} by {_counted(len(answers[answer]), 'word')}"
                for answer in ranked
            )
            text = f"sources disagree about {self._name(row['id'])} ({said}): find out which is so"
            first = [word["statement"] for word in answers[ranked[0]]]
            yield self._item("contradiction", text, row["id"], first)

    def _sole(self) -> list[Waiting]:
        """Places of which one publisher alone tells, first those with nobody near."""
        assert self._hanging is not None
        told: dict[str, list[Row]] = defaultdict(list)
        spots: dict[str, Any] = {}
        for one in self._hanging.told:
            told[one.place_id].extend(one.rows)
            spots[one.place_id] = one.middle
        found = []
        for place, rows in told.items():
            names = {name for row in rows for name in self._publishers(row)}
            if len(names) != 1:
                continue
            days = sorted(str(row.values["date"]) for row in rows)
            text = (
                f"{self._name(place)} is told of by {escape(next(iter(names)))} alone, last of "
                f"{days[-1]}: find a second publisher"
            )
            found.append(self._item("sole", text, place, [row.id for row in rows]))
        every = np.array(list(spots.values())).reshape(-1, 2)

        def alone(one: Waiting) -> float:
            away = ((every - spots[one.places[0]]) ** 2).sum(axis=1)
            return -float(np.partition(away, 1)[1]) if len(away) > 1 else 0.0

        return sorted(found, key=lambda one: (alone(one), one.places))

    def _ageing(self) -> Iterator[Waiting]:
        """Words that count on the date and will soon be too old to."""
        assert self._hanging is not None
        most = Parameters().max_age_days
        ends: dict[str, list[tuple[dt.date, Row]]] = defaultdict(list)
        for one in self._hanging.told:
            for row in one.rows:
                last = shift_day(parse_day(str(row.values["date"])), most)
                if self._day <= last < shift_day(self._day, _SOON_DAYS):
                    ends[one.place_id].append((last, row))
        for place, words in ends.items():
            last = min(day for day, _ in words)
            text = (
                f"the word of {self._name(place)} counts until {last}, and then no more: "
                "find a later one"
            )
            yield self._item("ageing", text, place, [row.id for _, row in words])

    def _item(self, kind: str, text: str, place: str, statements: Sequence[str]) -> Waiting:
        ids = tuple(sorted(set(statements)))
        cited = (i for one in ids for i in split_ids(self._rows[one].values["source_ids"]))
        without = " ".join(f"--without {shlex.quote(one)}" for one in ids)
        command = f"frontline estimate {self._day} --dry-run {without}"
        sources = tuple(dict.fromkeys(cited))
        return Waiting(kind, text, 0.0, False, {}, (place,), ids, sources, command)

    def _publishers(self, row: Row) -> list[str]:
        ids = split_ids(row.values["source_ids"])
        return [
            str(self._sources[i].values["publisher"]) if i in self._sources else str(i) for i in ids
        ]

    def _name(self, place_id: str) -> str:
        found = self._folder.places.get(place_id)
        return escape(str(found.properties["name"])) if found else escape(place_id)

    # ------------------------------------------------------------ places never located

    def unlocated(self) -> list[Waiting]:
        """Places with words that would count if anybody knew where they are."""
        oldest = str(shift_day(self._day, -Parameters().max_age_days))
        words: dict[str, list[Row]] = defaultdict(list)
        for row in self._folder.statements.rows:
            place = self._folder.places.get(str(row.values["place_id"]))
            if place is None or place.geometry is not None:
                continue
            if oldest <= str(row.values["date"]) <= str(self._day):
                words[place.id].append(row)
        trials = {place: self._beside(place) for place in sorted(words)}
        changes = [Change((), place, near) for place, some in trials.items() for near in some]
        areas: dict[str, list[float]] = defaultdict(list)
        if self._hanging is not None and changes:
            for one, km2 in zip(changes, self._ranked(changes), strict=True):
                areas[one.place].append(km2)
        return [
            self._unlocated(place, words[place], near, areas[place])
            for place, near in trials.items()
        ]

    def _unlocated(
        self, place: str, rows: Sequence[Row], near: Sequence[str], areas: Sequence[float]
    ) -> Waiting:
        km2 = float(np.median(areas)) if areas else 0.0
        where = ", ".join(map(self._name, near))
        tried = f"; tried near {where}, the middle of the figures" if areas else ""
        words = f"{_counted(len(rows), 'word')} on it {'count' if len(rows) != 1 else 'counts'}"
        text = f"{self._name(place)} was never located, so {words} for nothing{tried}"
        values = self._folder.places[place].properties
        sources = tuple(dict.fromkeys(i for r in rows for i in split_ids(r.values["source_ids"])))
        command = f"frontline find {shlex.quote(str(values['name']))}"
        ids = tuple(row.id for row in rows)
        return Waiting("unlocated", text, km2, False, {}, (place,), ids, sources, command)

    def _beside(self, place: str) -> list[str]:
        """Located places that the ledger, or the same sources, name together with one."""
        folder = self._folder
        counts: dict[str, int] = defaultdict(int)
        mine = {
            i
            for row in folder.statements.rows
            if row.values["place_id"] == place
            for i in split_ids(row.values["source_ids"])
        }
        for row in folder.changes.rows:
            named = split_ids(row.values["place_ids"])
            if place in named:
                for one in named:
                    counts[one] += 10
        for row in folder.statements.rows:
            if mine & set(split_ids(row.values["source_ids"])):
                counts[str(row.values["place_id"])] += 1
        spots = [i for i in counts if i in folder.places and folder.places[i].geometry is not None]
        return sorted(spots, key=lambda one: (-counts[one], one))[:_TRIALS]


def _unexplained(folder: Folder, composite: Composite, day: dt.date) -> Iterator[Waiting]:
    """Steps up to a day in which ground changed and no row of the ledger says why."""
    pieces = ledger_frame(folder, composite)
    open_ = pieces[(pieces["change_ids"] == "") | (pieces["unnamed"] != "")]
    open_ = open_[open_["to_date"] <= day]
    for (first, last), group in open_.groupby(["from_date", "to_date"]):
        places = tuple(dict.fromkeys(i for cell in group["unnamed"] for i in split_ids(cell)))
        stand = "stands" if len(group) == 1 else "stand"
        text = f"{_counted(len(group), 'piece')} of change between {first} and {last} {stand}"
        yield Waiting(
            "unexplained",
            f"{text} in no row of the ledger",
            float(group["area_km2"].sum()),
            True,
            {},
            places,
            (),
            (),
            f"frontline change {first} {last} --ledger --write",
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count != 1 else "")
