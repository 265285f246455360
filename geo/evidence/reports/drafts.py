"""
Drafts of events: what a sentence with a cue says happened, where, when and by whom.

Each clause that tells of something yields one draft, and a list of places one for each of them. A
draft is a feature of ``events`` with further properties that begin with ``draft_``. Nothing is
guessed: what the sentence does not say leaves its column empty, or filled with what is likely, and
`draft_open` names the column. A draft that names none is one that a careful coder would sign.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import shapely

from geo.evidence.reports import grammar
from geo.evidence.reports.actors import GOVERNMENT
from geo.evidence.reports.beside_map import doubts_of_map
from geo.evidence.reports.clauses import Clause, clauses, dateline, sentences
from geo.evidence.reports.cues import CLASH, STATES, STRATEGIC, Cue
from geo.evidence.reports.mentions import SURE, Mention, Reader
from geo.evidence.reports.modes import Mode, is_hedged, mode_of, without_names
from geo.evidence.reports.parties import Party, parties
from geo.evidence.reports.roles import Caster, Roles
from geo.evidence.reports.settle import deaths, needs_place, plain_type, victims
from geo.evidence.reports.times import Times
from geo.evidence.reports.where import Placer, Where, geometry_of, precision_of
from geo.model import EVENTS, Column, Feature, Schema, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.evidence.gazetteer.index import Answer, Entry
    from geo.evidence.reports.beside_map import History

_STATUSES = ("draft", "reviewed", "rejected")
DRAFT_COLUMNS = (
    Column("draft_status", "choice", "Where the review stands.", True, _STATUSES),
    Column("draft_open", "text", "Columns that a person must settle, joined by `;`."),
    Column("draft_cue", "text", "What the report says happened."),
    Column("draft_span", "text", "First and last character of the sentence, counted from 0."),
    Column("draft_words", "text", "The words that it was read from, each with its span."),
    Column("draft_candidates", "text", "Places that may be meant, with scores, joined by `;`."),
    Column("draft_note", "text", "Why it is open, or not sure."),
    Column("draft_operation", "text", "First draft of an operation that has several places."),
    Column("draft_names", "text", "Who or what is meant by words that are open: `column=words`."),
)

DRAFTS = Schema(
    "drafts",
    "",
    (*(replace(c, required=c.kind == "id") for c in EVENTS.columns), *DRAFT_COLUMNS),
    geometry=EVENTS.geometry,
    null_geometry=True,
)
"""Events under review: the columns of `EVENTS`, none but the id required, and the draft's own."""

_FIRE = frozenset({"shelling", "air strike"})
"""What is told with the fighting of the sentence before, often without a name of its own."""
_NO_EVENT = frozenset({"none", "lasting"})
_QUOTED = 240
"""So much of a sentence goes with its event."""


@dataclass(slots=True)
class Told:
    """What one clause tells, before it becomes a draft."""

    clause: Clause
    kind: Cue
    roles: Roles
    where: list[Where]
    mode: Mode
    passive: bool
    parties: list[Party] = field(default_factory=list)
    own_place: bool = True
    absorbed: bool = False
    dead: int | None = None


class Drafter:
    """Makes drafts of the mentions of one text."""

    def __init__(
        self,
        reader: Reader,
        mentions: tuple[Mention, ...],
        source_id: str | None,
        history: History | None = None,
    ) -> None:
        self.reader, self.source_id, self.history = reader, source_id, history
        self.mentions = mentions
        self.digest = hashlib.sha256(reader.text.encode()).hexdigest()
        self.times = Times(reader.published)
        self._told_until = -1
        self.plain = without_names(reader.text, mentions)

    def tellings(self) -> Iterator[tuple[tuple[int, int], list[Mention], list[Told]]]:
        """Every sentence with its mentions and what its clauses tell, in order."""
        text = self.reader.text
        at = 0
        for start, end in sentences(text):
            begin = dateline(text, start, end)
            while at < len(self.mentions) and self.mentions[at].start < begin:
                at += 1
            last = at
            while last < len(self.mentions) and self.mentions[last].start < end:
                last += 1
            inside = list(self.mentions[at:last])
            told = self.told(begin, end, inside)
            yield (begin, end), inside, told
            self._told_until = end if told else -1
            self.times.end(inside)

    def _goes_on(self, start: int) -> bool:
        """Whether the sentence before, in the same paragraph, tells of something."""
        gap = self.reader.text[max(self._told_until, 0) : start]
        return self._told_until >= 0 and "\n\n" not in gap and len(gap) < 4

    def events(
        self, span: tuple[int, int], inside: list[Mention], told: list[Told]
    ) -> Iterator[Feature]:
        """A draft for each thing that a sentence says happened."""
        for one in told:
            if one.absorbed or one.clause.cue.value in STATES or one.mode.name in _NO_EVENT:
                continue
            places: list[Where | None] = [*one.where] or [None]
            rivals = self._rivals(one, told)
            # One operation at several places: an event each, decided together.
            whole = self._identity(one.clause.cue, places[0]) if len(places) > 1 else None
            for where in places:
                draft = self._draft(span, inside, one, where, rivals)
                yield replace(draft, properties={**draft.properties, "draft_operation": whole})

    def _rivals(self, one: Told, told: list[Told]) -> list[str]:
        """Others of the sentence on whom it may have been done, where it does not say on whom."""
        actors = self.reader.actors
        own = {actors.side(p.actor) for p in one.roles.first if p.actor}
        known = {p.start for p in (*one.roles.first, *one.roles.second)}
        busy = {
            p.start
            for other in told
            if other is not one and not other.absorbed and other.own_place
            for p in (*other.roles.first, *other.roles.second)
        }
        if not own:
            return []
        named = [p for t in told for p in t.parties if p.actor and p.start not in known | busy]
        free = [p for p in named if p.relation not in {"report", "backer"}]
        return list(dict.fromkeys(p.actor for p in free if actors.side(p.actor) not in own))

    def told(self, start: int, end: int, inside: list[Mention]) -> list[Told]:
        """What each clause of a sentence tells."""
        text = self.reader.text
        cues = [m for m in inside if m.kind == "cue" and needs_place(text, m, inside)]
        if not cues or all(cue.value in STATES - {"held"} for cue in cues):
            return []
        named = any(m.kind in {"place", "actor", "name"} for m in inside)
        if not named and not (self._goes_on(start) and any(c.value in _FIRE for c in cues)):
            return []
        found = clauses(text, start, end, cues)
        who = parties(text, start, end, inside, self.reader.actors)
        caster = Caster(text, self.plain, self.reader.actors, who)
        placer = Placer(text, start, end, [m for m in inside if m.kind in {"place", "name"}])
        told: list[Told] = []
        for index, clause in enumerate(found):
            before = _goes_on_from(told, clause)
            roles = caster.roles(clause, before.roles if before else None)
            passive = caster.is_passive(clause.cue)
            where = placer.where(clause, before.where if before else (), passive=passive)
            mode = mode_of(self.plain, found, index)
            own = any(clause.start <= w.place.start < clause.end for w in where)
            near = [p for p in who if clause.start <= p.start < clause.end]
            told.append(Told(clause, clause.kind, roles, where, mode, passive, near, own))
        self._settle(told)
        deaths(self.plain, told)
        return told

    def _settle(self, told: list[Told]) -> None:
        """What the clauses of a sentence say of one another."""
        text = self.reader.text
        for one in told:
            struck = " ".join(p.words for p in one.roles.first)
            one.kind = plain_type(text, one.clause, one.where, struck)
            beaten = one.kind.frame == "repulse" and one.clause.kind.frame == "expel"
            # "Y were driven back": Y attacked. "X drove Y back": X did.
            if beaten and (one.passive or not one.roles.second):
                one.roles.first, one.roles.second = one.roles.second, one.roles.first
            if one.kind.frame == "loot" and not one.roles.second:
                index = told.index(one)
                one.roles.second = list(told[index - 1].roles.second) if index else []
            # Losses without a place of their own are what an event is told against.
            loss = one.kind.frame in {"lose", "fall"} and not one.own_place
            gone = one.kind.frame == "leave" and not one.own_place and one.clause.joint != "back"
            one.absorbed = loss or gone or one.kind.frame == "captives"
        for one in told:
            victims(one, told)
        _join_advance(told)
        _absorb(told)
        _join_repulse(told)
        for one in told:
            if one.mode.name == "failed" and one.kind.frame in {"take", "act", "fall", "expel"}:
                one.kind = replace(one.kind, event_type="Battles", sub_event_type=CLASH)

    # one draft

    def _draft(
        self,
        span: tuple[int, int],
        inside: list[Mention],
        told: Told,
        where: Where | None,
        rivals: list[str],
    ) -> Feature:
        rule, mode = told.kind, told.mode
        unreal = mode.name in {"possible", "denied"}
        if unreal:
            rule = replace(rule, event_type=STRATEGIC, sub_event_type="Other")
        values: dict[str, Value] = dict.fromkeys(DRAFTS.names)
        open_: list[str] = []
        notes = [f"said with '{mode.words}': need not have happened"] if unreal else []
        if mode.name == "failed":
            notes.append(f"'{mode.words}': it was tried, not done")
        geometry = self._fill_where(values, notes, open_, where)
        if rule.frame == "take" and not told.own_place and self._is_thing(told):
            open_.append("place_id")
            notes.append("what was taken is no place that the sentence names")
        self._fill_when(values, notes, open_, told, inside)
        self._fill_who(values, notes, open_, told, unreal=unreal)
        if rivals and not values["actor2"]:
            open_.append("actor2")
            notes.append(f"on whom may be: {', '.join(rivals)}")
        values |= {"event_type": rule.event_type, "source_ids": self.source_id}
        ground = rule.frame in {"take", "fall", "lose", "expel"}
        transfer = self._transfer(values["actor1"]) if ground else None
        values["sub_event_type"] = rule.sub_event_type or transfer
        if not values["sub_event_type"] or unreal:
            open_.append("sub_event_type")
        doubts: list[str] = []
        if self.history and mode.name == "real":
            actors = self.reader.actors
            doubts = doubts_of_map(values, rule.frame, geometry, actors, self.history)
        notes += doubts
        hedged = is_hedged(self.reader.text, *span) or bool(doubts)
        low = hedged or mode.name != "real" or "event_date" in open_ or _is_unsure(where)
        values["confidence"] = "low" if low else "moderate"
        if told.dead is not None:
            if len(told.where) > 1:
                notes.append(f"{told.dead} dead in all {len(told.where)} places together")
            else:
                values["fatalities"] = told.dead
            notes.append(_whose(told))
        values["notes"] = quoted(self.reader.text, span)
        values["draft_status"] = "draft"
        values["draft_cue"] = f"{rule.code}, possible or denied" if unreal else rule.code
        values["draft_span"] = f"{span[0]}-{span[1]}"
        words = [told.clause.cue, *([where.place] if where else [])]
        words += [m for m in inside if m.kind in {"actor", "date"}]
        values["draft_words"] = "; ".join(f"{flat(m.text)} @{m.start}-{m.end}" for m in words)
        values["draft_open"] = ";".join(c for c in _ORDER if c in open_) or None
        values["draft_note"] = (
            "; ".join(dict.fromkeys(n.replace("; ", ", ") for n in notes)) or None
        )
        values["id"] = self._identity(told.clause.cue, where)
        return Feature(str(values["id"]), values, geometry)

    def _is_thing(self, told: Told) -> bool:
        """Whether something else than a place stands behind a cue: "captured a depot"."""
        behind = self.reader.text[told.clause.cue.end : told.clause.end].lstrip()
        return bool(grammar.words("where", "thing").match(behind))

    def _identity(self, cue: Mention, where: Where | None) -> str:
        seed = f"{self.digest}:{cue.start}:{where.place.start if where else ''}"
        return "evt-" + hashlib.sha256(seed.encode()).hexdigest()[:8]

    def _transfer(self, actor: Value) -> str | None:
        """Who took the ground settles ACLED's sub-type; a state on no side here does not."""
        if not actor:
            return None
        row = self.reader.actors.rows.get(str(actor))
        side = self.reader.actors.side(str(actor))
        if side == GOVERNMENT:
            return "Government regains territory"
        kind = str(row.values.get("kind") or "") if row else "state"
        foreign = "foreign" in kind and row is not None and row.values.get("side")
        if kind.endswith("state") and not foreign:
            return None
        return "Non-state actor overtakes territory"

    def _fill_who(
        self,
        values: dict[str, Value],
        notes: list[str],
        open_: list[str],
        told: Told,
        *,
        unreal: bool,
    ) -> None:
        roles, actors = told.roles, self.reader.actors
        notes += roles.doubts
        first = [p for p in roles.first if p.actor]
        ids = list(dict.fromkeys(p.actor for p in first))
        sides = list(dict.fromkeys(actors.side(one) for one in ids))
        own = [one for one in ids if actors.side(one) == sides[0]] if sides else []
        others = list(dict.fromkeys(p.actor for p in roles.second if p.actor))
        if len(sides) > 1 and told.kind.frame == "mutual" and not others:
            others = [one for one in ids if one not in own]
        if told.kind.frame != "give":
            others = [one for one in others if not sides or actors.side(one) != sides[0]]
        others = [one for one in others if one not in own]
        theirs = [one for one in others if actors.side(one) == actors.side(others[0])]
        values["actor1"] = own[0] if own else None
        values["actor2"] = theirs[0] if theirs else None
        backers = [p.actor for p in roles.backers if p.actor and p.actor not in (*own, *theirs)]
        with_own = [one for one in dict.fromkeys((*own[1:], *backers)) if one]
        values["assoc_actor_1"] = ";".join(with_own) or None
        values["assoc_actor_2"] = ";".join(theirs[1:]) or None
        nameless = {
            column: list(
                dict.fromkeys(flat(p.words).replace("=", "-") for p in found if not p.actor)
            )
            for column, found in (("actor1", roles.first), ("actor2", roles.second))
        }
        said = [f"{column}={words[0]}" for column, words in nameless.items() if words]
        values["draft_names"] = ";".join(said) or None
        if not own or roles.doubts:
            open_.append("actor1")
            named = ", ".join(nameless["actor1"])
            notes.append(f"it does not say who acted{f': {named}' if named else ''}")
        if len(sides) > 1 and (told.kind.frame != "mutual" or roles.second):
            open_.append("actor1")
            notes.append(f"of {len(sides)} sides: {', '.join(ids)}")
        if own and any(not p.actor for p in roles.first):
            open_.append("actor1")
            notes.append("with others, of whom it does not say who they are")
        if told.kind.frame == "expel" and not theirs:
            open_.append("actor2")
            notes.append("it does not say who was driven out")
        if told.kind.frame == "mutual" and not theirs and _needs_two(told.kind):
            open_.append("actor2")
            notes.append("it does not say against whom")
        if len({actors.side(one) for one in others}) > 1 and told.kind.frame != "give":
            open_.append("actor2")
            notes.append(f"on several sides: {', '.join(others)}")
        if unreal and not own:
            notes.append("nobody is said to have done it")
        if not theirs and any(not p.actor for p in roles.second):
            open_.append("actor2")

    def _fill_when(
        self,
        values: dict[str, Value],
        notes: list[str],
        open_: list[str],
        told: Told,
        inside: list[Mention],
    ) -> None:
        when = self.times.of(told.clause, [m for m in inside if m.kind == "date"])
        notes += when.notes
        values["event_date"] = str(when.first) if when.first else None
        values["time_precision"] = when.precision if when.first else None
        if when.last and when.last != when.first:
            values["end_date"] = str(when.last)
        if not when.sure:
            open_.append("event_date")
        if not when.first:
            open_.append("time_precision")

    def _fill_where(
        self,
        values: dict[str, Value],
        notes: list[str],
        open_: list[str],
        where: Where | None,
    ) -> shapely.Geometry | None:
        if where is None:
            open_.append("place_id")
            notes.append("it does not say where")
            return None
        place = where.place
        values["location"] = flat(place.text)
        if place.answer:
            values["draft_candidates"] = candidates_of(place.answer)
        entry = self._entry(place)
        if entry is None or not place.answer:
            notes.append(place.why_open)
            open_.append("place_id")
            return None
        if len(place.answer.homonyms):
            notes.append(place.answer.reason)
        if entry.origin:
            notes.append(f"{entry.id} is not in places.geojson: add it first")
            open_.append("place_id")
            return None
        if where.unsure:
            notes.append("on the way to it, or from it")
            open_.append("place_id")
        if where.away is not None or where.other is not None:
            return self._aside(values, notes, open_, where, entry)
        values["place_id"] = entry.id
        values["geo_precision"], values["geo_radius_m"] = precision_of(
            self.reader.text, where, entry
        )
        if entry.lon is None or entry.lat is None:
            notes.append(f"{entry.id} has no position")
            return None
        return shapely.Point(entry.lon, entry.lat)

    def _aside(
        self,
        values: dict[str, Value],
        notes: list[str],
        open_: list[str],
        where: Where,
        entry: Entry,
    ) -> shapely.Geometry | None:
        """A spot that is counted from places, and is none itself."""
        spot = geometry_of(where, entry, self._entry(where.other) if where.other else None)
        if spot is None:
            notes.append(f"it is counted from {entry.id}, and cannot be placed")
            open_.append("place_id")
            return None
        point, radius, name = spot
        values |= {"location": name, "geo_precision": 2, "geo_radius_m": radius}
        notes.append(f"placed from words: {name}")
        return point

    def _entry(self, place: Mention | None) -> Entry | None:
        if place is None or not place.value or not place.answer:
            return None
        return place.answer.candidates[0].entry


_ORDER = ("place_id", "event_date", "time_precision", "sub_event_type", "actor1", "actor2")


def _whose(told: Told) -> str:
    """Of which side the dead are said to be."""
    named = [p.words for p in told.roles.second]
    return f"{told.dead} dead" + (f", of: {flat(', '.join(named))}" if named else "")


def quoted(text: str, span: tuple[int, int]) -> str:
    """A sentence, or so much of it as a quotation may have, and where it stands."""
    words = " ".join(text[slice(*span)].split())
    cut = words if len(words) <= _QUOTED else words[:_QUOTED].rsplit(" ", 1)[0] + " ..."
    return f'"{cut}" (characters {span[0]}-{span[1]})'


def _needs_two(kind: Cue) -> bool:
    """Whether an event has two parties by its nature: a clash, an agreement."""
    return kind.sub_event_type in {CLASH, "Agreement"}


def _goes_on_from(told: list[Told], clause: Clause) -> Told | None:
    """The clause that one goes on from, beyond what is only told of its subject: X, who ..."""
    if not told:
        return None
    last = told[-1]
    if len(told) > 1 and last.clause.joint == "back" and clause.joined in {",", "،"}:
        return told[-2]
    return last


def _absorb(told: list[Told]) -> None:
    """Leave out what only tells how the ground was taken: clashes before it, the advance to it."""
    takes = [t for t in told if t.kind.frame in {"take", "fall", "expel"} and t.mode.name == "real"]
    for one in told:
        key = one.clause.cue.value
        if one.kind.frame == "leave" or (one.kind.frame == "take" and one.clause.joint == "back"):
            _lost_by(one, takes)
        if key not in {"clashes", "advance", "attack"}:
            continue
        for main in takes:
            same = {w.place.value or w.place.text for w in one.where}
            theirs = {w.place.value or w.place.text for w in main.where}
            if main is one or (same and theirs and not same & theirs and key != "advance"):
                continue
            if main.clause.joint == "" and one.clause.joint == "strong":
                continue
            one.absorbed = True
            sides = {p.actor for p in main.roles.first}
            if not main.roles.second:
                main.roles.second = [
                    p for p in (*one.roles.second, *one.roles.first) if p.actor not in sides
                ]


def _lost_by(one: Told, takes: list[Told]) -> None:
    """Let those who left a place be those from whom it was taken."""
    theirs = {w.place.value for w in one.where}
    for main in takes:
        if (
            main is not one
            and not main.roles.second
            and theirs & {w.place.value for w in main.where}
        ):
            main.roles.second = list(one.roles.first)


def _join_repulse(told: list[Told]) -> None:
    """An attack, and that it was beaten back, are one event."""
    for attack, other in pairwise(told):
        if other.kind.frame != "repulse" or attack.clause.cue.value not in {
            "attack",
            "advance",
            "clashes",
        }:
            continue
        active = not other.passive and other.roles.first
        # "X tried to break through, but was beaten back": the same X.
        is_same = other.roles.first == attack.roles.first and not other.roles.second
        if (active and not is_same) or other.own_place:
            continue
        other.absorbed = True
        if not attack.roles.second:
            attack.roles.second = [p for p in other.roles.second if p not in attack.roles.first]


def _join_advance(told: list[Told]) -> None:
    """One event of an attack and the advance that it is: "execute an attack and advance on X"."""
    for attack, other in pairwise(told):
        both = {attack.clause.cue.value, other.clause.cue.value}
        if both != {"attack", "advance"} or other.clause.joint != "plain" or attack.own_place:
            continue
        if attack.mode.name == other.mode.name and attack.roles.first == other.roles.first:
            attack.absorbed = not attack.roles.second


def _is_unsure(where: Where | None) -> bool:
    return where is None or where.place.answer is None or where.place.score < SURE


def candidates_of(answer: Answer) -> str | None:
    """The places that a name may mean, with their scores, as a draft has them."""
    return "; ".join(f"{c.id} {c.score:.2f}" for c in answer.candidates) or None


def flat(text: str) -> str:
    """Words on one line, without what joins lists."""
    return re.sub(r"[\s;]+", " ", text).strip()
