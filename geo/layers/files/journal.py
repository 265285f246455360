"""A file of records, each whole or not there."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from geo.errors import LayerError, refuse
from geo.layers.files.reading import digest
from geo.layers.files.saving import (
    lock_folder,
    sync_folder,
    tell_unwritable,
    write_all,
    write_beside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Journal:
    """
    Records that survive a crash: each is on the disk before `append` returns.

    A record that was cut off by a crash or a full disk is not there at all. Several programs may
    append; each sees the records of all.

    Parameters
    ----------
    path
        The file; its folder must exist, such as `private_folder`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0

    def records(self) -> list[bytes]:
        """
        Return all whole records.

        Returns
        -------
        records
            In the order in which they were appended; none where there is no file.

        Raises
        ------
        LayerError
            If the system refuses to read.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"it cannot be read: {error.strerror or error}"
            raise LayerError([refuse("file.unreadable", message, file=str(self.path))]) from error
        records, self._end = _framed(data)
        return records

    def append(self, record: bytes) -> None:
        """
        Add a record and force it to the disk.

        Parameters
        ----------
        record
            Any bytes.

        Raises
        ------
        LayerError
            If the system refuses to write; the record is then not there.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with lock_folder(self.path.parent.resolve(), str(self.path)), self._writing():
            is_new = not self.path.exists()
            opened = os.open(self.path, flags, 0o600)
            try:
                if os.fstat(opened).st_size != self._end:
                    self.records()
                self._write(opened, record)
            finally:
                os.close(opened)
            if is_new:
                sync_folder(self.path.parent)

    def replace(self, record: bytes) -> None:
        """
        Make a record the only one, in one step.

        Parameters
        ----------
        record
            Any bytes.

        Raises
        ------
        LayerError
            If the system refuses to write; the records are then as before.
        """
        with lock_folder(self.path.parent.resolve(), str(self.path)), self._writing():
            with write_beside(self.path, _frame(record)) as beside:
                beside.chmod(0o600)
                beside.replace(self.path)
            sync_folder(self.path.parent)
        self._end = len(_frame(record))

    def clear(self) -> None:
        """
        Forget all records.

        Raises
        ------
        LayerError
            If the system refuses to delete the file.
        """
        with lock_folder(self.path.parent.resolve(), str(self.path)), self._writing():
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        self._end = 0

    def _write(self, opened: int, record: bytes) -> None:
        """Put a record behind the last whole one; what was cut off there goes."""
        data, is_whole = _frame(record), False
        try:
            os.ftruncate(opened, self._end)
            os.lseek(opened, self._end, os.SEEK_SET)
            write_all(opened, data)
            os.fsync(opened)
            is_whole = True
        finally:
            if not is_whole:
                with contextlib.suppress(OSError):
                    os.ftruncate(opened, self._end)
        self._end += len(data)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LayerError([tell_unwritable(error, str(self.path))]) from error


def _frame(record: bytes) -> bytes:
    return b"%d %s\n%s\n" % (len(record), digest(record)[:16].encode(), record)


def _framed(data: bytes) -> tuple[list[bytes], int]:
    """All whole records from the beginning, and where they end."""
    records, at = [], 0
    while match := _HEAD.match(data, at):
        record = data[match.end() : match.end() + int(match[1])]
        if _frame(record) != data[at : match.end() + int(match[1]) + 1]:
            break
        records.append(record)
        at = match.end() + len(record) + 1
    return records, at


_HEAD = re.compile(rb"([0-9]{1,12}) [0-9a-f]{16}\n")
