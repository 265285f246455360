"""Events and disagreements in words: each thing once, however many tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.desk.brief.phrasing import Phrasing
from geo.desk.brief.sentences import Paragraph, Sentence
from geo.draw import tell_days
from geo.errors import escape
from geo.model import Status, split_ids

if TYPE_CHECKING:
    import datetime as dt

    from geo.desk.brief.grouping import Told
    from geo.model import Feature

_EVENTS, _QUOTES, _DISAGREEMENTS = 8, 12, 5
"""So many of each are told; the rest is counted."""
_SOMETHING = "Other"
"""The kind of an event that is of no other kind."""
_BESIDE = ("assoc_actor_1", "assoc_actor_2")


class Happenings(Phrasing):
    """Tells events and disagreements."""

    def events(self) -> list[Paragraph]:
        """What happened, each thing once, however many tell of it."""
        told = self.facts.told
        if not told:
            given = {"ids": self.facts.layers, **self.dates}
            return [Paragraph((self.sentence("brief.event.none", **given),))]
        found = [Paragraph(tuple(self._event(one)), is_item=True) for one in told[:_EVENTS]]
        rest = [event.id for one in told[_EVENTS:] for event in one.events]
        return found + self.rest("brief.event.rest", rest)

    def _event(self, told: Told) -> list[Sentence]:
        ids = [event.id for event in told.events]
        kinds = [self._kind(event) for event in told.events]
        kinds = [kind for kind in dict.fromkeys(kinds) if kind] or [self._type(told.events[0])]
        places = [str(event.properties["place_id"] or "") for event in told.events]
        known = [one for one in dict.fromkeys(places) if one in self.facts.folder.places]
        where = self.places(known, 2) or escape(str(told.events[0].properties["location"] or ""))
        where = where or self.say("no.place")
        actors, against = self._sides(told)
        values = {
            "dates": self._span(told.first, told.last),
            "place": where,
            "what": self.listed(kinds, 3),
            "who": self.listed(actors, 3),
            "whom": self.listed(against, 3),
        }
        key = "brief.event" if against else "brief.event.alone"
        said = [self.sentence(key, [*ids, *known], **values), *self.told_by(told.sources)]
        if told.dead:
            low, high = map(self.words.number, told.dead)
            counted = [e.id for e in told.events if e.properties["fatalities"] is not None]
            key = "brief.dead" if low == high else "brief.dead.range"
            said.append(self.sentence(key, counted, low=low, high=high))
        return said + self._quotes(told)

    def _quotes(self, told: Told) -> list[Sentence]:
        """What is noted of each event; of many sources first one of each."""
        seen: dict[str, int] = {}
        turns = []
        for event in told.events:
            source = str(event.properties["source_ids"])
            turns.append(seen.get(source, 0))
            seen[source] = turns[-1] + 1
        ranked = sorted(range(len(turns)), key=lambda k: (turns[k], k))
        most = _QUOTES if told.change else _QUOTES // 3
        found = []
        for k in ranked[:most]:
            values = told.events[k].properties
            ids = [told.events[k].id, *split_ids(values["source_ids"])]
            found += self.quote(values["notes"], ids)
        return found

    def _kind(self, event: Feature) -> str:
        """What happened; nothing where that is only something else."""
        kind = str(event.properties["sub_event_type"])
        key = f"sub.{kind}"
        name = self.say(key) if self.words.knows(key) else escape(kind)
        return "" if kind == _SOMETHING else name

    def _type(self, event: Feature) -> str:
        kind = str(event.properties["event_type"])
        key = f"type.{kind}"
        return self.say(key) if self.words.knows(key) else escape(kind)

    def _sides(self, told: Told) -> tuple[list[str], list[str]]:
        """Who acted and against whom: of each hand who is named first, then who was with them."""
        ours = self.facts.side(told.events[0].properties["actor1"])
        hands: tuple[dict[str, bool], dict[str, bool]] = ({}, {})
        for columns, is_first in ((("actor1", "actor2"), True), (_BESIDE, False)):
            for event in told.events:
                for name in columns:
                    for actor in split_ids(event.properties[name]):
                        hand = hands[self.facts.side(actor) != ours]
                        hand.setdefault(actor, is_first)
        return self._named(hands[0]), self._named(hands[1])

    def _named(self, hand: dict[str, bool]) -> list[str]:
        """Names of actors; where a group is named first, its whole side says nothing more."""
        is_group = any(first and one != self.facts.side(one) for one, first in hand.items())
        kept = [one for one in hand if not (is_group and one == self.facts.side(one))]
        return [self.holder(one) for one in kept]

    def _span(self, first: dt.date, last: dt.date) -> str:
        given = {"date": str(first), "date_end": str(last)}
        return tell_days(self.words, given)

    def disagreements(self) -> list[Paragraph]:
        """Where words in force contradict each other."""
        rows = self.facts.disagreement
        if not rows:
            table = self.facts.folder.statements
            key = "brief.disagree.none" if table.rows else "brief.disagree.silent"
            return [Paragraph((self.sentence(key, [table.schema.path], **self.dates),))]
        found = [
            Paragraph((self._disagreement(row),), is_item=True) for row in rows[:_DISAGREEMENTS]
        ]
        rest = [i for row in rows[_DISAGREEMENTS:] for i in split_ids(row["statement_ids"])]
        if rest:
            count = len(rows) - _DISAGREEMENTS
            found.append(Paragraph((self.sentence("brief.disagree.rest", rest, count=count),)))
        return found

    def _disagreement(self, row: dict[str, Any]) -> Sentence:
        says = sorted(row["says"], key=lambda word: -word["share"])
        answers: dict[str, list[str]] = {}
        for word in says:
            holder = self.listed([self.holder(one) for one in word["holder"].split(";")])
            if word["status"] != Status.CONTROLLED and self.words.knows(f"status.{word['status']}"):
                holder = f"{self.say('status.' + word['status'])} ({holder})"
            who = f"{escape(word['publisher'])} ({self.date(word['date'])})"
            answers.setdefault(holder, []).append(who)
        told = [
            self.say("brief.disagree.answer", holder=holder, names=self.listed(names, 3))
            for holder, names in answers.items()
        ]
        return self.sentence(
            "brief.disagree.row",
            [row["id"], *split_ids(row["statement_ids"])],
            place=self.place(row["id"]),
            figure=f"{self.words.km2(row['area_km2'])} {self.say('km2')}",
            answers=self.say("brief.join").join(told),
            share=self.words.percent(row["share"]),
        )
