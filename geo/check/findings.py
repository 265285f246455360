"""
What the rules found, kept by the digests of all files that they looked at.

The rules look at nothing else: no clock, no setting, no other file. So the same bytes have the same
findings, as long as the program is the same; a change of its own files counts as another program.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import Issue
from geo.layers import cache_key, load_or_keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.layers import Folder

_ROOT = "\0root\0"
"""Stands for the folder, which may lie elsewhere the next time."""

_FIELDS = ("code", "severity", "message", "hint", "file", "line", "ids", "where", "fixable")


def kept_findings(folder: Folder, find: Callable[[], list[Issue]]) -> list[Issue]:
    """
    Return what the rules find, from what was kept of the same bytes.

    Parameters
    ----------
    folder
        As read: its digests are those of what it holds.
    find
        Asks the rules.

    Returns
    -------
    issues
        The same either way.
    """
    root = str(folder.root)
    if not _is_as_read(folder):
        return find()

    def pack(issues: list[Issue]) -> bytes:
        told = [_renamed(issue, root, _ROOT) for issue in issues]
        rows = [[getattr(issue, name) for name in _FIELDS] for issue in told]
        return orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)

    def unpack(data: bytes) -> list[Issue]:
        found = []
        for values in orjson.loads(data):
            facts: dict[str, Any] = dict(zip(_FIELDS, values, strict=True))
            facts["ids"] = tuple(facts["ids"])
            facts["where"] = facts["where"] and tuple(facts["where"])
            found.append(_renamed(Issue(**facts), _ROOT, root))
        return found

    key = cache_key({**folder.digests, "findings": _program()})
    return load_or_keep(key, find, pack=pack, unpack=unpack)


def _is_as_read(folder: Folder) -> bool:
    """Whether each layer is of the bytes that the digests of the folder name."""
    named = folder.digests
    layers = ((f"control/{day}.geojson", layer) for day, layer in folder.control.items())
    return all(layer.digest and named.get(path) == layer.digest for path, layer in layers)


def _renamed(issue: Issue, old: str, new: str) -> Issue:
    return replace(
        issue, file=issue.file.replace(old, new), message=issue.message.replace(old, new)
    )


@cache
def _program() -> str:
    """Tells this program from another: names, sizes and times of its own files."""
    top = Path(str(files("geo")))
    facts = sorted(
        (path.relative_to(top).as_posix(), state.st_size, state.st_mtime_ns)
        for path in top.rglob("*")
        if path.suffix in {".py", ".json", ".toml"} and (state := path.stat())
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()
