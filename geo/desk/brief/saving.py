"""A brief, and its files in each of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from geo.desk.brief.document import brief_document
from geo.desk.brief.markdown import brief_markdown
from geo.desk.brief.page import brief_body, brief_page
from geo.desk.brief.sentences import Written
from geo.errors import escape
from geo.layers import digest, save_file

FORMS = ("md", "html", "docx", "json")
"""What a brief can be saved as."""


@dataclass(frozen=True, slots=True)
class Brief(Written):
    """What happened between two dates, as one document: see `Written` for what it holds."""

    def __repr__(self) -> str:
        count = sum(1 for _ in self.sentences())
        return f"<Brief of {self.before} to {self.after}: {count} sentences; .save() writes it>"

    def _repr_html_(self) -> str:
        return brief_body(self, pictures=False)

    def render(self, form: str) -> bytes:
        """
        Return the brief as the content of a file.

        Parameters
        ----------
        form
            ``md``, ``html`` (one file, no network needed), ``docx`` or ``json``.

        Returns
        -------
        data
            The same layers give the same bytes.

        Raises
        ------
        ValueError
            If there is no such form.
        GeoError
            If python-docx, which writes ``docx``, is not installed.
        """
        if form == "md":
            return brief_markdown(self).encode()
        if form == "json":
            return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2) + b"\n"
        if form == "html":
            return brief_page(self).encode()
        if form == "docx":
            return brief_document(self)
        raise ValueError(f"a brief is {', '.join(FORMS)}; {form!r} is none of them")

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """
        Write the brief, or nothing: a file that is there is replaced whole.

        Parameters
        ----------
        path
            Where to; ``.md``, ``.html``, ``.docx`` or ``.json`` tells the form.

        Returns
        -------
        paths
            The files written; of Markdown the maps are files beside it.

        Raises
        ------
        ValueError
            If the name ends in something else.
        GeoError
            If python-docx, which writes ``.docx``, is not installed.
        """
        target = Path(path)
        form = target.suffix.lower().removeprefix(".")
        if form not in FORMS:
            known = ", ".join(f".{one}" for one in FORMS)
            raise ValueError(
                f"{escape(target.name)}: the name must end in {known}, which tells the form"
            )
        if form != "md":
            _write(target, self.render(form))
            return (target,)
        pictures = {
            target.with_name(f"{target.stem}-map-{k}.png"): picture.render("png")
            for k, picture in enumerate(self.pictures(), 1)
        }
        for name, data in pictures.items():
            _write(name, data)
        _write(target, brief_markdown(self, [name.name for name in pictures]).encode())
        return (target, *pictures)


def _write(path: Path, data: bytes) -> None:
    save_file(path, data, expected=digest(path.read_bytes()) if path.exists() else None)
