"""
When a report says that something happened: rules from words to days.

The words stand in the files of the languages (`geo.evidence.words`); here is the grammar that they
have in common, `_COMMON`, and what a rule makes of a match. What is relative ("yesterday") needs
the day of publication; what could be two days (01/08/2017), or contradicts itself (Monday 1 August
2017), is said to be so and not read.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from geo.evidence.words.languages import any_of, languages, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.evidence.words.languages import Language


@cache
def _month_of() -> dict[str, int]:
    return _numbered([language.dates.months for language in languages()], 1)


@cache
def _weekday_of() -> dict[str, int]:
    return _numbered([language.dates.weekdays for language in languages()], 0)


@cache
def _number_of() -> dict[str, int]:
    return _counted(language.dates.numbers for language in languages())


def number_of(word: str) -> int | None:
    """A number in digits or in words; None for any other word."""
    return int(word) if word.isdecimal() else _number_of().get(word.casefold())


@cache
def _days_in() -> dict[str, int]:
    return _counted(language.dates.units for language in languages())


@cache
def _part_of() -> dict[str, str]:
    """From a word such as early to the part of a month."""
    return {
        word: part
        for language in languages()
        for part, words in language.dates.parts.items()
        for word in words.split()
    }


def _numbered(tables: Iterable[Sequence[str]], first: int) -> dict[str, int]:
    return {
        word.replace("_", " "): number
        for table in tables
        for number, line in enumerate(table, first)
        for word in line.split()
    }


def _counted(lists: Iterable[str]) -> dict[str, int]:
    return {word: int(number) for word, number in pairs(*lists).items()}


def _one_of(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(word.replace(" ", r"\s+") for word in longest_first) + ")"


@dataclass(frozen=True, slots=True)
class When:
    """
    A mention of a time.

    Attributes
    ----------
    start, end
        Where it stands in the text, end exclusive.
    first, last
        First and last day it may mean; None where the words do not say.
    precision
        ACLED's: 1 the day, 2 the week, 3 the month.
    problem
        Why it could not be read; empty where it could.
    before
        So many days before another time of the sentence; 0 where it is none such.
    """

    start: int
    end: int
    first: dt.date | None
    last: dt.date | None
    precision: int
    problem: str = ""
    before: int = 0


_Days = tuple[dt.date | None, dt.date | None, int, str] | tuple[None, None, int, str, int]
_Rule = Callable[[re.Match[str], dt.date | None], _Days]
_NO_DAY = "relative to a day of publication that was not given"


def _problem(text: str) -> _Days:
    return None, None, 3, text


def _day(
    year: str | None, month: int, day: int, weekday: str | None, published: dt.date | None
) -> dt.date | str:
    """The day, or why there is none; without a year, the last such day before publication."""
    if year is None and published is None:
        return "a date without a year, and no day of publication was given"
    try:
        if year is not None:
            found = dt.date(_whole_year(year, published), month, day)
        else:
            latest = (published or dt.date.min) + dt.timedelta(days=1)
            found = dt.date(latest.year, month, day)
            if found > latest:
                found = dt.date(latest.year - 1, month, day)
    except ValueError:
        return "no such day"
    if weekday is not None and found.weekday() != _weekday_of()[_clean(weekday)]:
        return f"{found} was a {calendar.day_name[found.weekday()]}"
    return found


def _whole_year(year: str, published: dt.date | None) -> int:
    """Of a year in two digits the one that is nearest to publication."""
    if len(year) > 2:
        return int(year)
    near = (published or dt.date(2000, 1, 1)).year
    choices = ((near // 100 + k) * 100 + int(year) for k in (-1, 0, 1))
    return min(choices, key=lambda one: abs(one - near))


@cache
def _eve() -> re.Pattern[str]:
    """Words for the night before a day."""
    return re.compile(_about("eve"), re.IGNORECASE)


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text.casefold().strip())


def _absolute(match: re.Match[str], published: dt.date | None) -> _Days:
    parts = match.groupdict()
    month = _month_of()[_clean(parts["month"])]
    first = _day(parts.get("year"), month, int(parts["day"]), parts.get("weekday"), published)
    if isinstance(first, str):
        return _problem(first)
    if _eve().match(parts.get("night") or ""):
        return first - dt.timedelta(days=1), first, 1, ""
    if parts.get("night") and not parts.get("until"):
        return first, first + dt.timedelta(days=1), 1, ""
    if not parts.get("until"):
        return first, first, 1, ""
    last = _day(parts.get("year"), month, int(parts["until"]), None, published)
    if isinstance(last, str) or last < first:
        return _problem("the days are not in order" if not isinstance(last, str) else last)
    return first, last, 1, ""


def _across(match: re.Match[str], published: dt.date | None) -> _Days:
    """From a day of one month to a day of the next."""
    last = _day(
        match["year"], _month_of()[_clean(match["month"])], int(match["day"]), None, published
    )
    if isinstance(last, str):
        return _problem(last)
    month = _month_of()[_clean(match["month_1"])]
    first = _day(match["year_1"], month, int(match["day_1"]), None, last)
    if isinstance(first, str) or first > last:
        return _problem(first if isinstance(first, str) else "the days are not in order")
    return first, last, 1, ""


def _iso(match: re.Match[str], _: dt.date | None) -> _Days:
    found = _day(match["year"], int(match["month"]), int(match["day"]), None, None)
    return _problem(found) if isinstance(found, str) else (found, found, 1, "")


def _numeric(match: re.Match[str], published: dt.date | None) -> _Days:
    day, month = int(match["day"]), int(match["month"])
    # With dots the day always stands first.
    if day <= 12 and month <= 12 and day != month and "." not in match[0]:
        return _problem("day and month cannot be told apart")
    if month > 12:
        day, month = month, day
    found = _day(match["year"], month, day, None, published) if month <= 12 else "no such day"
    return _problem(found) if isinstance(found, str) else (found, found, 1, "")


def _month(match: re.Match[str], published: dt.date | None) -> _Days:
    month = _month_of()[_clean(match["month"])]
    start = _day(match.groupdict().get("year"), month, 1, None, published)
    if isinstance(start, str):
        return _problem(start)
    length = calendar.monthrange(start.year, month)[1]
    part = _part_of().get(_clean(match.groupdict().get("part") or ""))
    first, last = {"early": (1, 10), "mid": (11, 20), "late": (21, length)}.get(
        part or "", (1, length)
    )
    return start.replace(day=first), start.replace(day=last), 2 if part else 3, ""


def _back(days: Sequence[int], precision: int) -> _Rule:
    """A rule that counts days back from publication."""

    def rule(_: re.Match[str], published: dt.date | None) -> _Days:
        if published is None:
            return _problem(_NO_DAY)
        first, last = (published - dt.timedelta(days=n) for n in days)
        return first, last, precision, ""

    return rule


def _ago(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    unit = _days_in()[_clean(match["unit"])]
    found = published - dt.timedelta(days=_count(match) * unit)
    return found, found, {1: 1, 7: 2, 30: 3}[unit], ""


def _past(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    unit = _days_in()[_clean(match["unit"])]
    precision = 2 if unit == 1 else 3
    if not match.groupdict().get("number"):
        return None, published, precision, "it does not say how long"
    days = _count(match) * unit
    return published - dt.timedelta(days=days), published, 2 if days <= 14 else 3, ""


def _count(match: re.Match[str]) -> int:
    text = _clean(match.groupdict().get("number") or match["unit"])
    return int(text) if text.isdecimal() else _number_of().get(text, 1)


def _weekday(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    back = (published.weekday() - _weekday_of()[_clean(match["weekday"])]) % 7
    found = published - dt.timedelta(days=back)
    if match.groupdict().get("night"):
        return found, found + dt.timedelta(days=1), 1, ""
    return found, found, 1, ""


def _next(match: re.Match[str], published: dt.date | None) -> _Days:
    """The first such day of the week after publication."""
    if published is None:
        return _problem(_NO_DAY)
    ahead = (_weekday_of()[_clean(match["weekday"])] - published.weekday() - 1) % 7 + 1
    found = published + dt.timedelta(days=ahead)
    return found, found, 1, ""


def _weekdays(match: re.Match[str], published: dt.date | None) -> _Days:
    """The night from one day of the week to the next."""
    first, _, precision, problem = _weekday(match, published)[:4]
    return first, first and first + dt.timedelta(days=1), precision, problem


def _instant(match: re.Match[str], published: dt.date | None) -> _Days:
    """The 7th inst.: of the month of publication; ult.: of the month before."""
    if published is None:
        return _problem(_NO_DAY)
    start = published.replace(day=1)
    if match["which"].casefold() == "ult":
        start = (start - dt.timedelta(days=1)).replace(day=1)
    found = _day(str(start.year), start.month, int(match["day"]), None, published)
    return _problem(found) if isinstance(found, str) else (found, found, 1, "")


def _before(match: re.Match[str], _: dt.date | None) -> _Days:
    """Two weeks earlier: than another time of the sentence."""
    days = _count(match) * _days_in()[_clean(match["unit"])]
    return None, None, 2 if days > 6 else 1, "counted from another time", days


def _after(_match: re.Match[str], _: dt.date | None) -> _Days:
    """The next morning: after another time of the sentence."""
    return None, None, 1, "counted from another time", -1


# What stands in braces is filled in by `_slots`: tables of words, and what may stand about them.
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})(?:{ordinal})?"
_NIGHT = r"(?P<night>(?:{night}|{eve})\s*,?\s*(?:(?:{after_night})\s+)?)?"
_FROM = r"(?:(?:{from})\s+)?"
_UNTIL = r"(?:\s*(?:-|–|—|/|{until})\s*(?:(?:{article})\s+)?(?P<until>\d{1,2})(?:{ordinal})?)?"
_IN_YEAR = r"(?:\s*(?:,|{in_year})?\s*['’]?(?P<year>(?:19|20)\d\d|\d\d(?=\s*(?:[.,;:)\]]|$))))?"

_COMMON: tuple[tuple[str, _Rule], ...] = (
    (rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)", _iso),
    (
        (
            rf"{_NIGHT}(?:(?:{{day}})\s+)?(?:{{weekday}}\s*[,،]?\s*)?(?:(?:{{article}})\s+)?{_FROM}"
            rf"{_DAY}{_UNTIL}\s*(?:(?:{{of}})\s+)*{{month}}\b\.?{_IN_YEAR}"
        ),
        _absolute,
    ),
    (
        (
            rf"{_FROM}(?P<day_1>\d{{1,2}})(?:{{ordinal}})?\s+(?P<month_1>{{a_month}})"
            rf"(?:\s*,?\s*(?P<year_1>(?:19|20)\d\d))?\s*(?:-|–|{{until}})\s*"
            rf"{_DAY}\s+{{month}}\b{_IN_YEAR}"
        ),
        _across,
    ),
    (
        (
            rf"{_NIGHT}(?:{{weekday}}\s*,?\s*)?{{month}}\b\.?\s+(?:(?:{{article}})\s+)?"
            rf"{_DAY}\b{_UNTIL}{_IN_YEAR}"
        ),
        _absolute,
    ),
    (r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>(?:19|20)\d\d|\d\d)", _numeric),
    (
        (
            r"(?:(?P<part>{a_part})[ -](?:(?:{word_month}) )?)?(?:(?:{word_month})\s+)?"
            rf"{{month}}\b\s*(?:,|{{in_year}})?\s*{_YEAR}"
        ),
        _month,
    ),
)
"""How dates are written in any language; the languages have rules of their own besides."""

_NAMED: dict[str, _Rule] = {
    "month": _month,
    "ago": _ago,
    "past": _past,
    "weekday": _weekday,
    "next": _next,
    "weekdays": _weekdays,
    "instant": _instant,
    "before": _before,
    "after": _after,
}
"""The rules that a language may name, but for ``back``."""


def _about(place: str) -> str:
    return any_of(*(language.dates.about.get(place) for language in languages()))


def _common_slots() -> dict[str, str]:
    """What the common grammar is filled with: the words of all languages."""
    month = _one_of(_month_of())
    words = {
        # A month, and the same in another naming after a slash.
        "month": rf"(?P<month>{month})(?:\s*/\s*{month})?",
        "a_month": month,
        "weekday": f"(?P<weekday>{_one_of(_weekday_of())})",
        "a_part": "|".join(_part_of()),
        "number": rf"(?P<number>\d{{1,3}}|{_one_of(_number_of())})",
        "word_month": _about("month"),
        "eve": _about("eve"),
        "in_year": _about("year"),
    }
    places = ("night", "after_night", "day", "article", "from", "until", "ordinal", "of")
    return words | {place: _about(place) for place in places}


def _own_slots(language: Language) -> dict[str, str]:
    """What the rules of one language are filled with."""
    own = {"a_weekday": language.dates.weekdays, "a_part": language.dates.parts.values()}
    return _common_slots() | {slot: "|".join(" ".join(own[slot]).split()) for slot in own}


def _filled(words: str, slots: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda slot: slots[slot[1]], words)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], _Rule], ...]:
    """Words of time, and what days they mean; the longest match at a place counts."""
    found = [(_filled(words, _common_slots()), rule) for words, rule in _COMMON]
    for language in languages():
        slots = _own_slots(language)
        for own in language.dates.rules:
            rule = _back(own.days, own.precision) if own.rule == "back" else _NAMED[own.rule]
            found.append((_filled(any_of(own.words), slots), rule))
    # Arabic writes "and", "so" and "in" onto the next word.
    return tuple(
        (re.compile(rf"(?<!\w)[وفب]?(?:{words})(?!\w)", re.IGNORECASE), rule)
        for words, rule in found
    )


_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)


def _when(match: re.Match[str], days: _Days) -> When:
    first, last, precision, problem, *before = days
    return When(match.start(), match.end(), first, last, precision, problem, *before)


def find_dates(text: str, published: dt.date | None) -> tuple[When, ...]:
    """
    Return every mention of a time.

    Parameters
    ----------
    text
        A report.
    published
        Day on which it came out; None where not known: then nothing relative is read.

    Returns
    -------
    dates
        In order, without overlaps; also those that could not be read, with the reason.

    Examples
    --------
    >>> when = find_dates("since last night, Tuesday the 1st of August 2017", None)[0]
    >>> str(when.first), str(when.last)
    ('2017-08-01', '2017-08-02')
    >>> find_dates("Monday the 1st of August 2017", None)[0].problem
    '2017-08-01 was a Tuesday'
    """
    # One character for one: spans stay true.
    western = text.translate(_WESTERN)
    found = [
        _when(match, rule(match, published))
        for pattern, rule in _rules()
        for match in pattern.finditer(western)
    ]
    found.sort(key=lambda when: (when.start - when.end, when.start))
    kept: list[When] = []
    taken = bytearray(len(text))
    for when in found:
        if taken.find(1, when.start, when.end) < 0:
            taken[when.start : when.end] = b"\1" * (when.end - when.start)
            kept.append(when)
    return tuple(sorted(kept, key=lambda when: when.start))
