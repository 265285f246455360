"""
Those whom a sentence speaks of, and how each stands in it.

What stands before a name says whether something is done by it, at its cost, against it, with it;
a name before which nothing of the kind stands is *bare*: subject or object, as the order of words
and the case have it. Fighters without a name ("troops", "gunmen") are somebody too, whom nobody
else may take the place of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.reports import grammar
from geo.evidence.reports.inflected import is_cyrillic, is_instrumental

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.evidence.reports.actors import Actors
    from geo.evidence.reports.mentions import Mention

_RELATIONS = ("backer", "report", "agent", "source", "between", "against", "with", "to", "of")
_CLITICS = {"ل": "to", "ب": "agent", "و": "and", "ف": "and", "ك": "of"}
_AND = re.compile(
    r"(?:,|،|\b(?:and|or|та|і|й|и)\b|&|(?<!\w)و)\s*(?:the\s+|its\s+)?[«\"“]?$", re.IGNORECASE
)
_JOINED = re.compile(r"\b(?:and|or|та|і|й|и)\b|&|(?<!\w)و", re.IGNORECASE)
_NOT_JOINED = frozenset({"report", "backer", "agent", "to", "own", "with"})
"""One of these and a name behind a comma are two: according to A, B took it."""
_TELL = frozenset({"monitor", "media", "source", "news agency", "agency"})
_CLOSE, _FAR = 8, 60
"""Two are joined by an and right between them; "between A on one hand, and B" by one far off."""
_DEEDS = frozenset({"attack", "shelling", "air strike", "strike", "advance"})
_STRIPS = 5
"""So many words may stand between a name and the word that tells how it stands."""


@dataclass(frozen=True, slots=True)
class Party:
    """
    One who is spoken of.

    Attributes
    ----------
    start, end
        Characters of the text; what belongs to the name ("ISIS positions") is in.
    actor
        Id; empty where nobody knows who it is.
    relation
        ``bare``, or one of the keys of the table ``party``.
    case
        Of inflected names: ``nominative``, ``instrumental``, ``oblique``; else empty.
    group
        Start of the first of those that are joined by an and.
    words
        As written.
    """

    start: int
    end: int
    actor: str
    relation: str
    case: str
    group: int
    words: str


def parties(
    text: str, start: int, end: int, mentions: Sequence[Mention], actors: Actors
) -> list[Party]:
    """Everybody whom a sentence names, in order."""
    spans = [_widened(text, m, end) for m in mentions if m.kind == "actor"]
    named = {a: (a, b, m) for (a, b), m in zip(spans, _acting(mentions), strict=True)}
    taken = [(a, b) for a, b, _ in named.values()]
    taken += [(m.start, m.end) for m in mentions if m.kind in {"place", "date"}]
    rest = [
        (match.start(), match.end())
        for match in grammar.words("forces").finditer(text, start, end)
        if all(match.end() <= a or match.start() >= b for a, b in taken)
    ]
    found: list[Party] = []
    cues = [m.start for m in mentions if m.kind == "cue" and is_noun_of_deed(m)]
    for a, b in sorted([*((a, b) for a, b, _ in named.values()), *rest]):
        mention = named[a][2] if a in named else None
        if mention is None and _head_of(text, b, spans):
            continue
        # A name does not belong to a word beyond the day or the place before it.
        walls = [m.end for m in mentions if m.kind in {"date", "place"} and m.end <= a]
        floor = max([start, *walls])
        found.append(_party(text, floor, (a, b), mention, actors, found, cues))
    return found


def _acting(mentions: Sequence[Mention]) -> list[Mention]:
    return [m for m in mentions if m.kind == "actor"]


def _widened(text: str, mention: Mention, end: int) -> tuple[int, int]:
    """A name with what belongs to it: ISIS positions, the regime's soldiers."""
    at = mention.end
    owned = re.match(r"['’]s?(?: [\w-]+){0,2}? ", text[at:end])
    if owned and grammar.head("forces").match(text, at + owned.end() - 1):
        at += owned.end() - 1
    # In Slavic languages an adjective stands before its noun, a name behind it.
    bare = is_cyrillic(mention.text) and (mention.text.isupper() or " " in mention.text)
    for _ in range(0 if bare else 2):
        for what in ("things", "forces"):
            match = grammar.head(what).match(text, at, end)
            if match and "\n" not in match[0] and not re.match(r"[\s]*[,.;]", text[at:]):
                at = match.end()
    return mention.start, at


def is_noun_of_deed(cue: Mention) -> bool:
    """Whether a cue is a noun that may be somebody's: attacks, shelling."""
    if grammar.behind("voice", "verb").fullmatch(cue.text):
        return False
    return cue.value in _DEEDS and not cue.text.casefold().endswith("ed")


def _owns(text: str, end: int, cues: Sequence[int]) -> bool:
    """Whether a name stands right before a noun for what it did: X's heavy attacks."""
    ahead = min((at for at in cues if at >= end), default=None)
    if ahead is None:
        return False
    gap = text[end:ahead]
    return gap == " " or re.fullmatch(r"['’]s?\s+(?:[\w-]+\s+){0,3}", gap) is not None


def _head_of(text: str, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether fighters are those of the name behind them: units of the army."""
    for a, _ in spans:
        gap = text[end:a]
        if 0 <= a - end <= 24 and re.fullmatch(
            r"\s*(?:of|from|loyal to|belonging to|из|من|ال|تابعة ل|«|\"|“)?\s*(?:the\s+)?[«\"“]?",
            gap,
        ):
            return True
    return False


def _party(
    text: str,
    start: int,
    span: tuple[int, int],
    mention: Mention | None,
    actors: Actors,
    earlier: Sequence[Party],
    cues: Sequence[int],
) -> Party:
    a, b = span
    words = text[a:b]
    relation, at = _relation(text, start, a, known=mention is not None, actors=actors)
    row = actors.rows.get(mention.value) if mention else None
    if row and str(row.values.get("kind") or "").casefold() in _TELL:
        relation = "report"
    behind = text[mention.end if mention else b :][:60]
    for key in ("backer", "source", "report"):
        if mention and grammar.behind("party_behind", key).match(behind):
            relation = key
    group = a
    if mention and relation in {"of", "source", "against", "with"} and _owns(text, b, cues):
        relation = "bare"  # "as a result of X's attacks"
    if mention is None and grammar.before("same", "whose").search(text[start:a]):
        relation = "own"
    if relation == "and":
        last = earlier[-1] if earlier else None
        relation = "bare"
        if last and last.relation in _NOT_JOINED and not _JOINED.search(text, last.end, a):
            last = None
        # The party before, with nothing but the joining word between.
        if (
            last
            and at - last.end <= (_FAR if last.relation == "between" else _CLOSE)
            and not grammar.words("joints", "strong").search(text, last.end, at)
        ):
            relation, group = last.relation, last.group
    case = _case(mention, actors, text[start:a], words)
    return Party(a, b, mention.value if mention else "", relation, case, group, words)


def _case(mention: Mention | None, actors: Actors, before: str, words: str) -> str:
    if mention is None or not is_cyrillic(mention.text):
        return ""
    if head := grammar.tail("forces").search(before):
        # The fighters of X: they have the case, not the name.
        word = head[0].strip(' «"“')
        if is_instrumental(word):
            return "instrumental"
        return "oblique" if word.casefold().endswith(grammar.genitive()) else "nominative"
    if grammar.tail("things").search(before):
        return "oblique"  # the positions of X
    if mention.text.isupper() or actors.as_listed(mention.text):
        return "nominative"
    if is_instrumental(words):
        return "instrumental"
    # An adjective has the case of the noun behind it: Russian positions.
    headed = len(words.split()) > len(mention.text.split())
    return "nominative" if headed and not _is_genitive(words) else "oblique"


def _is_genitive(words: str) -> bool:
    return any(word.casefold().endswith(grammar.genitive()) for word in words.split())


def _relation(text: str, start: int, at: int, *, known: bool, actors: Actors) -> tuple[str, int]:
    """How a name at a place stands to what is said, and where the word that tells it ends."""
    if known and sounds.has_arabic(text[at]) and (found := _clitic(text[at:], actors)):
        for relation in ("backer", "agent", "report"):
            if grammar.before("party", relation).search(text[start:at] + text[at]):
                return relation, at
        return found, at
    for _ in range(_STRIPS):
        before = text[start:at]
        for relation in _RELATIONS:
            match = grammar.before("party", relation).search(before)
            if match is None:
                continue
            if relation == "of" and (strip := _of_whom(before[: match.start()])) is not None:
                # "And Lebanese commanders of X".
                more = re.search(r"(?<!\w)[A-Z]\w+\s+$", before[:strip])
                at = start + (more.start() if more and more.start() else strip)
                break
            return relation, start + match.start()
        else:
            if match := _AND.search(before):
                return "and", start + match.start()
            strip_at = _stripped(before, known=known)
            if strip_at is None:
                return "bare", at
            at = start + strip_at
    return "bare", at


def _of_whom(before: str) -> int | None:
    """Where "fighters of" begins, of a text that ends before its of; None where it is none."""
    for what in ("forces", "things"):
        if match := grammar.tail(what).search(before):
            return match.start()
    return None


def _stripped(before: str, *, known: bool) -> int | None:
    """Where a word that says nothing here begins, at the end of a text."""
    for what in ("determiners", "things", "forces"):
        if match := grammar.tail(what).search(before):
            return match.start()
    if known:
        return None
    # Fighters without a name have a word or two before them: Afghan, heavily armed.
    match = re.search(r"(?<!\w)[A-Z]?[a-z'’-]+\s+$", before)
    return match.start() if match and not _is_small(match[0]) else None


def _is_small(word: str) -> bool:
    return bool(grammar.words("party", "of").search(word)) or any(
        grammar.words("party", key).search(word)
        for key in ("agent", "against", "with", "source", "to")
    )


def _clitic(written: str, actors: Actors) -> str | None:
    """What a letter that Arabic writes onto the next word says: for, by, and."""
    word = written.split()[0]
    if word.startswith("لل"):
        return "to"
    if word[0] in _CLITICS and len(word) > 3 and actors.begins(written[1:]):
        return _CLITICS[word[0]]
    return None


def with_relation(party: Party, relation: str) -> Party:
    """The same, standing otherwise."""
    return replace(party, relation=relation)
