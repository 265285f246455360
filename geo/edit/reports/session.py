"""
One review: reports in a queue, what was decided about each, and what goes into the layers.

Every decision is on the disk before it is answered, in a journal of its report beside the layers;
what the page shows is the report read anew with its journal applied. So a kill of the server, the
browser or both loses nothing, and the same report opened again goes on where it was left. A save
writes all files together or none, and is refused for what `check` would call an error.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from geo.draw import side_colors
from geo.edit.editor import parts
from geo.edit.editor.requests import RefusedError, RequestError, write_together
from geo.edit.reports import decisions, saving
from geo.edit.reports.decisions import Decider, Draft
from geo.edit.reports.questions import Asker
from geo.errors import DateError, escape
from geo.evidence import DRAFTS, STATEMENT_DRAFTS, read_report
from geo.layers import Journal, private_folder, read_digests, read_folder, unfold
from geo.model import describe_columns, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo.evidence import Gazetteer, History, Review
    from geo.layers import Folder

    Answer = dict[str, Any]

_SETTINGS = frozenset({"published", "source_id", "source"})


@dataclass(frozen=True)
class Report:
    """
    A report of the queue.

    Attributes
    ----------
    name
        Of its file.
    text
        What it says.
    published
        Its day, where it is known.
    """

    name: str
    text: str
    published: dt.date | None = None

    @property
    def digest(self) -> str:
        """What tells it from other reports."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass
class _Read:
    """A report as it was read under some settings."""

    key: tuple[object, ...]
    review: Review
    drafts: list[Draft] = field(default_factory=list)


class ReviewSession:
    """
    Reports under review, beside the layers of one folder.

    Parameters
    ----------
    root
        The layers folder.
    reports
        The queue.
    gazetteer
        Places that names are looked up in.
    near
        Longitude and latitude that the reports are about.
    source_id
        Their source, if all have one.
    history
        Who held a position, to compare drafts with.

    Raises
    ------
    LayerError
        If the layers cannot be read.
    """

    def __init__(
        self,
        root: Path,
        reports: Sequence[Report],
        *,
        gazetteer: Gazetteer,
        near: tuple[float, float] | None = None,
        source_id: str | None = None,
        history: History | None = None,
    ) -> None:
        self.root, self.reports = root, tuple(reports)
        self._gazetteer, self._near, self._history = gazetteer, near, history
        self._source_id = source_id
        self._lock = threading.RLock()
        self._folder = read_folder(root)
        self._reads: dict[int, _Read] = {}
        self._counts: dict[int, Answer] = {}

    # ------------------------------------------------------------ what the page asks

    def state(self, asked: Mapping[str, str]) -> Answer:
        """
        Return all that the page shows of one report.

        Parameters
        ----------
        asked
            ``report``, its number in the queue; without it the first that has drafts left.

        Returns
        -------
        state
            As the page wants it.

        Raises
        ------
        RequestError
            If there is no such report.
        LayerError
            If the layers cannot be read.
        """
        with self._lock:
            folder = self._current()
            number = self._begin(asked.get("report"))
            report, read = self.reports[number], self._read(number)
            return {
                "theatre": {**folder.theatre.properties, "area": unfold(folder.area)},
                "text": report.text,
                "mentions": [[m.start, m.end, m.kind, m.value] for m in read.review.mentions],
                "columns": {
                    "event": describe_columns(DRAFTS),
                    "statement": describe_columns(STATEMENT_DRAFTS),
                },
                "lists": parts.list_choices(folder),
                "colors": side_colors(folder.own_colors, set(folder.sides.values())),
                "places": parts.to_page(tuple(folder.places.values())),
                "context": parts.to_page(folder.context),
                "dates": [str(day) for day in folder.control],
                **self._told(number),
            }

    def ground(self, asked: Mapping[str, str]) -> Answer:
        """
        Return the control layer in force before something happened.

        Parameters
        ----------
        asked
            ``date``.

        Returns
        -------
        ground
            ``date`` of the layer, null where there is none, and its ``features``.

        Raises
        ------
        DateError
            If the date is none.
        LayerError
            If the layers cannot be read.
        """
        with self._lock:
            folder = self._current()
        day = parse_day(asked.get("date", ""))
        days = [one for one in folder.control if one < day] or list(folder.control)[:1]
        if not days:
            return {"date": None, "features": []}
        layer = folder.control[days[-1]]
        return {"date": str(days[-1]), "features": parts.to_page(layer.features)}

    def ping(self, _: Mapping[str, str]) -> Answer:
        """
        Say that the server is there.

        Returns
        -------
        answer
            How many reports there are.
        """
        return {"reports": len(self.reports)}

    # ------------------------------------------------------------ deciding

    def decide(self, sent: Answer) -> Answer:
        """
        Take a decision, keep it on the disk, and say how the drafts stand then.

        Parameters
        ----------
        sent
            ``report``, and the decision: ``op`` and what it needs.

        Returns
        -------
        answer
            ``drafts``, ``queue`` and what is asked of the report.

        Raises
        ------
        RequestError
            If it cannot be decided so.
        LayerError
            If the system refuses to write.
        """
        with self._lock:
            number = self._number(sent.get("report"))
            decision = {k: v for k, v in sent.items() if k not in {"report", "tab"}}
            if decision.get("op") == "report":
                self._require_settings(decision)
            else:
                self._decider(number).apply(decision)
            self._keep(number, decision)
            return self._told(number)

    def undo(self, sent: Answer) -> Answer:
        """
        Take the last decision about a report back; what was saved stays saved.

        Parameters
        ----------
        sent
            ``report``.

        Returns
        -------
        answer
            As of `decide`, with the id of the draft that it was about.

        Raises
        ------
        RequestError
            If nothing was decided since the last save.
        LayerError
            If the system refuses to write.
        """
        with self._lock:
            number = self._number(sent.get("report"))
            made = self._decisions(number)
            if not made or made[-1].get("op") == "saved":
                raise RequestError("there is nothing to undo")
            self._keep(number, {"op": "undo"})
            return {**self._told(number), "undone": made[-1].get("id")}

    def save(self, _: Answer) -> Answer:
        """
        Write what was accepted of all reports into the layers, all of it or nothing.

        Returns
        -------
        answer
            ``saved``, how many events, statements and sources of events were written, and the
            files in ``paths``.

        Raises
        ------
        RequestError
            If there is nothing to write, or an accepted draft has no source.
        RefusedError
            If the layers would not be sound.
        LayerError
            If the system refuses to write; nothing is changed.
        """
        with self._lock:
            folder = self._current()
            taken = []
            for number in self._decided():
                settings, decider = self._settings(number), self._decider(number)
                taken.append(saving.Taken.of(self.reports[number].name, settings, decider))
            if not any(one.drafts for one in taken):
                raise RequestError("nothing has been accepted yet")
            plan = saving.plan(folder, taken)
            if plan.issues:
                raise RefusedError(plan.issues)
            write_together(self.root, plan.changes)
            for number, one in zip(self._decided(), taken, strict=True):
                if one.drafts:
                    self._keep(number, {"op": "saved", "ids": [d.id for d in one.drafts]})
            self._counts.clear()
            return {
                "saved": plan.counts,
                "paths": [change.path for change in plan.changes],
                "queue": self._queue(),
            }

    def _require_settings(self, decision: Answer) -> None:
        if unknown := sorted(decision.keys() - _SETTINGS - {"op"}):
            raise RequestError(f"a report has no {unknown[0][:40]}")
        if decision.get("published") is not None:
            try:
                parse_day(str(decision["published"]))
            except DateError as error:
                raise RequestError(str(error)) from error
        source, new = decision.get("source_id"), decision.get("source")
        known = {row.id for row in self._current().sources.rows}
        if new is not None:
            saving.require_source(new, known)
        elif source is not None and source not in known:
            raise RequestError(f"no source is called {escape(str(source))[:60]}")

    # ------------------------------------------------------------ reports and their journals

    def _current(self) -> Folder:
        if read_digests(self.root) != dict(self._folder.digests):
            self._folder = read_folder(self.root)
            self._reads.clear()
            self._counts.clear()
        return self._folder

    def _begin(self, asked: object) -> int:
        """The report that is asked for, or else the first with drafts left."""
        if asked not in {None, ""}:
            return self._number(asked)
        numbers = range(len(self.reports))
        return next((n for n in numbers if any(d.status == "draft" for d in self._drafts(n))), 0)

    def _number(self, asked: object) -> int:
        text = str(asked)
        if not text.isdecimal() or int(text) >= len(self.reports):
            raise RequestError(f"there is no report {text[:20]}")
        return int(text)

    def _journal(self, number: int) -> Journal:
        name = f"review-{self.reports[number].digest[:16]}.journal"
        return Journal(self.root / ".frontline" / name)

    def _keep(self, number: int, decision: Mapping[str, Any]) -> None:
        private_folder(self.root)
        journal = self._journal(number)
        if not journal.records():
            report = self.reports[number]
            journal.append(orjson.dumps({"report": report.name, "text": report.text}))
        journal.append(orjson.dumps(decision))

    def _decisions(self, number: int) -> list[Answer]:
        """What was decided and not taken back."""
        made: list[Answer] = []
        for data in self._journal(number).records()[1:]:
            one = orjson.loads(data)
            if one.get("op") == "undo":
                if made and made[-1].get("op") != "saved":
                    made.pop()
            else:
                made.append(one)
        return made

    def _decided(self) -> list[int]:
        """The reports that something was decided about."""
        return [number for number in range(len(self.reports)) if self._decisions(number)]

    def _settings(self, number: int) -> Answer:
        """Day and source of a report, as they stand now."""
        published = self.reports[number].published
        found: Answer = {
            "published": str(published) if published else None,
            "source_id": self._source_id,
            "source": None,
        }
        for one in self._decisions(number):
            if one.get("op") == "report":
                found |= {name: one[name] for name in _SETTINGS if name in one}
                if "source" in one:
                    found["source_id"] = one["source"]["id"]
        return found

    def _read(self, number: int) -> _Read:
        settings = self._settings(number)
        key = (settings["published"], settings["source_id"])
        read = self._reads.get(number)
        if read is None or read.key != key:
            folder = self._folder
            review = read_report(
                self.reports[number].text,
                gazetteer=self._gazetteer,
                actors=folder.actors.rows,
                vocabulary=folder.vocabulary.rows,
                published=parse_day(key[0]) if key[0] else None,
                near=self._near,
                source_id=key[1],
                history=self._history,
            )
            drafts = decisions.begin(review.drafts, review.statements)
            read = self._reads[number] = _Read(key, review, drafts)
        return read

    def _decider(self, number: int) -> Decider:
        """The drafts of a report with all that was decided; what no longer fits is left out."""
        decider = Decider(self._read(number).drafts, self._folder.places)
        there = {event.id for event in self._folder.events}
        there |= {row.id for row in self._folder.statements.rows}
        for one in self._decisions(number):
            if one.get("op") == "saved":
                for draft in decider.drafts:
                    if draft.id in one["ids"]:
                        draft.status = "saved"
            elif one.get("op") != "report":
                try:
                    decider.apply(one)
                except RequestError:
                    continue
        for draft in decider.drafts:
            if draft.id in there:
                draft.status = "saved"
        return decider

    def _drafts(self, number: int) -> list[Draft]:
        return self._decider(number).drafts

    # ------------------------------------------------------------ telling

    def _queue(self, changed: int | None = None) -> list[Answer]:
        """What is left of each report; counted again where something was decided."""
        for number in range(len(self.reports)):
            if number == changed or self._counts.get(number, {}).get("of") is None:
                self._counts[number] = self._count(number)
        return [self._counts[number] for number in range(len(self.reports))]

    def _count(self, number: int) -> Answer:
        """What is left of a report; nothing of one that nobody has opened yet: reading takes."""
        if number not in self._reads:
            return {"name": self.reports[number].name, "of": None, "left": None, "accepted": 0}
        drafts = self._drafts(number)
        return {
            "name": self.reports[number].name,
            "of": len(drafts),
            "left": sum(one.status == "draft" for one in drafts),
            "accepted": sum(one.status in {"reviewed", "same"} for one in drafts),
        }

    def _told(self, number: int) -> Answer:
        settings, read, folder = self._settings(number), self._read(number), self._folder
        day = parse_day(settings["published"]) if settings["published"] else None
        decider = self._decider(number)
        asker = Asker(read.review, decider.places, folder.sides, day)
        made = self._decisions(number)
        return {
            "report": number,
            "queue": self._queue(number),
            "settings": settings,
            "undoable": bool(made) and made[-1].get("op") != "saved",
            "drawn": parts.to_page(tuple(decider.drawn.values())),
            "drafts": [self._tell(one, asker) for one in decider.drafts],
        }

    def _tell(self, draft: Draft, asker: Asker) -> Answer:
        values = draft.values
        words = (part.rpartition("@")[2] for part in str(values["draft_words"] or "").split("; "))
        alike = asker.alike(draft, self._folder.events) if draft.status in {"draft", "same"} else []
        return {
            "id": draft.id,
            "kind": draft.kind,
            "status": draft.status,
            "other": draft.other,
            "span": draft.span,
            "words": [[int(n) for n in span.split("-")] for span in words if span],
            "values": {n: v for n, v in values.items() if not n.startswith("draft_")},
            "cue": values["draft_cue"],
            "operation": draft.operation or None,
            "open": draft.open,
            "notes": [one for one in str(values["draft_note"] or "").split("; ") if one],
            "geometry": unfold(draft.geometry) if draft.geometry is not None else None,
            "question": asker.question(draft) if draft.status == "draft" else None,
            "alike": alike,
        }
