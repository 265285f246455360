"""
The other map: a layers folder, a file of somebody, or a folder of such files.

What is no layers folder is read as the imports read it, with the same options and the same table
of words; nothing is kept of it. The words of a layers folder are the ids of its actors, and the
same table may say which of ours they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geo import check
from geo.control import DrawnMap
from geo.errors import LayerError, LayerNotFoundError, escape, refuse
from geo.exchange import Options, Word, run_import
from geo.layers import patches_of, read_folder
from geo.model import Label, Patch, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo.layers import Folder, Progress

_ENDINGS = (
    *(".geojson", ".json", ".topojson", ".geojsonl", ".ndjson", ".kml", ".kmz"),
    *(".shp", ".gpkg", ".fgb", ".gz", ".zip"),
)
"""Files of a series, where a folder is given."""


@dataclass(frozen=True, slots=True)
class OtherMap:
    """
    A map that is compared with ours.

    Attributes
    ----------
    name
        What it is called.
    drawn
        Its layers, in our ids as far as the table of words has them.
    sides
        Side of each controller that is none of ours.
    words
        What its words for control mean.
    folder
        The layers folder that it is, if it is one.
    report
        What the import says of it; empty for a layers folder.
    names
        What it calls its actors.
    """

    name: str
    drawn: DrawnMap
    sides: Mapping[str, str]
    words: tuple[Word, ...]
    folder: Folder | None = None
    report: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def read_other(
    path: Path,
    *,
    kind: str = "control-geojson",
    options: Options | None = None,
    known: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> OtherMap:
    """
    Read a map to be compared.

    Parameters
    ----------
    path
        A layers folder, a file, or a folder of files.
    kind
        How files are read, as one of `geo.exchange.KINDS`.
    options
        As for an import; the words count for a layers folder too.
    known
        Side of each of our actors: an id of the other map that is one of these means the same.
    progress
        Told what is done, how much of it, and of how much.

    Returns
    -------
    other
        Its layers.

    Raises
    ------
    LayerNotFoundError
        If there is nothing of that name.
    LayerError
        If it holds no layer of control, or a folder of layers has faults.
    SchemaError
        If a file cannot be read.
    ValueError
        If there is no such kind or option.
    """
    options = options or Options()
    if not path.exists():
        message = f"{escape(str(path), 200)}: there is no such file or folder to compare with"
        raise LayerNotFoundError(message)
    if (path / "theatre.geojson").exists():
        return _read_layers(path, options, known or {})
    files = [path]
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.suffix.lower() in _ENDINGS)
        if not files:
            hint = "give a layers folder, a file, or a folder of files of control"
            where = escape(str(path), 200)
            raise LayerError([refuse("compare.nothing", f"{where} holds no map", hint)])
    imported = run_import(kind, files, options=options, progress=progress)
    if not imported.control or imported.ground is None:
        hint = "`frontline import --dry-run` with the same options says why"
        issues = [issue for issue in imported.issues if issue.severity == "error"]
        raise LayerError(
            [
                refuse("compare.nothing", f"{escape(path.name)} has no layer of control", hint),
                *issues,
            ]
        )
    layers = {day: patches_of(features) for day, features in imported.control.items()}
    actors = imported.records.get("actors", ())
    sides = {row.id: str(row.values.get("side") or row.id) for row in actors}
    return OtherMap(
        name=path.stem if path.is_file() else path.resolve().name,
        drawn=DrawnMap(imported.ground, layers),
        sides={one: side for one, side in sides.items() if one not in (known or {})},
        words=imported.words,
        report=imported.report(),
        names={row.id: str(row.values.get("name") or row.id) for row in actors},
    )


def _read_layers(path: Path, options: Options, known: Mapping[str, str]) -> OtherMap:
    """
    Read a layers folder, its actors called as the table of words says.

    Raises
    ------
    LayerError
        If it has no layer of control.
    """
    folder = read_folder(path)
    case = check.Case(folder, check.Limits(), check.compose_layers)
    check.require_sound(folder, case)
    if not folder.control:
        where = escape(str(path), 200)
        raise LayerError([refuse("compare.nothing", f"{where} has no layer of control yet")])
    told = {word.text: word for word in options.words}
    met: dict[str, int] = {}
    layers: dict[dt.date, Sequence[Patch]] = {}
    for day in folder.control:
        patches = folder.patches(day)
        for patch in patches:
            if patch.label.controller:
                met[patch.label.controller] = met.get(patch.label.controller, 0) + 1
        layers[day] = [Patch(_translated(one.label, told), one.geometry) for one in patches]
    words = [
        replace(told.get(text, Word(text, Status.CONTROLLED, text)), count=count)
        for text, count in sorted(met.items())
    ]
    return OtherMap(
        name=path.resolve().name,
        drawn=DrawnMap(folder.area, layers),
        sides={one: side for one, side in folder.sides.items() if one not in known},
        words=tuple(words),
        folder=folder,
        names={row.id: str(row.values.get("name") or row.id) for row in folder.actors.rows},
    )


def _translated(label: Label, told: Mapping[str, Word]) -> Label:
    """The label in our words: who holds ground, and what the table says that this means."""
    word = told.get(label.controller)
    if word is None:
        return label
    status = label.status if word.controller else word.status
    return replace(
        label,
        controller=word.controller,
        controllers=word.controllers or label.controllers,
        status=status,
    )
