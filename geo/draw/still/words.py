"""Words, names, numbers and dates, in English and Arabic."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from geo.draw.looks import GAIN, LOSS, QUIET
from geo.draw.still.paper import drawable
from geo.errors import escape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

_OWN_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "still.control": "Who held what at the end of {date}",
        "still.change": "Gained and lost from {before} to {after}",
        "still.since": "change since {date}",
        "still.events": "Events, {first} – {last}",
        "still.sources": "Sources: {names}.",
        "still.more": "and {count} more",
        "still.rest": "{count} smaller",
        "still.holds": "A dated layer holds until the next; nothing is interpolated.",
        "still.moved": "Changed since the frame before",
        "still.count": "Several events at one place",
        "still.edge": "Edge of the study area",
        "still.road": "Road",
        "still.country": "State border",
        "still.admin1": "Governorate border",
        "still.time": "Ground of each side, layer by layer (●); hatched where nobody looked",
        "still.made": "Drawn with frontline.",
        "still.north": "N",
    },
    "ar": {
        "still.control": "السيطرة في نهاية يوم {date}",
        "still.change": "الأراضي المكسوبة والمفقودة من {before} إلى {after}",
        "still.since": "التغير منذ {date}",
        "still.events": "الأحداث، {first} – {last}",
        "still.sources": "المصادر: {names}.",
        "still.more": "و{count} غيرها",
        "still.rest": "{count} أصغر",
        "still.holds": "تسري كل طبقة مؤرخة حتى الطبقة التالية، ولا يُقدَّر شيء بينهما.",
        "still.moved": "تغيّر منذ الصورة السابقة",
        "still.count": "عدة أحداث في موقع واحد",
        "still.edge": "حد منطقة الدراسة",
        "still.road": "طريق",
        "still.country": "حدود دولية",
        "still.admin1": "حدود محافظة",
        "still.time": "أراضي كل طرف طبقة بعد طبقة (●)؛ المخطط لم ينظر فيه أحد",
        "still.made": "رُسمت ببرنامج frontline.",
        "still.north": "ش",
    },
}


@cache
def page_words() -> dict[str, dict[str, Any]]:
    """The words of the page: a picture says the same thing in the same words."""
    text = (files("geo.draw.page") / "words.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, Any]] = json.loads(text)
    return words


@dataclass(frozen=True, slots=True)
class Words:
    """Words, names, numbers and dates in one language."""

    language: str

    @property
    def rtl(self) -> bool:
        """Whether the language runs from right to left."""
        return self.language == "ar"

    @property
    def comma(self) -> str:
        """The comma of the language, with its space."""
        return "، " if self.rtl else ", "

    def say(self, key: str, **values: object) -> str:
        """One of our phrases; ``{name}`` stands for a value."""
        own = _OWN_WORDS[self.language]
        phrase = own[key] if key in own else str(page_words()[self.language][key])
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), phrase)

    def name(
        self, values: Mapping[str, object] | None, otherwise: str, *, key: str = "name"
    ) -> str:
        """The name of a record in this language, else the one that it has."""
        values = values or {}
        names = [values.get(f"{key}_ar"), values.get(key)]
        for name in names if self.rtl else reversed(names):
            if isinstance(name, str) and name and drawable(shown := escape(name, 600)):
                return shown
        return escape(otherwise)

    def month(self, day: dt.date, *, short: bool = True) -> str:
        """Return the name of the month of a day."""
        months = page_words()[self.language]["months.short" if short else "months.long"]
        return str(months[day.month - 1])

    def date(self, day: dt.date, *, short: bool = False) -> str:
        """Return a day in words."""
        return f"{day.day} {self.month(day, short=short)} {day.year}"


def km2(area: float) -> str:
    """Square kilometres: tenths below 100, whole above."""
    return f"{area:,.1f}" if abs(area) < 99.95 else f"{area:,.0f}"


def percent(share: float) -> str:
    """Return a share in percent, finer where it is small."""
    return f"{share * 100:.1f}%" if 0 < share < 0.0995 else f"{share * 100:.0f}%"


def signed(area: float) -> tuple[str, str]:
    """A change with its sign and a mark, and its colour."""
    if abs(area) < 0.05:
        return "0", QUIET
    up = area > 0
    return (f"{'▲' if up else '▼'} {'+' if up else '−'}{km2(abs(area))}", GAIN if up else LOSS)
