"""Features: their members, ids and geometries, checked one by one and all together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import Issue, escape
from geo.layers import fields, shapes
from geo.layers.geojson.draft import Document, Draft, type_of
from geo.layers.geojson.text import write_text
from geo.model import CONTROL, WHAT_IF_ID, WHAT_IF_MARK, Feature, Schema, Value

if TYPE_CHECKING:
    from collections.abc import Sequence



_ROW_NUMBER = re.compile(r"[0-9]+")


def assemble(
    document: Document,
    schema: Schema,
    *,
    issues: Sequence[Issue] = (),
    assign_ids: bool = False,
) -> Draft:
    """Check all features, and write them unless there is an error without repair."""
    count = len(document.features)
    draft = Draft(document, [""] * count, [(-1, issue) for issue in issues])
    if not count:
        message = "the layer holds no features"
        hint = "did a program lose them? see the last version in git"
        draft.add(-1, Issue("layer.empty", "warning", message, hint, line=1))
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
        message = "the features are not sorted by id"
        draft.add(-1, Issue("fmt.order", "warning", message, fixable=True))
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
        draft.add(i, Issue("feature.type", "error", message, hint))
        return {}
    for key in sorted(feature.keys() - {"type", "properties", "geometry", "id"}):
        if key == "bbox":
            message = "the member bbox was added by a program"
            draft.add(i, Issue("feature.artefact", "warning", message, fixable=True))
        else:
            message = f"a feature cannot have the member {escape(key, 60)}"
            hint = "move it into its properties; it would be lost in other programs"
            draft.add(i, Issue("feature.member", "error", message, hint))
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        message = "its properties are not an object"
        draft.add(i, Issue("props.type", "error", message, "it needs at least an id"))
        return {}
    if "id" in feature:
        properties = _with_member_id(i, draft, feature["id"], properties)
    values, issues = fields.check_record(properties, schema)
    draft.found += [(i, issue) for issue in issues]
    draft.ids[i] = str(values.get("id") or "")
    marked = draft.ids[i].startswith(WHAT_IF_ID) or WHAT_IF_MARK in properties
    if marked and schema.name == CONTROL.name:
        message = "it comes from a what-if: nobody reported that it happened"
        hint = "it can stand in no control layer; draw what is reported on a copy of the real one"
        draft.add(i, Issue("control.what-if", "error", message, hint))
    written = list(values)
    if list(properties) != written:
        given = [key for key in properties if key in values]
        if given != [key for key in written if key in properties]:
            message = "the keys are not in the order of the data dictionary"
            draft.add(i, Issue("fmt.order", "warning", message, fixable=True))
    return values


def _with_member_id(
    i: int, draft: Draft, member: object, properties: dict[str, Any]
) -> dict[str, Any]:
    """Properties with the id that the feature itself has, where it is one and they have none."""
    if isinstance(member, bool) or not isinstance(member, str | int | float):
        message = "the id of the feature is neither text nor a number"
        draft.add(i, Issue("id.type", "error", message, "the id belongs in its properties"))
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
        draft.add(i, Issue("id.conflict", "error", message, "delete the wrong one"))
        return properties
    draft.add(i, Issue("id.member", "warning", message, fixable=True))
    return properties


def _geometry(i: int, draft: Draft, schema: Schema) -> dict[str, object] | None:
    """The geometry of a feature, if it is an object of a type that may stand here."""
    feature = draft.document.features[i]
    if not isinstance(feature, dict):
        return None
    if "geometry" not in feature:
        draft.add(i, Issue("geom.missing", "error", "there is no member geometry"))
        return None
    geometry = feature["geometry"]
    if geometry is None:
        if not schema.null_geometry:
            message = "it has no geometry"
            draft.add(i, Issue("geom.null", "error", message, "draw it or delete it"))
        return None
    kind = type_of(geometry)
    if kind not in shapes.KINDS and kind != "GeometryCollection":
        draft.add(i, Issue("geom.type", "error", "its geometry has no type of GeoJSON"))
        return None
    assert isinstance(geometry, dict)
    if kind not in schema.geometry:
        allowed = " or ".join(sorted(schema.geometry))
        message = f"a {kind} cannot stand in this layer"
        draft.add(i, Issue("geom.kind", "error", message, f"it must be a {allowed}"))
        return None
    for key in sorted(geometry.keys() - {"type", "coordinates"}):
        if key == "bbox":
            message = "the geometry has a member bbox"
            draft.add(i, Issue("feature.artefact", "warning", message, fixable=True))
        else:
            message = f"a geometry cannot have the member {escape(key, 60)}"
            draft.add(i, Issue("geom.member", "error", message, "delete it"))
    if geometry.get("coordinates") == [] and schema.null_geometry:
        message = "its geometry is empty, not null"
        draft.add(i, Issue("geom.empty", "warning", message, fixable=True))
        return None
    if "coordinates" not in geometry:
        draft.add(i, Issue("geom.coordinates", "error", "there are no coordinates"))
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
            draft.add(i, Issue("id.duplicate", "error", message, hint))


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
        content = orjson.dumps([records[i], geometries[i]], option=orjson.OPT_SORT_KEYS)
        name = fields.new_id(schema, content, taken)
        taken.add(name)
        draft.ids[i] = name
        records[i] = {**records[i], "id": name}
        message = f"the feature had no id; it is now {name}"
        draft.found[n] = (i, Issue("id.missing", "warning", message, fixable=True))
