"""What tests of exports share: theatres, hostile text, and what is read back."""

import dataclasses

import numpy as np
import pytest

from geo.control.composite import Composite
from geo.crs import area_km2
from geo.exchange.export import render_export
from geo.layers.folder import read_folder

HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "template": "{{ 7*191 }} {%print(7*191)%} ${7*191}",
    "markup": '<script>alert(1)</script> & "quotes" \']]>',
    "arabic": "بِئر مَحروثة",
    "braces": "{...}",
    "newline": "one\n=two",
}

KMZ_NAMES = {"k": "http://www.opengis.net/kml/2.2"}


def made(folder):
    """A folder as read, and its composite."""
    read = read_folder(folder)
    snapshots = {day: read.patches(day) for day in read.control}
    return read, Composite.build(read.area, snapshots, read.sides)


def hostile(read, text):
    """The same folder with a text in every note of its control, events and statements."""

    def said(feature):
        name = "notes" if "notes" in feature.properties else "note"
        return dataclasses.replace(feature, properties={**feature.properties, name: text})

    control = {
        day: dataclasses.replace(layer, features=tuple(map(said, layer.features)))
        for day, layer in read.control.items()
    }
    rows = [
        dataclasses.replace(row, values={**row.values, "note": text})
        for row in read.statements.rows
    ]
    return dataclasses.replace(
        read,
        control=control,
        events=tuple(map(said, read.events)),
        statements=dataclasses.replace(read.statements, rows=tuple(rows)),
    )


def require(to):
    """Skip where the library that a format needs is not installed."""
    for name in {"geoparquet": ["pyarrow"], "xlsx": ["xlsxwriter"]}.get(to, ()):
        pytest.importorskip(name)


def one(read, composite, to, **options):
    """The bytes of a format of one file."""
    (data,) = render_export(read, composite, to=to, **options).values()
    return data


def spans(frame):
    """First day and the day after the last of each row, as text; empty where open."""
    return sorted(
        (str(a)[:10], "" if b is None or b != b else str(b)[:10])
        for a, b in zip(frame["valid_from"], frame["valid_to"], strict=True)
    )


def intervals(composite):
    return spans(composite.intervals())


def assert_same_control(frame, composite):
    """As many intervals, on the same dates, of the same ground."""
    expected = composite.intervals()
    assert len(frame) == len(expected)
    assert spans(frame) == intervals(composite)
    key = [f"{p}@{d}" for p, d in zip(expected["patch"], expected["valid_from"], strict=True)]
    ground = dict(zip(key, expected.geometry, strict=True))
    name = "id2" if "id2" in frame else "id"
    was = area_km2([ground[i] for i in frame[name]])
    now = area_km2(list(frame.geometry))
    np.testing.assert_allclose(now, was, rtol=1e-6)


def read_with_gdal(data, suffix, tmp_path, layer=None):
    import pyogrio

    path = tmp_path / f"out{suffix}"
    path.write_bytes(data)
    return pyogrio.read_dataframe(path, layer=layer)
