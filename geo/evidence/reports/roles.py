"""
Who did what to whom, by the sentence.

Every cue has a *frame*: who takes what from whom, who drives out whom, who leaves, who fights with
whom. Where a voice, a case or a preposition does not say who acts, nobody is said to: one who is
only seen as the object of what was done never becomes its subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.reports import grammar
from geo.evidence.reports.inflected import is_cyrillic
from geo.evidence.reports.parties import is_noun_of_deed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from geo.evidence.reports.actors import Actors
    from geo.evidence.reports.clauses import Clause
    from geo.evidence.reports.mentions import Mention
    from geo.evidence.reports.parties import Party

_FAR = 7
"""So many unknown words between one who may act and what was done leave it open who did."""
_WITHIN = re.compile(r"\b(?:in|by|when|during|as|after|from)\b")
"""Killed in an attack of X: X is not the dead."""
_MEANS = frozenset({"strike", "attack", "shelling", "air strike", "clashes", "aircraft", "guns"})
_OWNED = re.compile(r".?['’]s?\s+(?:[\w-]+\s+){0,3}")
"""What stands between a name and a noun that is its deed."""
_A_NOUN = re.compile(r"\b(?:the|an?|this|that|these|those|any|all)\s+(?:[\w-]+\s+){0,3}$")
"""What stands before a cue that is a noun and no verb."""
_NEAR = 30
"""A name that belongs to a noun ("attack of X") stands within so many characters."""


@dataclass(slots=True)
class Roles:
    """
    Who acted, and on whom.

    Attributes
    ----------
    first, second
        Those who acted, and those on whom; more than one where they are joined.
    unknown
        Whether somebody acted of whom the sentence does not say who it is.
    doubts
        Why it is not sure.
    backers
        Who stood behind the first.
    """

    first: list[Party] = field(default_factory=list)
    second: list[Party] = field(default_factory=list)
    unknown: bool = False
    doubts: list[str] = field(default_factory=list)
    backers: list[Party] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """The parties of a clause by where they stand."""

    subject: list[Party]
    patients: list[Party]
    agents: list[Party]
    passive: bool
    by_relation: dict[str, list[Party]]
    clause: Clause

    def of(self, *relations: str) -> list[Party]:
        return [p for relation in relations for p in self.by_relation.get(relation, [])]


class Caster:
    """Gives the parties of a sentence their roles, clause by clause."""

    def __init__(self, text: str, plain: str, actors: Actors, found: Sequence[Party]) -> None:
        self.text, self.plain, self.actors, self.found = text, plain, actors, found

    def roles(self, clause: Clause, before: Roles | None) -> Roles:
        """The roles of one clause; `before` are those of the one that it goes on from."""
        frame = self._frame(clause)
        roles = self._cast(clause.kind.frame, frame)
        roles.backers = frame.of("backer")
        if before and not roles.first and not roles.unknown and self._goes_on(clause, frame):
            roles.first, roles.unknown = list(before.first), before.unknown
            taken = {p.start for p in roles.first}
            roles.second = [p for p in roles.second if p.start not in taken]
        self._doubt(roles, clause)
        return roles

    def _cast(self, name: str, frame: _Frame) -> Roles:
        casts: dict[str, Callable[[_Frame], Roles]] = {
            "take": self._take,
            "fall": self._fall,
            "lose": self._lose,
            "expel": self._expel,
            "give": self._give,
            "leave": self._leave,
            "act": self._act,
            "mutual": self._mutual,
            "repulse": self._repulse,
            "dead": self._dead,
            "state": self._state,
            "means": self._act,
        }
        return casts[name](frame)

    # where the parties stand

    def _frame(self, clause: Clause) -> _Frame:
        inside = [p for p in self.found if clause.start <= p.start < clause.end]
        inside = [p for p in inside if not self._is_cue(p, clause) and not self._tells(p, clause)]
        dead = self._dead_behind(clause)
        victims = [p for p in inside if p.start in dead]
        inside = [p for p in inside if p.start not in dead]
        frame = self._standing(clause, inside)
        frame.patients = [*frame.patients, *victims]
        return frame

    def _standing(self, clause: Clause, inside: list[Party]) -> _Frame:
        cue = clause.cue
        by: dict[str, list[Party]] = {}
        for party in inside:
            by.setdefault(party.relation, []).append(party)
        passive = self.is_passive(cue)
        if is_cyrillic(cue.text):
            return self._inflected(clause, inside, by, passive=passive)
        bare = by.get("bare", [])
        head = min(c.start for c in clause.cues)
        left = [p for p in bare if p.start < max(head, cue.start)]
        right = [p for p in bare if p.start >= max(head, cue.start)]
        agents = by.get("agent", [])
        if sounds.has_arabic(cue.text):
            return self._verb_first(clause, left, right, agents, by, passive=passive)
        owner = self._owner(cue, inside)
        if owner or self._is_of_others(cue, clause, left):
            # "P condemned the attack by X", "P answered X's attack": P did not do it.
            left, right = [], [p for p in right if p not in owner]
            agents = [*agents, *(p for p in owner if p not in agents)]
        noun = [p for p in by.get("of", []) if 0 <= p.start - cue.end < _NEAR]
        # "P condones the advance of X": X advances.
        if noun and (not left or (cue.value == "advance" and is_noun_of_deed(cue))):
            agents = [*agents, *noun]
        if passive:
            return _Frame([], _last_group(left), agents, True, by, clause)
        return _Frame(_last_group(left), right, agents, False, by, clause)

    def _owner(self, cue: Mention, inside: list[Party]) -> list[Party]:
        """Whose deed a noun is said to be: X's shelling."""
        if not is_noun_of_deed(cue):
            return []
        near = [p for p in inside if _OWNED.fullmatch(self.text[p.end - 2 : cue.start])]
        return near[-1:]

    def _is_of_others(self, cue: Mention, clause: Clause, left: list[Party]) -> bool:
        """Whether one who stands before a noun of a deed does something else, and not that."""
        named = grammar.behind("voice", "deed").fullmatch(cue.text)
        if not left or not (is_noun_of_deed(cue) or named):
            return False
        gap = self.text[left[-1].end : cue.start]
        if not _A_NOUN.search(gap) or grammar.words("voice", "light").search(gap):
            return False
        if grammar.words("voice", "under").search(gap):
            return False
        return all(not left[-1].end <= c.start < cue.start for c in clause.cues)

    def _verb_first(
        self,
        clause: Clause,
        left: list[Party],
        right: list[Party],
        agents: list[Party],
        by: dict[str, list[Party]],
        *,
        passive: bool,
    ) -> _Frame:
        cue = clause.cue
        if cue.value in _MEANS:
            # Of "struck with artillery" the verb comes first, and the one who acts behind it.
            cue = min((c for c in clause.cues if c.value in _MEANS), key=lambda c: c.start)
            both = sorted([*left, *right], key=lambda p: p.start)
            left = [p for p in both if p.start < cue.start]
            right = [p for p in both if p.start >= cue.start]
        if passive:
            return _Frame([], _last_group(left) or _first_group(right), agents, True, by, clause)
        told = [p for p in self.found if p.relation == "report" and p.end <= cue.start]
        told = [
            p
            for p in told
            if p.start >= clause.start and p.actor and self.actors.side(p.actor) in self.actors.rows
        ]
        first = _first_group(right)
        near = first and first[0].start - cue.end < 3
        light = grammar.words("voice", "light").search(self.text, clause.start, cue.start)
        named = grammar.behind("voice", "deed").fullmatch(cue.text) or (
            # What is a verb elsewhere is a noun behind a preposition.
            grammar.behind("voice", "deed_if").fullmatch(cue.text)
            and grammar.before("voice", "deed_after").search(self.text[: cue.start][-12:])
        )
        if left and not light and named:
            # "P condemned the attack of X": X made it, whatever P did, and whoever X is.
            gap = self.text[cue.end : first[0].start] if first else self.text[cue.end :]
            if not grammar.behind("voice", "deed_on").match(gap):
                owner = first if first and len(gap.split()) < 2 else []
                right = [p for p in right if p not in owner]
                return _Frame(owner, right, agents, False, by, clause)
        if told and not left and not near and grammar.behind("voice", "noun").match(cue.text):
            # "X announced its control of Y".
            return _Frame(told[-1:], right, agents, False, by, clause)
        if first and first[0].start - cue.end < _NEAR and not left:
            rest = [p for p in right if p not in first]
            return _Frame(first, rest, agents, False, by, clause)
        # "An attack of", with the preposition written onto the name.
        glued = [p for p in by.get("to", []) if 0 <= p.start - cue.end < 3]
        if glued and not left:
            return _Frame([], right, [*agents, *glued], False, by, clause)
        return _Frame(_last_group(left), right, agents, False, by, clause)

    def _inflected(
        self,
        clause: Clause,
        inside: list[Party],
        by: dict[str, list[Party]],
        *,
        passive: bool,
    ) -> _Frame:
        cue = clause.cue
        bare = [p for p in inside if p.relation == "bare"]
        agents = [*by.get("agent", []), *(p for p in bare if p.case == "instrumental")]
        nouns = [c for c in clause.cues if _is_noun(c)]
        owned = [
            p
            for p in bare
            if p.case in {"oblique", "nominative"} and any(0 <= p.start - c.end <= 2 for c in nouns)
        ]
        rest = [p for p in bare if p not in owned and p.case != "instrumental"]
        objects = [p for p in rest if p.case == "oblique"]
        free = [p for p in rest if p.case != "oblique"]
        by["of"] = [*by.get("of", []), *owned]
        left = [p for p in free if p.start < cue.start]
        right = [p for p in free if p.start >= cue.start]
        if passive:
            return _Frame([], objects or _last_group(left), agents, True, by, clause)
        subject = _last_group(left)
        if (
            not subject
            and not objects
            and cue.value in {"attack", "shelling", "air strike", "strike"}
            and owned
        ):
            return _Frame(_first_group(owned), right, agents, False, by, clause)
        own = [p for p in inside if 0 <= p.start - cue.end <= 2] if _is_noun(cue) else []
        if subject and own and subject[-1].end < cue.start:
            gap = self.text[subject[-1].end : cue.start]
            if not grammar.words("voice", "light").search(gap):
                # "P condemned the attack of X": whose deed it is, is not P's.
                others = {key: [p for p in found if p not in own] for key, found in by.items()}
                rest = [p for p in (*objects, *right) if p not in own]
                return _Frame([], rest, agents, False, others, clause)
        sure = [p for p in right if not p.words.isupper()]
        if not subject and right and not objects:
            subject, right = _first_group(right), []
        elif not subject and sure:
            # The object before the verb, the subject behind it.
            subject, right = sure[:1], [p for p in right if p not in sure[:1]]
        return _Frame(subject, [*objects, *right], agents, False, by, clause)

    def _dead_behind(self, clause: Clause) -> set[int]:
        """Where those stand who are said to be dead: right behind the word for it."""
        found: set[int] = set()
        for cue in clause.cues:
            if cue.value != "dead" or cue is clause.cue:
                continue
            behind = [p for p in self.found if p.start >= cue.end and p.start < clause.end]
            gap = self.text[cue.end : behind[0].start] if behind else ""
            if behind and len(gap.split()) <= 4 and not _WITHIN.search(gap):
                found.add(behind[0].start)
        return found

    def _is_cue(self, party: Party, clause: Clause) -> bool:
        """Whether fighters without a name are the very word that says what happened."""
        return not party.actor and any(
            c.start <= party.start < c.end or party.start <= c.start < party.end
            for c in clause.cues
        )

    def _tells(self, party: Party, clause: Clause) -> bool:
        """Whether somebody only says it."""
        if party.relation == "report":
            return True
        for cue in clause.cues:
            if cue.value == "statement" and cue is not clause.cue:
                gap = self.text[party.end : cue.start]
                if party.end <= cue.start and len(gap.split()) <= 2:
                    return True
        return False

    def is_passive(self, cue: Mention) -> bool:
        """Whether something was done to the subject."""
        before = self.text[max(0, cue.start - 40) : cue.start]
        after = self.text[cue.end : cue.end + 16]
        return bool(
            grammar.before("voice", "before").search(before)
            or grammar.behind("voice", "behind").match(after)
            or grammar.behind("voice", "form").fullmatch(cue.text)
        )

    # what the frames make of it

    def _take(self, frame: _Frame) -> Roles:
        losers = [*frame.of("source", "against", "with"), *self._enemies(frame)]
        if sounds.has_arabic(frame.clause.cue.text):
            losers += frame.of("to")  # weapons "for" somebody, in one word
        if frame.passive:
            return _cast(frame.agents, [*losers, *frame.patients])
        return _cast(self._doers(frame), losers)

    def _doers(self, frame: _Frame) -> list[Party]:
        """
        Who did it: the subject of a verb; of a noun, the one named with a "by".

        "A took X, held by B": by whom it was held did not take it.
        """
        cue = frame.clause.cue
        if sounds.has_arabic(cue.text) or is_noun_of_deed(cue):
            return frame.agents or frame.subject
        if frame.subject and frame.agents:
            gap = self.text[cue.end : frame.agents[0].start]
            if "," not in gap:
                return []  # "A had its men driven out by B": who did it is not sure
        return frame.subject or frame.agents

    def _enemies(self, frame: _Frame) -> list[Party]:
        """Those with whom there was fighting in the same clause."""
        others = [c for c in frame.clause.cues if c.value in {"clashes", "attack"}]
        return [p for p in frame.of("between") if others]

    def _fall(self, frame: _Frame) -> Roles:
        behind = frame.clause.cue.end
        to = [*frame.of("to", "agent"), *(p for p in frame.agents)]
        owner = [p for p in [*frame.patients, *frame.of("of")] if p.start >= behind]
        if is_cyrillic(frame.clause.cue.text):
            owner = []
        return _cast(to or owner, frame.of("source"))

    def _lose(self, frame: _Frame) -> Roles:
        takers = frame.of("to", "agent")
        losers = frame.subject or frame.patients
        if frame.passive:
            losers = []
        return _cast(takers, losers)

    def _expel(self, frame: _Frame) -> Roles:
        if frame.passive:
            return _cast(frame.agents, frame.patients)
        losers = frame.patients
        if sounds.has_arabic(frame.clause.cue.text) and not losers and len(frame.subject) > 1:
            losers, frame.subject = frame.subject[1:], frame.subject[:1]
        return _cast(self._doers(frame), losers or frame.of("source"))

    def _give(self, frame: _Frame) -> Roles:
        if frame.passive:
            return _cast(frame.agents, frame.of("to"))
        return _cast(frame.subject or frame.agents, frame.of("to"))

    def _leave(self, frame: _Frame) -> Roles:
        if frame.passive:
            return _cast(frame.agents, [])
        # "The withdrawal of X".
        return _cast(frame.subject or frame.agents, [])

    def _act(self, frame: _Frame) -> Roles:
        clause = frame.clause
        others = [] if clause.kind.key == "weapons withdrawn" else frame.of("against", "with")
        objects = [*frame.patients, *others]
        head = min(c.start for c in clause.cues)
        if grammar.words("voice", "under").search(self.text, clause.start, head):
            # "X came under attack from Y".
            first = [*frame.agents, *frame.of("source")]
            return _cast([p for p in first if p not in frame.subject], [*frame.subject, *objects])
        if frame.passive:
            return _cast(frame.agents, objects)
        first = self._doers(frame)
        if sounds.has_arabic(frame.clause.cue.text) and not first:
            first = [p for p in frame.of("source") if p.start > frame.clause.cue.end]
        objects = [p for p in objects if p not in first]
        if frame.clause.cue.value == "advance":
            objects = [*objects, *frame.of("source")]
        if frame.subject and first == frame.agents:
            # "X came under fire by Y".
            objects = [*frame.subject, *objects]
        return _cast(first, objects)

    def _mutual(self, frame: _Frame) -> Roles:
        both = frame.of("between")
        if both:
            sides = list(dict.fromkeys(self.actors.side(p.actor) or p.words for p in both))
            first = [p for p in both if (self.actors.side(p.actor) or p.words) == sides[0]]
            return _cast(first, [p for p in both if p not in first])
        others = frame.of("with", "against")
        first = frame.subject or frame.agents
        if not others and len(first) > 1:
            return _cast(first[:1], first[1:])
        return _cast(first, others or frame.patients)

    def _repulse(self, frame: _Frame) -> Roles:
        """An attack that was beaten back happened; the attackers come first."""
        defenders = frame.agents if frame.passive else frame.subject
        attackers = frame.patients if frame.passive else [*frame.patients, *frame.of("of")]
        if not frame.passive:
            attackers = [*attackers, *frame.of("agent", "to", "source")]
        if frame.passive and not attackers:
            attackers = frame.of("of")
        defenders = [p for p in defenders if p not in attackers]
        if frame.passive and len(frame.agents) > 1:
            # "An attempt by X was thwarted by Y".
            near = [p for p in frame.agents if p.start < frame.clause.cue.start]
            attackers, defenders = near or attackers, [p for p in frame.agents if p not in near]
        return _cast(attackers, defenders)

    def _dead(self, frame: _Frame) -> Roles:
        return _cast([], frame.patients)

    def _state(self, frame: _Frame) -> Roles:
        return _cast(frame.subject or frame.agents or frame.of("of"), [])

    # what is not said in the clause

    def _goes_on(self, clause: Clause, frame: _Frame) -> bool:
        """Whether a clause has the subject of the one before it."""
        if frame.passive or clause.joint in {"", "back"}:
            return clause.joint == "back" and self._same(clause)
        if clause.joint in {"strong", "said"} and not self._same(clause):
            return False
        first = min(clause.cues, key=lambda cue: cue.start)
        if grammar.words("forces").fullmatch(first.text):
            return False  # "and aircraft struck": whose they are is not said
        head = self.plain[clause.start : clause.cue.start]
        head = grammar.words("same", "who").sub(" ", head)
        head = grammar.words("voice", "before").sub(" ", head)
        head = grammar.words("forces").sub(" ", head) if self._same(clause) else head
        return len(head.split()) <= 3 and not any(w[:1].isupper() for w in head.split())

    def _same(self, clause: Clause) -> bool:
        """Whether a pronoun says so."""
        head = self.text[clause.start : clause.cue.end][:40]
        inside = clause.joined + " " + head
        return bool(grammar.words("same", "who").search(inside))

    def _doubt(self, roles: Roles, clause: Clause) -> None:
        known = [p for p in roles.first if p.actor]
        if roles.first and not known:
            roles.unknown = True
        for party in known[:1]:
            if clause.start <= party.end <= clause.cue.start:
                gap = self.text[party.end : clause.cue.start]
                if len(gap.split()) > 3 * _FAR:
                    roles.first, roles.unknown = [], True
                    roles.doubts.append("too much stands between who may have acted and the deed")
                elif len(gap.split()) > 2 * _FAR:
                    roles.doubts.append("who acted stands far from what was done")


def _cast(first: Iterable[Party], second: Iterable[Party]) -> Roles:
    one = list(dict.fromkeys(first))
    return Roles(one, [p for p in dict.fromkeys(second) if p not in one])


def _is_noun(cue: Mention) -> bool:
    if grammar.behind("voice", "verb").fullmatch(cue.text):
        return False
    return cue.value in {"attack", "shelling", "air strike", "strike", "advance", "control taken"}


def _last_group(found: Sequence[Party]) -> list[Party]:
    """Those who stand last, with those who are joined to them."""
    return [p for p in found if p.group == found[-1].group] if found else []


def _first_group(found: Sequence[Party]) -> list[Party]:
    return [p for p in found if p.group == found[0].group] if found else []
