"""Who wrote the rows of a table last, as git knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.edit.versions.git import Repository
from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from pathlib import Path


def last_writers(path: Path) -> dict[str, str]:
    """
    Return who wrote each row of a table last, as it is committed.

    Parameters
    ----------
    path
        A table of a layers folder.

    Returns
    -------
    writers
        Name of the author by the id of the row; nobody where git knows nothing of the file.
    """
    try:
        repository = Repository.around(path.parent)
        name = repository.relative(path.parent)
    except GeoError:
        return {}
    file = f"{name}/{path.name}" if name else path.name
    # What is committed, and not the file as it lies there: that would pass through filters.
    words = ["blame", "--line-porcelain", "--no-textconv", "HEAD", "--", file]
    found: dict[str, str] = {}
    author = ""
    for line in repository.answer(words).decode("utf-8", "replace").split("\n"):
        if line.startswith("author "):
            author = escape(line.removeprefix("author "))
        elif line.startswith("\t"):
            identity = line[1:].partition(",")[0]
            if identity:
                found[identity] = author
    return found
