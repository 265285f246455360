"""
Cells of tables that a person may open in a spreadsheet: text that would run as a formula is not.

A spreadsheet takes a cell for a formula by its first sign: ``=``, ``+``, ``-``, ``@``, a tab or a
carriage return (OWASP, "CSV Injection"), and in some countries the wide forms of the four. An
apostrophe in front makes it text. A program that cuts at another delimiter than ours may begin a
cell in the middle of one of ours, so those places are guarded too.
"""

from __future__ import annotations

import re

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
