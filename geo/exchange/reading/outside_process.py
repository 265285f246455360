"""What reads files with other people's code, in a process of its own; see `outside`."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import sys
import warnings
from typing import Any

import orjson

from geo.exchange.catalog import import_library

_MOST_MEMORY = 8_000_000_000
_MOST_SECONDS = 280
_MOST_CELLS = 20_000_000


def main() -> None:
    """Read what standard input names, and print it as JSON; a fault is told, not raised."""
    _limit()
    asked = orjson.loads(sys.stdin.buffer.read())
    readers = {"vector": _read_vector, "workbook": _read_workbook}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = readers[sys.argv[1]](asked)
    except Exception as error:
        answer = {"fault": f"{error}" or type(error).__name__}
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS))


def _limit() -> None:
    """Take no more memory and time than any map needs, where the system can tell."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))


def _read_vector(asked: dict[str, Any]) -> dict[str, Any]:
    """The layers that are meant as one feature collection, and what is to say of them."""
    gdal = import_library("pyogrio", "a file of GDAL")
    path = asked["path"]
    layers = [(str(name), str(kind)) for name, kind in gdal.list_layers(path)]
    if not layers:
        return {"fault": "it holds no layer"}
    infos = {name: gdal.read_info(path, layer=name, force_feature_count=True) for name, _ in layers}
    counts = {name: info["features"] for name, info in infos.items()}
    notes = []
    wanted = [one for one in layers if one[0] in asked["layers"]]
    taken = wanted or [one for one in layers if one[1] != "None"] or layers
    if len(layers) > 1:
        shown = ", ".join(name for name, _ in taken)
        left = ", ".join(f"{n} ({counts[n]})" for n, _ in layers if n not in dict(taken))
        notes.append(f"read is the layer {shown}" + (f"; not read: {left}" if left else ""))
    features: list[dict[str, Any]] = []
    said: list[str] = []
    for name, _ in taken:
        found = _features(path, name, asked["encoding"], notes)
        if len(found) != counts[name] or not (found or len(infos[name]["fields"])):
            return {
                "fault": f"of {counts[name]} features of the layer {name} {len(found)} are whole"
            }
        features += found
        for about in ("layer_metadata", "dataset_metadata"):
            said += [str(text) for text in (infos[name].get(about) or {}).values()]
    root = {"type": "FeatureCollection", "features": features}
    return {"root": root, "notes": notes, "said": said}


def _features(path: str, layer: str, encoding: str, notes: list[str]) -> list[dict[str, Any]]:
    """
    Return the features of one layer in degrees.

    Raises
    ------
    ValueError
        If nothing says where its coordinates lie.
    """
    import numpy as np
    import shapely

    raw = import_library("pyogrio.raw", "a file of GDAL")
    more = {"encoding": encoding} if encoding else {}
    meta, _, shapes, columns = raw.read(path, layer=layer, datetime_as_string=True, **more)
    names = [str(name) for name in meta["fields"]]
    values = [[_plain(v) for v in column.tolist()] for column in columns]
    count = len(shapes) if shapes is not None else len(values[0]) if values else 0
    drawn: list[Any] = [None] * count
    if shapes is not None:
        made = shapely.force_2d(shapely.from_wkb(shapes))
        made = _in_degrees(made, meta["crs"], notes)
        texts = shapely.to_geojson(made)
        drawn = [None if text is None else orjson.loads(text) for text in np.atleast_1d(texts)]
    return [
        {
            "type": "Feature",
            "properties": {name: values[k][n] for k, name in enumerate(names)},
            "geometry": drawn[n],
        }
        for n in range(count)
    ]


def _in_degrees(shapes: Any, system: str | None, notes: list[str]) -> Any:
    """
    Return shapes in longitude and latitude.

    Raises
    ------
    ValueError
        If nothing says where they lie, and they cannot be degrees.
    """
    import shapely

    from geo.exchange.reading.systems import in_degrees

    if system is None:
        x0, y0, x1, y1 = shapely.total_bounds(shapes).tolist()
        if max(abs(x0), abs(x1)) > 360 or max(abs(y0), abs(y1)) > 90:
            raise ValueError(
                "nothing says where its coordinates lie (no .prj), and they are no degrees"
            )
        notes.append("nothing says where its coordinates lie; they are taken for degrees on WGS 84")
        return shapes
    if system in {"EPSG:4326", "OGC:CRS84"}:
        return shapes
    notes.append(f"coordinates of {system[:60]} were turned into WGS 84")
    return shapely.transform(shapes, lambda xy: in_degrees(xy, system))


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, bool | int | float) or value is None else str(value)


def _read_workbook(asked: dict[str, Any]) -> dict[str, Any]:
    """The sheets of a workbook."""
    calamine = import_library("python_calamine", "a workbook")
    with calamine.CalamineWorkbook.from_path(asked["path"]) as book:
        sheets = []
        cells = 0
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            cells += sheet.total_height * sheet.total_width
            if cells > _MOST_CELLS:
                return {"fault": f"it has more than {_MOST_CELLS:,} cells"}
            rows = [[_cell_text(v) for v in row] for row in sheet.to_python(skip_empty_area=False)]
            sheets.append((name, rows))
    return {"sheets": sheets}


def _cell_text(value: Any) -> str:
    """A cell as a table of text would hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, dt.datetime):
        whole = value.time() == dt.time()
        return value.date().isoformat() if whole else value.isoformat(" ", "seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return "" if value is None else str(value)


if __name__ == "__main__":
    main()
