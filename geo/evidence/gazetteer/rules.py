"""The rules by which names are heard, as data: for those who compare names in another language."""

from __future__ import annotations

import string
from typing import Any

from geo.evidence.gazetteer import sounds
from geo.evidence.gazetteer.prices import left_out, mixed_up


def sound_rules() -> dict[str, Any]:
    """
    Return the tables by which a name becomes sounds, and what differences between sounds cost.

    Returns
    -------
    rules
        ``spellings``: Latin spellings and their sounds, in the order in which they are replaced;
        ``letters``: what letters of other scripts sound like; ``articles``; ``left_out``: what it
        costs to leave a sound out, 1 for every other; ``mixed_up``: what it costs to take one sound
        for the other, by the two of them, 2 for every other pair.

    Examples
    --------
    >>> sound_rules()["mixed_up"]["kq"]
    0.1
    """
    every = sorted({*string.ascii_letters, "'", "?"})
    return {
        "spellings": sounds.spelling_rules(),
        "letters": sounds.letter_rules(),
        "articles": sorted(sounds.article_rules()),
        "left_out": {one: left_out(one) for one in every if left_out(one) != 1},
        "mixed_up": {
            "".join(sorted((one, two))): price
            for one in every
            for two, price in mixed_up(one).items()
        },
    }
