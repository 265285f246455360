"""The small words of sentences, of all languages together, as expressions to ask a text with."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.words.languages import any_of, languages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.evidence.words.languages import Expression

_NOTHING = r"(?!)"
"""What no text matches, for a table that no language has."""


@cache
def _table(what: str) -> dict[str, str]:
    """The expressions of one table of the grammar, those of all languages joined, by key."""
    tables: list[Mapping[str, Expression]] = [
        getattr(language.grammar, what) for language in languages()
    ]
    keys = dict.fromkeys(key for table in tables for key in table)
    return {key: any_of(*(table.get(key) for table in tables)) for key in keys}


@cache
def _list(what: str) -> str:
    return any_of(*(getattr(language.grammar, what) for language in languages())) or _NOTHING


@cache
def words(what: str, key: str = "") -> re.Pattern[str]:
    """Whole words of a list, or of one key of a table, anywhere in a text."""
    inner = (_table(what).get(key) if key else _list(what)) or _NOTHING
    if what == "joints":  # commas among them
        return re.compile(inner, re.IGNORECASE)
    return re.compile(rf"(?<![\w-])(?:{inner})(?!\w)", re.IGNORECASE)


@cache
def before(what: str, key: str) -> re.Pattern[str]:
    """The same right before a name: at the end of a text."""
    inner = _table(what).get(key) or _NOTHING
    return re.compile(rf"(?<!\w)(?:{inner})\s*$", re.IGNORECASE)


@cache
def behind(what: str, key: str) -> re.Pattern[str]:
    """The same right behind a name: at the head of a text."""
    return re.compile(_table(what).get(key) or _NOTHING, re.IGNORECASE)


@cache
def tail(what: str) -> re.Pattern[str]:
    """Words of a list at the end of a text, with the blanks about them."""
    return re.compile(rf"(?<!\w)(?:{_list(what)})[\s«\"“]*$", re.IGNORECASE)


@cache
def head(what: str) -> re.Pattern[str]:
    """Words of a list at the head of a text."""
    return re.compile(rf"[\s»\"”'’s]*(?:{_list(what)})(?!\w)", re.IGNORECASE)


@cache
def away_of() -> re.Pattern[str]:
    """So many kilometres in some direction, before the name from which they are counted."""
    own = (language.grammar.away for language in languages())
    each = [text if isinstance(text, str) else "".join(text) for text in own if text]
    # Groups of one name may stand once in an expression: they are numbered by language.
    numbered = [re.sub(r"\(\?P<(\w+)>", rf"(?P<\1_{n}>", text) for n, text in enumerate(each)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(numbered)})", re.IGNORECASE)


@cache
def bearing_of() -> dict[str, float]:
    """Degrees by the word for a quarter of the sky."""
    return {
        word.replace("_", " "): float(degrees)
        for language in languages()
        for degrees, line in language.grammar.bearings.items()
        for word in line.split()
    }


@cache
def endings() -> tuple[str, ...]:
    """Endings of inflected words, longest first."""
    lists = (language.grammar.endings for language in languages())
    found = {sounds.plain(word) for each in lists for word in each.split()}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


@cache
def genitive() -> tuple[str, ...]:
    """Endings of the plural of whom something is."""
    lists = (language.grammar.genitive for language in languages())
    return tuple(word for each in lists for word in each.split())


@cache
def instrumental() -> tuple[str, ...]:
    """Endings of the one by whom something is done."""
    return tuple(word for language in languages() for word in language.grammar.instrumental.split())
