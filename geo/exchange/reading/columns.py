"""What others call the columns that several kinds of files have, in order of preference."""

from __future__ import annotations

LONGITUDE = ("lon", "longitude", "lng", "long", "x", "point_x")
LATITUDE = ("lat", "latitude", "y", "point_y")
NAME = ("name", "place", "location", "city", "town", "settlement", "asciiname", "placename")
HOLDER = (
    *("controller", "held by", "held_by", "control", "controlled by", "controlled_by"),
    *("holder", "actor", "side", "occupied by", "country_name", "country", "state", "owner"),
)
NOTE = ("note", "notes", "more information", "comment", "remarks")
PLACE_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": NAME,
    "lon": LONGITUDE,
    "lat": LATITUDE,
    "name_ar": ("name_ar", "arabic"),
    "alternatenames": ("alternatenames", "alternate_names", "aliases"),
    "kind": ("kind", "place_kind"),
    "admin1": ("admin1", "governorate", "oblast", "province"),
    "geo_radius_m": ("geo_radius_m",),
}
CONTROL_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "patch"),
    "controller": HOLDER,
    "controllers": ("controllers",),
    "status": ("status",),
    "basis": ("basis",),
    "confidence": ("confidence",),
    "note": NOTE,
}
