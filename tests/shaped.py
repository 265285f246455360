"""Lines and areas for the little theatre, and one statement of each thing that can be meant."""

import json

SHAPES = {
    "west_desert": (
        "area",
        "Polygon",
        [[[37.05, 33.1], [37.4, 33.1], [37.4, 33.9], [37.05, 33.9], [37.05, 33.1]]],
    ),
    # Walked northward: the west, which is red's, lies on the left hand.
    "front_line": ("line", "LineString", [[37.5, 33.05], [37.5, 33.5], [37.502, 33.95]]),
    "old_road": (
        "road",
        "MultiLineString",
        [[[37.3, 33.2], [37.1, 33.2]], [[37.35, 33.25], [37.45, 33.3]]],
    ),
    "night_march": ("line", "LineString", [[37.65, 33.5], [37.55, 33.5], [37.52, 33.48]]),
    "the_neck": ("line", "LineString", [[37.62, 33.7], [37.55, 33.7], [37.47, 33.71]]),
    "the_pocket": (
        "area",
        "MultiPolygon",
        [
            [[[37.7, 33.1], [37.75, 33.1], [37.75, 33.15], [37.7, 33.15], [37.7, 33.1]]],
            [[[37.78, 33.1], [37.82, 33.1], [37.82, 33.15], [37.78, 33.15], [37.78, 33.1]]],
        ],
    ),
}
"""By id: kind, type and coordinates, each in the canonical order but for the lines, which keep
the order in which they were drawn."""

_HEAD = (
    "id,place_id,date,date_precision,status,controller,controllers,extent,opposite,share_pct,"
    "width_from_m,width_to_m,to_place_id,basis,confidence,event_ids,source_ids,note"
)
STATEMENTS = {
    "stm-all": "west_desert,2017-07-02,day,controlled,red,,all,,,,,",
    "stm-share": "old_road,2017-07-03,day,controlled,red,,share,blue,80,,,",
    "stm-front": "front_line,2017-07-04,day,controlled,red,,front,blue,,,,",
    "stm-track": "night_march,2017-07-31,day,controlled,blue-guard,,track,red,,2000,3000,",
    "stm-gap": "the_neck,2017-08-01,day,controlled,blue-guard,,gap,red,,5000,6000,",
    "stm-ring": "the_pocket,2017-08-01,day,controlled,red,,ring,blue,70,,,",
    "stm-severed": "west_well,2017-08-01,day,controlled,red,,severed,blue,,,,east_well",
}
"""By id: the cells from `place_id` to `to_place_id`."""


def place(name, kind, shape, coordinates):
    """A place drawn from words, as its file holds it."""
    properties = {
        "id": name,
        "name": name.replace("_", " ").title(),
        "name_ar": None,
        "alternatenames": None,
        "kind": kind,
        "admin1": None,
        "geo_radius_m": 1500,
        "coord_method": "drawn",
        "coord_source": None,
        "source_ids": None,
        "note": f"Drawn from the words: {name}.",
    }
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def give_shapes(folder):
    """Add the lines and areas, and what is said of them."""
    file = folder / "places.geojson"
    places = json.loads(file.read_text(encoding="utf-8"))
    places["features"] += [place(name, *shape) for name, shape in SHAPES.items()]
    file.write_text(json.dumps(places), encoding="utf-8")
    file = folder / "statements.csv"
    head, *rows = (row.split(",") for row in file.read_text(encoding="utf-8").splitlines())
    new = [] if "extent" in head else [""] * 6
    lines = [_HEAD, *(",".join([*cells[:7], *new, *cells[7:]]) for cells in rows)]
    for name, cells in STATEMENTS.items():
        event = "evt-a" if name == "stm-track" else ""
        lines.append(f"{name},{cells},reported,moderate,{event},wire-1,")
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def coordinates_of(folder, name):
    """The coordinates of a place as its file holds them."""
    features = json.loads((folder / "places.geojson").read_text(encoding="utf-8"))["features"]
    return next(f["geometry"]["coordinates"] for f in features if f["properties"]["id"] == name)
