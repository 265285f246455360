"""
What saving a working copy will change, in words too, and the save.

New borders are sewn to old ones, what others saved meanwhile is merged in, and the checks are
asked what they would say. Nothing is written before a person has seen that.

Of parts with one id the largest keeps it: splitting copies the id in most programs, and the name
stays with most of the ground, as in the border editor. QGIS, in our project, gives a part an id
of its own at once, and that is kept. The ledger is written after the layer, so a save says which
change has no row and is not refused for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import shapely

from geo.check import BLOCKING, check_folder
from geo.coverage import SLIVER_M
from geo.crs import area_km2
from geo.edit.copies.bases import settle_base
from geo.edit.copies.checkout import TABLE, copy_facts, layer_path, text_of
from geo.edit.copies.sewing import require_coverage, restore_features, sew_borders
from geo.edit.merge.by_id import Difference, compare_records, state_of
from geo.edit.merge.merged import merge_features
from geo.edit.versions.confirmed import confirm_ids
from geo.edit.versions.origins import with_ids_of
from geo.errors import GeoError, Issue, SchemaError, escape
from geo.exchange import refresh_package
from geo.layers import digest, dump_geojson, parse_geojson, read_bytes, write_control
from geo.model import CONTROL, Feature, Row, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from geo.edit.copies.reading import Copy
    from geo.edit.merge.by_id import Conflict
    from geo.layers import Folder

_PREFER = {"mine", "theirs"}


SNAP_M = SLIVER_M
"""Borders nearer to each other than this, metres, are one border drawn twice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What saving a copy will do.

    Attributes
    ----------
    copy
        What came back.
    day
        Date of the layer.
    features
        The layer as it will be.
    before
        The layer as it is on the disk; empty for a new date.
    difference
        Between the two, by id; false where there is none.
    conflicts
        What others changed too since the copy was made: a person must decide.
    findings
        What `geo.check.check_folder` will say that it does not say now.
    notes
        What was put right, merged or sewn, one sentence each.
    """

    copy: Copy
    day: dt.date
    features: tuple[Feature, ...]
    before: tuple[Feature, ...]
    difference: Difference
    conflicts: tuple[Conflict, ...]
    findings: tuple[Issue, ...]
    notes: tuple[str, ...]


def plan_save(
    folder: Folder,
    copy: Copy,
    *,
    day: str | dt.date | None = None,
    snap_m: float = SNAP_M,
    prefer: Literal["mine", "theirs"] | None = None,
) -> Plan:
    """
    Work out what saving a copy will change; nothing is written.

    Parameters
    ----------
    folder
        The theatre, as read just now.
    copy
        From `read_copy`.
    day
        Date of the layer; the default is what the copy says.
    snap_m
        New borders nearer than this to old ones, metres, are drawn along them; 0 leaves them.
    prefer
        Whose word counts where both sides changed the same: ``mine`` is the copy's. None leaves it
        to a person.

    Returns
    -------
    plan
        For `write`, unless it has conflicts.

    Raises
    ------
    GeoError
        If no date is known, the copy is of another theatre or date, or its layer is gone; or if it
        would take back what others wrote, and may have been copied before or after that.
    SchemaError
        If the layer would overlap, leave a gap, or contradict the tables; all findings are in it.
    ValueError
        If `prefer` is none of the words.
    """
    if prefer is not None and prefer not in _PREFER:
        raise ValueError(f"prefer is {prefer!r}; it must be mine or theirs")
    day = _date_of(folder, copy, day)
    layer = folder.control.get(day)
    on_disk = layer.features if layer else ()
    file = str(layer_path(folder, day))
    copy, found = settle_base(folder, copy, day)
    base = on_disk
    if copy.base is not None:
        base = parse_geojson(copy.base, schema=CONTROL, file=str(copy.path)).features
    ours, named = _named_by_ground(copy.features, base)
    ours = restore_features(ours, base, copy.columns)
    require_coverage(folder, ours, str(copy.path))
    ours, notes = sew_borders(folder, day, ours, base, snap_m)
    notes = [*found, *named, *notes]
    conflicts: tuple[Conflict, ...] = ()
    if layer and copy.base is not None and digest(copy.base) != layer.digest:
        merged = merge_features(base, ours, on_disk)
        notes.append("the layer was changed since the copy was made; both were merged")
        ours = merged.theirs if prefer == "theirs" else merged.records
        conflicts = () if prefer else merged.conflicts
        ours = restore_features(ours, on_disk)
        if not conflicts:
            require_coverage(folder, ours, file)
    difference = compare_records(on_disk, ours)
    findings = () if conflicts or not difference else _judge_layer(folder, day, ours, file)
    return Plan(copy, day, ours, on_disk, difference, conflicts, findings, (*copy.notes, *notes))


def _named_by_ground(
    features: Sequence[Feature], base: Sequence[Feature]
) -> tuple[tuple[Feature, ...], list[str]]:
    """The features, each on ground of the base with the id that it has there."""
    before = {feature.id: state_of(feature) for feature in base}
    mine = {feature.id: state_of(feature) for feature in features}
    ids = {id(state.geometry): name for name, state in with_ids_of(mine, before).items()}
    named = []
    for feature in features:
        own = ids.get(id(mine[feature.id].geometry), feature.id)
        values = {**feature.properties, "id": own}
        named.append(feature if own == feature.id else replace(feature, id=own, properties=values))
    count = sum(a.id != b.id for a, b in zip(named, features, strict=True))
    note = f"{count} features have the ids back that their ground had"
    return tuple(sorted(named, key=lambda one: one.id)), [note] if count else []


def unsaved(copy: Copy) -> Difference:
    """
    Return what a working copy says that the layer it was made of does not.

    Parameters
    ----------
    copy
        From `read_copy`.

    Returns
    -------
    difference
        False where there is none, or it is not known what the copy was made of.
    """
    if copy.base is None:
        return compare_records((), ())
    base = parse_geojson(copy.base, schema=CONTROL, file=str(copy.path)).features
    return compare_records(base, restore_features(copy.features, base, copy.columns))


def _date_of(folder: Folder, copy: Copy, day: str | dt.date | None) -> dt.date:
    if copy.theatre and copy.theatre != folder.theatre.id:
        raise GeoError(
            f"{escape(str(copy.path))} is a copy of the theatre {escape(copy.theatre)}, "
            f"not of {folder.theatre.id}; give its folder with --layers"
        )
    wanted = parse_day(day) if day is not None else copy.day
    if wanted is None:
        raise GeoError(f"{escape(str(copy.path))} does not say of which date it is; give a DATE")
    if copy.rows and wanted != copy.day:
        raise GeoError(
            f"{escape(str(copy.path))} is a copy of the layer of {copy.day}, not of {wanted}; "
            "save it there, then `frontline new` copies a layer to another date"
        )
    if copy.rows and wanted not in folder.control:
        raise GeoError(
            f"the layer of {wanted} was deleted since {escape(str(copy.path))} was made; bring it "
            "back with git, or give the copy as a GeoJSON file"
        )
    return wanted


def _judge_layer(
    folder: Folder, day: dt.date, features: Sequence[Feature], file: str
) -> tuple[Issue, ...]:
    """
    What the checks say of the theatre with this layer in it, and did not say before.

    Raises
    ------
    SchemaError
        If any of it keeps a theatre shut.
    """
    # Read back from its text, as a save does: findings name lines of the file as it will stand.
    data = dump_geojson(features, schema=CONTROL)
    layer = parse_geojson(data, schema=CONTROL, file=file)
    digests = {**folder.digests, f"control/{day}.geojson": layer.digest}
    control = dict(sorted({**folder.control, day: layer}.items()))
    after = replace(folder, control=control, digests=dict(sorted(digests.items())))
    known = {(issue.code, issue.ids, issue.message) for issue in check_folder(folder, kept=True)}
    found = [
        issue
        for issue in check_folder(after, kept=True)
        if (issue.code, issue.ids, issue.message) not in known
    ]
    # What the ledger lacks is written after the layer, so it does not stop the layer.
    if stops := [i for i in found if i.severity == "error" and i.code in BLOCKING]:
        raise SchemaError(stops)
    return tuple(found)


def write_plan(folder: Folder, plan: Plan) -> Path:
    """
    Save what was planned: the layer, then the working copy's memory of what it is a copy of.

    Parameters
    ----------
    folder
        As it was given to `plan`: a layer that has changed on disk since is not overwritten.
    plan
        Without conflicts.

    Returns
    -------
    path
        The layer.

    Raises
    ------
    ValueError
        If there are conflicts.
    StaleLayerError
        If the layer changed on disk since it was read; nothing is written.
    LayerError
        If the layer cannot be written; nothing is.
    GeoError
        If the layer was written, but the working copy cannot be brought up to date.
    """
    if plan.conflicts:
        raise ValueError("the plan has conflicts; decide them first")
    path = layer_path(folder, plan.day)
    if plan.difference:
        path = write_control(folder, plan.day, plan.features)
        if plan.difference.gone:
            # They were named, and a person agreed: the commit need not ask again.
            confirm_ids(folder.root, [feature.id for feature in plan.difference.gone])
    if plan.copy.rows:
        _bring_up_to_date(folder, plan, path)
    return path


def _bring_up_to_date(folder: Folder, plan: Plan, path: Path) -> None:
    data = read_bytes(path, root=folder.root)
    rows = []
    for feature in plan.features:
        values = {key: text_of(value) for key, value in feature.properties.items()}
        assert feature.geometry is not None
        many = shapely.MultiPolygon(list(shapely.get_parts(feature.geometry)))
        wkb = many.wkb
        rows.append((plan.copy.rows.get(feature.id), values, wkb))
    try:
        refresh_package(
            plan.copy.path, table=TABLE, rows=rows, facts=copy_facts(folder, plan.day, data)
        )
    except SchemaError as error:
        raise GeoError(
            f"the layer of {plan.day} is saved, but {escape(str(plan.copy.path))} could not be "
            "brought up to date; stop editing in the other program and run `frontline save` once "
            f"more ({error.issues[0].message})"
        ) from error


_UNSEEN_KM2 = 0.0005
"""Less than this is not told from nothing in the digits that are printed."""


def describe_plan(plan: Plan) -> list[str]:
    """
    Return what will change in words, one line a feature.

    Parameters
    ----------
    plan
        What saving will do.

    Returns
    -------
    lines
        Added, gone and changed features with their ground; empty where nothing changes.
    """
    difference = plan.difference
    lines = [f"+ {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.added)]
    lines += [f"- {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.gone)]
    for change in difference.changed:
        said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
        if change.moved_km2 is not None and change.moved_km2 < _UNSEEN_KM2:
            said.append("corners on its border, its ground is the same")
        elif change.moved_km2 is not None:
            said.append(
                f"{change.before_km2:,.3f} -> {change.after_km2:,.3f} km2 "
                f"({change.moved_km2:,.3f} km2 redrawn)"
            )
        lines.append(f"~ {change.id}  {'; '.join(said)}")
    return lines


def _features(records: Iterable[Feature | Row]) -> list[Feature]:
    return [record for record in records if isinstance(record, Feature)]


def _held(feature: Feature) -> str:
    values = feature.properties
    who = values["controller"] or values["controllers"] or ""
    return " ".join(escape(str(part), 60) for part in (who, values["status"]) if part)


def _km2(feature: Feature) -> float:
    return 0.0 if feature.geometry is None else float(area_km2([feature.geometry])[0])


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 60)
