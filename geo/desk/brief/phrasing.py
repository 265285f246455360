"""Names, dates, figures and phrases of a brief, in one language."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from geo.desk.brief.sentences import Paragraph, Sentence, runs_back
from geo.draw import name_places
from geo.errors import escape
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from geo.desk.brief.facts import Facts, Figure
    from geo.draw import Words

_NAMED = 6
"""So many places or publishers are named; the rest is counted."""
_LONG = 400
"""A longer note is cut at a sentence."""


def one_sentence(text: str) -> str:
    """A text as a sentence: with a capital letter, and a full stop."""
    text = text.strip()
    end = "" if text.endswith((".", "!", "?", "؟", "…")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


class Phrasing:
    """
    Says facts with the names, dates and figures of a language.

    Parameters
    ----------
    facts
        Of the span.
    words
        Of the language, with its part ``brief``.
    """

    def __init__(self, facts: Facts, words: Words) -> None:
        self.facts, self.words = facts, words
        self.say = words.say
        self.has_notes = self.has_quotes = False

    # ------------------------------------------------------------ names and figures

    def holder(self, holder: str) -> str:
        """The name of a side, or the word for a status that nobody holds alone."""
        row = self.facts.folder.rows("actors").get(holder)
        if row is None and self.words.knows(f"status.{holder}"):
            return self.say(f"status.{holder}")
        return self.words.name(row.values if row else None, holder)

    def place(self, place_id: str) -> str:
        """The name of a place."""
        found = self.facts.folder.places.get(place_id)
        return self.words.name(found.properties if found else None, place_id)

    def places(self, ids: Sequence[str], most: int = _NAMED) -> str:
        """The names of places."""
        return name_places(self.facts.folder, self.words, ids, most)

    def listed(self, names: Sequence[str], most: int = _NAMED) -> str:
        """Names in a row, and how many more there are."""
        if len(names) > most:
            told = self.words.comma.join(names[:most])
            return self.say("and.more", names=told, count=len(names) - most)
        if len(names) == 2:
            return self.say("and.two", one=names[0], two=names[1])
        return self.words.comma.join(names)

    def date(self, day: dt.date | str) -> str:
        """A day in words."""
        return self.words.date(parse_day(str(day)))

    def figure(self, figure: Figure, unit: str = "km2") -> str:
        """A figure with its unit and band."""
        return self.words.figure(*figure, unit=unit)

    def publishers(self, source_ids: Iterable[str]) -> list[str]:
        """The publishers of some sources, each once."""
        sources = self.facts.folder.rows("sources")
        named = (
            str(sources[i].values["publisher"]) if i in sources else str(i) for i in source_ids
        )
        return [escape(name) for name in dict.fromkeys(named)]

    @cached_property
    def dates(self) -> dict[str, str]:
        """Both dates, as phrases name them."""
        facts = self.facts
        return {"before": self.date(facts.before), "after": self.date(facts.after)}

    def sentence(self, key: str, ids: Iterable[str], **values: object) -> Sentence:
        """A phrase as a sentence that rests on some records."""
        return Sentence(one_sentence(self.say(key, **values)), tuple(dict.fromkeys(ids)))

    def quote(self, text: object, ids: Iterable[str]) -> list[Sentence]:
        """What somebody typed, where it runs as the language does; none is translated."""
        typed = " ".join(str(text or "").split())
        if typed:
            self.has_notes = True
        if not typed or runs_back(typed) != self.words.rtl:
            return []
        self.has_quotes = True
        return [Sentence(one_sentence(_cut(escape(typed, 2000))), tuple(ids), is_quoted=True)]

    def rest(self, key: str, ids: Sequence[str]) -> list[Paragraph]:
        """How many more there are."""
        return [Paragraph((self.sentence(key, ids, count=len(ids)),))] if ids else []

    def told_by(self, source_ids: Sequence[str]) -> list[Sentence]:
        """Who tells something: how many sources, and of whom."""
        if not source_ids:
            return []
        names = self.publishers(source_ids)
        key = "brief.told"
        if len(names) == 1 or len(names) == len(source_ids):
            key = "brief.told.one" if len(names) == 1 else "brief.told.each"
        given = {"count": len(source_ids), "names": self.listed(names)}
        return [self.sentence(key, source_ids, publishers=len(names), **given)]


def _cut(text: str) -> str:
    """A long text up to the end of a sentence, or of a word."""
    if len(text) <= _LONG:
        return text
    head = text[:_LONG]
    end = head.rfind(". ")
    return head[: end + 1] if end > _LONG // 3 else head[: head.rfind(" ")] + " …"
