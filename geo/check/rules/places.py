"""Rules on places: where they lie, how they were located, and how well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.check.case import finding, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding
    from geo.model import Feature


def unlocated_places(case: Case) -> Iterator[Finding]:
    """
    A place says how it was located, and how well.

    A place never located has no geometry; any other says whether a source gives the position, it
    was inferred, or we drew it. A position without an error radius, ``places.radius``, reads as
    exact. ``places.drawn``: what is drawn is a line or an area, says how far it may be off, and in
    its note or coord_source from which words it was drawn.
    """
    file = case.file("places.geojson")
    for place in case.folder.places.values():
        method = place.properties["coord_method"]
        if (method == "none") != (place.geometry is None):
            yield finding(
                f"coord_method is {method} "
                + ("without a position" if place.geometry is None else "with a position"),
                "a place never located has no geometry; any other says how it was",
                (file, place),
            )
        elif method == "drawn" and (lacking := _undrawn(place)):
            yield finding(
                f"coord_method is drawn, and it {' and '.join(lacking)}",
                "what we draw is a line or an area; give geo_radius_m, and in note or coord_source "
                "the words that it was drawn from",
                (file, place),
                code="places.drawn",
            )
        elif place.geometry is not None and place.properties["geo_radius_m"] is None:
            yield finding(
                "a position without an error radius reads as exact",
                "give geo_radius_m",
                (file, place),
                code="places.radius",
            )


def _undrawn(place: Feature) -> list[str]:
    """What a place lacks that is said to be drawn from words."""
    values = place.properties
    wordless = values["note"] is None and values["coord_source"] is None
    return [
        *["is a point"] * isinstance(place.geometry, shapely.Point),
        *["has no error"] * (values["geo_radius_m"] is None),
        *["does not say from which words"] * wordless,
    ]


def outside_places(case: Case) -> Iterator[Finding]:
    """
    A line or an area that a statement speaks of reaches into the study area.

    Outside of it nothing is drawn, so the words would go unheard. One that lies no farther outside
    than its error is let be. Draw it where it is meant to lie, or name another place.
    """
    rows = case.folder.statements.rows
    named = {str(row.values[name]) for row in rows for name in ("place_id", "to_place_id")}
    for place in case.folder.places.values():
        shape = place.geometry
        if shape is None or isinstance(shape, shapely.Point) or place.id not in named:
            continue
        if shapely.intersects(case.folder.area, shape):
            continue
        ground, drawn = map(case.plane.forward, (case.folder.area, shape))
        far_m = float(shapely.distance(ground, drawn))
        if far_m > int(place.properties["geo_radius_m"] or 0):
            yield finding(
                f"it lies outside of the study area, {far_m / 1e3:.1f} km off, and a statement "
                "speaks of it",
                "draw it where it is meant, or let the statement name another place",
                (case.file("places.geojson"), place),
                where=position(shape),
            )


def far_places(case: Case) -> Iterator[Finding]:
    """
    A position lies in or near the theatre, with longitude before latitude.

    ``places.swapped``: it lies far away, and in the study area with its two numbers exchanged.
    ``places.far``: it lies farther from the study area than the study area is long. Both are
    warnings, for a report may name a place abroad; exchange the numbers, or look for a homonym.
    """
    area, plane = case.folder.area, case.plane
    west, south, east, north = shapely.bounds(plane.forward(area))
    length_m = float(np.hypot(east - west, north - south))
    ground = plane.forward(area)
    for place in case.folder.places.values():
        if place.geometry is None:
            continue
        lon, lat = position(place.geometry)
        at = (case.file("places.geojson"), place)
        if shapely.distance(plane.forward(place.geometry), ground) <= length_m:
            continue
        if shapely.covers(area, shapely.Point(lat, lon)):
            message = f"{lon:g}, {lat:g} lies far away, but {lat:g}, {lon:g} in the study area"
            hint = "exchange them: longitude comes first"
            yield finding(message, hint, at, where=(lon, lat), code="places.swapped")
        else:
            message = f"it lies more than {length_m / 1e3:.0f} km from the study area"
            hint = "look for a homonym, or a slip in the degrees"
            yield finding(message, hint, at, where=(lon, lat), code="places.far")


def oversharp_places(case: Case) -> Iterator[Finding]:
    """
    An error radius is not smaller than the coordinates allow.

    Coordinates written to one decimal of a degree stand for about 11 km, to two for 1.1 km. A
    radius below half of that claims more than anybody wrote down. Widen it, or find the digits.
    """
    for place in case.folder.places.values():
        radius = place.properties["geo_radius_m"]
        if place.geometry is None or radius is None:
            continue
        numbers = shapely.get_coordinates(place.geometry).ravel().tolist()
        decimals = max(len(f"{x:.6f}".rstrip("0").split(".")[1]) for x in numbers)
        least = 111_000 * 10.0**-decimals / 2
        if int(radius) < least:
            yield finding(
                f"its position has {decimals} decimals, good to {least:.0f} m at best, and its "
                f"radius is {radius} m",
                "widen geo_radius_m, or find better coordinates",
                (case.file("places.geojson"), place),
                where=position(place.geometry),
            )
