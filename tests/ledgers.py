"""Theatres whose tables are changed row by row."""

import dataclasses

from geo.control import Composite


def composite_of(folder):
    snapshots = {day: folder.patches(day) for day in folder.control}
    return Composite.build(folder.area, snapshots, folder.sides)


def with_rows(folder, name, rows):
    table = dataclasses.replace(getattr(folder, name), rows=tuple(rows))
    return dataclasses.replace(folder, **{name: table})


def without(folder, identity):
    return with_rows(folder, "changes", [r for r in folder.changes.rows if r.id != identity])
