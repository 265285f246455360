"""A rival map: each piece of ground is held as the nearest place was last said to be."""

import json

import shapely

from geo.crs import middle_of


def nearest_map(folder, day, path):
    """Write the cells of the places that a side was said to hold up to a day, cut to the area."""
    said = {}
    for row in sorted(folder.statements.rows, key=lambda row: str(row.values["date"])):
        place = folder.places[str(row.values["place_id"])]
        is_point = isinstance(place.geometry, shapely.Point)
        if str(row.values["date"]) <= str(day) and row.values["controller"] and is_point:
            said[place.id] = str(row.values["controller"])
    by_spot = {}
    for name, controller in said.items():
        spot = middle_of(folder.places[name].geometry)
        by_spot[spot.x, spot.y] = folder.sides.get(controller, controller)
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(list(by_spot)), extend_to=folder.area, ordered=True
    )
    held = {}
    for cell, side in zip(shapely.get_parts(cells), by_spot.values(), strict=True):
        held.setdefault(side, []).append(cell)
    features, left = [], folder.area
    for side, many in sorted(held.items()):
        ground = shapely.intersection(left, shapely.union_all(many, grid_size=1e-6), grid_size=1e-6)
        parts = [one for one in shapely.get_parts(ground) if one.geom_type == "Polygon"]
        ground = shapely.MultiPolygon(parts)
        left = shapely.difference(left, ground, grid_size=1e-6)
        values = {"controller": side, "date": str(day), "confidence": "low"}
        shape = json.loads(shapely.to_geojson(ground))
        features.append({"type": "Feature", "properties": values, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path
