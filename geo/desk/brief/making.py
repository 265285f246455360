"""The brief of two dates, from the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.desk.brief.facts import Facts, Measures
from geo.desk.brief.open_questions import made_part, open_part
from geo.desk.brief.references import list_references
from geo.desk.brief.saving import Brief
from geo.desk.brief.telling import Teller
from geo.draw import Words, language_words
from geo.errors import DateError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from geo.control import Composite
    from geo.draw import Still
    from geo.layers import Folder

_LABELS = ("references",)
"""Words of the document itself."""


def make_brief(
    folder: Folder,
    composite: Composite,
    before: dt.date,
    after: dt.date,
    measures: Measures,
    *,
    language: str = "en",
    stills: Callable[[], tuple[Still, ...]] = tuple,
) -> Brief:
    """
    Return what happened between two dates, as one document.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    before, after
        The dates; each stands for the layer in force.
    measures
        What figures are asked of.
    language
        One of `geo.draw.LANGUAGES`.
    stills
        Draws the two maps, when they are asked for.

    Returns
    -------
    brief
        The same layers give the same brief.

    Raises
    ------
    DateError
        If a date is before the first layer, or they are not in order.
    ValueError
        If there is no such language.
    """
    if language not in language_words("brief"):
        known = ", ".join(language_words("brief"))
        raise ValueError(f"language is {language!r}; a brief is written in {known}")
    if after < before:
        raise DateError(f"the date ({after}) is before the one since which ({before}); swap them")
    words = Words(language, ("page", "still", "brief"), is_drawn=False)
    teller = Teller(Facts(folder, composite, before, after, measures), words)
    headline, captions = teller.headline(), teller.captions()
    parts = (*teller.parts(), open_part(teller), made_part(teller))
    told = [headline, *captions]
    told += [one for part in parts for each in part.paragraphs for one in each.sentences]
    name = words.name(folder.theatre.properties, folder.theatre.id)
    title = words.say("brief.title", name=name, **teller.dates)
    return Brief(
        title,
        language,
        "rtl" if words.rtl else "ltr",
        before,
        after,
        headline,
        captions,
        parts,
        list_references(teller, (i for one in told for i in one.ids)),
        {key: words.say(f"brief.{key}") for key in _LABELS},
        str(folder.theatre.properties.get("attribution") or ""),
        stills,
    )
