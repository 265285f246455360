"""
Files that other people's code must read: Shapefile, GeoPackage, FlatGeobuf, workbooks.

GDAL and the reader of workbooks are large programs that were written for files of friends. They run
in a process of their own, with limits, on a copy under a name of ours in a folder that goes away:
what they do with a hostile file - crash, hang, fill the memory - happens there. What comes back is
GeoJSON or rows of text, and is checked as what anybody sends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import SchemaError, escape, refuse
from geo.exchange.catalog import import_library
from geo.exchange.reading.packing import SHAPEFILE, unbundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.exchange.reading.intake import Intake

_SECONDS = 300.0
_LISTED = 4
_MAGIC = {b"fgb\x03": ".fgb", b"SQLite format 3\0": ".gpkg"}
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def outside_format(data: bytes) -> str:
    """What of these a file is, by its first bytes: an ending, or empty for none."""
    for magic, suffix in _MAGIC.items():
        if data.startswith(magic):
            return suffix
    if data.startswith(_OLD_WORKBOOK):
        return ".xls"
    if not data.startswith(b"PK\3\4"):
        return ""
    # Not unpacked yet: the names of an archive's files stand in it as they are.
    if b"[Content_Types].xml" in data:
        return ".xlsx"
    return ".ods" if b"mimetypeapplication/vnd.oasis" in data[:100] else ".shp"


def features_outside(data: bytes, file: str, intake: Intake) -> Any:
    """
    Return a file that GDAL reads as a feature collection; what was left out is noted.

    Raises
    ------
    SchemaError
        If GDAL cannot read it, or its coordinates or letters are not clear.
    GeoError
        If GDAL is not installed.
    """
    import_library("pyogrio", "a file of GDAL")
    suffix = outside_format(data)
    pieces = _pieces(data, suffix, file)
    said = {"layers": intake.layout.layers, "encoding": _encoding(pieces, file, intake)}
    answer = _ask("vector", suffix, pieces, said, file)
    for note in answer["notes"]:
        intake.note(note, file)
    for text in answer["said"]:
        intake.know_own(text, file)
    return answer["root"]


def _pieces(data: bytes, suffix: str, file: str) -> Mapping[str, bytes]:
    """
    Return the files of a file by their endings.

    Raises
    ------
    SchemaError
        If a part of a Shapefile is missing.
    """
    if suffix != ".shp":
        return {suffix: data}
    pieces = unbundle(data)
    if missing := [end for end in SHAPEFILE[:3] if end not in pieces]:
        message = f"a Shapefile is several files, and {', '.join(missing)} is not beside it"
        raise SchemaError([refuse("import.shapefile", message, "send all in one zip", file=file)])
    return pieces


def _encoding(pieces: Mapping[str, bytes], file: str, intake: Intake) -> str:
    """
    Find out how the texts of a Shapefile are written; empty leaves it to what the file says.

    Raises
    ------
    SchemaError
        If nothing says it, and it makes a difference.
    """
    table = pieces.get(".dbf")
    if intake.options.encoding:
        if table is None:
            message = "its texts are UTF-8 by its format; no other encoding can be told"
            raise SchemaError([refuse("import.encoding", message, file=file)])
        intake.note(f"read as {intake.options.encoding}, as told", file)
        return intake.options.encoding
    if table is None or ".cpg" in pieces:
        return ""
    start = int.from_bytes(table[8:10], "little")
    rows = table[start:]
    if rows.isascii() and table[:start].isascii():
        return ""
    try:
        rows.decode("utf-8")
    except UnicodeDecodeError:
        if table[29:30] not in {b"", b"\0"}:
            return ""  # the code page is named in the table
        message = "nothing says in which encoding its texts are (no .cpg), and they are not UTF-8"
        raise SchemaError(
            [refuse("import.encoding", message, "name the encoding", file=file)]
        ) from None
    intake.note("nothing says its encoding; its texts are valid UTF-8 and read as such", file)
    return "UTF-8"


def sheets_outside(data: bytes, file: str) -> list[tuple[str, list[list[str]]]]:
    """
    Return the sheets of a workbook with the cells of their rows as text.

    Raises
    ------
    SchemaError
        If it cannot be read.
    GeoError
        If the reader of workbooks is not installed.
    """
    import_library("python_calamine", "a workbook")
    suffix = outside_format(data)
    answer = _ask("workbook", suffix, {suffix: data}, {}, file)
    return [(name, rows) for name, rows in answer["sheets"]]


def _ask(
    what: str, suffix: str, pieces: Mapping[str, bytes], said: Mapping[str, Any], file: str
) -> Any:
    """
    Let the other process read a copy of a file, whose pieces have these endings.

    Raises
    ------
    SchemaError
        If it cannot, ends, or takes too long.
    """
    known = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, known))}
    with tempfile.TemporaryDirectory() as folder:
        for ending, data in pieces.items():
            Path(folder, f"data{ending}").write_bytes(data)
        words = [sys.executable, "-P", "-m", "geo.exchange.reading.outside_process", what]
        asked = orjson.dumps({"path": str(Path(folder, f"data{suffix}")), **said})
        try:
            done = subprocess.run(
                words, input=asked, capture_output=True, env=env, timeout=_SECONDS, check=False
            )
            answer = orjson.loads(done.stdout)
        except subprocess.TimeoutExpired:
            answer = {"fault": f"it took longer than {_SECONDS:.0f} s"}
        except ValueError:
            told = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            answer = {"fault": f"the process that read it ended ({done.returncode}): {told}"}
    if fault := answer.get("fault"):
        message = f"it cannot be read: {escape(str(fault), 300)}"
        raise SchemaError([refuse("import.outside", message, file=file)])
    return answer
