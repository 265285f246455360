"""
What a server of this machine shows: one page, the files that it is made of, and who answers it.

The files are a fixed list that is read once. Words, looks and the scripts of the map are put into
the page where it has the comment ``scripts``.
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
_NO_RECORDS = {"language": "en", "places": [], "actors": {}, "sides": {}, "colors": {}}
"""Until the server has told them."""


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
        found[self.page] = page.replace(b"<!-- scripts -->", self._scripts()), "text/html"
        shared = files("geo.draw.page")
        for name in _FROM_MAP:
            found[name] = (shared / name).read_bytes(), _KINDS[name.rpartition(".")[2]]
        for name in ("leaflet.js", "leaflet.css"):
            found[name] = leaflet_text(name).encode(), _KINDS[name.rpartition(".")[2]]
        return found

    def _scripts(self) -> bytes:
        """What the page's own script finds there: words, looks, no records yet, and the map's."""
        blocks = {"looks": LOOKS, "words": language_words(*self.words), "records": _NO_RECORDS}
        lines = [
            f'<script type="application/json" id="{name}">'.encode()
            + orjson.dumps(block).replace(b"<", b"\\u003c")  # ends no script element
            + b"</script>"
            for name, block in blocks.items()
        ]
        scripts = ("leaflet.js", *(name for name in _FROM_MAP if name.endswith(".js")))
        lines += [f'<script src="/static/{name}"></script>'.encode() for name in scripts]
        return b"\n".join(lines)


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
