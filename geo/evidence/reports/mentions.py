"""
What a report names: places, actors, times, and cues, the words for what happened.

Names are taken where they stand word by word in a table, then by how they sound. The longest part
of a run of capitals that names something is taken; where a part of a longer unknown name is known,
the whole stays unplaced, for a known word within a name is not the place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Literal

from geo.errors import escape
from geo.evidence.gazetteer import sounds
from geo.evidence.gazetteer.index import MIN_SCORE, Answer, Gazetteer
from geo.evidence.gazetteer.names import is_kind_word
from geo.evidence.reports import grammar
from geo.evidence.reports.actors import bare_arabic, without_possessive
from geo.evidence.reports.cues import find_cues, is_cue_word
from geo.evidence.reports.dates import When, find_dates
from geo.evidence.reports.expressions import before_name
from geo.evidence.reports.inflected import is_cyrillic, stems
from geo.evidence.words.languages import every, languages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from geo.evidence.reports.actors import Actors

MentionKind = Literal["place", "actor", "date", "cue", "name"]

SENTENCE_END = re.compile(r"(?<=[.!?؟…])[\"'”’)\]]*\s+|\n+")
SURE = 0.95
"""From this score on a place is named without a doubt."""

_TOKEN = re.compile(r"[^\W_]+(?:['’‘ʼʿʾ`-]+[^\W_]+)*['’‘ʼʿʾ]?|[’‘ʿʾ][^\W_]+")
_GAP = re.compile(r"[\s\u2010-\u2013-]*")
_EXACT_ARABIC = 0.97
"""Arabic script has no capitals: any two words might be a name, so only a sure one is taken."""
_WORDS_IN_NAME = 6
"""The longest name of an actor that is looked for; a place may have two kind words more."""
_NEVER = 1.01
"""No name reaches this score: asked with it, the gazetteer only lists what comes near."""


@cache
def _no_names() -> frozenset[str]:
    return every(*(language.reports.small for language in languages()))


@cache
def _links() -> frozenset[str]:
    return every(*(language.reports.links for language in languages()))


@cache
def _particles() -> frozenset[str]:
    return _links() | every(*(language.reports.particles for language in languages()))


@cache
def _like_articles() -> frozenset[str]:
    return every(*(language.reports.like_articles for language in languages()))


@dataclass(frozen=True, slots=True)
class Mention:
    """
    Something that a report names.

    Attributes
    ----------
    start, end
        Characters of the text, end exclusive.
    text
        The words.
    kind
        ``place``, ``actor``, ``date``, ``cue``; ``name`` is a name that bears on nothing known.
    value
        Id of the place or actor; ``2017-08-01/2017-08-02``; code of the cue. Empty where open.
    answer
        Candidates of a place or an actor that was asked by name.
    note
        What is doubtful about it.
    when
        Of a date: the days.
    """

    start: int
    end: int
    text: str
    kind: MentionKind
    value: str = ""
    answer: Answer | None = None
    note: str = ""
    when: When | None = None

    @property
    def why_open(self) -> str:
        """Why it bears on no one thing."""
        return self.note or (self.answer.reason if self.answer else "nothing is called so")

    @property
    def score(self) -> float:
        """How well the first candidate bears the name, 0 to 1."""
        return top_score(self.answer) if self.answer else 0.0


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str

    @property
    def lower(self) -> str:
        return sounds.plain(without_possessive(self.text))

    @property
    def capital(self) -> bool:
        """Whether it may belong to a name: al-Shaddadi, ‘Aabed and Post count."""
        return any(c.isupper() for c in self.text)


class Reader:
    """Finds the mentions of one text."""

    def __init__(
        self,
        text: str,
        gazetteer: Gazetteer,
        actors: Actors,
        no_names: frozenset[str],
        published: dt.date | None,
        near: tuple[float, float] | None,
    ) -> None:
        self.text, self.gazetteer, self.published, self.near = text, gazetteer, published, near
        self.actors = actors
        self._no_names = _no_names() | no_names
        self._spelled = _spelled(gazetteer)
        self._cue_ends = frozenset(
            end for _, end, cue in find_cues(text) if cue.frame in {"take", "act", "leave", "expel"}
        )
        self._taken: list[Mention] = []
        self._mask = bytearray(len(text))
        self._asked: dict[tuple[str, float], Answer] = {}

    def mentions(self) -> tuple[Mention, ...]:
        """All mentions, in order; what is taken first is not taken again."""
        for when in find_dates(self.text, self.published):
            self._take(self._date(when))
        self._take_actors()
        self._take_sides()
        self._take_adjectives()
        for run in self._runs():
            self._read_run(run)
        self._read_arabic()
        self._take_cues()
        return tuple(sorted(self._taken, key=lambda m: m.start))

    def _find(self, name: str, min_score: float = MIN_SCORE) -> Answer:
        """What the gazetteer says; each name is asked once."""
        asked = (name, min_score)
        if asked not in self._asked:
            self._asked[asked] = self.gazetteer.find(name, near=self.near, min_score=min_score)
        return self._asked[asked]

    def _take(self, mention: Mention) -> bool:
        if not self._free(mention.start, mention.end):
            return False
        self._taken.append(mention)
        self._mask[mention.start : mention.end] = b"x" * (mention.end - mention.start)
        return True

    def _free(self, start: int, end: int) -> bool:
        return self._mask.find(b"x", start, end) < 0

    def _mention(self, start: int, end: int, kind: MentionKind, value: str = "") -> Mention:
        return Mention(start, end, self.text[start:end], kind, value)

    def _date(self, when: When) -> Mention:
        days = [str(day) for day in dict.fromkeys((when.first, when.last)) if day]
        value = "/".join(days) if when.first else ("../" + days[0] if days else "")
        mention = self._mention(when.start, when.end, "date", value)
        return replace(mention, note=when.problem, when=when)

    def _tokens(self, *, arabic: bool) -> list[_Token]:
        return [
            _Token(match.start(), match.end(), match[0])
            for match in _TOKEN.finditer(self.text)
            if sounds.has_arabic(match[0]) == arabic
        ]

    # names that stand in the tables word by word, whatever the case

    def _take_actors(self) -> None:
        tokens = [_Token(m.start(), m.end(), m[0]) for m in _TOKEN.finditer(self.text)]
        for i in range(len(tokens)):
            if not self.actors.may_begin(tokens[i].text):
                continue
            for n in range(min(_WORDS_IN_NAME, len(tokens) - i), 0, -1):
                part = tokens[i : i + n]
                if not self._side_by_side(part) or not self._free(part[0].start, part[-1].end):
                    continue
                written = self.text[part[0].start : part[-1].end]
                if (ids := self.actors.named(written)) and self._as_written(written, part):
                    self._take_actor(part[0].start, part[-1].end, ids)
                    break

    def _as_written(self, written: str, part: list[_Token]) -> bool:
        """One word must be a name by its letters: SAA, Russia; two and more are by themselves."""
        if is_cyrillic(written):
            return part[0].capital or not self.actors.is_proper(written)
        if self.actors.is_listed_small(written):
            return True
        return len(part) > 1 or part[0].capital or sounds.has_arabic(written)

    def _take_actor(self, start: int, end: int, ids: tuple[str, ...]) -> None:
        note = "" if len(ids) == 1 else f"may be {', '.join(ids)}"
        one = self.actors.one_of(ids)
        self._take(replace(self._mention(start, end, "actor", one), note=note))

    def _take_sides(self) -> None:
        for start, end, actor in self.actors.whole_sides(self.text):
            # The Arakan Army is not the army.
            before = re.search(r"([^\W\d_]+)[ -]$", self.text[max(0, start - 30) : start])
            if before and before[1][0].isupper() and self.text[start:end].islower():
                low = sounds.plain(before[1])
                if low not in self._no_names and not is_cue_word(low):
                    continue
            self._take(self._mention(start, end, "actor", actor))

    def _take_adjectives(self) -> None:
        """Take the Russian of Russian attacks, where Russian forces are somebody's name."""
        for match in _TOKEN.finditer(self.text):
            if not self._free(match.start(), match.end()) or not self.actors.of_adjective(match[0]):
                continue
            behind = self.text[match.end() : match.end() + 30]
            if not any(grammar.head(what).match(behind) for what in ("things", "forces")):
                continue
            if (actor := self.actors.of_adjective(match[0])) and (
                match[0][0].isupper() or is_cyrillic(match[0])
            ):
                self._take(self._mention(match.start(), match.end(), "actor", actor))

    def _take_cues(self) -> None:
        for start, end, cue in find_cues(self.text):
            self._take(self._mention(start, end, "cue", cue.key))

    # names in Latin letters

    def _side_by_side(self, tokens: Sequence[_Token]) -> bool:
        """Whether nothing but blanks and hyphens stands between the words."""
        return all(_GAP.fullmatch(self.text[one.end : two.start]) for one, two in pairwise(tokens))

    def _runs(self) -> Iterator[list[_Token]]:
        """Words that may be one name: capitals, and what may stand between and beside them."""
        run: list[_Token] = []
        tokens = self._tokens(arabic=False)
        for token, after in zip_longest(tokens, tokens[1:]):
            if run and not self._side_by_side([run[-1], token]):
                yield from self._trimmed(run)
                run = []
            if self._may_name(token, after) and self._free(token.start, token.end):
                run.append(token)
            else:
                yield from self._trimmed(run)
                run = []
        yield from self._trimmed(run)

    def _may_name(self, token: _Token, after: _Token | None) -> bool:
        word = token.lower
        if word in _like_articles():
            # As Suwayda is a name, as Palmyra is none.
            return after is not None and sounds.is_article(word, after.lower)
        if word in _particles() or is_kind_word(word):
            return True
        if word in self._no_names or is_cue_word(word):
            return False
        return token.capital or word.isdigit()

    def _trimmed(self, run: list[_Token]) -> Iterator[list[_Token]]:
        while run and (run[0].lower in _links() or run[0].lower.isdigit()):
            run = run[1:]
        while run and run[-1].lower in _particles():
            run = run[:-1]
        if any(token.capital and not is_kind_word(token.lower) for token in run):
            yield run

    def _read_run(self, run: list[_Token]) -> None:
        """Take the longest parts that name something; what is left of a name stays unplaced."""
        found = self._best_part(run)
        if found is None:
            self._leave(run)
            return
        i, n, mention = found
        rest = [part for part in (run[:i], run[i + n :]) if self._is_name(part)]
        if any(not self._reads(part) and not self._is_region(part) for part in rest):
            # A known word within a longer unknown name is not the place: loud, not clever.
            self._leave(run)
            return
        self._take(mention)
        for part in rest:
            for trimmed in self._trimmed(part):
                self._read_run(trimmed)

    def _is_region(self, part: list[_Token]) -> bool:
        """Whether a province is named behind a place: Stepnohirsk of Zaporizhzhia Oblast."""
        return is_cyrillic(part[0].text) and bool(
            grammar.head("region").match(self.text, part[-1].end)
        )

    def _is_name(self, part: list[_Token]) -> bool:
        return any(
            t.capital and not is_kind_word(t.lower) and t.lower not in _particles() for t in part
        )

    def _reads(self, part: list[_Token]) -> bool:
        return any(self._best_part(trimmed) is not None for trimmed in self._trimmed(part))

    def _best_part(self, run: list[_Token]) -> tuple[int, int, Mention] | None:
        for n in range(min(len(run), _WORDS_IN_NAME + 2), 0, -1):
            for i in range(len(run) - n + 1):
                part = run[i : i + n]
                if self._is_name(part) and (mention := self._look_up(part)):
                    return i, n, mention
        return None

    def _look_up(self, part: list[_Token]) -> Mention | None:
        start, end = part[0].start, part[-1].end
        written = without_possessive(self.text[start:end])
        if is_cyrillic(written):
            return self._inflected(start, end, written)
        quarter = before_name("part", self.text[:start][-40:])
        if quarter and (mention := self._in_quarter(start, end, written, quarter)):
            return mention
        actor = self.actors.like(written)
        place = self._find(written)
        if actor.verdict != "not_found" and top_score(actor) >= top_score(place):
            ids = tuple(dict.fromkeys(c.id for c in actor.candidates[: actor.tied]))
            named = self._mention(start, end, "actor", self.actors.one_of(ids))
            return replace(named, answer=actor)
        if place.verdict == "not_found":
            return None
        known = place.candidates[0].id if place.verdict == "found" else ""
        return replace(self._mention(start, end, "place", known), answer=place)

    def _inflected(self, start: int, end: int, written: str) -> Mention | None:
        """A place in Cyrillic letters, in whatever case."""
        names = self._spelled.get(stems(written), ())
        if not names or not all(word[0].isupper() or word[0].isdigit() for word in written.split()):
            return None
        answer = self._find(names[0])
        if answer.verdict == "not_found":
            return None
        known = answer.candidates[0].id if answer.verdict == "found" else ""
        return replace(self._mention(start, end, "place", known), answer=answer)

    def _in_quarter(
        self, start: int, end: int, written: str, quarter: re.Match[str]
    ) -> Mention | None:
        """North-eastern X: a place so called, or a part of X that has no entry: not X itself."""
        whole = self._find(f"{quarter['quarter']} {written}")
        if whole.verdict == "found" and top_score(whole) >= SURE:
            start -= len(self.text[:start][-40:]) - quarter.start()
            return replace(self._mention(start, end, "place", whole.candidates[0].id), answer=whole)
        place = self._find(written)
        if quarter["of"] or place.verdict == "not_found":
            return None
        note = f"a part of {escape(written)} is meant, not {place.candidates[0].id} itself"
        return replace(self._mention(start, end, "place"), answer=place, note=note)

    def _leave(self, run: list[_Token]) -> None:
        """Keep a name that bears on nothing, with the nearest candidates."""
        start, end = run[0].start, run[-1].end
        head = not self.text[:start].strip() or SENTENCE_END.search(self.text[:start][-3:] + " ")
        if len(run) == 1 and head and not before_name("place", self.text[:start]):
            return  # one capital at the head of a sentence says nothing
        if not self._may_be_place(start, end, run):
            return
        answer = self._find(self.text[start:end], _NEVER)
        self._take(replace(self._mention(start, end, "name"), answer=answer))

    def _may_be_place(self, start: int, end: int, run: list[_Token]) -> bool:
        """Whether a name that bears on nothing stands where places stand."""
        before, behind = self.text[max(0, start - 60) : start], self.text[end : end + 30]
        if grammar.before("persons", "before").search(before):
            return False
        if grammar.behind("persons", "behind").match(behind) or grammar.head("forces").match(
            behind
        ):
            return False
        if grammar.head("things").match(behind):
            return False
        if any(is_kind_word(token.lower) for token in run):
            return True
        bare = re.sub(r"\b(?:the|a|an)\s+$", "", before)
        at = start - len(before) + len(bare.rstrip())
        if at in self._cue_ends:
            return True
        last = max(self._taken, key=lambda m: m.end if m.end <= start else -1, default=None)
        if last and last.end <= start and last.kind in {"place", "name"}:
            gap = self.text[last.end : start]
            if re.fullmatch(r"\s*(?:,|and|, and)\s*(?:the\s+)?", gap):
                return True
        return any(
            grammar.before("where", slot).search(bare)
            for slot in ("in", "near", "rim", "toward", "origin", "between", "aside", "object")
        )

    # names in Arabic letters

    def _read_arabic(self) -> None:
        tokens = self._tokens(arabic=True)
        for i in range(len(tokens)):
            for n in range(min(4, len(tokens) - i), 0, -1):
                part = tokens[i : i + n]
                if self._side_by_side(part) and self._free(part[0].start, part[-1].end):
                    mention = self._arabic_place(part)
                    if mention and self._take(mention):
                        break
        for token, after in pairwise(tokens):
            kind = is_kind_word(bare_arabic(token.lower))
            if kind and self._side_by_side([token, after]) and self._free(token.start, after.end):
                answer = self._find(self.text[token.start : after.end], _NEVER)
                self._take(replace(self._mention(token.start, after.end, "name"), answer=answer))

    def _arabic_place(self, part: list[_Token]) -> Mention | None:
        start, end = part[0].start, part[-1].end
        written = self.text[start:end]
        bare = bare_arabic(part[0].text)
        for skip in dict.fromkeys((0, len(part[0].text) - len(bare))):
            asked = written[skip:]
            if len(asked) < 3 or not self.gazetteer.knows(asked):
                continue
            answer = self._find(asked, _EXACT_ARABIC)
            if answer.verdict != "not_found":
                known = answer.candidates[0].id if answer.verdict == "found" else ""
                return replace(self._mention(start + skip, end, "place", known), answer=answer)
        return None


def small_share(text: str) -> float:
    """How many of the words of a text some language lists as small ones; Arabic counts whole."""
    found = _TOKEN.findall(text)
    small = sum(sounds.plain(word) in _no_names() or sounds.has_arabic(word) for word in found)
    return small / len(found) if found else 1.0


def _spelled(gazetteer: Gazetteer) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Spellings in Cyrillic letters by their stems."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for entry in gazetteer.entries:
        for form in (entry.name, *entry.spellings):
            if is_cyrillic(form):
                key = stems(form)
                found[key] = (*found.get(key, ()), form)
    return found


def top_score(answer: Answer) -> float:
    """The score of the first candidate; 0 where there is none."""
    return answer.candidates[0].score if answer.candidates else 0.0
