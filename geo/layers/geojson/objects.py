"""Features that never were text, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import shapely

from geo.errors import Issue
from geo.layers import shapes
from geo.layers.geojson.draft import AREAS, Document, Draft
from geo.layers.geojson.features import assemble
from geo.model import Feature, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence




def unfold_features(features: Sequence[Feature]) -> list[dict[str, object]]:
    """
    Return features as the objects that GeoJSON would hold.

    Parameters
    ----------
    features
        Any.

    Returns
    -------
    objects
        ``type``, ``properties`` and ``geometry`` of each; `parse_features` takes them.
    """
    return [
        {
            "type": "Feature",
            "properties": dict(feature.properties),
            "geometry": None if feature.geometry is None else shapes.unfold(feature.geometry),
        }
        for feature in features
    ]


def draft_objects(
    objects: Sequence[Feature | Mapping[str, Any]], schema: Schema, *, assign_ids: bool = False
) -> Draft:
    """Check features that never were text."""
    members = [_members_of(one) for one in objects]
    drawn = [one.get("geometry") if isinstance(one, dict) else None for one in members]
    areas = None
    if schema.geometry <= AREAS and all(isinstance(g, shapely.Geometry | None) for g in drawn):
        areas = shapes.unfold_areas(drawn)
    spelt = [shapes.spell_out(one) for one in drawn] if areas is None else areas.numbered()
    document = Document(
        features=[
            {**one, "geometry": geometry} if geometry is not None else one
            for one, geometry in zip(members, spelt, strict=True)
        ],
        lines=[one.line if isinstance(one, Feature) else 0 for one in objects],
        rings=None if areas is None else shapes.Rings(areas.xy, areas.sequences),
    )
    draft = assemble(document, schema, assign_ids=assign_ids)
    for i, one in enumerate(objects):
        if isinstance(one, Feature) and one.properties.get("id", one.id) != one.id:
            message = f"the feature is {one.id!r}, its properties say otherwise"
            draft.add(i, Issue("id.conflict", "error", message))
    return draft


def _members_of(one: object) -> Any:
    """The members of a feature, its properties as a dictionary; what is no object stays."""
    if isinstance(one, Feature):
        own = {"id": one.id, **one.properties}
        return {"type": "Feature", "properties": own, "geometry": one.geometry}
    if not isinstance(one, Mapping):
        return one
    properties = one.get("properties")
    return {**one, "properties": dict(properties)} if isinstance(properties, Mapping) else {**one}
