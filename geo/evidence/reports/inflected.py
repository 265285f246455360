"""Names in Cyrillic letters, whatever their case: compared by what is left without the ending."""

from __future__ import annotations

import re
from functools import lru_cache

from geo.evidence.gazetteer import sounds
from geo.evidence.reports import grammar

_CYRILLIC = re.compile("[\u0400-\u052f]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")
_SHORTEST = 3
_SUFFIXES = ("ов", "ев", "ів", "ив", "єв")
_SOFTENED = str.maketrans({"ц": "к", "ж": "г", "з": "г"})
"""What a last consonant becomes before some endings: Avdiivka, in Avdiivtsi."""


def is_cyrillic(text: str) -> bool:
    """Whether any letter is Cyrillic."""
    return _CYRILLIC.search(text) is not None


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word without its ending; abbreviations and short words stay as they are."""
    if word.isupper() and len(word) > 1:
        return word
    low = sounds.plain(word).replace("ё", "е")
    for ending in grammar.endings():
        if low.endswith(ending) and len(low) - len(ending) >= min(_SHORTEST, 1 + len(ending)):
            low = low[: -len(ending)]
            break
    # Orikhiv, of Orikhova: a suffix that some cases have.
    if len(low) > _SHORTEST + 1 and low.endswith(_SUFFIXES):
        low = low[:-2]
    return low[:-1] + low[-1:].translate(_SOFTENED)


def stems(text: str) -> tuple[str, ...]:
    """Every word of a name without its ending."""
    return tuple(stem(word) for word in _WORD.findall(text))


def is_instrumental(text: str) -> bool:
    """Whether a word of a name is in the case of the one by whom something is done."""
    return any(
        not word.isupper() and word.casefold().endswith(grammar.instrumental())
        for word in _WORD.findall(text)
    )
