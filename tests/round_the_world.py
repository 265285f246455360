"""Theatres over longitude 180 and round a pole, for tests."""

import json

from geo.exchange import run_import, save_import


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


FIJI = (
    {"gov": box(176, -20, 180.5, -16), "rebels": box(180.5, -20, 183, -16)},
    {"gov": box(176, -20, 179.5, -16), "rebels": box(179.5, -20, 183, -16)},
)
POLE = (
    {"north": box(-180, 80, 0, 90), "east": box(0, 80, 180, 90)},
    {"north": box(-180, 80, 20, 90), "east": box(20, 80, 180, 90)},
)


def write_theatre(folder, *layers):
    """A theatre of dated layers, each of rings by holder, imported into a folder."""
    files = []
    for n, holders in enumerate(layers, 1):
        features = [
            {
                "type": "Feature",
                "properties": {"controller": name},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
            for name, ring in holders.items()
        ]
        path = folder / f"2000-0{n}-01.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        files.append(path)
    save_import(run_import("control-geojson", files), folder / "new")
    return folder / "new"
