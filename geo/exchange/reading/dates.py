"""
Dates as others write them.

A column is read as a whole: 3/4/2022 alone may be March or April, but another row may show a 13, or
a last day that would come before the first. Where nothing decides it, the file is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.moments import read_moments
from geo.exchange.reading.periods import read_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.exchange.reading.intake import Entry, Intake

_MONTHS = {
    name[:n]: number
    for number, name in enumerate(
        (
            *("january", "february", "march", "april", "may", "june", "july", "august"),
            *("september", "october", "november", "december"),
        ),
        1,
    )
    for n in (3, len(name))
} | {"sept": 9}
# A time of day behind a date is read and left out; the note says so.
_TAIL = (
    r"(?P<tail>[T ,]+[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:UTC|GMT|Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _TAIL)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMERIC = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})" + _TAIL)
_DAY_MONTH = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,9})\.?,? ([0-9]{4})" + _TAIL)
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})" + _TAIL)
_Form = tuple[str, tuple[int, int, int]]
"""How a date is written, and its numbers: year, month, day; or year, first, second."""

_Days = dict[tuple[int, str], dt.date]
"""What was read so far, by row and column."""


@dataclass(frozen=True, slots=True)
class _WrittenDate:
    """A date as it stands in a row: year, then month and day in the order written."""

    entry: Entry
    row: int
    column: str
    numbers: tuple[int, int, int]

    def read(self, order: str) -> dt.date | None:
        """The day, or None where there is no such day."""
        year, month, day = self.numbers
        if order == "day-first":
            month, day = day, month
        try:
            return dt.date(year, month, day)
        except ValueError:
            return None


def read_dates(entries: Sequence[Entry], file: str, intake: Intake) -> None:
    """Write the dates of all entries as YYYY-MM-DD; what is no date is left, to be refused."""
    read_moments(entries, file, intake)
    columns = intake.layout.dates
    forms: dict[str, list[_WrittenDate]] = defaultdict(list)
    for column in columns:
        for row, entry in enumerate(entries):
            if (text := entry.values.get(column)) and (read := _read_form(text)):
                forms[read[0]].append(_WrittenDate(entry, row, column, read[1]))
    days: _Days = {}
    # Forms that say by themselves how they are to be read come first: they help with the others.
    for form, met in sorted(forms.items(), key=lambda item: (not _tells_order(item), item[0])):
        order = _find_order(form, met, days, file, intake) if form.startswith("first") else ""
        for one in met:
            if (day := one.read(order)) is not None:
                days[one.row, one.column] = day
        used = ", ".join(dict.fromkeys(one.column for one in met))
        where = "; the day is the one written" if "with a time" in form else ""
        said = f" ({order})" if order else ""
        intake.note(f"{{n}} dates as {form}{said} in {used}{where}", file, len(met))
    for (row, column), day in days.items():
        entries[row].values[column] = day.isoformat()
    _read_periods(entries, file, intake)


def _read_periods(entries: Sequence[Entry], file: str, intake: Intake) -> None:
    """Read what is no day: the middle of it stands for it, and how well it is known is kept."""
    for entry in entries:
        for column in intake.layout.dates:
            text = entry.values.get(column, "")
            period = None if not text or _ISO.fullmatch(text) else read_period(text)
            if period is None:
                continue
            entry.periods[column] = period
            entry.values[column] = period.middle.isoformat()
            intake.note(
                f"{{n}} dates in {column} are known to the {period.precision}, such as "
                f"{escape(text, 40)}: the middle of that time stands for it",
                file,
                1,
            )


def _tells_order(item: tuple[str, list[_WrittenDate]]) -> bool:
    """Whether dates of a form say by themselves which number is the month."""
    form, met = item
    return not form.startswith("first") or any(max(one.numbers[1:]) > 12 for one in met)


def _find_order(
    form: str, met: Sequence[_WrittenDate], days: _Days, file: str, intake: Intake
) -> str:
    """
    Find out whether day or month stands first: from days that can be no month, or from ends.

    Raises
    ------
    SchemaError
        If the dates do not say, contradict each other, or cannot be read as the user told.
    """
    against = {
        "month-first": [one for one in met if one.numbers[1] > 12],
        "day-first": [one for one in met if one.numbers[2] > 12],
    }
    why = "the line shows a day above 12"
    if not any(against.values()):
        against = {order: _ends_before(met, order, days, intake.layout.dates) for order in against}
        why = "else the record of the line would end before it begins"
    fits = [order for order, contrary in against.items() if not contrary]
    told = intake.options.day_order
    if told in fits:
        intake.note(f"{told}, as told", file)
        return told
    if len(fits) == 1 and not told:
        other = next(iter(contrary for contrary in against.values() if contrary))[0]
        shown = escape(other.entry.values[other.column], 30)
        intake.note(f"{fits[0]} by line {other.entry.line} ({shown}): {why}", file)
        return fits[0]
    lines = [contrary[0].entry.line for contrary in against.values() if contrary]
    message = f"{len(met)} dates ({form}) could be read in two ways: no line decides it"
    if told:
        message = f"dates cannot be read {told}, as told: see line {lines[0]}"
    elif lines:
        message = f"dates ({form}) contradict each other: see lines {lines[0]} and {lines[-1]}"
    hint = "say month-first or day-first, or split the file"
    raise SchemaError([refuse("import.dates", message, hint, file=file)])


def _ends_before(
    met: Sequence[_WrittenDate], order: str, days: _Days, columns: Sequence[str]
) -> list[_WrittenDate]:
    """Dates that read so would let an entry end before it begins."""
    if len(columns) < 2:
        return []
    mine = {(one.row, one.column): one.read(order) for one in met}
    found = []
    for one in met:
        first, last = (
            mine.get((one.row, column)) or days.get((one.row, column)) for column in columns[:2]
        )
        if first and last and last < first:
            found.append(one)
    return found


def _read_form(text: str) -> _Form | None:
    """Read the form of a date; None for text that is none of them."""
    if match := _ISO.fullmatch(text):
        form = f"year{match[2]}month{match[2]}day"
        return form + _describe_tail(match), (int(match[1]), int(match[3]), int(match[4]))
    if match := _COMPACT.fullmatch(text):
        return "yearmonthday", (int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.fullmatch(text):
        form = f"first{match[2]}second{match[2]}year"
        return form + _describe_tail(match), (int(match[4]), int(match[1]), int(match[3]))
    if (match := _DAY_MONTH.fullmatch(text)) and match[2].lower() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[2].lower()], int(match[1]))
        return "day Month year" + _describe_tail(match), numbers
    if (match := _MONTH_DAY.fullmatch(text)) and match[1].lower() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
        return "Month day year" + _describe_tail(match), numbers
    return None


def _describe_tail(match: re.Match[str]) -> str:
    if not match["tail"]:
        return ""
    half = " and AM or PM" if match["half"] else ""
    zone = f" in {match['zone'].strip()}" if match["zone"] else ""
    return f" with a time{half}{zone}"
