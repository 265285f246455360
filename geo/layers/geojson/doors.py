"""
Layers of GeoJSON: read strictly, from bytes or records, and written in one form.

The reader takes what RFC 7946 and the schema allow and nothing else, and says of a file all
that is wrong with it. No other library ever opens the file: some of them read past faults,
and some follow what a file tells them to open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from geo.errors import Issue, SchemaError, refuse
from geo.layers import fields, files
from geo.layers.geojson import canonical
from geo.layers.geojson.features import assemble, draft_objects
from geo.layers.geojson.strict import parse_strict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo.model import Feature, Schema


def parse_geojson(
    data: bytes, *, schema: Schema, file: str, repair: bool = False, assign_ids: bool = False
) -> canonical.Layer:
    """
    Read a layer from bytes.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    repair
        Whether errors that have only one repair are repaired, as `fmt_geojson` does.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    layer
        Its features, with geometries on the 1e-6 degree grid and in canonical order.

    Raises
    ------
    SchemaError
        If there is any error in it; all findings are in `issues`.
    """
    draft = _draft(data, schema, assign_ids=assign_ids)
    return _layer(draft, schema, file, files.digest(data), repair=repair)


def parse_features(
    objects: Sequence[Feature | Mapping[str, Any]],
    *,
    schema: Schema,
    file: str,
    repair: bool = False,
    assign_ids: bool = False,
) -> canonical.Layer:
    """
    Read a layer from features that never were text, as strictly as from bytes.

    Parameters
    ----------
    objects
        Features of GeoJSON as parsed, or features of ours. A geometry is an object of GeoJSON,
        with lists, tuples or arrays of coordinates, or a shapely geometry.
    schema
        What they must hold.
    file
        What messages call them.
    repair
        Whether errors that have only one repair are repaired, as `fmt_geojson` does.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    layer
        What `parse_geojson` makes of a file of them; its digest is that of the canonical text.

    Raises
    ------
    SchemaError
        If there is any error in them; all findings are in `issues`.

    Examples
    --------
    >>> from geo.model import CONTEXT
    >>> line = {"type": "LineString", "coordinates": [(36.1, 33.5), (36.2, 33.5000004)]}
    >>> road = {"id": "m5", "kind": "road", "accuracy": "schematic"}
    >>> one = {"type": "Feature", "properties": road, "geometry": line}
    >>> print(parse_features([one], schema=CONTEXT, file="roads").features[0].geometry)
    LINESTRING (36.1 33.5, 36.2 33.5)
    """
    draft = draft_objects(objects, schema, assign_ids=assign_ids)
    return _layer(draft, schema, file, files.digest(draft.text), repair=repair)


def read_geojson(path: Path, *, root: Path, schema: Schema) -> canonical.Layer:
    """
    Read a layer from a file.

    Parameters
    ----------
    path
        The file.
    root
        The layers folder; nothing outside of it is opened.
    schema
        What it must hold.

    Returns
    -------
    layer
        Its features, with geometries on the 1e-6 degree grid and in canonical order.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it may not be opened, or there is any error in it.
    """
    data = files.read_bytes(path, root=root)
    return parse_geojson(data, schema=schema, file=str(path))


def dump_geojson(features: Sequence[Feature], *, schema: Schema) -> bytes:
    """
    Return the canonical text of features, after reading it back.

    Parameters
    ----------
    features
        In any order; coordinates are rounded to the 1e-6 degree grid.
    schema
        What they must hold; a key that is not there is written as null.

    Returns
    -------
    data
        UTF-8, with line feeds.

    Raises
    ------
    SchemaError
        If they hold what could not be read back: a wrong value, a geometry that is not valid, an
        id that is there twice.
    """
    in_order = sorted(features, key=lambda feature: feature.id)
    draft = draft_objects(in_order, schema)
    issues = canonical.place_findings(draft, "")
    if any(issue.severity == "error" for issue in issues):
        raise SchemaError(issues)
    return _verified(draft, schema)


def fmt_geojson(
    data: bytes, *, schema: Schema, file: str, assign_ids: bool = False
) -> tuple[bytes, tuple[Issue, ...]]:
    """
    Return the canonical text of a file, repaired where only one repair is possible.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    data
        Canonical text; the same bytes if they are canonical already.
    issues
        What was repaired; empty if nothing was.

    Raises
    ------
    SchemaError
        If there is an error that cannot be repaired; all findings are in `issues`.
    """
    draft = _draft(data, schema, assign_ids=assign_ids)
    issues = canonical.place_findings(draft, file)
    if any(issue.severity == "error" and not issue.fixable for issue in issues):
        raise SchemaError(issues)
    return _verified(draft, schema), tuple(issue for issue in issues if issue.fixable)


def _layer(
    draft: canonical.Draft, schema: Schema, file: str, digest: str, *, repair: bool
) -> canonical.Layer:
    """
    What was read.

    Raises
    ------
    SchemaError
        If there is an error in it that stays.
    """
    issues = canonical.place_findings(draft, file)
    if any(i.severity == "error" and not (repair and i.fixable) for i in issues):
        raise SchemaError(issues)
    return canonical.Layer(file, schema, draft.features, tuple(issues), digest)


def _draft(data: bytes, schema: Schema, *, assign_ids: bool = False) -> canonical.Draft:
    """Read bytes as far as they go."""
    # Most files are canonical. Then a fast parser is as strict as ours: what it read is written
    # again, and gives the same bytes, so there was nothing else in them.
    document = (
        canonical.parse_laid_out(data) if schema.geometry <= canonical.AREAS else None
    ) or canonical.parse_canonical(data)
    if document is not None:
        draft = assemble(document, schema)
        if not draft.is_refused and draft.text == data:
            return draft
    document, issues = parse_strict(data)
    if document is None:
        return canonical.Draft(canonical.Document([], []), [], [(-1, issue) for issue in issues])
    draft = assemble(document, schema, issues=issues, assign_ids=assign_ids)
    draft.found += fields.compare_layout(data, draft.text, draft.found)
    return draft


def _verified(draft: canonical.Draft, schema: Schema) -> bytes:
    # What is about to be written is read back first, and compared with what was meant.
    if schema.geometry <= canonical.AREAS and _reads_as_meant(draft):
        return draft.text
    again = canonical.parse_canonical(draft.text)
    foreign = canonical.foreign_members(draft.document.members)
    if again is None and foreign:
        again, _ = parse_strict(draft.text)
    read_back = None if again is None else assemble(again, schema)
    if read_back is None or read_back.text != draft.text or not _same(read_back, draft):
        message = "the text would not be read back as it was meant; nothing is written"
        raise SchemaError([refuse("fmt.verify", message)])
    return draft.text


def _reads_as_meant(draft: canonical.Draft) -> bool:
    """Whether the text of areas that stood in order is read as what was checked, value by value."""
    again, meant = canonical.parse_laid_out(draft.text), draft.shaped
    if again is None or again.rings is None or meant is None:
        return False
    properties = [orjson.dumps(feature.get("properties")) for feature in again.features]
    return (
        np.array_equal(again.rings.sequences, meant.sequences)
        and np.array_equal(again.rings.xy, meant.xy)
        and [feature.get("geometry") for feature in again.features] == meant.numbered()
        and properties == [orjson.dumps(feature.properties) for feature in draft.features]
        and [feature.id for feature in draft.features] == draft.ids
    )


def _same(one: canonical.Draft, other: canonical.Draft) -> bool:
    return len(one.features) == len(other.features) and all(
        a.id == b.id and a.properties == b.properties and a.geometry == b.geometry
        for a, b in zip(one.features, other.features, strict=True)
    )
