"""A theatre with a relief, for tests: dark in the north, flat in the middle, light in the south."""

import io
import json

import numpy as np
from PIL import Image

EDGES = [37.0, 33.0, 38.0, 34.0]


def striped():
    """A picture whose rows are dark, flat and light, from north to south."""
    grey = np.full((120, 120), 180, dtype=np.uint8)
    grey[24:36] = 0
    grey[84:96] = 255
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "png")
    return out.getvalue()


def give_relief(folder, data=None, name="hills.webp", ring=None):
    """Put a relief into a theatre: a rectangle, and its picture beside it."""
    west, south, east, north = EDGES
    box = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {
        "type": "Feature",
        "properties": {
            "id": "hills", "kind": "relief", "name": None, "name_ar": None,
            "accuracy": "generalised", "source_ids": "wire-1", "note": None,
        },
        "geometry": {"type": "Polygon", "coordinates": [ring or box]},
    }  # fmt: skip
    (folder / "context").mkdir(exist_ok=True)
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "context/hills.geojson").write_text(text, encoding="utf-8")
    if name:
        (folder / "context" / name).write_bytes(picture() if data is None else data)
    return folder


def picture(form="webp", size=(40, 30)):
    """A flat picture."""
    out = io.BytesIO()
    Image.new("L", size, 190).save(out, form)
    return out.getvalue()
