"""A layers folder as it was in a commit, read in memory."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geo.edit.versions.git import Repository
from geo.errors import Issue, LayerError, LayerNotFoundError, escape
from geo.layers import read_folder

if TYPE_CHECKING:
    from geo.layers import Folder


def read_revision(layers: Path, revision: str) -> Folder:
    """
    Read a layers folder as it was in a commit.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    revision
        A commit, branch or tag.

    Returns
    -------
    folder
        All of it, in memory; its `root` is gone.

    Raises
    ------
    GeoError
        If git knows no such commit.
    LayerNotFoundError
        If the folder was not there.
    LayerError
        If a file of that version holds faults.
    """
    repository = Repository.around(layers)
    commit, path = repository.commit(revision), repository.relative(layers)
    with tempfile.TemporaryDirectory(prefix="frontline-") as name:
        root = Path(name) / "layers"
        if not repository.write_out(commit, path, root):
            raise LayerNotFoundError(f"{escape(revision)} has no folder {escape(path or '.')}")
        try:
            return read_folder(root)
        except LayerError as error:
            moved = [rename_file(issue, root, f"{revision}:{path}") for issue in error.issues]
            raise type(error)(moved or str(error)) from error


def rename_file(issue: Issue, root: Path, name: str) -> Issue:
    """A finding with another name for the folder that its file lies in."""
    return dataclasses.replace(issue, file=issue.file.replace(str(root), name))
