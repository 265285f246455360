"""Text of any encoding; what could be read in two ways is refused, not guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.layers import decode_text

if TYPE_CHECKING:
    from geo.exchange.reading.intake import Intake

_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")
"""Four bytes in a row above ASCII: in a western language hardly ever, in others every word."""

_SAMPLES = ("windows-1252", "windows-1251", "windows-1256")
"""What the user is shown the same bytes in: western, Cyrillic, Arabic."""


def decode_foreign(data: bytes, file: str, intake: Intake) -> str:
    """Return the text of a table, its lines ending in a line feed."""
    text = (
        decode_told(data, file, intake)
        if intake.options.encoding
        else _find_text(data, file, intake)
    )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_told(data: bytes, file: str, intake: Intake) -> str:
    """
    Read bytes as the user says.

    Raises
    ------
    SchemaError
        If they are not what the user says.
    """
    told = intake.options.encoding
    try:
        text = data.decode(told)
    except (UnicodeError, LookupError, ValueError) as error:
        message = f"it is not {escape(told, 40)}: {escape(str(error))}"
        raise SchemaError([refuse("import.encoding", message, file=file)]) from error
    intake.note(f"read as {told}, as told", file)
    return text.removeprefix("\ufeff")


def _find_text(data: bytes, file: str, intake: Intake) -> str:
    """
    Find out how bytes are to be read.

    Raises
    ------
    SchemaError
        If they are no text, or could be read in several ways.
    """
    text, found = decode_text(data, kind="csv")
    if text:
        intake.note("UTF-8", file)
        return text
    if found[0].code != "csv.encoding" or b"\0" in data:
        raise SchemaError([replace(issue, file=file) for issue in found])
    run = _HIGH_RUN.search(data)
    try:
        text = "" if run else data.decode("windows-1252")
    except UnicodeDecodeError:
        text = ""
    if not text:
        piece = data[run.start() : run.end()] if run else data[:20]
        samples = "; ".join(
            f"{name}: {escape(piece.decode(name, 'replace'), 20)}" for name in _SAMPLES
        )
        message = f"it is not UTF-8, and could be several encodings ({samples})"
        raise SchemaError([refuse("import.encoding", message, "name the encoding", file=file)])
    lines = [line for line in text.split("\n") if not line.isascii()]
    words = [word for line in lines for word in line.split() if not word.isascii()]
    shown = ", ".join(escape(word, 30) for word in dict.fromkeys(words[:20]))
    intake.note(
        f"not UTF-8; read as windows-1252, in which {len(lines)} lines differ from ASCII: "
        f"{escape(shown, 200)}. If these are wrong, name the encoding",
        file,
    )
    return text
