"""Words, names, numbers and dates of a picture, in one language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.draw.looks import GAIN, LOSS, QUIET
from geo.draw.still.paper import drawable
from geo.draw.words.languages import language_words
from geo.errors import escape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """Words, names, numbers and dates in one language; a picture speaks as the page does."""

    language: str

    @property
    def _known(self) -> dict[str, Any]:
        return language_words("page", "still")[self.language]

    @property
    def _ways(self) -> dict[str, Any]:
        ways: dict[str, Any] = self._known["language"]
        return ways

    @property
    def rtl(self) -> bool:
        """Whether the language runs from right to left."""
        return bool(self._ways["direction"] == "rtl")

    @property
    def comma(self) -> str:
        """The comma of the language, with its space."""
        return str(self._ways["comma"])

    def say(self, key: str, **values: object) -> str:
        """One of our phrases; ``{name}`` stands for a value."""
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
        """The name of a record in this language, else the one that it has."""
        for ending in self._ways["names"] if values else ():
            name = (values or {}).get(f"{key}{ending}")
            if isinstance(name, str) and name and drawable(shown := escape(name, 600)):
                return shown
        return escape(otherwise)

    def second_name(self, values: Mapping[str, object]) -> str:
        """The name in the other script, where the language writes both on a map."""
        _, ending = self._ways["names"]
        name = values.get(f"name{ending}")
        both = self._ways["names_on_map"] > 1 and isinstance(name, str) and drawable(name)
        return escape(str(name)) if both else ""

    def month(self, day: dt.date, *, short: bool = True) -> str:
        """Return the name of the month of a day."""
        return str(self._ways["months"]["short" if short else "long"][day.month - 1])

    def date(self, day: dt.date, *, short: bool = False) -> str:
        """Return a day in words."""
        month = self.month(day, short=short)
        return str(self._ways["date"].format(day=day.day, month=month, year=day.year))

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with the digits and marks of the language."""
        ways = self._ways["numbers"]
        marks = str.maketrans("0123456789,.", f"{ways['digits']}{ways['group']}{ways['decimal']}")
        return f"{value:,.{decimals}f}".translate(marks)

    def km2(self, area: float) -> str:
        """Square kilometres: tenths below 100, whole above."""
        return self.number(area, 1 if abs(area) < 99.95 else 0)

    def percent(self, share: float) -> str:
        """Return a share in percent, finer where it is small."""
        number = self.number(share * 100, 1 if 0 < share < 0.0995 else 0)
        return self.say("percent", number=number)

    def signed(self, area: float) -> tuple[str, str]:
        """A change with its sign and a mark, and its colour."""
        if abs(area) < 0.05:
            return self.number(0), QUIET
        mark, color = ("▲ +", GAIN) if area > 0 else ("▼ −", LOSS)
        return f"{mark}{self.km2(abs(area))}", color
