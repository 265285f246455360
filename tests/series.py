"""Public series of real fronts and borders, as composites."""

import datetime as dt
import json
import os
from pathlib import Path

import pytest
import shapely

from geo.control.composite import Composite
from geo.model import Label, Patch

SHARED = Path(os.environ.get("GEO_SHARED", Path(__file__).parents[2] / "shared")) / "data"
needs_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="no ../shared/data, nor a folder in GEO_SHARED"
)


def layers(folder, key):
    """The patches of each date of a folder of layers, by a property that names the holder."""
    snapshots = {}
    for path in sorted((SHARED / folder / "control").glob("*.geojson")):
        features = json.loads(path.read_text("utf-8"))["features"]
        snapshots[dt.date.fromisoformat(path.stem)] = [
            Patch(
                Label(f["properties"][key], "", "controlled", "reported", "high", f"p{i}"),
                shapely.geometry.shape(f["geometry"]),
            )
            for i, f in enumerate(features)
        ]
    return snapshots


def compose(snapshots):
    """Each date has an outline of its own here; their common part is what can be compared."""
    first = shapely.union_all([p.geometry for p in next(iter(snapshots.values()))], grid_size=1e-6)
    return Composite.build(first, snapshots)
