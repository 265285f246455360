"""
Drafts of events: what a sentence with a cue says happened, where, when and by whom.

A sentence that has a cue yields a draft for each place that the cue speaks of. A draft is a
feature of ``events`` with further properties that begin with ``draft_``. Nothing is guessed: a
name that bears on no place, or on more than one, leaves its column empty, and `draft_open` names
the column.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from geo.evidence.gazetteer import sounds
from geo.evidence.reports.actors import GOVERNMENT
from geo.evidence.reports.cues import CUES, STATES, STRATEGIC
from geo.evidence.reports.expressions import (
    before_name,
    behind_name,
    hedge_words,
    in_name,
    unreal_words,
)
from geo.evidence.reports.mentions import SENTENCE_END, SURE, Mention, Reader
from geo.model import EVENTS, Column, Feature, Schema, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo.evidence.gazetteer.index import Entry

_MUST_BE_SETTLED = ("event_date", "time_precision", "sub_event_type")
_STATUSES = ("draft", "reviewed", "rejected")
DRAFT_COLUMNS = (
    Column("draft_status", "choice", "Where the review stands.", True, _STATUSES),
    Column("draft_open", "text", "Columns that a person must settle, joined by `;`."),
    Column("draft_cue", "text", "What the report says happened."),
    Column("draft_span", "text", "First and last character of the sentence, counted from 0."),
    Column("draft_words", "text", "The words that it was read from, each with its span."),
    Column("draft_candidates", "text", "Places that may be meant, with scores, joined by `;`."),
    Column("draft_note", "text", "Why it is open, or not sure."),
)

DRAFTS = Schema(
    "drafts",
    "",
    (*(replace(c, required=c.kind == "id") for c in EVENTS.columns), *DRAFT_COLUMNS),
    geometry=EVENTS.geometry,
    null_geometry=True,
)
"""Events under review: the columns of `EVENTS`, none but the id required, and the draft's own."""


class Drafter:
    """Makes drafts of the mentions of one text."""

    def __init__(
        self, reader: Reader, mentions: tuple[Mention, ...], source_id: str | None
    ) -> None:
        self.reader, self.source_id = reader, source_id
        self.mentions = mentions
        self.digest = hashlib.sha256(reader.text.encode()).hexdigest()

    def drafts(self) -> Iterator[Feature]:
        """A draft for each thing that the text says happened, in its order."""
        last_date: Mention | None = None
        for start, end in _sentences(self.reader.text):
            inside = [m for m in self.mentions if start <= m.start < end]
            dates = [m for m in inside if m.kind == "date" and m.when]
            date = dates[0] if dates else None
            yield from self._of_sentence(start, end, inside, dates, last_date)
            if date and date.when and date.when.first:
                last_date = date

    def _of_sentence(
        self,
        start: int,
        end: int,
        inside: list[Mention],
        dates: list[Mention],
        last_date: Mention | None,
    ) -> Iterator[Feature]:
        cues = [m for m in inside if m.kind == "cue"]
        events = [m for m in cues if m.value not in STATES]
        cues = events or cues[:1]
        places = [m for m in inside if m.kind in {"place", "name"}]
        if not cues or not any(m.kind in {"place", "actor", "name"} for m in inside):
            return
        seen: set[tuple[str, str]] = set()
        for cue, place in _pairs(cues, places):
            same = (cue.value, place.value or place.text if place else "")
            if same in seen:
                continue
            seen.add(same)
            nearest = min(dates, key=lambda d: abs(d.start - cue.start), default=None)
            inherited = last_date if nearest is None else None
            yield self._draft((start, end), inside, cue, place, nearest or inherited, inherited)

    def _draft(
        self,
        span: tuple[int, int],
        inside: list[Mention],
        cue: Mention,
        place: Mention | None,
        date: Mention | None,
        inherited: Mention | None,
    ) -> Feature:
        unreal = self._unreal(span, cue)
        rule = CUES[cue.value]
        if unreal and rule.code not in STATES:
            rule = replace(rule, event_type=STRATEGIC, sub_event_type="Other")
        actors = _actors(self.reader, inside, cue)
        values: dict[str, Value] = dict.fromkeys(DRAFTS.names)
        notes = [unreal] if unreal else []
        self._fill_when(values, notes, date, inherited)
        geometry = self._fill_where(values, notes, place)
        values |= actors
        values |= {"event_type": rule.event_type, "source_ids": self.source_id}
        values["sub_event_type"] = rule.sub_event_type or self._transfer(actors["actor1"])
        hedged = bool(hedge_words().search(self.reader.text, *span))
        low = hedged or unreal or inherited or _is_unsure(place)
        values["confidence"] = "low" if low else "moderate"
        values["draft_status"] = "draft"
        values["draft_cue"] = f"{rule.code}, possible or denied" if unreal else rule.code
        values["draft_span"] = f"{span[0]}-{span[1]}"
        words = [cue, *([place] if place else []), *([date] if date else [])]
        words += [m for m in inside if m.kind == "actor"]
        values["draft_words"] = "; ".join(f"{_flat(m.text)} @{m.start}-{m.end}" for m in words)
        values["draft_open"] = ";".join(self._open(values, place)) or None
        values["draft_note"] = "; ".join(notes) or None
        values["id"] = self._identity(cue, place)
        return Feature(str(values["id"]), values, geometry)

    def _identity(self, cue: Mention, place: Mention | None) -> str:
        seed = f"{self.digest}:{cue.start}:{place.start if place else ''}"
        return "evt-" + hashlib.sha256(seed.encode()).hexdigest()[:8]

    def _unreal(self, span: tuple[int, int], cue: Mention) -> str:
        before = re.split("[;:]", self.reader.text[span[0] : cue.start])[-1]
        near = " ".join(before.split()[-14:])
        words = unreal_words().findall(near)
        return f"said with '{words[-1].strip()}': need not have happened" if words else ""

    def _transfer(self, actor: Value) -> str | None:
        """Who took the ground settles ACLED's sub-type; a state on no side here does not."""
        if not actor:
            return None
        row = self.reader.actors.rows.get(str(actor))
        if self.reader.actors.side(str(actor)) == GOVERNMENT:
            return "Government regains territory"
        if row is None or str(row.values.get("kind") or "").endswith("state"):
            return None
        return "Non-state actor overtakes territory"

    def _fill_when(
        self,
        values: dict[str, Value],
        notes: list[str],
        date: Mention | None,
        inherited: Mention | None,
    ) -> None:
        if date is None or date.when is None:
            notes.append("no date in the sentence or before it")
            return
        when = date.when
        if when.problem:
            notes.append(f"'{_flat(date.text)}': {when.problem}")
        if inherited:
            notes.append(f"the date is that of an earlier sentence, '{_flat(date.text)}'")
        values["event_date"] = str(when.first) if when.first else None
        values["time_precision"] = when.precision
        if when.last and when.last != when.first:
            values["end_date"] = str(when.last)

    def _fill_where(
        self, values: dict[str, Value], notes: list[str], place: Mention | None
    ) -> shapely.Geometry | None:
        if place is None:
            return None
        values["location"] = _flat(place.text)
        if place.answer:
            values["draft_candidates"] = (
                "; ".join(f"{c.id} {c.score:.2f}" for c in place.answer.candidates) or None
            )
        if not place.value or not place.answer:
            notes.append(place.why_open)
            return None
        entry = place.answer.candidates[0].entry
        if len(place.answer.homonyms):
            notes.append(place.answer.reason)
        if entry.origin:
            notes.append(f"{entry.id} is not in places.geojson: add it first")
            return None
        values["place_id"] = entry.id
        values["geo_precision"] = self._geo_precision(place, entry)
        values["geo_radius_m"] = entry.radius_m
        if entry.lon is None or entry.lat is None:
            notes.append(f"{entry.id} has no position")
            return None
        return shapely.Point(entry.lon, entry.lat)

    def _geo_precision(self, place: Mention, entry: Entry) -> int:
        if entry.kind == "area" and (entry.radius_m or 0) >= 10_000:
            return 3
        before = self.reader.text[max(0, place.start - 60) : place.start]
        after = self.reader.text[place.end : place.end + 8]
        about = before_name("near", before) or in_name(place.text) or behind_name(after)
        return 2 if about else 1

    def _open(self, values: Mapping[str, Value], place: Mention | None) -> Iterator[str]:
        if place is not None and not values["place_id"]:
            yield "place_id"
        yield from (c for c in _MUST_BE_SETTLED if not values[c])


def _is_unsure(place: Mention | None) -> bool:
    return place is None or place.answer is None or place.score < SURE


def _flat(text: str) -> str:
    return re.sub(r"[\s;]+", " ", text).strip()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in SENTENCE_END.finditer(text):
        if text[start : match.start()].strip():
            yield start, match.start()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _pairs(cues: list[Mention], places: list[Mention]) -> Iterator[tuple[Mention, Mention | None]]:
    """Each place with the cue before it, or else the first; a cue without a place alone."""
    used = set()
    for place in places:
        before = [cue for cue in cues if cue.start < place.start]
        cue = before[-1] if before else cues[0]
        used.add(cue.start)
        yield cue, place
    if not places:
        yield cues[0], None


def _actors(reader: Reader, inside: list[Mention], cue: Mention) -> dict[str, Value]:
    """Who acted on whom."""
    ids = list(dict.fromkeys(m.value for m in _named(reader, inside, cue)))
    if not ids:
        return {"actor1": None, "assoc_actor_1": None, "actor2": None, "assoc_actor_2": None}
    side = reader.actors.side(ids[0])
    own = [one for one in ids if reader.actors.side(one) == side]
    others = [one for one in ids if reader.actors.side(one) != side]
    theirs = [one for one in others if reader.actors.side(one) == reader.actors.side(others[0])]
    return {
        "actor1": own[0],
        "assoc_actor_1": ";".join(own[1:]) or None,
        "actor2": theirs[0] if theirs else None,
        "assoc_actor_2": ";".join(theirs[1:]) or None,
    }


def _named(reader: Reader, inside: list[Mention], cue: Mention) -> list[Mention]:
    """
    Actors of a cue, the one who acts first.

    In English who acts stands before the word, or behind "by"; in Arabic behind the word. What
    stands beyond the next cue belongs to that.
    """
    named = [m for m in inside if m.kind == "actor" and m.value]
    cues = [m.start for m in inside if m.kind == "cue" and m.value != "statement"]
    first = max((at for at in cues if at < cue.start), default=-1)
    last = min((at for at in cues if at > cue.start), default=len(reader.text))
    earlier = [m for m in named if m.start < cue.start]
    before = [m for m in earlier if m.start > first] or earlier
    after = [m for m in named if cue.start < m.start < last]
    if sounds.has_arabic(cue.text):
        return after + [m for m in before if m.start > first] if after else before
    if after and before_name("who_acts", reader.text[cue.end : after[0].start]):
        return after + before
    return before + after
