"""
The folder of a site on disk: each file replaced whole, and only where it says something else.

Pictures and styles have names that hold what they are, so nothing that a page shows is ever
replaced: they are written first, then pages that nothing links to yet, then the others, the first
page last; what is gone is removed at the end. Whoever stops a publisher at any moment leaves pages
that are each of one piece and whose links lead somewhere. Which files are the site's own is kept
beside them, before they are written; what anybody else put there is never touched.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MANIFEST, _JOURNAL, _DRAFTS = ".frontline-site.json", ".frontline-site.new", ".frontline-drafts"
_VERSION = 1


class Store:
    """
    The files of a site.

    Parameters
    ----------
    root
        The folder; made if it is not there.

    Raises
    ------
    GeoError
        If the folder holds something else than a site, or its list of files is damaged.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept: dict[str, Any] = {}
        self.files: dict[str, str] = {}
        self.written: list[str] = []
        self.unchanged = 0
        self.removed: list[str] = []
        self._old: set[str] = set()
        self._open()

    def _open(self) -> None:
        where = escape(str(self.root), 200)
        if self.root.exists() and not self.root.is_dir():
            raise GeoError(f"{where} is a file; name a folder for the site")
        manifest = self.root / _MANIFEST
        known = manifest.exists() or (self.root / _JOURNAL).exists()
        if not known and self.root.exists() and any(self.root.iterdir()):
            raise GeoError(
                f"{where} holds something else than a site; name a new folder, or an empty one"
            )
        if manifest.exists():
            try:
                read = json.loads(manifest.read_text(encoding="utf-8"))
                if read["version"] == _VERSION:
                    self.kept = dict(read["kept"])
                self._old = set(map(str, read["files"]))
            except (ValueError, TypeError, KeyError) as error:
                raise GeoError(
                    f"{where}/{_MANIFEST} is damaged; publish into a new folder"
                ) from error
        if (self.root / _JOURNAL).exists():
            # What a publisher that was stopped had begun to write.
            lines = (self.root / _JOURNAL).read_text(encoding="utf-8").split("\n")[:-1]
            self._old |= set(lines)
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.root / _DRAFTS, ignore_errors=True)
        (self.root / _DRAFTS).mkdir()

    def is_new(self, address: str) -> bool:
        """Whether nothing stands there yet."""
        return not (self.root / address).exists()

    def holds(self, address: str) -> bool:
        """Whether a file of an earlier time stands there, as it was written then."""
        digest = self.kept.get("digests", {}).get(address)
        path = self.root / address
        return digest is not None and path.is_file() and digest == _digest(path.read_bytes())

    def size(self, address: str) -> int:
        """Bytes of a file that stands there."""
        return (self.root / address).stat().st_size

    def keep(self, address: str) -> None:
        """Count a file that stands there as one of this site too."""
        self.files[address] = self.kept["digests"][address]
        self.unchanged += 1

    def put(self, address: str, data: bytes) -> None:
        """
        Write a file, if it says something else than what stands there.

        Raises
        ------
        GeoError
            If a file that is not the site's stands in the way.
        """
        path = self.root / address
        self.files[address] = _digest(data)
        if path.is_file() and path.read_bytes() == data:
            self.unchanged += 1
            return
        if path.exists() and address not in self._old and address not in self.written:
            raise GeoError(
                f"{escape(str(path), 200)} is none of the site's files and stands in its way; "
                "move it elsewhere"
            )
        with (self.root / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(f"{address}\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.root / _DRAFTS / hashlib.sha256(address.encode()).hexdigest()[:16]
        draft.write_bytes(data)
        draft.replace(path)
        self.written.append(address)

    def close(self, kept: Mapping[str, Any]) -> None:
        """Remove what this site no longer has, and keep the list of what it has."""
        gone = sorted(self._old - set(self.files))
        with (self.root / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.writelines(f"{address}\n" for address in gone)
        values = {
            "version": _VERSION,
            "files": sorted(self.files),
            "kept": {**kept, "digests": dict(sorted(self.files.items()))},
        }
        text = json.dumps(values, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
        manifest = self.root / _MANIFEST
        if not manifest.exists() or manifest.read_text(encoding="utf-8") != text:
            draft = self.root / _DRAFTS / "manifest"
            draft.write_text(text, encoding="utf-8")
            draft.replace(manifest)
        for address in gone:
            path = self.root / address
            if path.is_file():
                path.unlink()
                self.removed.append(address)
            self._prune(path.parent)
        (self.root / _JOURNAL).unlink()
        shutil.rmtree(self.root / _DRAFTS)

    def _prune(self, folder: Path) -> None:
        while folder != self.root and folder.is_dir() and not list(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
