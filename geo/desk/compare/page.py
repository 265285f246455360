"""A comparison as one file: the two maps under a slider, where they differ, and the tables."""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from geo.desk.documents import Style, colors_css, document, table, tag
from geo.draw import TwoMaps, Words, draw_contrast
from geo.errors import escape
from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from geo.desk.compare.comparison import Comparison
    from geo.desk.documents import Markup
    from geo.draw import Still

    Cell = Callable[[Any], object]

_MOST = 60
"""A table on the page has so many rows at most; the command prints all."""


def contrast_still(
    comparison: Comparison,
    day: dt.date,
    *,
    shown: int | None = None,
    language: str = "en",
    size: tuple[int, int] = (1600, 1000),
) -> Still:
    """
    Draw where the maps differ on a day, or one of them.

    Parameters
    ----------
    comparison
        The two maps.
    day
        The date.
    shown, language, size
        As for `geo.draw.draw_contrast`.

    Returns
    -------
    still
        The same input gives the same picture.
    """
    composite, here, there = comparison.contrast.common(day)
    maps = TwoMaps(
        composite,
        (here, there),
        day,
        (comparison.name, comparison.other.name),
        comparison.contrast.as_of(day),
    )
    return draw_contrast(comparison.folder, maps, shown=shown, language=language, size=size)


def compare_page(comparison: Comparison, day: dt.date, *, language: str = "en") -> str:
    """
    Return a comparison as a page that opens without a network, and says all without scripts.

    Parameters
    ----------
    comparison
        The two maps.
    day
        The date that is drawn; tables tell of all its days.
    language
        One of `geo.draw.LANGUAGES`.

    Returns
    -------
    html
        The same input gives the same text.
    """
    made = _Page(comparison, day, Words(language, ("page", "still", "compare"), is_drawn=False))
    css, js = (
        (files("geo.desk.compare") / name).read_text(encoding="utf-8")
        for name in ("compare.css", "compare.js")
    )
    title = made.say("compare.title", date=made.words.date(day))
    return document(made.words, title, tag("main", made.body(title)), Style(colors_css() + css, js))


class _Page:
    """The parts of a page."""

    def __init__(self, comparison: Comparison, day: dt.date, words: Words) -> None:
        self.comparison, self.day, self.words = comparison, day, words
        self.actors = comparison.folder.rows("actors")

    def say(self, key: str, **values: object) -> str:
        """A phrase about the two maps."""
        here, there = escape(self.comparison.name), escape(self.comparison.other.name)
        return self.words.say(key, **{"here": here, "there": there, **values})

    def body(self, title: str) -> list[object]:
        """Everything, from the title to how it was made."""
        say = self.say
        made = {name: self.comparison.table(name) for name in ("agreement", "pairs", "sides")}
        agreement = made["agreement"]
        at = agreement["date"].index(self.day)
        lede = say(
            "compare.lede",
            common=self.words.km2(agreement["common_km2"][at]),
            share=self._share(agreement["share"][at]),
            held=self._share(agreement["held_share"][at]),
        )
        return [
            tag("h1", title),
            tag("p", lede),
            tag("h2", say("compare.swipe")),
            self._swipe(),
            tag("h2", say("compare.differ")),
            tag("figure", self._picture(None)),
            *self._tables(),
            tag("footer", tag("p", say("compare.made"))),
        ]

    def _picture(self, shown: int | None) -> Markup:
        still = contrast_still(self.comparison, self.day, shown=shown, language=self.words.language)
        (picture,) = still.compressed(("webp", 1600))
        data = base64.b64encode(picture).decode()
        which = None if shown is None else ("here", "there")[shown]
        source = f"data:image/webp;base64,{data}"
        return tag("img", src=source, alt=still.alt, class_=which, width=1600, height=1000)

    def _swipe(self) -> Markup:
        slider = tag(
            "input", type="range", min=0, max=100, value=50, aria_label=self.say("compare.slide")
        )
        return tag("div", self._picture(0), self._picture(1), slider, class_="swipe")

    def _tables(self) -> list[object]:
        # It lists the tables and their columns, which would be no shorter elsewhere.
        say, here, there = self.say, self.comparison.name, self.comparison.other.name
        km2, km, share = self._figure, self._km, self._share
        plans: list[tuple[str, Sequence[tuple[str, str, Cell]]]] = [
            (
                "agreement",
                [
                    ("share", say("compare.share"), share),
                    ("held_share", say("compare.held"), share),
                    ("common_km2", say("compare.common"), km2),
                    ("same_km2", say("compare.same"), km2),
                ],
            ),
            (
                "pairs",
                [
                    ("here", here, self._holder),
                    ("there", there, self._holder),
                    ("area_km2", say("compare.km2"), km2),
                ],
            ),
            (
                "classes",
                [
                    ("here", here, self._sure),
                    ("there", there, self._sure),
                    ("same_km2", say("compare.same"), km2),
                    ("other_km2", say("compare.other"), km2),
                ],
            ),
            (
                "sides",
                [
                    ("side", say("compare.side"), self._holder),
                    ("here_km2", here, km2),
                    ("there_km2", there, km2),
                    ("both_km2", say("compare.both"), km2),
                    ("overlap", say("compare.overlap"), share),
                ],
            ),
            (
                "fronts",
                [
                    ("left", say("compare.side"), self._holder),
                    ("right", say("compare.side"), self._holder),
                    ("here_km", say("compare.length", name=here), km),
                    ("there_km", say("compare.length", name=there), km),
                    ("mean_km", say("compare.mean"), km),
                    ("signed_km", say("compare.signed"), km),
                    ("p95_km", say("compare.p95"), km),
                    ("largest_km", say("compare.largest"), km),
                    ("place_id", say("compare.near"), self._place),
                ],
            ),
            (
                "first",
                [
                    ("to", say("compare.taker"), self._holder),
                    ("here", here, self._date),
                    ("there", there, self._date),
                    ("days", say("compare.days"), self._days),
                    ("area_km2", say("compare.km2"), km2),
                ],
            ),
            (
                "places",
                [
                    ("place_id", say("compare.place"), self._place),
                    ("here", here, self._holder),
                    ("there", there, self._holder),
                    ("says_here", say("compare.says", name=here), self._said),
                    ("says_there", say("compare.says", name=there), self._said),
                ],
            ),
        ]
        found: list[object] = []
        for name, columns in plans:
            found += [tag("h2", say(f"compare.{name}"))]
            found += [tag("p", say("compare.fronts.note"))] if name == "fronts" else []
            found.append(self._table(name, columns))
        return found

    def _table(self, name: str, columns: Sequence[tuple[str, str, Cell]]) -> Markup:
        made = self.comparison.table(name)
        heads = [head for _, head, _ in columns]
        rows = [
            [cell(made[key][i]) for key, _, cell in columns]
            for i in range(len(next(iter(made.values()), [])))
        ]
        if "date" in made and len(self.comparison.days) > 1:
            heads.insert(0, self.say("compare.date"))
            for day, row in zip(made["date"], rows, strict=True):
                row.insert(0, self._date(day))
        if not rows:
            return tag("p", self.say("compare.none"))
        more = self.words.say("still.more", count=len(rows) - _MOST)
        rest = tag("p", more) if len(rows) > _MOST else ""
        return tag("div", table(heads, rows[:_MOST], self.say(f"compare.{name}")), rest)

    def _holder(self, name: str) -> str:
        if name in self.actors:
            return self.words.name(self.actors[name].values, name)
        key = "compare.outside" if name == "outside" else f"status.{name}"
        if self.words.knows(key):
            return self.words.say(key)
        return escape(self.comparison.other.names.get(name, name))

    def _sure(self, word: str) -> str:
        key = f"confidence.{word}"
        return self.words.say(key) if self.words.knows(key) else self._holder(word)

    def _place(self, place_id: str | None) -> str:
        place = self.comparison.place(place_id or "")
        return self.words.name(place.properties, place.id) if place else ""

    def _figure(self, area: float) -> str:
        return self.words.km2(area)

    def _km(self, length: float | None) -> str:
        return "–" if length is None else self.words.number(length, 1)

    def _share(self, share: float | None) -> str:
        return "–" if share is None else self.words.percent(share)

    def _date(self, day: dt.date | None) -> str:
        return "–" if day is None else self.words.date(day, short=True)

    def _days(self, days: int | None) -> str:
        return "–" if days is None else self.words.number(days)

    def _said(self, ids: str) -> list[object]:
        said = self.comparison.statements(split_ids(ids))
        return [
            tag("div", f"{one['date']} {self.words.comma.join(map(escape, one['publishers']))}")
            for one in said
        ]
