"""
The languages of pages and pictures: one file of words each, found in this folder.

A file ``fr.json`` beside this one is all that a language needs. Its ``language`` says how it is
written: direction, in which order the columns of names are tried, comma, numbers, plurals, dates
and months; the other parts hold the phrases of the page, of stills, and of the editor. A phrase may
have several forms by the plural of its ``count``; ``plural`` tells them apart by patterns, and
``other`` is what fits none.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_DEFAULT = "en"


def find_languages(folder: Path) -> tuple[str, ...]:
    """Return the languages of the files in a folder; the one that is taken untold comes first."""
    return _DEFAULT, *sorted({path.stem for path in folder.glob("*.json")} - {_DEFAULT})


LANGUAGES = find_languages(_FOLDER)
"""The languages of pages and pictures; names and notes are shown as the layers have them."""


@cache
def read_language(language: str) -> dict[str, dict[str, Any]]:
    """Everything that the file of a language says, part by part."""
    text = (_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    parts: dict[str, dict[str, Any]] = json.loads(text)
    return parts


def require_language(language: str, *, speaker: str) -> None:
    """
    Pass if there is a file of words of a language.

    Parameters
    ----------
    language
        Such as ``en``.
    speaker
        What would speak it, for the message.

    Raises
    ------
    ValueError
        If there is none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}; {speaker} speaks {' and '.join(LANGUAGES)}")


@cache
def language_words(*parts: str) -> dict[str, dict[str, Any]]:
    """
    Return the words of all languages, as a page wants them.

    Parameters
    ----------
    parts
        Parts of the files, such as ``page``; a later one wins where two have the same phrase.

    Returns
    -------
    words
        By language: every phrase by its key, and ``language``, which says how it is written.
    """
    found = {}
    for language in LANGUAGES:
        known = read_language(language)
        phrases = {key: phrase for part in parts for key, phrase in known[part].items()}
        found[language] = {"language": known["language"], **phrases}
    return found
