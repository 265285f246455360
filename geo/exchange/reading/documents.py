"""
JSON of others as features, in whatever it is wrapped.

A FeatureCollection, one inside another member, a list of features, one feature a line, an answer of
ArcGIS, a map of uMap, TopoJSON: each is told by what it holds, and the account says which it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.esri import is_esri, read_esri
from geo.exchange.reading.topojson import read_topology

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo.exchange.reading.intake import Intake

_LISTED = 4
_DEPTH = 4
"""A collection deeper inside of other members than this is not looked for."""


@dataclass(slots=True)
class Document:
    """
    What a file holds.

    Attributes
    ----------
    features
        As parsed.
    root
        What is said of all of them: its system of coordinates, what was cut off.
    lines
        The line of each feature, where each has its own.
    """

    features: list[Any]
    root: Mapping[str, Any]
    lines: list[int] = field(default_factory=list)


def open_document(root: Any, file: str, intake: Intake) -> Document:
    """
    Return the features of a parsed file.

    Raises
    ------
    SchemaError
        If it holds none, or it is not clear which.
    """
    if isinstance(root, list) and _all_typed(root, "Feature"):
        intake.note("it is a list of features", file)
        return Document(root, {})
    if not isinstance(root, dict):
        raise SchemaError([_no_collection(root, file)])
    if root.get("type") == "Feature":
        return Document([root], {})
    if root.get("type") == "Topology":
        return _choose_objects(read_topology(root, file), root, file, intake)
    if root.get("type") == "umap":
        return _read_umap(root, file, intake)
    if is_esri(root):
        intake.note("it is an answer of ArcGIS", file)
        return Document(read_esri(root, file, intake), dict(root))
    if root.get("type") == "FeatureCollection" and isinstance(root.get("features"), list):
        return Document(root["features"], root)
    found = list(_collections(root, "", _DEPTH))
    if len(found) != 1:
        issue = _no_collection(root, file)
        if found:
            names = ", ".join(escape(name, 40) for name, _ in found[:_LISTED])
            message = f"it holds {len(found)} collections of features: {names}"
            hint = "save the one that is meant in a file of its own"
            issue = refuse("root.type", message, hint, file=file)
        raise SchemaError([issue])
    ((name, inner),) = found
    intake.note(f"the features stand in its member {escape(name, 60)}", file)
    limits = {key: value for key, value in root.items() if not isinstance(value, dict | list)}
    return Document(inner["features"], {**limits, **inner})


def _all_typed(items: list[Any], kind: str) -> bool:
    return bool(items) and all(isinstance(one, dict) and one.get("type") == kind for one in items)


def _no_collection(root: object, file: str) -> Any:
    """Say what it is instead."""
    error = root.get("error") if isinstance(root, dict) else None
    if isinstance(error, dict):
        said = escape(str(error.get("message") or error.get("code") or "no reason"), 200)
        return refuse(
            "root.type", f"it is the refusal of a service: {said}", "ask it anew", file=file
        )
    return refuse("root.type", "it is no FeatureCollection", file=file)


def _collections(root: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Every collection of features inside of an object, with its path."""
    for name, value in root.items():
        inner = f"{path}.{name}" if path else str(name)
        if not isinstance(value, dict):
            continue
        if value.get("type") == "FeatureCollection" and isinstance(value.get("features"), list):
            yield inner, value
        elif depth:
            yield from _collections(value, inner, depth - 1)


def _read_umap(root: Mapping[str, Any], file: str, intake: Intake) -> Document:
    """The layers of a map of uMap; the name of its layer goes with each feature as `folder`."""
    features: list[Any] = []
    remote, names = [], []
    layers = root.get("layers")
    for n, layer in enumerate(layers if isinstance(layers, list) else (), 1):
        if not isinstance(layer, dict):
            continue
        options = layer.get("_umap_options") or layer.get("_storage") or {}
        options = options if isinstance(options, dict) else {}
        name = str(options.get("name") or f"layer {n}")
        if isinstance(far := options.get("remoteData"), dict) and far.get("url"):
            remote.append(str(far["url"]))
        inside = layer.get("features")
        for feature in inside if isinstance(inside, list) else ():
            if isinstance(feature, dict):
                given = feature.get("properties")
                properties = given if isinstance(given, dict) else {}
                feature = {**feature, "properties": {"folder": name, **properties}}
            features.append(feature)
        names.append(name)
    if remote:
        shown = ", ".join(escape(url, 60) for url in remote[:_LISTED])
        message = f"it is not all: {len(remote)} of its layers lie elsewhere ({shown})"
        hint = "fetch and import them too; no address is opened"
        intake.issues.append(refuse("import.partial", message, hint, file=file))
    shown = ", ".join(escape(name, 40) for name in names[:_LISTED])
    intake.note(f"it is a map of uMap; its layers stand in the column folder: {shown}", file)
    return Document(features, {})


def _choose_objects(
    objects: Mapping[str, list[dict[str, Any]]],
    root: Mapping[str, Any],
    file: str,
    intake: Intake,
) -> Document:
    """The objects of a topology that the kind is for; all of them where none has its name."""
    wanted = [name for name in intake.layout.layers if name in objects]
    taken = wanted or list(objects)
    shown = ", ".join(escape(name, 40) for name in taken[:_LISTED])
    left = [f"{escape(n, 40)} ({len(objects[n])})" for n in objects if n not in taken]
    more = f"; not read: {', '.join(left[:_LISTED])}" if left else ""
    intake.note(f"it is TopoJSON; read is {shown}{more}", file)
    about = {key: root[key] for key in ("metadata", "crs") if key in root}
    return Document([one for name in taken for one in objects[name]], about)


def read_lines(text: str, file: str, intake: Intake) -> Document | None:
    """
    Read one feature a line; None where it is no such text.

    A line that is none is lost, and said: a stream that was cut off ends in one.
    """
    lines = text.replace("\x1e", "").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None or not any(line.strip() for line in lines[first + 1 :]):
        return None
    features: list[Any] = []
    numbers: list[int] = []
    faults: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except (ValueError, RecursionError) as error:
            if not features:
                return None
            faults.append((number, escape(str(error), 100)))
            continue
        if not isinstance(one, dict) or one.get("type") != "Feature":
            if not features:
                return None
            faults.append((number, "it is no feature"))
            continue
        features.append(one)
        numbers.append(number)
    for number, why in faults:
        intake.lost[file] += 1
        intake.issues.append(refuse("json.syntax", why, file=file, line=number))
    intake.note("one feature stands on each line", file)
    return Document(features, {}, numbers)
