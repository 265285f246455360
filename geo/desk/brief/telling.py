"""
The sentences of a brief: what the facts say, in words.

A sentence is a phrase of the language filled with names, dates and figures of the layers, and
names the records that these are of. Figures are rounded as the commands round them. The phrases of
the page's opening are used where it says the same.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import shapely

from geo.desk.brief.happenings import Happenings
from geo.desk.brief.phrasing import one_sentence
from geo.desk.brief.sentences import Paragraph, Part, Sentence
from geo.draw import tell_days, tell_move
from geo.evidence import EFFECTS
from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geo.desk.brief.facts import Figure, Front, Ground
    from geo.model import Row

_LEAST_KM2 = 0.5
"""Less ground than this is not worth a sentence."""
_LEAST_KM = 0.05
"""A line that moved by less is printed as one that did not."""
_MOVES, _HOLDS = 6, 3
"""So many of each are told; the rest is counted."""


class Teller(Happenings):
    """Puts all facts in words."""

    # ------------------------------------------------------------ headline and maps

    def headline(self) -> Sentence:
        """What happened, in one sentence; as the page's opening has it where the ledger knows."""
        facts = self.facts
        if facts.first == facts.last:
            return self._headline("headline.same", facts.layers, after=self.date(facts.last))
        taken = self.of_effect(EFFECTS[0])
        lead = facts.moves[0] if facts.moves else None
        if lead is not None and lead.values["to_controller"]:
            text = tell_move(facts.folder, self.words, lead.values)
            count = len([m for m in facts.moves[1:] if m.values["to_controller"]])
            if count:
                text = self.say("headline.more", first=text, count=count)
            ids = (lead.id, *split_ids(lead.values["source_ids"]))
            return Sentence(text[:1].upper() + text[1:], ids)
        if taken:
            most = taken[0]
            figure, names = self.figure(most.figure), self._hands(most)
            return self._headline("brief.headline.drawn", facts.layers, figure=figure, **names)
        key = "headline.picture" if facts.ground else "headline.nothing"
        return self._headline(key, facts.layers, **self.dates)

    def _headline(self, key: str, ids: Iterable[str], **values: object) -> Sentence:
        made = self.sentence(key, ids, **values)
        return replace(made, text=made.text.rstrip("."))

    def captions(self) -> tuple[Sentence, ...]:
        """What the two maps show."""
        facts = self.facts
        layer = facts.layer(facts.last)
        return (
            self.sentence("brief.map.change", facts.layers, **self.dates),
            self.sentence("brief.map.control", [layer], date=self.dates["after"]),
        )

    def _hands(self, one: Ground) -> dict[str, str]:
        return {"from": self.holder(one.old), "to": self.holder(one.new)}

    def of_effect(self, effect: str) -> list[Ground]:
        """Ground of which so much became something that it is worth a sentence."""
        found = [one for one in self.facts.ground if one.effect == effect]
        most = max((one.figure[0] for one in found), default=0.0)
        return [one for one in found if one.figure[0] >= max(_LEAST_KM2, 0.02 * most)]

    # ------------------------------------------------------------ what was taken

    def taken(self) -> list[Paragraph]:
        """What was taken and lost, by whom, and by which moves."""
        facts, found = self.facts, []
        taken = self.of_effect(EFFECTS[0])
        moves = [m for m in facts.moves if m.values["to_controller"]]
        if not taken:
            key = "taken.small" if moves else "taken.none"
            ids = tuple(m.id for m in moves) or facts.layers
            found.append(Paragraph((self.sentence(key, ids),)))
        named = [i for m in moves for i in split_ids(m.values["place_ids"])]
        for one in taken:
            ids = (*facts.layers, *one.change_ids)
            said = [
                self.sentence("taken.row", ids, figure=self.figure(one.figure), **self._hands(one))
            ]
            if one.figure[1] is not None:
                drawn = self.words.km2(one.drawn_km2)
                said.append(self.sentence("brief.taken.drawn", facts.layers, number=drawn))
            if not one.change_ids:
                said.append(self.sentence("taken.unsaid", facts.layers))
            beyond = [i for i in one.place_ids if i not in named]
            if beyond:
                told = {"places": self.places(beyond)}
                said.append(self.sentence("brief.taken.on", [*facts.layers, *beyond], **told))
            found.append(Paragraph(tuple(said)))
        found += [self._move(move) for move in facts.moves[:_MOVES]]
        return found + self.rest("brief.moves.rest", [m.id for m in facts.moves[_MOVES:]])

    def _move(self, move: Row) -> Paragraph:
        """One row of the ledger by which somebody moved, or began to contest ground."""
        values = move.values
        ids = split_ids(values["place_ids"])
        if values["to_controller"]:
            text = tell_move(self.facts.folder, self.words, values)
            first = Sentence(one_sentence(text), (move.id, *ids))
        else:
            days = tell_days(self.words, values)
            places = self.places(ids) or self.say("headline.ground")
            first = self.sentence("taken.contested", [move.id, *ids], places=places, dates=days)
        told = self.told_by(split_ids(values["source_ids"]))
        return Paragraph((first, *told, *self.quote(values["note"], [move.id])), is_item=True)

    def ground(self) -> list[Paragraph]:
        """How much each side held at both dates."""
        facts, said = self.facts, []
        then, now = (facts.measures.holders.get(str(day), {}) for day in (facts.first, facts.last))
        order = sorted(
            {*then, *now}, key=lambda s: (-max(h.get(s, [0] * 3)[1] for h in (then, now)), s)
        )
        for side in order:
            figures = [_middle_first(held.get(side)) for held in (then, now)]
            was, has = map(self.figure, figures)
            key = "brief.ground.row" if was != has else "brief.ground.same"
            key = key if facts.first != facts.last else "brief.ground.one"
            given = {"side": self.holder(side), "was": was, "has": has}
            said.append(self.sentence(key, facts.layers, **given, **self.dates))
        return [Paragraph((one,), is_item=True) for one in said]

    # ------------------------------------------------------------ what the picture learned

    def known(self) -> list[Paragraph]:
        """What became known or unknown, and what was only drawn otherwise."""
        facts = self.facts
        learned, redrawn = [], []
        for one in self.of_effect("became known"):
            number, ids = self.words.km2(one.figure[0]), (*facts.layers, *one.change_ids)
            learned.append(self.sentence("known.row", ids, number=number, to=self.holder(one.new)))
        for effect, key in (("became unknown", "known.lost"), ("contested", "known.shared")):
            rows = self.of_effect(effect)
            if rows:
                number = self.words.km2(sum(one.figure[0] for one in rows))
                ids = (*facts.layers, *(i for one in rows for i in one.change_ids))
                learned.append(self.sentence(key, ids, number=number))
        key = "known.nobody" if learned else "known.none"
        learned.append(self.sentence(key, facts.layers))
        for one in self.of_effect("redrawn"):
            ids = (*facts.layers, *one.change_ids)
            told = self.figure(one.figure)
            redrawn.append(self.sentence("corrected.row", ids, figure=told, **self._hands(one)))
        key = "corrected.nobody" if redrawn else "corrected.none"
        redrawn.append(self.sentence(key, facts.layers))
        return [Paragraph(tuple(learned)), Paragraph(tuple(redrawn))]

    # ------------------------------------------------------------ the front

    def fronts(self) -> list[Paragraph]:
        """Where the fronts moved, and how fast."""
        found = [Paragraph(tuple(self._front(one)), is_item=True) for one in self.facts.fronts]
        if not found:
            return [Paragraph((self.sentence("brief.front.none", self.facts.layers),))]
        return found

    def _front(self, one: Front) -> list[Sentence]:
        ids = self.facts.layers
        sides = {"left": self.holder(one.left), "right": self.holder(one.right)}
        lengths = {"was": self.figure(one.before, "km"), "has": self.figure(one.after, "km")}
        moved = one.moved
        if moved is None:
            return [self.sentence("brief.front.one", ids, **sides, **lengths)]
        met = "new" if not one.before[0] else "gone" if not one.after[0] else "length"
        said = [self.sentence(f"brief.front.{met}", ids, **sides, **lengths)]
        swept = [
            (side, other, (km2, *moved.bands[name]))
            for side, other, km2, name in (
                (one.left, one.right, moved.gained_km2, "gained_km2"),
                (one.right, one.left, moved.lost_km2, "lost_km2"),
            )
        ]
        for side, other, figure in swept:
            if figure[0] >= _LEAST_KM2:
                names = {"side": self.holder(side), "other": self.holder(other)}
                given = {**names, "figure": self.figure(figure)}
                said.append(self.sentence("brief.front.swept", ids, **given))
        if met != "length":
            return said
        if abs(moved.largest_km) < _LEAST_KM:
            return [*said, self.sentence("brief.front.still", ids)]
        winner = one.left if moved.largest_km > 0 else one.right
        given = {
            "km": self.words.number(abs(moved.largest_km), 1),
            "rate": self.words.number(abs(moved.km_per_day), 1),
            "side": self.holder(winner),
        }
        if not moved.place_id:
            return [*said, self.sentence("brief.front.moved", ids, **given)]
        near = {
            "place": self.place(moved.place_id),
            "away": self.words.number(moved.place_km or 0.0, 1),
        }
        ids = (*ids, moved.place_id)
        return [*said, self.sentence("brief.front.near", ids, **given, **near)]

    # ------------------------------------------------------------ what could be cut off

    def stake(self) -> list[Paragraph]:
        """What could be cut off, and how that changed."""
        before, after = self.facts.holds
        ids = [self.facts.layer(self.facts.last), *self._anchors]
        if not after:
            return [Paragraph((self.sentence("brief.stake.none", ids, **self.dates),))]
        found = [
            Paragraph(tuple(self._hold(one, before, ids)), is_item=True) for one in after[:_HOLDS]
        ]
        rest = len(after) - _HOLDS
        if rest > 0:
            found.append(Paragraph((self.sentence("brief.stake.rest", ids, count=rest),)))
        return found

    @cached_property
    def _anchors(self) -> list[str]:
        return [one.id for one in self.facts.folder.anchors]

    def _hold(
        self, one: dict[str, Any], before: Sequence[dict[str, Any]], ids: Sequence[str]
    ) -> list[Sentence]:
        """What hangs on a neck, in the words of the page; and what was said of it before."""
        behind = [i for i in one["places"] if i in self.facts.folder.places]
        best = self.best_known(behind)
        round_ = self.say("stake.round", place=self.place(best)) if best else ""
        joined = one["joined"]
        values = {
            "side": self.listed([self.holder(side) for side in one["sides"]]),
            "ground": round_ or self.say("stake.ground"),
            "km2": self.words.number(one["km2"]),
            "width": self._width(one),
            "share": "" if joined is None else self._share(1 - joined),
        }
        key = "drawn" if joined is None else "joined" if joined >= 0.5 else "cut"
        said = [self.sentence(f"stake.{key}", [*ids, *behind], **values)]
        if self.facts.first == self.facts.last:
            return said
        was = [hold for hold in before if set(hold["places"]) & set(one["places"])]
        was.sort(key=lambda hold: -len(set(hold["places"]) & set(one["places"])))
        past = [self.facts.layer(self.facts.first), *self._anchors]
        if not was:
            return [*said, self.sentence("brief.stake.new", past, **self.dates)]
        if (then := was[0]["joined"]) is not None:
            key = "brief.stake.was" if then >= 0.5 else "brief.stake.was.cut"
            told = {"share": self._share(1 - then), "width": self._width(was[0])}
            said.append(self.sentence(key, past, **told, **self.dates))
        return said

    def _share(self, share: float) -> str:
        return self.words.number(round(share * 100))

    def _width(self, hold: dict[str, Any]) -> str:
        width, low, high = (
            None if hold[name] is None else self.words.number(hold[name])
            for name in ("width", "low", "high")
        )
        number = width or "–"
        # Where it mostly does not hang together, the interval over all maps is mostly of none.
        if hold["joined"] is not None and hold["joined"] < 0.5:
            return self.say("brief.width", number=number)
        if low is None:
            return self.say("width.drawn", number=number)
        if high is None:
            return self.say("width.more", number=number, low=low)
        return self.say("width.band", number=number, low=low, high=high)

    def best_known(self, ids: Sequence[str]) -> str:
        """Of some places the spot of which most is said; nothing where none is one."""
        places = self.facts.folder.places

        def is_spot(one: str) -> bool:
            place = places[one]
            vague = float(place.properties["geo_radius_m"] or 0) > _REGION_M
            shape = place.geometry
            return not vague and (shape is None or shapely.get_dimensions(shape) == 0)

        spots = [one for one in ids if is_spot(one)]
        return max(spots, key=lambda one: (self._said.get(one, 0), one), default="")

    @cached_property
    def _said(self) -> dict[str, int]:
        """How many events and statements are on each place."""
        folder, found = self.facts.folder, dict[str, int]()
        records = [
            *(e.properties for e in folder.events),
            *(r.values for r in folder.statements.rows),
        ]
        for values in records:
            name = str(values["place_id"] or "")
            found[name] = found.get(name, 0) + 1
        return found

    # ------------------------------------------------------------ parts

    def parts(self) -> tuple[Part, ...]:
        """Everything that the brief says, but for what is open and how it was made."""
        told = {
            "taken": self.taken(),
            "known": self.known(),
            "ground": self.ground(),
            "front": self.fronts(),
            "stake": self.stake(),
            "events": self.events(),
            "disagree": self.disagreements(),
        }
        return tuple(
            Part(key, self.say(f"brief.part.{key}"), tuple(paragraphs))
            for key, paragraphs in told.items()
            if paragraphs
        )

    def as_of(self) -> list[Sentence]:
        """Which layers answer, where a date has none of its own."""
        facts = self.facts
        return [
            self.sentence(
                "brief.as_of", [facts.layer(layer)], date=self.date(day), layer=self.date(layer)
            )
            for day, layer in ((facts.before, facts.first), (facts.after, facts.last))
            if day != layer
        ]


_REGION_M = 10_000
"""A place that is known to no more than a region names no ground."""


def _middle_first(held: Sequence[float] | None) -> Figure:
    """Low, middle and high as middle, low and high."""
    return (0.0, None, None) if held is None else (held[1], held[0], held[2])
