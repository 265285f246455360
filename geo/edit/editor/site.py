"""
What a server of this machine shows: one page, the files that it is made of, and who answers it.

The files are a fixed list that is read once. The words and the table of looks are put into the page
where it has a comment of their name.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from geo.draw import LOOKS, language_words, leaflet_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo.edit.editor.session import Session

    Answer = dict[str, Any]

_KINDS = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
_FROM_MAP = ("page.css", "text.js", "store.js", "measure.js", "looks.js", "canvaslayer.js")


@dataclass(frozen=True)
class Site:
    """
    A page and who answers it.

    Attributes
    ----------
    packages
        Where its files lie, each in a folder ``static``.
    page
        The file that is the page.
    words
        Parts of the language files that it speaks with; a later one wins.
    gets
        Who answers what the page reads, by name: given the query.
    posts
        Who answers what the page sends, by name: given the body.
    """

    packages: tuple[str, ...]
    page: str
    words: tuple[str, ...]
    gets: Mapping[str, Callable[[Mapping[str, str]], object]]
    posts: Mapping[str, Callable[[Answer], object]]

    def files(self) -> dict[str, tuple[bytes, str]]:
        """
        Return the files that the page is made of.

        Returns
        -------
        files
            Content and kind, by name.
        """
        found = {}
        for package in self.packages:
            for file in (files(package) / "static").iterdir():
                kind = _KINDS.get(file.name.rpartition(".")[2])
                if kind or file.name == self.page:
                    found[file.name] = file.read_bytes(), kind or "text/html"
        page = found[self.page][0]
        for name, block in (("looks", LOOKS), ("words", language_words(*self.words))):
            text = orjson.dumps(block).replace(b"<", b"\\u003c")  # ends no script element
            page = page.replace(b"<!-- %s -->" % name.encode(), text)
        found[self.page] = page, "text/html"
        shared = files("geo.draw.page")
        for name in _FROM_MAP:
            found[name] = (shared / name).read_bytes(), _KINDS[name.rpartition(".")[2]]
        for name in ("leaflet.js", "leaflet.css"):
            found[name] = leaflet_text(name).encode(), _KINDS[name.rpartition(".")[2]]
        return found


def editor_site(session: Session) -> Site:
    """
    Return the site of the border editor.

    Parameters
    ----------
    session
        Who answers.

    Returns
    -------
    site
        Its page.
    """

    def ping(asked: Mapping[str, str]) -> Answer:
        session.hear(asked.get("tab"))
        return {"etags": session.etags(asked.get("date"))}

    return Site(
        packages=("geo.edit.editor",),
        page="edit.html",
        words=("page", "editor"),
        gets={
            "state": lambda asked: session.state(asked.get("date"), asked.get("tab")),
            "ping": ping,
        },
        posts={
            "cut": session.cut,
            "merge": session.merge,
            "check": session.check,
            "changes": session.changes,
            "save": session.save,
            "journal": session.keep_journal,
        },
    )
