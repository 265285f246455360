"""
The languages in which names of places and reports are read: one TOML file each, beside this.

A file holds any of the tables that `Language` names; what it leaves out, the language does not
have. All files are read together, once, when a name or a report is first asked about, and what
they hold is joined: a report may be in any of the languages, or in two. To add one, add a file.

Lists of words are text with blanks between them; an underscore in a date stands for a blank.
Expressions are those of `re`; one that is too long for a line is a list of its pieces.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

Expression = str | Sequence[str]
"""A regular expression, or its pieces."""


@dataclass(frozen=True, slots=True)
class DateRule:
    """
    Words of time that one language has, and the rule that turns them into days.

    Attributes
    ----------
    rule
        Name of a function of `geo.evidence.reports.dates`.
    words
        What it reads; ``{month}``, ``{number}`` and the like stand for tables.
    days, precision
        Of the rule ``back``: first and last day before publication, and ACLED's precision.
    """

    rule: str
    words: Expression
    days: Sequence[int] = (0, 0)
    precision: int = 1


@dataclass(frozen=True, slots=True)
class Names:
    """
    Words of the names of places.

    Attributes
    ----------
    soft
        Words that say so little of a place that their lack says nothing.
    glue
        Words between others that are not heard.
    articles
        The article, detached.
    joined
        Two words that are one.
    letters
        From letter to sounds.
    spellings
        From Latin spelling to sound, in the order in which they are replaced.
    """

    soft: str = ""
    glue: str = ""
    articles: str = ""
    joined: str = ""
    letters: str = ""
    spellings: str = ""


@dataclass(frozen=True, slots=True)
class Reports:
    """
    Words of reports.

    Attributes
    ----------
    small
        Words that are no names although they begin with a capital.
    force
        Words that a name of an armed group is often written without.
    particles, links
        What belongs to a name without a capital; links never begin one.
    like_articles
        What looks like an article, and is one only before the letter that it takes on.
    unreal, hedges
        Words that make an event one that need not have happened, or less sure.
    before_name
        What stands before a name: of a ``place``, of a ``part`` of it, of ground ``near`` it, of
        the one ``who_acts``; ``{quarter}`` stands for the expression of that key.
    area
        What says that ground about a place is meant: ``inside`` a name, or ``behind`` it.
    sides
        Words for a whole side, by its id.
    cues
        Words that say what happened, by the code of the cue.
    """

    small: str = ""
    force: str = ""
    particles: str = ""
    links: str = ""
    like_articles: str = ""
    unreal: Expression = ""
    hedges: Expression = ""
    before_name: Mapping[str, Expression] = field(default_factory=dict)
    area: Mapping[str, Expression] = field(default_factory=dict)
    sides: Mapping[str, Expression] = field(default_factory=dict)
    cues: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grammar:
    """
    The small words of sentences: who did what to whom, where, and whether it happened.

    Attributes
    ----------
    order
        ``verb`` where a verb stands before the one who acts; else the one who acts comes first.
    determiners
        What may stand between a preposition and a name without a meaning here.
    things, forces
        What an army has (positions, convoys); words for fighters who are nobody by themselves.
    party
        What stands before one who is spoken of: ``agent``, ``source`` (at whose cost), ``against``,
        ``with``, ``to``, ``backer``, ``report``, ``of``, ``between``.
    party_behind
        What stands right behind one, by the same keys.
    where
        What stands before a place: ``toward``, ``origin``, ``near``, ``rim`` (its surroundings),
        ``in``, ``of``, ``between``, ``object``; ``aside``: a quarter of the sky of it; ``thing``:
        something behind a cue that is no named place (a depot).
    away
        So many kilometres in some direction of the next name: groups ``km`` and ``quarter``.
    region
        What says behind or before a name that it is a province.
    bearings
        Words for quarters of the sky, by degrees.
    voice
        What says that something was done to the subject: ``before`` a cue, or ``form`` of it.
        ``deed``: nouns that are somebody's deed; ``light``: verbs by which one does it oneself
        (launched); ``deed_on``: what behind such a noun is not the one whose it is; ``deed_if``:
        words that are such nouns behind one of ``deed_after`` and verbs elsewhere.
    joints
        Where a sentence parts: ``strong``, ``back`` (what follows lies before), ``plain``.
    modes
        What makes a cue something else, before it or ``..._behind`` it: ``failed``, ``possible``,
        ``denied``, ``none`` (wishes, plans, conditions), ``lasting`` (it was so before).
    number
        How many: what may stand before a number of dead (``about``), and words for the wounded
        only (``wounded``).
    same
        Pronouns for the one of whom was just spoken, and for the place.
    reporters
        Nouns for those who tell.
    loot
        What is seized and is no ground.
    captives
        Who is seized: that is no ground either.
    persons
        What stands before, or behind, the name of a person.
    extent
        How much of a place is meant: ``all``, ``most``, ``part``; ``gap`` of a few kilometres;
        ``stretch`` of ground between places; ``past``: it was so once.
    endings, instrumental, genitive
        Of inflected words: what is cut to compare them, and what tells the case.
    """

    order: str = ""
    determiners: Expression = ""
    things: Expression = ""
    forces: Expression = ""
    party: Mapping[str, Expression] = field(default_factory=dict)
    party_behind: Mapping[str, Expression] = field(default_factory=dict)
    where: Mapping[str, Expression] = field(default_factory=dict)
    away: Expression = ""
    region: Expression = ""
    bearings: Mapping[str, str] = field(default_factory=dict)
    voice: Mapping[str, Expression] = field(default_factory=dict)
    joints: Mapping[str, Expression] = field(default_factory=dict)
    modes: Mapping[str, Expression] = field(default_factory=dict)
    same: Mapping[str, Expression] = field(default_factory=dict)
    number: Mapping[str, Expression] = field(default_factory=dict)
    reporters: Expression = ""
    loot: Expression = ""
    captives: Expression = ""
    persons: Mapping[str, Expression] = field(default_factory=dict)
    extent: Mapping[str, Expression] = field(default_factory=dict)
    endings: str = ""
    instrumental: str = ""
    genitive: str = ""


@dataclass(frozen=True, slots=True)
class Dates:
    """
    Words of time.

    Attributes
    ----------
    months, weekdays
        Names, January and Monday first.
    numbers, units
        Numbers in words; how many days a unit has.
    parts
        Words for the ``early``, ``mid`` and ``late`` part of a month.
    about
        What may stand about days, months and years, by the place in the grammar of dates.
    rules
        What is said in this language alone.
    """

    months: Sequence[str] = ("",) * 12
    weekdays: Sequence[str] = ("",) * 7
    numbers: str = ""
    units: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[DateRule] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """
    One language.

    Attributes
    ----------
    kinds, leading_kinds
        Words for what a place is, by kind, and behind a slash by the word for it; leading ones
        count at the head of a name only.
    marks
        Words that tell two places of one name apart, by what they say.
    names, reports, dates, grammar
        The other tables.
    """

    kinds: Mapping[str, str]
    leading_kinds: Mapping[str, str]
    marks: Mapping[str, str]
    names: Names
    reports: Reports
    dates: Dates
    grammar: Grammar

    @classmethod
    def read(cls, text: str) -> Language:
        """
        Return the language of one file.

        Raises
        ------
        TypeError
            If it has a table, or a key, that no language has.
        """
        tables: dict[str, Any] = tomllib.loads(text)
        dates = dict(tables.pop("dates", {}))
        rules = tuple(DateRule(**rule) for rule in dates.pop("rules", ()))
        found = cls(
            tables.pop("kinds", {}),
            tables.pop("leading_kinds", {}),
            tables.pop("marks", {}),
            Names(**tables.pop("names", {})),
            Reports(**tables.pop("reports", {})),
            Dates(**dates, rules=rules),
            Grammar(**tables.pop("grammar", {})),
        )
        if tables:
            raise TypeError(f"no table of a language is called {', '.join(tables)}")
        return found


@cache
def languages() -> tuple[Language, ...]:
    """Every language that has a file, in order of the names of the files."""
    files = (file for file in resources.files(__package__).iterdir() if file.name[-5:] == ".toml")
    return tuple(
        Language.read(file.read_text("utf-8")) for file in sorted(files, key=lambda file: file.name)
    )


def every(*lists: str) -> frozenset[str]:
    """The words of some lists."""
    return frozenset(word for words in lists for word in words.split())


def pairs(*lists: str) -> dict[str, str]:
    """Words and what they stand for, from lists such as ``one=1 two=2``."""
    cut = (pair.partition("=") for words in lists for pair in words.split())
    return {word.replace("_", " "): meaning for word, _, meaning in cut}


def any_of(*expressions: Expression | None) -> str:
    """One expression that matches what any of some does."""
    whole = (text if isinstance(text, str) else "".join(text) for text in expressions if text)
    return "|".join(whole)


def pattern(*expressions: Expression | None) -> re.Pattern[str]:
    """The same, compiled; case does not matter."""
    return re.compile(any_of(*expressions), re.IGNORECASE)


def whole_words(*expressions: Expression | None) -> re.Pattern[str]:
    """The same of whole words; Arabic writes and, so, in and to onto the next one."""
    return re.compile(
        rf"(?<!\w)(?:[وفبل]|لل|وال|بال)?(?:{any_of(*expressions)})(?!\w)", re.IGNORECASE
    )
