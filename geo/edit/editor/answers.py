"""What the page is told: choices, pieces of change, merges and summaries as plain objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.draw import side_colors
from geo.edit.editor import parts
from geo.edit.editor.parts import SCHEMAS
from geo.edit.merge.difference import compare_records
from geo.edit.merge.merged import Merged, MergedRows, merge_features, merge_rows
from geo.errors import escape
from geo.layers import unfold
from geo.model import EVENT_TYPES, Feature, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from geo.edit.editor.parts import Record
    from geo.edit.merge.difference import Change
    from geo.layers import Folder

    Answer = dict[str, Any]


def list_choices(folder: Folder) -> Answer:
    """What may be chosen in the forms of the page, beside the closed lists of the columns."""
    sides = folder.sides
    own = {row.id: str(row.values["color"] or "") for row in folder.actors.rows}
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
    bases: Mapping[str, Sequence[Record]],
    etags: Mapping[str, str],
) -> Answer:
    """What is on disk and what the page has, merged; the page shows it and saves again."""
    told: Answer = dict.fromkeys(SCHEMAS)
    conflicts: list[Answer] = []
    for part, ours in drafts.items():
        outcome: Sequence[Record] = ours
        if part in bases:
            theirs = parts.records_of(part, folder, day)
            outcome, found = merge_part(part, bases[part], ours, theirs)
            conflicts += found
        told[part] = parts.to_page(outcome)
    what = " and ".join(parts.file_of(part, day) for part in bases)
    return {
        "error": f"{what} changed on disk since it was read; nothing was written",
        "merged": told,
        "conflicts": conflicts,
        "etags": etags,
    }


def merge_part(
    part: str, base: Sequence[Record], ours: Sequence[Record], theirs: Sequence[Record]
) -> tuple[Sequence[Record], list[Answer]]:
    """Three versions of a part as one, mine where they conflict; and the conflicts."""
    schema = SCHEMAS[part]
    outcome: Merged | MergedRows
    records: Sequence[Record]
    if schema.geometry:
        three = ([r for r in one if isinstance(r, Feature)] for one in (base, ours, theirs))
        outcome = merge_features(*three, schema=schema)
        records = outcome.features
    else:
        rows = ([r for r in one if not isinstance(r, Feature)] for one in (base, ours, theirs))
        outcome = merge_rows(*rows, schema=schema)
        records = outcome.rows
    sides = [{record.id: record for record in records} for records in (ours, theirs)]
    conflicts = []
    for conflict in outcome.conflicts:
        name = ";".join(conflict.ids)
        mine, other = (parts.to_page([side[name]])[0] if name in side else None for side in sides)
        point = {"type": "Point", "coordinates": conflict.where} if conflict.where else None
        conflicts.append(
            {
                "layer": part,
                "id": name,
                "what": conflict.what,
                "message": conflict.message,
                "mine": mine,
                "theirs": other,
                "where": point,
            }
        )
    return records, conflicts


def summarize_save(folder: Folder, day: dt.date, drafts: Mapping[str, Sequence[Record]]) -> Answer:
    """What a save changed, by id and in lines for people."""
    answer: Answer = {}
    lines = []
    for part, records in drafts.items():
        found = compare_records(parts.records_of(part, folder, day), records)  # type: ignore[arg-type]
        if not found:
            continue
        answer[part] = {
            "added": [record.id for record in found.added],
            "gone": [record.id for record in found.gone],
            "changed": [change.id for change in found.changed],
        }
        lines.append(f"{parts.file_of(part, day)}:")
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
