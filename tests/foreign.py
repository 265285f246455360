"""What tests of imports share: files as others write them, and what came of them."""

import json

from geo.control.composite import Composite
from geo.layers.folder import read_folder

HEADER = "name,held by,date,lat,lon\n"

ACLED = (
    "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,actor2,location,"
    "latitude,longitude,geo_precision,source,notes,fatalities\n"
)

BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def opened(root):
    """A saved folder as read, with its composite."""
    read = read_folder(root)
    snapshots = {d: read.patches(d) for d in read.control}
    return read, Composite.build(read.area, snapshots, read.sides)


def values(imported, name):
    return [getattr(r, "values", None) or r.properties for r in imported.records.get(name, ())]


def codes(imported):
    return [issue.code for issue in imported.issues]


def assert_adds_up(imported):
    for count in imported.counts:
        assert count.read == count.written + count.repeated + count.refused
    refused = sum(count.refused for count in imported.counts)
    assert refused == sum(issue.severity == "error" for issue in imported.issues)
    repeated = sum(count.repeated for count in imported.counts)
    assert f"{repeated} repeated + {refused} refused" in imported.report().splitlines()[-2]


def square(west, south, size=1.0):
    ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return {
        "type": "Polygon",
        "coordinates": [[[west + x * size, south + y * size] for x, y in ring]],
    }


def collection(*features, **members):
    made = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return json.dumps({"type": "FeatureCollection", **members, "features": made})


def layer(put, *features, name="2022-03-31.geojson", **members):
    return put(name, collection(*features, **members))
