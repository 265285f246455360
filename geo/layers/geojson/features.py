"""Features: their members, ids and geometries, checked one by one and all together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geo.errors import Issue, escape, mend, refuse, warn
from geo.layers import fields, shapes
from geo.layers.geojson.canonical import AREAS, Document, Draft, type_of, write_text
from geo.model import (
    CONSENSUS_ID,
    CONSENSUS_MARK,
    CONTROL,
    WHAT_IF_ID,
    WHAT_IF_MARK,
    Feature,
    Schema,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW_NUMBER = re.compile(r"[0-9]+")


def assemble(
    document: Document, schema: Schema, *, issues: Sequence[Issue] = (), assign_ids: bool = False
) -> Draft:
    """Check all features, and write them unless there is an error without repair."""
    count = len(document.features)
    draft = Draft(document, [""] * count, [(-1, issue) for issue in issues])
    if not count:
        hint = "did a program lose them? see the last version in git"
        draft.add(-1, warn("layer.empty", "the layer holds no features", hint, line=1))
    records = [_record(i, draft, schema) for i in range(count)]
    geometries = [_geometry(i, draft, schema) for i in range(count)]
    shaped, built, found = shapes.flatten(geometries, document.rings)
    draft.found += found
    if assign_ids:
        _assign_ids(draft, schema, records, geometries)
    _check_ids(draft)
    if draft.is_refused:
        return draft
    order = sorted(range(count), key=draft.ids.__getitem__)
    if order != list(range(count)):
        draft.add(-1, mend("fmt.order", "the features are not sorted by id"))
    draft.features = tuple(
        Feature(draft.ids[i], records[i], built[i], document.lines[i]) for i in order
    )
    draft.shaped = shaped
    draft.text = write_text(draft, shaped, order)
    return draft


def _record(i: int, draft: Draft, schema: Schema) -> dict[str, Value]:
    """Check a feature but for its geometry; keep its id."""
    feature = draft.document.features[i]
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        message = "it is null" if feature is None else "it is not of the type Feature"
        hint = "other programs drop it without a word; delete it or repair it"
        draft.add(i, refuse("feature.type", message, hint))
        return {}
    for key in sorted(feature.keys() - {"type", "properties", "geometry", "id"}):
        if key == "bbox":
            draft.add(i, mend("feature.artefact", "the member bbox was added by a program"))
        else:
            message = f"a feature cannot have the member {escape(key, 60)}"
            hint = "move it into its properties; it would be lost in other programs"
            draft.add(i, refuse("feature.member", message, hint))
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        message = "its properties are not an object"
        draft.add(i, refuse("props.type", message, "it needs at least an id"))
        return {}
    if "id" in feature:
        properties = _with_member_id(i, draft, feature["id"], properties)
    values, issues = fields.check_record(properties, schema)
    draft.found += [(i, issue) for issue in issues]
    draft.ids[i] = str(values.get("id") or "")
    if schema.name == CONTROL.name:
        _refuse_what_is_no_control(i, draft, properties)
    written = list(values)
    if list(properties) != written:
        given = [key for key in properties if key in values]
        if given != [key for key in written if key in properties]:
            draft.add(i, mend("fmt.order", "the keys are not in the order of the data dictionary"))
    return values


def _refuse_what_is_no_control(i: int, draft: Draft, properties: dict[str, Any]) -> None:
    """Refuse patches of files that look like a layer, but say what nobody reported."""
    if draft.ids[i].startswith(WHAT_IF_ID) or WHAT_IF_MARK in properties:
        message = "it comes from a what-if: nobody reported that it happened"
        hint = "it can stand in no control layer; draw what is reported on a copy of the real one"
        draft.add(i, refuse("control.what-if", message, hint))
    if draft.ids[i].startswith(CONSENSUS_ID) or CONSENSUS_MARK in properties:
        message = "it comes from two maps laid on each other: it rests on no statement"
        hint = "it can stand in no control layer; draw what is reported, and cite who reported it"
        draft.add(i, refuse("control.consensus", message, hint))


def _with_member_id(
    i: int, draft: Draft, member: object, properties: dict[str, Any]
) -> dict[str, Any]:
    """Properties with the id that the feature itself has, where it is one and they have none."""
    if isinstance(member, bool) or not isinstance(member, str | int | float):
        message = "the id of the feature is neither text nor a number"
        draft.add(i, refuse("id.type", message, "the id belongs in its properties"))
        return properties
    own = properties.get("id")
    is_row_number = not isinstance(member, str) or _ROW_NUMBER.fullmatch(member) is not None
    if own == member:
        message = "the id is there twice, as a member and in the properties"
    elif (own is None or own == "") and not is_row_number:
        properties = {"id": member} | properties | {"id": member}
        message = "the id is a member of the feature, not in its properties"
    elif is_row_number:
        message = "the feature has a row number for an id"
    else:
        message = f"it has two ids: the member says {escape(str(member), 70)}"
        draft.add(i, refuse("id.conflict", message, "delete the wrong one"))
        return properties
    draft.add(i, mend("id.member", message))
    return properties


def _geometry(i: int, draft: Draft, schema: Schema) -> dict[str, object] | None:
    """The geometry of a feature, if it is an object of a type that may stand here."""
    feature = draft.document.features[i]
    if not isinstance(feature, dict):
        return None
    if "geometry" not in feature:
        draft.add(i, refuse("geom.missing", "there is no member geometry"))
        return None
    geometry = feature["geometry"]
    if geometry is None:
        if not schema.null_geometry:
            draft.add(i, refuse("geom.null", "it has no geometry", "draw it or delete it"))
        return None
    kind = type_of(geometry)
    if kind not in shapes.KINDS and kind != "GeometryCollection":
        draft.add(i, refuse("geom.type", "its geometry has no type of GeoJSON"))
        return None
    assert isinstance(geometry, dict)
    if kind not in schema.geometry:
        allowed = " or ".join(sorted(schema.geometry))
        message = f"a {kind} cannot stand in this layer"
        draft.add(i, refuse("geom.kind", message, f"it must be a {allowed}"))
        return None
    for key in sorted(geometry.keys() - {"type", "coordinates"}):
        if key == "bbox":
            draft.add(i, mend("feature.artefact", "the geometry has a member bbox"))
        else:
            message = f"a geometry cannot have the member {escape(key, 60)}"
            draft.add(i, refuse("geom.member", message, "delete it"))
    if geometry.get("coordinates") == [] and schema.null_geometry:
        draft.add(i, mend("geom.empty", "its geometry is empty, not null"))
        return None
    if "coordinates" not in geometry:
        draft.add(i, refuse("geom.coordinates", "there are no coordinates"))
        return None
    return geometry


def _check_ids(draft: Draft) -> None:
    """Find ids that two features have."""
    first: dict[str, int] = {}
    for i, name in enumerate(draft.ids):
        if name and first.setdefault(name, i) != i:
            line = draft.document.lines[first[name]]
            message = (
                f"the id is there twice; first in line {line}" if line else "it is there twice"
            )
            hint = "give the copy an id of its own, or delete it (splitting copies the id)"
            draft.add(i, refuse("id.duplicate", message, hint))


def _assign_ids(
    draft: Draft,
    schema: Schema,
    records: list[dict[str, Value]],
    geometries: list[dict[str, object] | None],
) -> None:
    """Give features without an id one that is made from what they hold."""
    taken = set(draft.ids)
    for n, (i, issue) in enumerate(draft.found):
        if issue.code != "id.missing":
            continue
        held = [records[i], geometries[i]]
        try:
            content = orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # Half a character, or a number past 64 bits: refused where it stands.
            content = repr(held).encode("utf-8", "surrogatepass")
        name = fields.new_id(schema, content, taken)
        taken.add(name)
        draft.ids[i] = name
        records[i] = {**records[i], "id": name}
        draft.found[n] = (i, mend("id.missing", f"the feature had no id; it is now {name}"))


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
            draft.add(i, refuse("id.conflict", message))
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
