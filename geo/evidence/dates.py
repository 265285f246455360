"""
When a report says that something happened: rules from words to days.

`RULES` is the whole of it: one regular expression a rule, and a function from its match to
days. English, and Arabic with the month names of the Levant, of Egypt and of the Maghreb. What
is relative ("yesterday") needs the day of publication; what could be two days (01/08/2017), or
contradicts itself (Monday 1 August 2017), is said to be so and not read.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MONTHS", "RULES", "WEEKDAYS", "When", "find_dates"]

MONTHS: tuple[str, ...] = (
    "january jan يناير كانون_الثاني جانفي",
    "february feb فبراير شباط فيفري",
    "march mar مارس آذار اذار",
    "april apr أبريل ابريل نيسان أفريل",
    "may مايو أيار ايار ماي",
    "june jun يونيو حزيران جوان",
    "july jul يوليو تموز جويلية",
    "august aug أغسطس اغسطس آب اب أوت",
    "september sept sep سبتمبر أيلول ايلول",
    "october oct أكتوبر اكتوبر تشرين_الأول تشرين_الاول",
    "november nov نوفمبر تشرين_الثاني",
    "december dec ديسمبر كانون_الأول كانون_الاول",
)
"""Names of the months, January first; an underscore stands for a blank."""

WEEKDAYS: tuple[str, ...] = (
    "monday mon الاثنين الإثنين",
    "tuesday tue tues الثلاثاء",
    "wednesday wed الأربعاء الاربعاء",
    "thursday thu thurs الخميس",
    "friday fri الجمعة",
    "saturday sat السبت",
    "sunday sun الأحد الاحد",
)
"""Names of the days, Monday first."""

NUMBERS: dict[str, int] = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "يومين": 2,
    "أسبوعين": 2,
    "اسبوعين": 2,
    "شهرين": 2,
}
"""Numbers in words."""

_DAYS_IN = {"day": 1, "week": 7, "month": 30, "يوم": 1, "أيام": 1, "ايام": 1, "يومين": 1}
_DAYS_IN |= {"أسبوع": 7, "اسبوع": 7, "أسابيع": 7, "اسابيع": 7, "أسبوعين": 7, "اسبوعين": 7}
_DAYS_IN |= {"شهر": 30, "أشهر": 30, "اشهر": 30, "شهرين": 30}


def _numbered(lines: tuple[str, ...], first: int) -> dict[str, int]:
    return {
        word.replace("_", " "): number
        for number, line in enumerate(lines, first)
        for word in line.split()
    }


_MONTH_OF = _numbered(MONTHS, 1)
_WEEKDAY_OF = _numbered(WEEKDAYS, 0)


def _any_of(words: dict[str, int]) -> str:
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
    """

    start: int
    end: int
    first: dt.date | None
    last: dt.date | None
    precision: int
    problem: str = ""


_Days = tuple[dt.date | None, dt.date | None, int, str]
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
            found = dt.date(int(year), month, day)
        else:
            latest = (published or dt.date.min) + dt.timedelta(days=1)
            found = dt.date(latest.year, month, day)
            if found > latest:
                found = dt.date(latest.year - 1, month, day)
    except ValueError:
        return "no such day"
    if weekday is not None and found.weekday() != _WEEKDAY_OF[_clean(weekday)]:
        return f"{found} was a {calendar.day_name[found.weekday()]}"
    return found


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text.casefold().strip())


def _absolute(match: re.Match[str], published: dt.date | None) -> _Days:
    parts = match.groupdict()
    month = _MONTH_OF[_clean(parts["month"])]
    first = _day(parts.get("year"), month, int(parts["day"]), parts.get("weekday"), published)
    if isinstance(first, str):
        return _problem(first)
    if parts.get("night"):
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
        match["year"], _MONTH_OF[_clean(match["month"])], int(match["day"]), None, published
    )
    if isinstance(last, str):
        return _problem(last)
    month = _MONTH_OF[_clean(match["month_1"])]
    first = _day(match["year_1"], month, int(match["day_1"]), None, last)
    if isinstance(first, str) or first > last:
        return _problem(first if isinstance(first, str) else "the days are not in order")
    return first, last, 1, ""


def _iso(match: re.Match[str], _: dt.date | None) -> _Days:
    found = _day(match["year"], int(match["month"]), int(match["day"]), None, None)
    return _problem(found) if isinstance(found, str) else (found, found, 1, "")


def _numeric(match: re.Match[str], published: dt.date | None) -> _Days:
    day, month = int(match["day"]), int(match["month"])
    if day <= 12 and month <= 12 and day != month:
        return _problem("day and month cannot be told apart")
    if month > 12:
        day, month = month, day
    found = _day(match["year"], month, day, None, published) if month <= 12 else "no such day"
    return _problem(found) if isinstance(found, str) else (found, found, 1, "")


def _month(match: re.Match[str], published: dt.date | None) -> _Days:
    month = _MONTH_OF[_clean(match["month"])]
    start = _day(match.groupdict().get("year"), month, 1, None, published)
    if isinstance(start, str):
        return _problem(start)
    length = calendar.monthrange(start.year, month)[1]
    part = _clean(match.groupdict().get("part") or "")
    first, last = {
        "early": (1, 10),
        "mid": (11, 20),
        "late": (21, length),
        "أوائل": (1, 10),
        "مطلع": (1, 10),
        "منتصف": (11, 20),
        "أواخر": (21, length),
        "نهاية": (21, length),
    }.get(part, (1, length))
    return start.replace(day=first), start.replace(day=last), 2 if part else 3, ""


def _back(first: int, last: int, precision: int = 1) -> Callable[..., _Days]:
    """A rule that counts days back from publication."""

    def rule(_: re.Match[str], published: dt.date | None) -> _Days:
        if published is None:
            return _problem(_NO_DAY)
        return (
            published - dt.timedelta(days=first),
            published - dt.timedelta(days=last),
            precision,
            "",
        )

    return rule


def _ago(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    unit = _DAYS_IN[_clean(match["unit"])]
    found = published - dt.timedelta(days=_count(match) * unit)
    return found, found, {1: 1, 7: 2, 30: 3}[unit], ""


def _past(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    unit = _DAYS_IN[_clean(match["unit"])]
    precision = 2 if unit == 1 else 3
    if not match.groupdict().get("number"):
        return None, published, precision, "it does not say how long"
    days = _count(match) * unit
    return published - dt.timedelta(days=days), published, 2 if days <= 14 else 3, ""


def _count(match: re.Match[str]) -> int:
    text = _clean(match.groupdict().get("number") or match["unit"])
    return int(text) if text.isdecimal() else NUMBERS.get(text, 1)


def _weekday(match: re.Match[str], published: dt.date | None) -> _Days:
    if published is None:
        return _problem(_NO_DAY)
    back = (published.weekday() - _WEEKDAY_OF[_clean(match["weekday"])]) % 7
    found = published - dt.timedelta(days=back)
    if match.groupdict().get("night"):
        return found, found + dt.timedelta(days=1), 1, ""
    return found, found, 1, ""


_MONTH = f"(?P<month>{_any_of(_MONTH_OF)})(?:\\s*/\\s*{_any_of(_MONTH_OF)})?"
"""A month, and the same in another naming after a slash."""
_WEEKDAY = f"(?P<weekday>{_any_of(_WEEKDAY_OF)})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_UNTIL = r"(?:\s*(?:-|–|—|/|to|and|until|و|إلى|حتى)\s*(?P<until>\d{1,2})(?:st|nd|rd|th)?)?"
_YEAR = r"(?:\s*(?:,|of|من|عام)?\s*(?P<year>(?:19|20)\d\d))?"
_NIGHT = (
    r"(?P<night>(?:last night|overnight|(?:the )?night (?:of|between|before)|ليلة(?: أمس)?|"
    r"الليلة الماضية)\s*,?\s*(?:on\s+|of\s+)?)?"
)
_AR_DAY = r"(?:يوم\s+)?"
_NUMBER = rf"(?P<number>\d{{1,3}}|{_any_of(NUMBERS)})"
_PART = "(?:(?P<part>early|mid|late|أوائل|مطلع|منتصف|أواخر|نهاية)[ -](?:شهر )?)?"
_TIME_OF_DAY = "(?: (?:morning|afternoon|evening|صباحا|مساء|صباح|فجر|ظهر))?"

RULES: tuple[tuple[str, Callable[[re.Match[str], dt.date | None], _Days]], ...] = (
    (r"(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)", _iso),
    (
        (
            rf"{_NIGHT}{_AR_DAY}(?:{_WEEKDAY}\s*[,،]?\s*)?(?:the\s+)?(?:between\s+|from\s+)?"
            rf"{_DAY}{_UNTIL}\s*(?:of\s+|من\s+|شهر\s+)*{_MONTH}\b\.?{_YEAR}"
        ),
        _absolute,
    ),
    (
        (
            rf"(?:between\s+|from\s+)?(?P<day_1>\d{{1,2}})(?:st|nd|rd|th)?\s+"
            rf"(?P<month_1>{_any_of(_MONTH_OF)})(?:\s*,?\s*(?P<year_1>(?:19|20)\d\d))?\s*(?:-|–|to|and|until|و|إلى|حتى)\s*"
            rf"{_DAY}\s+{_MONTH}\b{_YEAR}"
        ),
        _across,
    ),
    (
        rf"{_NIGHT}(?:{_WEEKDAY}\s*,?\s*)?{_MONTH}\b\.?\s+(?:the\s+)?{_DAY}\b{_UNTIL}{_YEAR}",
        _absolute,
    ),
    (r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>(?:19|20)\d\d)", _numeric),
    (rf"{_PART}(?:شهر\s+)?{_MONTH}\b\s*(?:,|of|من|عام)?\s*(?P<year>(?:19|20)\d\d)", _month),
    (rf"(?P<part>early|mid|late)[ -]{_MONTH}\b", _month),
    (
        (
            r"(?:in|during|throughout)\s+(?P<month>january|february|march|april|june|july|august|"
            r"september|october|november|december)\b"
        ),
        _month,
    ),
    ("the day before yesterday|أول من? ?أمس|أول أمس", _back(2, 2)),
    ("last night|overnight|الليلة الماضية|الليلة الفائتة|ليلة أمس|ليل أمس", _back(1, 0)),
    (f"yesterday{_TIME_OF_DAY}|أمس|البارحة|يوم أمس", _back(1, 1)),
    (
        "today|tonight|this (?:morning|afternoon|evening)|(?:فجر |صباح |مساء |ظهر )?اليوم",
        _back(0, 0),
    ),
    (rf"{_NUMBER}\s+(?P<unit>day|week|month)s? ago", _ago),
    (
        (
            rf"(?:قبل|منذ)\s+(?:{_NUMBER}\s+)?(?P<unit>يومين|أيام|ايام|يوم|أسبوعين|أسابيع|أسبوع|"
            r"شهرين|أشهر|شهر)"
        ),
        _ago,
    ),
    (
        (
            r"(?:over |during |in |within )?(?:the )?(?:past|last)\s+"
            rf"(?:(?:few|several|couple of)\s+|{_NUMBER}\s+)(?P<unit>day|week|month)s?"
        ),
        _past,
    ),
    (r"(?:a )?few (?P<unit>day|week|month)s (?:ago|earlier|before)", _past),
    (r"(?:over |during |in )?(?:the )?(?:past|previous)\s+(?P<unit>day|week|month)s", _past),
    (
        (
            r"(?:خلال|في)?\s*(?:ال)?(?P<unit>أيام|ايام|أسابيع|اسابيع|أشهر|اشهر)\s+(?:القليلة\s+)?"
            r"(?:الماضية|الفائتة|الأخيرة|المنصرمة)"
        ),
        _past,
    ),
    ("(?:the )?(?:last|past) week|الأسبوع الماضي", _back(7, 0, 2)),
    ("this week|هذا الأسبوع", _back(6, 0, 2)),
    ("(?:the )?(?:last|past) month|الشهر الماضي", _back(30, 0, 3)),
    (
        (
            r"(?:on\s+|last\s+)?(?P<weekday>monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
            rf"(?P<night> night)?{_TIME_OF_DAY}"
        ),
        _weekday,
    ),
    (
        (
            r"(?:يوم\s+|مساء\s+|صباح\s+|فجر\s+)(?P<weekday>الاثنين|الإثنين|الثلاثاء|الأربعاء|"
            r"الاربعاء|الخميس|الجمعة|السبت|الأحد|الاحد)"
        ),
        _weekday,
    ),
)
"""Words of time, and what days they mean; the longest match at a place counts."""

_COMPILED = tuple(
    (re.compile(rf"(?<!\w)[وفب]?(?:{pattern})(?!\w)", re.IGNORECASE), rule)
    for pattern, rule in RULES
)
_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)


def find_dates(text: str, published: dt.date | None) -> tuple[When, ...]:
    """
    Return every mention of a time.

    Parameters
    ----------
    text
        A report, in English or Arabic.
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
        When(match.start(), match.end(), *rule(match, published))
        for pattern, rule in _COMPILED
        for match in pattern.finditer(western)
    ]
    found.sort(key=lambda when: (when.start - when.end, when.start))
    kept: list[When] = []
    for when in found:
        if all(when.end <= other.start or when.start >= other.end for other in kept):
            kept.append(when)
    return tuple(sorted(kept, key=lambda when: when.start))
