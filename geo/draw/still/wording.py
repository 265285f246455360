"""Words, names, numbers and dates in one language, as pictures and documents speak."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.draw.still.paper import drawable
from geo.draw.words.languages import language_words
from geo.errors import escape
from geo.evidence import round_figure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """
    Words, names, numbers and dates in one language; a picture speaks as the page does.

    Attributes
    ----------
    language
        One of `geo.draw.LANGUAGES`.
    parts
        Parts of the file of the language; a later one wins where two have the same phrase.
    is_drawn
        Whether the words are for a picture, which has names only in letters that it can draw.
    """

    language: str
    parts: tuple[str, ...] = ("page", "still")
    is_drawn: bool = True

    @property
    def _known(self) -> dict[str, Any]:
        return language_words(*self.parts)[self.language]

    @property
    def _ways(self) -> dict[str, Any]:
        ways: dict[str, Any] = self._known["language"]
        return ways

    @property
    def rtl(self) -> bool:  # numpydoc ignore=RT01
        """Whether the language runs from right to left."""
        return bool(self._ways["direction"] == "rtl")

    @property
    def comma(self) -> str:  # numpydoc ignore=RT01
        """The comma of the language, with its space."""
        return str(self._ways["comma"])

    def say(self, key: str, **values: object) -> str:
        """
        Return one of our phrases.

        Parameters
        ----------
        key
            Of the phrase.
        **values
            What stands for ``{name}`` in it; ``count`` chooses its form.

        Returns
        -------
        text
            In the language.
        """
        phrase = self._known[key]
        if isinstance(phrase, dict):
            phrase = phrase[self._plural(values["count"], phrase)]
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), phrase)

    def _plural(self, count: object, forms: Mapping[str, str]) -> str:
        """Which form of a phrase fits a number."""
        fits = self._ways["plural"].items()
        return next((f for f, fit in fits if f in forms and re.search(fit, str(count))), "other")

    def name(
        self, values: Mapping[str, object] | None, otherwise: str, *, key: str = "name"
    ) -> str:
        """
        Return the name of a record in this language, else the one that it has.

        Parameters
        ----------
        values
            Of the record; None where there is none.
        otherwise
            What is said where it has no name.
        key
            Of its name, without the ending of a language.

        Returns
        -------
        name
            Escaped for display.
        """
        for ending in self._ways["names"] if values else ():
            name = (values or {}).get(f"{key}{ending}")
            if isinstance(name, str) and name:
                shown = escape(name, 600)
                if not self.is_drawn or drawable(shown):
                    return shown
        return escape(otherwise)

    def second_name(self, values: Mapping[str, object]) -> str:
        """
        Return the name in the other script, where the language writes both on a map.

        Parameters
        ----------
        values
            Of the record.

        Returns
        -------
        name
            Empty where it has none.
        """
        _, ending = self._ways["names"]
        name = values.get(f"name{ending}")
        both = self._ways["names_on_map"] > 1 and isinstance(name, str) and drawable(name)
        return escape(str(name)) if both else ""

    def month(self, day: dt.date, *, short: bool = True) -> str:
        """
        Return the name of the month of a day.

        Parameters
        ----------
        day
            The date.
        short
            Whether it is the short name.

        Returns
        -------
        month
            In the language.
        """
        return str(self._ways["months"]["short" if short else "long"][day.month - 1])

    def date(self, day: dt.date, *, short: bool = False) -> str:
        """
        Return a day in words.

        Parameters
        ----------
        day
            The date.
        short
            Whether the month has its short name.

        Returns
        -------
        date
            In the language.
        """
        month = self.month(day, short=short)
        return str(self._ways["date"].format(day=day.day, month=month, year=day.year))

    def number(self, value: float, decimals: int = 0) -> str:
        """
        Return a number with the digits and marks of the language.

        Parameters
        ----------
        value
            The number.
        decimals
            How many are shown.

        Returns
        -------
        text
            With marks between the thousands.
        """
        ways = self._ways["numbers"]
        marks = str.maketrans("0123456789,.", f"{ways['digits']}{ways['group']}{ways['decimal']}")
        return f"{value:,.{decimals}f}".translate(marks)

    def km2(self, area: float) -> str:
        """
        Return square kilometres: tenths below 100, whole above.

        Parameters
        ----------
        area
            The figure.

        Returns
        -------
        text
            Without its unit.
        """
        return self.number(area, 1 if abs(area) < 99.95 else 0)

    def rounded(self, middle: float, low: float | None, high: float | None) -> tuple[str, str, str]:
        """
        Return a figure and the ends of its band, rounded as the band allows.

        Parameters
        ----------
        middle, low, high
            The figure and its band; None where there is none.

        Returns
        -------
        middle, low, high
            As text; empty ends where there is no band.
        """
        decimals, *ends = round_figure(middle, low, high)
        first, second, third = ("" if end is None else self.number(end, decimals) for end in ends)
        is_band = second and second != third
        return (first, second, third) if is_band else (self.km2(middle), "", "")

    def figure(
        self, middle: float, low: float | None, high: float | None, *, unit: str = "km2"
    ) -> str:
        """
        Return a figure with its unit and band, in words.

        Parameters
        ----------
        middle, low, high
            The figure and its band; None where there is none.
        unit
            ``km2`` or ``km``.

        Returns
        -------
        text
            In the language.
        """
        figure, first, last = self.rounded(middle, low, high)
        if not first:
            return f"{figure} {self.say(unit)}"
        return self.say("about.band", figure=figure, low=first, high=last, unit=self.say(unit))

    def knows(self, key: str) -> bool:
        """
        Say whether there is a phrase.

        Parameters
        ----------
        key
            Of the phrase.

        Returns
        -------
        knows
            True where `say` can say it.
        """
        return key in self._known

    def percent(self, share: float) -> str:
        """
        Return a share in percent, finer where it is small.

        Parameters
        ----------
        share
            Of one.

        Returns
        -------
        text
            With its sign.
        """
        number = self.number(share * 100, 1 if 0 < share < 0.0995 else 0)
        return self.say("percent", number=number)
