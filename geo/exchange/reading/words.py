"""Words of others for control, and what they mean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geo.errors import SchemaError, refuse
from geo.exchange.texts import guard_formula, unguard_formula
from geo.layers import decode_text, is_id, split_rows
from geo.model import Status, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable


_NOT_IN_SLUG = re.compile("[^a-z0-9]+")


def make_slug(text: str) -> str:
    """A readable id for a name; an id is its own, and other alphabets are written in Latin."""
    if is_id(text):
        return text
    plain = unicodedata.normalize("NFKD", text).lower()
    if not plain.isascii():
        from anyascii import anyascii

        plain = anyascii("".join(c for c in plain if not unicodedata.combining(c))).lower()
    name = _NOT_IN_SLUG.sub("_", plain).strip("_")
    return name if is_id(name) else _digested(name, text)


def tell_apart(text: str) -> str:
    """An id for a name that another name would have as well: readable, and its own."""
    return _digested(make_slug(text), text)


def _digested(name: str, text: str) -> str:
    digest = hashlib.sha256(fold_name(text).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[:50].strip('_') or 'name'}_{digest}"


def fold_name(name: str) -> str:
    """A name as it is compared: without regard to case, blanks and forms of one letter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class Word:
    """
    What one of their words for control means.

    Attributes
    ----------
    text
        Their word, as it stands.
    status, controller, controllers
        Ours.
    count
        How often it was met.
    given
        Whether a person said so; otherwise it is our reading.
    """

    text: str
    status: str
    controller: str = ""
    controllers: str = ""
    count: int = 0
    given: bool = False


_GUESSES = {
    **dict.fromkeys(("contested", "disputed", "frontline", "fighting"), Status.CONTESTED),
    **dict.fromkeys(("mixed", "shared", "mixed control"), Status.MIXED),
    **dict.fromkeys(("unknown", "unclear", "no data", "n/a", "?"), Status.UNKNOWN),
    **dict.fromkeys(("uncontrolled", "none", "nobody", "no control"), Status.NONE),
}


def guess_meaning(text: str) -> Word:
    """What a word means as long as nobody says otherwise: the name of who holds it, mostly."""
    status = _GUESSES.get(" ".join(text.casefold().split()))
    return Word(text, status) if status else Word(text, Status.CONTROLLED, make_slug(text))


_WORD_COLUMNS = ("text", "status", "controller", "controllers", "count")


def words_table(words: Iterable[Word]) -> bytes:
    """
    Return words for control as a CSV that a person can edit.

    Parameters
    ----------
    words
        As an `Import` has them.

    Returns
    -------
    data
        UTF-8; `read_words` reads it back.
    """
    rows = [list(_WORD_COLUMNS)]
    rows += [[guard_formula(str(getattr(word, name))) for name in _WORD_COLUMNS] for word in words]
    cells = (['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows)
    return "".join(",".join(row) + "\n" for row in cells).encode()


def read_words(data: bytes, *, file: str) -> tuple[Word, ...]:
    """
    Read a table of words for control.

    Parameters
    ----------
    data
        CSV in UTF-8 with the columns ``text``, ``status`` and, where there is one, ``controller``
        or ``controllers``; others are not looked at.
    file
        Its path, for messages.

    Returns
    -------
    words
        One a row.

    Raises
    ------
    SchemaError
        If it is no such table, a status is none of ours or an id is none; all faults are in it.
    """
    text, found = decode_text(data, kind="csv")
    if not text:
        raise SchemaError([replace(issue, file=file) for issue in found])
    (_, header), *rows = split_rows(text, file=file)
    faults, words = [], []
    if lacking := {"text", "status"} - set(header):
        message = f"there is no column {' and no column '.join(sorted(lacking))}"
        raise SchemaError([refuse("csv.column", message, file=file, line=1)])
    for line, cells in rows:
        row = dict(zip(header, cells, strict=False))
        status = row["status"]
        ids = [*split_ids(row.get("controllers")), *split_ids(row.get("controller"))]
        bad = [i for i in ids if not is_id(i)]
        if status not in set(Status) or bad:
            what = f"{bad[0]!r} is no id" if bad else f"{status!r} is none of {', '.join(Status)}"
            faults.append(refuse("words.value", what, file=file, line=line))
            continue
        word = Word(
            unguard_formula(row["text"]),
            status,
            row.get("controller", ""),
            row.get("controllers", ""),
        )
        words.append(replace(word, given=True))
    if faults:
        raise SchemaError(faults)
    return tuple(words)
