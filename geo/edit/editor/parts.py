"""
The four parts that the page edits, between its JSON and the files, and what else it is told.

A part is one list for the page, whatever files it comes from: the events of all months are one. It
has an etag, which follows from the bytes of its files.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import orjson

from geo.draw import side_colors
from geo.edit.merge.by_id import compare_records
from geo.edit.merge.merged import Merged, merge_features, merge_rows
from geo.edit.versions.origins import tell_last_word
from geo.errors import escape
from geo.layers import Layer, digest, dump_geojson, dump_table, fmt_geojson, unfold, unfold_features
from geo.model import CHANGES, CONTROL, EVENT_TYPES, EVENTS, PLACES, Feature, Row, Schema, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from geo.edit.merge.by_id import Change
    from geo.errors import Issue
    from geo.layers import Folder

    Answer = dict[str, Any]

Record = Feature | Row
"""What a part is a list of."""

SCHEMAS: dict[str, Schema] = {
    "control": CONTROL,
    "events": EVENTS,
    "places": PLACES,
    "changes": CHANGES,
}
"""The parts by name; the first is of one date, the others of all."""


def records_of(part: str, folder: Folder, day: dt.date) -> tuple[Record, ...]:
    """
    Return what a part holds on disk.

    Parameters
    ----------
    part
        Its name.
    folder
        The layers as read.
    day
        The date of the control layer.

    Returns
    -------
    records
        Features or rows.
    """
    if part == "control":
        layer = folder.control.get(day)
        return layer.features if layer else ()
    if part == "events":
        return folder.events
    return tuple(folder.places.values()) if part == "places" else folder.changes.rows


def paths_of(part: str, folder: Folder, day: dt.date) -> list[str]:
    """
    Return the files of a part.

    Parameters
    ----------
    part
        Its name.
    folder
        The layers as read.
    day
        The date of the control layer.

    Returns
    -------
    paths
        Below the layers folder; those that are there, or may be made.
    """
    if part == "control":
        return [f"control/{day}.geojson"]
    if part == "events":
        return [path for path in folder.digests if path.startswith("events/")]
    return [SCHEMAS[part].path]


def file_of(part: str, day: dt.date) -> str:
    """
    Return what messages call the file of a part.

    Parameters
    ----------
    part
        Its name.
    day
        The date of the control layer.

    Returns
    -------
    file
        Path below the layers folder; the folder where it is several files.
    """
    return SCHEMAS[part].path.replace("*", str(day)) if part != "events" else "events"


def etag(part: str, folder: Folder, day: dt.date) -> str:
    """
    Return what tells one content of a part from another.

    Parameters
    ----------
    part
        Its name.
    folder
        The layers as read.
    day
        The date of the control layer.

    Returns
    -------
    etag
        Digest of the file, or of the list of files; empty for a file that is not there.
    """
    paths = paths_of(part, folder, day)
    if part != "events":
        return folder.digests.get(paths[0], "")
    listed = "".join(f"{path} {folder.digests[path]}\n" for path in paths)
    return digest(listed.encode())


def to_page(records: Sequence[Record]) -> list[dict[str, Any]]:
    """
    Return records as the page wants them.

    Parameters
    ----------
    records
        Features or rows.

    Returns
    -------
    records
        GeoJSON features, or rows as objects.
    """
    return [
        dict(record.values) if isinstance(record, Row) else unfold_features([record])[0]
        for record in records
    ]


def is_same(one: Sequence[Record], other: Sequence[Record]) -> bool:
    """
    Tell whether two lists say the same, wherever in a file they stand.

    Parameters
    ----------
    one, other
        Features or rows.

    Returns
    -------
    same
        Whether they have the same ids, values and shapes.
    """
    return _content_of(one) == _content_of(other)


def _content_of(records: Sequence[Record]) -> dict[str, object]:
    return {record.id: (record.values, record.geometry) for record in records}


def dump_files(
    part: str, records: Sequence[Record], folder: Folder, day: dt.date, before: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """
    Yield the files that a part becomes, where they change.

    Parameters
    ----------
    part
        Its name.
    records
        What it is to hold.
    folder
        The layers as read.
    day
        The date of the control layer.
    before
        What its files hold now.

    Yields
    ------
    file
        Path below the layers folder, and canonical text.

    Raises
    ------
    SchemaError
        If the records would not be read back as they are.
    """
    schema = SCHEMAS[part]
    if part != "events":
        path = paths_of(part, folder, day)[0]
        if not is_same(records, records_of(part, folder, day)):
            yield path, _dump_part(schema, records, before.get(path, b""))
        return
    months: dict[str, list[Record]] = {path: [] for path in before}
    for event in records:
        assert isinstance(event, Feature)
        month = str(event.properties["event_date"])[:7]
        months.setdefault(f"events/{month}.geojson", []).append(event)
    paths = paths_of(part, folder, day)
    now = {path: one.features for one, path in zip(folder.event_layers, paths, strict=True)}
    for path, events in sorted(months.items()):
        if not is_same(events, now.get(path, ())):
            yield path, _dump_part(schema, events, before.get(path, b""))


def _dump_part(schema: Schema, records: Sequence[Record], before: bytes) -> bytes:
    """Canonical text; what a person wrote beside the features stays."""
    if not schema.geometry:
        return dump_table([r for r in records if isinstance(r, Row)], schema=schema)
    features = [r for r in records if isinstance(r, Feature)]
    data = dump_geojson(features, schema=schema)
    root = json.loads(before.decode("utf-8-sig")) if before else {}
    if members := {key: value for key, value in root.items() if key not in {"type", "features"}}:
        whole = {**members, "type": "FeatureCollection", "features": unfold_features(features)}
        data, _ = fmt_geojson(orjson.dumps(whole), schema=schema, file="")
    return data


def apply_drafts(folder: Folder, day: dt.date, drafts: Mapping[str, Sequence[Record]]) -> Folder:
    """
    Return the layers as they would be with other parts.

    Parameters
    ----------
    folder
        The layers as read.
    day
        The date of the control layer.
    drafts
        The parts that are other, by name.

    Returns
    -------
    folder
        A folder in memory; files that are not touched are the same.
    """
    changed: dict[str, Any] = {}
    gone: set[str] = set()
    for part, records in drafts.items():
        if is_same(records, records_of(part, folder, day)):
            continue
        features = tuple(r for r in records if isinstance(r, Feature))
        gone.update(str(folder.root / path) for path in paths_of(part, folder, day))
        if part == "control":
            layer = Layer(str(folder.root / f"control/{day}.geojson"), CONTROL, features, (), "")
            changed["control"] = dict(sorted({**folder.control, day: layer}.items()))
        elif part == "events":
            order = sorted(features, key=lambda e: (str(e.properties["event_date"]), e.id))
            changed["events"] = tuple(order)
            changed["event_layers"] = _split_months(folder, order)
        elif part == "places":
            changed["places"] = {place.id: place for place in features}
        else:
            rows = tuple(r for r in records if isinstance(r, Row))
            changed["changes"] = dataclasses.replace(folder.changes, rows=rows, issues=())
    issues = tuple(issue for issue in folder.issues if issue.file not in gone)
    return dataclasses.replace(folder, issues=issues, **changed)


def _split_months(folder: Folder, events: Sequence[Feature]) -> tuple[Layer, ...]:
    months: dict[str, list[Feature]] = {}
    for event in events:
        months.setdefault(str(event.properties["event_date"])[:7], []).append(event)
    return tuple(
        Layer(str(folder.root / f"events/{m}.geojson"), EVENTS, tuple(found), (), "")
        for m, found in sorted(months.items())
    )


def tell_issue(issue: Issue) -> dict[str, Any]:
    """
    Return a finding as the page wants it.

    Parameters
    ----------
    issue
        The finding.

    Returns
    -------
    issue
        An object; the place as a GeoJSON point, where there is one.
    """
    found = dataclasses.asdict(issue)
    found["ids"] = list(issue.ids)
    found["where"] = {"type": "Point", "coordinates": list(issue.where)} if issue.where else None
    return found


def list_choices(folder: Folder) -> Answer:
    """What may be chosen in the forms of the page, beside the closed lists of the columns."""
    sides = folder.sides
    own = folder.own_colors
    cells = (
        cell
        for layer in folder.control.values()
        for feature in layer.features
        for name in ("controller", "controllers")
        for cell in split_ids(feature.properties[name])
    )
    colors = side_colors(own, set(sides.values()))
    colors |= side_colors(own, {sides.get(actor, actor) for actor in cells})
    actors = []
    for row in folder.actors.rows:
        side = sides.get(row.id, "")
        names = {name: row.values[name] for name in ("id", "name", "name_ar", "kind")}
        actors.append({**names, "side": side or None, "color": colors.get(side)})
    return {
        "controllers": actors,
        "sides": [actor for actor in actors if actor["side"] == actor["id"]],
        "event_types": EVENT_TYPES,
        "sources": [
            {name: row.values[name] for name in ("id", "title", "publisher", "published")}
            for row in folder.sources.rows
        ],
        "statements": [
            {name: row.values[name] for name in ("id", "place_id", "date", "controller", "status")}
            for row in folder.statements.rows
        ],
    }


def tell_piece(found: Mapping[str, Any]) -> Answer:
    """A piece of change."""
    return {
        "id": found["id"],
        "from_date": str(found["from_date"]),
        "to_date": str(found["to_date"]),
        "from": found["from_controller"] or found["from_status"],
        "to": found["to_controller"] or found["to_status"],
        "from_controller": found["from_controller"] or None,
        "to_controller": found["to_controller"] or None,
        "area_km2": round(float(found["area_km2"]), 6),
        "place_ids": split_ids(found["place_ids"]),
        "change_ids": split_ids(found["change_ids"]),
        "unnamed": split_ids(found["unnamed"]),
        "geometry": unfold(found["geometry"]),
    }


def tell_conflicts(
    folder: Folder,
    day: dt.date,
    drafts: Mapping[str, Sequence[Record]],
    *,
    bases: Mapping[str, Sequence[Record] | None],
    etags: Mapping[str, str],
) -> Answer:
    """What is on disk and what the page has, merged; the page shows it and saves again."""
    told: Answer = dict.fromkeys(SCHEMAS)
    conflicts: list[Answer] = []
    for part, ours in drafts.items():
        outcome: Sequence[Record] = ours
        if part in bases:
            theirs = records_of(part, folder, day)
            outcome, found = merge_part(part, bases[part], ours, theirs)
            conflicts += found
        told[part] = to_page(outcome)
    what = " and ".join(file_of(part, day) for part in bases)
    return {
        "error": f"{what} changed on disk since it was read; nothing was written",
        "merged": told,
        "conflicts": conflicts,
        "etags": etags,
        "by": {
            part: tell_last_word(folder.root, file_of(part, day))
            for part in bases
            if part != "events"
        },
    }


def merge_part(
    part: str, base: Sequence[Record] | None, ours: Sequence[Record], theirs: Sequence[Record]
) -> tuple[Sequence[Record], list[Answer]]:
    """
    Three versions of a part as one, mine where they conflict; and the conflicts.

    Where the base is not known, every difference is one.
    """
    schema = SCHEMAS[part]
    merge: Any = merge_features if schema.geometry else merge_rows
    outcome: Merged[Any] = merge(base or (), ours, theirs, schema=schema)
    sides = [{record.id: record for record in records} for records in (ours, theirs)]
    conflicts = []
    for conflict in outcome.conflicts:
        name = ";".join(conflict.ids)
        mine, other = (to_page([side[name]])[0] if name in side else None for side in sides)
        point = {"type": "Point", "coordinates": conflict.where} if conflict.where else None
        conflicts.append(
            {
                "layer": part,
                "id": name,
                "what": conflict.what,
                "message": conflict.message if base is not None else _UNKNOWN.format(name),
                "said": None if base is None else [conflict.base, conflict.ours, conflict.theirs],
                "mine": mine,
                "theirs": other,
                "where": point,
            }
        )
    return outcome.records, conflicts


_UNKNOWN = "{} differs, and what this edit began with is not kept any more"


def summarize_save(folder: Folder, day: dt.date, drafts: Mapping[str, Sequence[Record]]) -> Answer:
    """What a save changed, by id and in lines for people."""
    answer: Answer = {}
    lines = []
    for part, records in drafts.items():
        found = compare_records(records_of(part, folder, day), records)  # type: ignore[arg-type]
        if not found:
            continue
        answer[part] = {
            "added": [record.id for record in found.added],
            "gone": [record.id for record in found.gone],
            "changed": [change.id for change in found.changed],
        }
        lines.append(f"{file_of(part, day)}:")
        lines += [f"  {record.id} added" for record in found.added]
        lines += [f"  {record.id} gone" for record in found.gone]
        lines += [f"  {_line_of(change)}" for change in found.changed]
    return {**answer, "lines": lines or ["nothing changed; no file was written"]}


def _line_of(change: Change) -> str:
    """What became of one record."""
    told = [f"{name} {was or 'empty'} to {now or 'empty'}" for name, was, now in change.values]
    if change.moved_km2 is not None:
        told.append(
            f"{change.before_km2:,.2f} to {change.after_km2:,.2f} km2, "
            f"{change.moved_km2:,.2f} km2 of it other ground"
        )
    if change.moved_km is not None:
        told.append(f"moved by {change.moved_km:,.2f} km")
    return f"{change.id}: {'; '.join(escape(word, 160) for word in told)}"
