"""
Edits that are not saved yet, on the disk beside the layers.

Each tab of the browser has a journal of its own. A journal holds what the page sent last, and the
files that its edits began with, so that they can be merged even after a crash.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import orjson

from geo.edit.editor.requests import RequestError
from geo.layers import Journal, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Answer = dict[str, Any]
    Texts = Mapping[str, bytes]

_LIVE_SECONDS = 150.0
"""A tab that was heard of so lately is open, and its journal is nobody else's."""

_MEMBERS = frozenset({"saved_at", "tab", "edits", "bases"})


class Journals:
    """
    The journals of all tabs.

    Parameters
    ----------
    root
        The layers folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / ".frontline"
        self._heard: dict[str, float] = {}

    def hear(self, tab: str) -> None:
        """
        Note that a tab is open.

        Parameters
        ----------
        tab
            Its name.
        """
        self._heard[tab] = time.monotonic()

    def keep(self, tab: str, edits: object, bases: Mapping[tuple[str, str], Texts]) -> None:
        """
        Keep the edits of a tab; they are on the disk before this returns.

        Parameters
        ----------
        tab
            Its name.
        edits
            Whatever the page needs to go on.
        bases
            The files that they began with, by part and etag.

        Raises
        ------
        LayerError
            If the system refuses to write; what was kept before is still there.
        """
        self.hear(tab)
        record = {
            "saved_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "tab": tab,
            "edits": edits,
            "bases": {
                f"{part} {etag}": {path: data.decode() for path, data in texts.items()}
                for (part, etag), texts in bases.items()
            },
        }
        private_folder(self._root)
        Journal(self._path(tab)).replace(orjson.dumps(record))

    def forget(self, tab: str) -> None:
        """
        Forget the edits of a tab.

        Parameters
        ----------
        tab
            Its name.

        Raises
        ------
        LayerError
            If the system refuses.
        """
        self.hear(tab)
        if (path := self._path(tab)).exists():
            Journal(path).clear()

    def base(self, part: str, etag: str) -> dict[str, bytes]:
        """
        Return the files that kept edits began with.

        Parameters
        ----------
        part, etag
            Of which part, and in which version.

        Returns
        -------
        texts
            By path; none where no journal has them.
        """
        for record in self._records():
            if texts := record["bases"].get(f"{part} {etag}"):
                return {path: text.encode() for path, text in texts.items()}
        return {}

    def latest(self, tab: str) -> Answer | None:
        """
        Return what a tab may go on with.

        Parameters
        ----------
        tab
            Its name.

        Returns
        -------
        journal
            ``saved_at``, ``tab`` and ``edits``: its own, or else the newest of a tab that is not
            open any more; None where there is none.
        """
        now = time.monotonic()
        found = [
            record
            for record in self._records()
            if record["tab"] == tab
            or now - self._heard.get(record["tab"], -_LIVE_SECONDS) >= _LIVE_SECONDS
        ]
        if not found:
            return None
        best = max(found, key=lambda one: (one["tab"] == tab, str(one["saved_at"])))
        return {key: best[key] for key in ("saved_at", "tab", "edits")}

    def _path(self, tab: str) -> Path:
        return self._folder / (f"edit-{tab}.journal" if tab else "edit.journal")

    def _records(self) -> Iterator[Answer]:
        if self._folder.is_symlink() or not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("edit*.journal")):
            for data in Journal(path).records()[-1:]:
                record = orjson.loads(data)
                if isinstance(record, dict) and record.keys() >= _MEMBERS:
                    yield record


def name_of(tab: object) -> str:
    """
    Return the name of a tab.

    Parameters
    ----------
    tab
        As the page sent it.

    Returns
    -------
    name
        Letters and digits; empty where it gives none.

    Raises
    ------
    RequestError
        If it could not stand in the name of a file.
    """
    if tab is None or tab == "":
        return ""
    if not isinstance(tab, str) or not tab.isascii() or not tab.isalnum() or len(tab) > 32:
        raise RequestError("tab must be letters and digits, at most 32")
    return tab.lower()
