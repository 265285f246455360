"""
Text on its way into files of others: cells that no spreadsheet runs, elements that XML can hold.

A spreadsheet takes a cell for a formula by its first sign: ``=``, ``+``, ``-``, ``@``, a tab or a
carriage return (OWASP, "CSV Injection"), and in some countries the wide forms of the four. An
apostrophe in front makes it text. A program that cuts at another delimiter than ours may begin a
cell in the middle of one of ours, so those places are guarded too.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

HALF_OPEN = "up to, but not on, valid_to"
"""What our exports say of the last day of an interval, and by which they are known again."""

OWN_LIMITS = "limits.txt"
"""What our Shapefiles have beside them: what was cut, and how to read their dates."""

_BEGINS_CELL = "(^|[;\\t\\r\\n|])"
_FORMULA = "'*[=+\\-@\\t\\r＝＋－＠]"
_UNGUARDED = re.compile(f"{_BEGINS_CELL}(?={_FORMULA})")
_GUARDED = re.compile(f"{_BEGINS_CELL}'(?={_FORMULA})")


def guard_formula(text: str) -> str:
    """
    Return text that no spreadsheet runs as a formula.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    text
        With an apostrophe before every sign that could begin a formula, at the beginning or after
        what another program may take for the end of a cell. Apostrophes that stand there already
        get one more, so that `unguard_formula` gives back the same text.

    Examples
    --------
    >>> guard_formula("=1+1"), guard_formula("a;=1+1"), guard_formula("5 - 3")
    ("'=1+1", "a;'=1+1", '5 - 3')
    """
    return _UNGUARDED.sub(r"\1'", text)


def unguard_formula(text: str) -> str:
    """
    Return the text that `guard_formula` was given.

    Parameters
    ----------
    text
        What `guard_formula` returned, or text of others that guards its cells likewise.

    Returns
    -------
    text
        Without the apostrophes that guard it.

    Examples
    --------
    >>> unguard_formula("a;'=1+1")
    'a;=1+1'
    """
    return _GUARDED.sub(r"\1", text)


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 cannot hold, not even escaped; a file with one of them is not opened."""


def xml_text(value: object) -> str:
    """Return text for an element; what XML cannot hold is shown as the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", str(value)))


def xml_attribute(value: object) -> str:
    """Return text for an attribute, in its quotes."""
    return quoteattr(_NOT_XML.sub("\ufffd", str(value)))
