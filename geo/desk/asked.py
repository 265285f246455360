"""What a theatre is asked at the desk; `geo.Theatre` answers it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from geo.control import Composite, TheatreSupply
    from geo.desk.brief.saving import Brief
    from geo.draw import Still
    from geo.evidence import Ensemble, Sieges
    from geo.layers import Folder, Progress

    Day = str | dt.date | np.datetime64 | pd.Period

    class _Asked(Protocol):
        """What a theatre answers."""

        @property
        def _known_digests(self) -> Mapping[str, str]:
            """SHA-256 of every file."""

        @property
        def _supply(self) -> TheatreSupply:
            """What supplies a side."""

        @property
        def _ensemble(self) -> Ensemble:
            """Maps that the evidence allows."""

        @property
        def _sieges(self) -> Sieges:
            """How surely ground hangs together."""

        @property
        def _bands(self) -> dict[str, Any]:
            """The bands of areas and of sides."""

        @property
        def folder(self) -> Folder:
            """The layers."""

        @property
        def composite(self) -> Composite:
            """Its control layers, noded together."""

        @property
        def dates(self) -> tuple[dt.date, ...]:
            """Dates of its layers."""

        @property
        def before(self) -> dt.date:
            """The default first date."""

        @property
        def after(self) -> dt.date:
            """The default second date."""

        def as_of(self, day: Day) -> dt.date:
            """The date of the layer in force."""

        def _day(self, day: Any) -> dt.date:
            """A day in any form."""

        def waiting(
            self, day: Day | None = None, *, progress: Progress | None = None
        ) -> list[dict[str, Any]]:
            """What waits."""

        def still(
            self, day: Day, *, before: Day | None, language: str, size: tuple[int, int]
        ) -> Still:
            """A picture."""


_SIZE = (1500, 1050)
"""Of the two maps, pixels: across a page of paper their letters can be read."""


class DeskQuestions:
    """What is handed in of a theatre; `geo.Theatre` is one."""

    def brief(
        self: _Asked, day: Day | None = None, *, since: Day | None = None, language: str = "en"
    ) -> Brief:
        """
        Return what happened until a day, as one document of which every sentence names its facts.

        Parameters
        ----------
        day
            The date; the default is the theatre's second.
        since
            Since when; the default is the layer before the one of `day`, or without `day` the
            theatre's first date.
        language
            One of `geo.draw.LANGUAGES`.

        Returns
        -------
        brief
            ``.save("brief.docx")`` writes it (``.html``, ``.md``, ``.json`` too).

        Raises
        ------
        DateError
            If a date is before the first layer, or they are not in order.
        ValueError
            If there is no such language.
        """
        from geo.desk.brief.facts import Measures
        from geo.desk.brief.making import make_brief

        last = self.after if day is None else self._day(day)
        layer = self.as_of(last)
        if since is not None:
            first = self._day(since)
            self.as_of(first)
        elif day is None:
            first = min(self.before, last)
        else:
            first = max((one for one in self.dates if one < layer), default=layer)
        measures = Measures(
            self._known_digests,
            self._supply,
            lambda: self._ensemble,
            lambda: self._sieges,
            self._bands["holders"],
        )
        draw = partial(self.still, language=language, size=_SIZE)
        return make_brief(
            self.folder,
            self.composite,
            first,
            last,
            measures,
            language=language,
            stills=lambda: (draw(last, before=first), draw(last, before=None)),
        )

    def todo(
        self: _Asked, day: Day | None = None, *, progress: Progress | None = None
    ) -> pd.DataFrame:
        """
        Return what waits, first what would move the most ground of the map of a day.

        Parameters
        ----------
        day
            The date of the map; the default is the theatre's second.
        progress
            Told what is done, how much of it, and of how much.

        Returns
        -------
        waiting
            One row a task: ``kind`` (``contradiction``, ``sole``: one publisher alone tells of a
            place; ``ageing``, ``unlocated``, ``unexplained``), ``km2`` (how much of the map hangs
            on it), ``measured`` (drawn anew without the words, not quickly reckoned), ``text``,
            ``moves`` (who is drawn with the ground, and who would be), ``place_ids``,
            ``statement_ids``, ``source_ids`` and ``command``.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        import pandas as pd

        from geo.desk.tasks import COLUMNS

        return pd.DataFrame(self.waiting(day, progress=progress), columns=COLUMNS)

    def waiting(
        self: _Asked, day: Day | None = None, *, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """
        Return what `todo` does, without loading what frames are made of.

        Parameters
        ----------
        day, progress
            As for `todo`.

        Returns
        -------
        records
            One a task, with the columns of `todo`.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        from geo.desk.waiting import list_waiting

        last = self.after if day is None else self._day(day)
        self.as_of(last)
        found = list_waiting(
            self.folder, self.composite, last, self._known_digests, progress=progress
        )
        return [one.to_dict() for one in found]
