import datetime as dt
import io
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import partition, snap
from thoroughness import examples

from geo.edit import recovery
from geo.edit.copies.checkout import checkout
from geo.edit.copies.plan import describe_plan, plan_save, write_plan
from geo.edit.copies.reading import Copy, _identify_features, read_copy
from geo.edit.copies.sewing import stitch_borders
from geo.errors import (
    DateError,
    GeoError,
    LayerNotFoundError,
    SchemaError,
    StaleLayerError,
    UnknownIdError,
)
from geo.exchange.qgis import package
from geo.layers import files, geojson
from geo.layers.folder import read_folder
from geo.model import CONTROL

DAY = dt.date(2017, 8, 1)
LATE = dt.date(2017, 8, 2)


@pytest.fixture
def canonical(small, frontline):
    """The little theatre in canonical form."""
    assert frontline("fmt", small)[0] == 0
    return small


@pytest.fixture(scope="session")
def real(tmp_path_factory, shipped):
    """The shipped layers, in a folder of their own; read only."""
    folder = tmp_path_factory.mktemp("real") / "layers"
    shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns(".frontline"))
    return folder


def layer_path(root, day=DAY):
    return root / "control" / f"{day}.geojson"


def package_of(root, tmp_path, day=DAY):
    """A fresh working copy."""
    return checkout(read_folder(root), day, tmp_path / "copy")[1]


def change_package(path, change):
    """Edit the layer of a GeoPackage with another library, as another program would."""
    frame = gpd.read_file(path, layer="control")
    frame = change(frame)
    frame.to_file(path, layer="control", driver="GPKG")


def planned(root, path, **options):
    folder = read_folder(root)
    taken = {f.id for layer in folder.control.values() for f in layer.features}
    return plan_save(folder, read_copy(path, taken=taken), **options)


def saved(root, path, **options):
    folder = read_folder(root)
    taken = {f.id for layer in folder.control.values() for f in layer.features}
    plan = plan_save(folder, read_copy(path, taken=taken), **options)
    write_plan(folder, plan)
    return plan


def as_json(root, path, change=lambda _: None, day=DAY):
    """The layer as another program would write it, after a change of its features."""
    document = json.loads(layer_path(root, day).read_bytes())
    change(document["features"])
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def lines_of(before, after):
    """Lines that one text has and the other has not."""
    one, two = before.decode().splitlines(), after.decode().splitlines()
    return sorted(set(one) - set(two)), sorted(set(two) - set(one))


def names(difference):
    return (
        [f.id for f in difference.added],
        [f.id for f in difference.gone],
        [c.id for c in difference.changed],
    )


# --- out and back without an edit -----------------------------------------------------


@pytest.mark.parametrize("day", ["2017-03-29", "2017-07-31", "2017-08-02"])
def test_a_copy_that_nobody_edited_changes_nothing(real, tmp_path, day):
    before = layer_path(real, day).read_bytes()
    path = package_of(real, tmp_path, day)
    plan = saved(real, path)
    assert not plan.difference
    assert plan.notes == ()
    assert layer_path(real, day).read_bytes() == before


def test_a_copy_holds_the_layer_of_the_date_and_what_lies_round_it(real, tmp_path):
    path = package_of(real, tmp_path, LATE)
    frame = gpd.read_file(path, layer="control")
    layer = read_folder(real).control[LATE]
    assert sorted(frame["id"]) == [feature.id for feature in layer.features]
    assert list(frame.columns[:-1]) == list(CONTROL.names)
    previous = gpd.read_file(path, layer="previous")
    july = read_folder(real).control[dt.date(2017, 7, 31)]
    assert sorted(previous["id"]) == [feature.id for feature in july.features]
    for name in ("events", "places", "sources", "statements"):
        assert len(gpd.read_file(path, layer=name))


def _json_text(source, target):
    target.write_text(json.dumps(json.loads(source.read_text(encoding="utf-8")), indent=4))


def _geopandas_json(source, target):
    gpd.read_file(source).to_file(target, driver="GeoJSON")


def _geopandas_text(source, target):
    target.write_text(gpd.read_file(source).to_json(), encoding="utf-8")


def _geopandas_package(source, target):
    gpd.read_file(source).to_file(target, driver="GPKG", layer="anything")


def _command(*words):
    def run(source, target):
        modules = os.environ.get("BENCH_NODE_MODULES", "node_modules")
        program = shutil.which(words[0]) or shutil.which(words[0], path=f"{modules}/.bin")
        if program is None:
            pytest.skip(f"{words[0]} is not installed")
        given = [program, *(w.format(source=source, target=target) for w in words[1:])]
        subprocess.run(given, check=True, capture_output=True)

    return run


_STRINGIFY = (
    "const fs = require('fs'); const [source, target] = process.argv.slice(1);"
    "fs.writeFileSync(target, JSON.stringify(JSON.parse(fs.readFileSync(source)), null, 4))"
)
PATHS = {
    "json": _json_text,
    "geopandas to_file": _geopandas_json,
    "geopandas to_json": _geopandas_text,
    "geopandas to a GeoPackage": _geopandas_package,
    "JSON.stringify, as geojson.io saves": _command(
        "node", "-e", _STRINGIFY, "{source}", "{target}"
    ),
    "ogr2ogr": _command("ogr2ogr", "-f", "GeoJSON", "{target}", "{source}"),
    "ogr2ogr to RFC 7946": _command(
        "ogr2ogr", "-f", "GeoJSON", "-lco", "RFC7946=YES", "{target}", "{source}"
    ),
    "ogr2ogr to a GeoPackage": _command("ogr2ogr", "-f", "GPKG", "{target}", "{source}"),
    "mapshaper": _command("mapshaper", "{source}", "-o", "{target}", "format=geojson"),
}


@pytest.mark.parametrize("program", PATHS.values(), ids=PATHS)
def test_a_way_through_another_program_changes_nothing(program, real, tmp_path, request):
    target = tmp_path / ("back.gpkg" if "GeoPackage" in request.node.name else "back.geojson")
    program(layer_path(real, LATE), target)
    assert not planned(real, target, day=LATE).difference


MANGLES = {
    "row numbers": lambda c: [f.update(id=i) for i, f in enumerate(c["features"])],
    "fid": lambda c: [f["properties"].update(fid=i) for i, f in enumerate(c["features"])],
    "id as a member too": lambda c: [f.update(id=f["properties"]["id"]) for f in c["features"]],
    "name": lambda c: c.update(name="control"),
    "crs": lambda c: c.update(
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    ),
    "bbox": lambda c: [f.update(bbox=[37, 33, 38, 34]) for f in c["features"]],
    "empty text": lambda c: [
        f["properties"].update({k: "" for k, v in f["properties"].items() if v is None})
        for f in c["features"]
    ],
    "missing keys": lambda c: [
        f.update(properties={k: v for k, v in f["properties"].items() if v is not None})
        for f in c["features"]
    ],
    "lists": lambda c: [
        f["properties"].update(source_ids=(f["properties"]["source_ids"] or "").split(";"))
        for f in c["features"]
        if f["properties"].get("source_ids")
    ],
    "backwards": lambda c: c["features"].reverse(),
    "winding": lambda c: [
        ring.reverse() for f in c["features"] for ring in f["geometry"]["coordinates"]
    ],
    "fifteen decimals": lambda c: [
        f["geometry"].update(
            coordinates=[
                [[x + 1e-9, y - 1e-9] for x, y in ring] for ring in f["geometry"]["coordinates"]
            ]
        )
        for f in c["features"]
    ],
    "height": lambda c: [
        position.append(0.0)
        for f in c["features"]
        for ring in f["geometry"]["coordinates"]
        for position in ring
    ],
    "single parts": lambda c: [
        f.update(geometry={"type": "MultiPolygon", "coordinates": [f["geometry"]["coordinates"]]})
        for f in c["features"]
        if f["geometry"]["type"] == "Polygon"
    ],
}


@settings(max_examples=20)
@given(chosen=st.lists(st.sampled_from(sorted(MANGLES)), unique=True))
@example(chosen=sorted(set(MANGLES) - {"single parts", "lists"}))
def test_whatever_programs_do_to_a_file_is_undone(chosen):
    # Heights and single parts come last: the others expect plain polygons in two dimensions.
    chosen = sorted(chosen, key=("height", "single parts").count)
    chosen = sorted(chosen, key=lambda name: name == "single parts")
    source = Path(__file__).parents[1] / "data" / "valid"
    document = json.loads((source / "control" / f"{DAY}.geojson").read_bytes())
    for name in chosen:
        MANGLES[name](document)
    folder = read_folder(source)
    features, _, columns, _ = _identify_features(json.dumps(document).encode(), "back", ())
    back = Copy(Path("back"), DAY, "", None, features, (), columns, {})
    plan = plan_save(folder, back)
    assert not plan.difference, describe_plan(plan)


# --- edits come back, and nothing else ------------------------------------------------


def test_a_changed_holder_changes_its_line_alone(canonical, tmp_path):
    before = layer_path(canonical).read_bytes()
    path = package_of(canonical, tmp_path)

    def change(frame):
        frame.loc[frame["id"] == "ctl-mid", "controller"] = "blue"
        return frame

    change_package(path, change)
    plan = saved(canonical, path)
    assert names(plan.difference) == ([], [], ["ctl-mid"])
    assert lines_of(before, layer_path(canonical).read_bytes()) == (
        ['  "controller": "blue-guard",'],
        ['  "controller": "blue",'],
    )
    assert describe_plan(plan) == ["~ ctl-mid  controller: blue-guard -> blue"]


@pytest.mark.slow
@settings(max_examples=20)
@given(
    edits=st.dictionaries(
        st.tuples(
            st.sampled_from(["ctl-west", "ctl-mid"]),
            st.sampled_from(["note", "confidence", "basis", "controller"]),
        ),
        st.integers(0, 2),
        min_size=1,
    )
)
def test_the_difference_is_exactly_what_was_edited(edits):
    choices = {
        "note": ["one; two", "ملاحظة", 'a "b" \\ c'],
        "confidence": ["high", "moderate", "low"],
        "basis": ["assessed", "reported", "claimed"],
        "controller": ["red", "blue", "blue-guard"],
    }
    source = Path(__file__).parents[1] / "data" / "valid"
    folder = read_folder(source)
    before = {f.id: f.properties for f in folder.control[DAY].features}
    document = json.loads((source / "control" / f"{DAY}.geojson").read_bytes())
    wanted = {}
    for feature in document["features"]:
        values = feature["properties"]
        for (name, key), choice in edits.items():
            if name == values["id"]:
                values[key] = choices[key][choice]
                if values[key] != before[name][key]:
                    wanted.setdefault(name, {})[key] = (before[name][key], values[key])
    features, _, columns, _ = _identify_features(json.dumps(document).encode(), "back", ())
    plan = plan_save(folder, Copy(Path("back"), DAY, "", None, features, (), columns, {}))
    found = {c.id: {key: (a, b) for key, a, b in c.values} for c in plan.difference.changed}
    assert found == wanted
    assert not plan.difference.added + plan.difference.gone


def moved_border(frame, by=0.01):
    """The border between the first two patches, moved east, as topological editing does."""

    def moved(shape):
        return shapely.transform(shape, lambda xy: np.where(xy == 37.5, 37.5 + by + 1.23456e-9, xy))

    frame.geometry = frame.geometry.apply(moved)
    return frame


def test_a_moved_border_changes_its_two_neighbours_and_stays_one_border(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    before = layer_path(canonical).read_bytes()
    change_package(path, moved_border)
    plan = saved(canonical, path)
    assert names(plan.difference) == ([], [], ["ctl-mid", "ctl-west"])
    gone, new = lines_of(before, layer_path(canonical).read_bytes())
    assert len(gone) == len(new) == 2
    assert all(line.startswith("   [[") for line in (*gone, *new))
    shapes = {f.id: f.geometry for f in plan.features}
    shared = shapely.intersection(shapes["ctl-west"], shapes["ctl-mid"])
    assert shared.equals(shapely.LineString([(37.51, 33), (37.51, 34)]))


def test_a_border_moved_by_less_than_the_tolerance_is_the_old_border(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, lambda frame: moved_border(frame, by=2e-5))  # under two metres
    assert not planned(canonical, path).difference
    assert names(planned(canonical, path, snap_m=0).difference)[2] == ["ctl-mid", "ctl-west"]


def halves(shape, x):
    west, south, east, north = shape.bounds
    return (
        shapely.intersection(shape, shapely.box(west, south, x, north)),
        shapely.intersection(shape, shapely.box(x, south, east, north)),
    )


def split_mid(frame, x=37.53, second=None):
    """The patch in the middle cut in two, as programs do: both parts have all its values."""
    row = frame[frame["id"] == "ctl-mid"].iloc[0]
    small, large = halves(row.geometry, x)
    frame.loc[frame["id"] == "ctl-mid", "geometry"] = small
    new = row.copy()
    new["id"], new["geometry"] = second or row["id"], large
    return gpd.GeoDataFrame([*frame.to_dict("records"), new.to_dict()], crs=frame.crs)


def test_of_two_parts_with_one_id_the_larger_keeps_it(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, split_mid)
    plan = saved(canonical, path)
    (added,) = plan.difference.added
    assert names(plan.difference)[1:] == ([], ["ctl-mid"])
    kept = next(f for f in plan.features if f.id == "ctl-mid")
    assert kept.geometry.area > added.geometry.area
    assert {**kept.properties, "id": added.id} == added.properties
    assert any(f"split from ctl-mid is now {added.id}" in note for note in plan.notes)
    assert not planned(canonical, path).difference  # the copy knows the new id


def test_an_id_that_the_program_gave_to_a_part_is_kept(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, lambda frame: split_mid(frame, second="ctl-0a0b0c0d"))
    assert names(planned(canonical, path).difference) == (["ctl-0a0b0c0d"], [], ["ctl-mid"])


def test_a_new_feature_gets_an_id_that_no_date_has_used(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, lambda frame: split_mid(frame, second=""))
    first = planned(canonical, path)
    (added,) = first.difference.added
    assert added.id.startswith("ctl-")
    again = read_copy(path, taken={added.id})
    assert added.id not in {f.id for f in again.features}
    assert [f.id for f in planned(canonical, path).difference.added] == [added.id]


def test_the_corners_of_a_cut_are_put_into_the_neighbours_border(canonical, tmp_path):
    path = package_of(canonical, tmp_path)

    def cut(frame):
        """Cut the patch in the middle crosswise: the ends lie on its neighbours' edges."""
        row = frame[frame["id"] == "ctl-mid"].iloc[0]
        west, _, east, _ = row.geometry.bounds
        line = shapely.LineString([(west - 1, 33.4), (east + 1, 33.7)])
        parts = shapely.get_parts(shapely.ops.split(row.geometry, line))
        frame.loc[frame["id"] == "ctl-mid", "geometry"] = parts[0]
        new = row.copy()
        new["id"], new["geometry"] = "ctl-0a0b0c0d", parts[1]
        return gpd.GeoDataFrame([*frame.to_dict("records"), new.to_dict()], crs=frame.crs)

    change_package(path, cut)
    plan = saved(canonical, path)
    assert names(plan.difference) == (["ctl-0a0b0c0d"], [], ["ctl-east", "ctl-mid", "ctl-west"])
    corners = {f.id: set(map(tuple, f.geometry.exterior.coords)) for f in plan.features}
    ends = corners["ctl-mid"] & corners["ctl-0a0b0c0d"]
    assert {x for x, _ in ends} == {37.5, 37.6}
    assert ends <= corners["ctl-west"] | corners["ctl-east"]


def test_a_property_that_the_schema_does_not_know_comes_back_as_it_was(canonical, tmp_path):
    def change(features):
        features[0]["properties"] |= {"team": "north", "count": 7}

    document = as_json(canonical, layer_path(canonical), change)
    text, _ = geojson.fmt_geojson(document.read_bytes(), schema=CONTROL, file="")
    layer_path(canonical).write_bytes(text)
    path = package_of(canonical, tmp_path)
    plan = saved(canonical, path)
    assert not plan.difference
    change_package(path, moved_border)
    saved(canonical, path)
    found = json.loads(layer_path(canonical).read_bytes())["features"][0]["properties"]
    assert (found["team"], found["count"]) == ("north", 7)


def test_a_column_that_a_program_dropped_is_not_emptied(canonical, tmp_path):
    def change(features):
        for feature in features:
            del feature["properties"]["statement_ids"]

    path = as_json(canonical, tmp_path / f"{DAY}.geojson", change)
    assert not planned(canonical, path).difference
    path = package_of(canonical, tmp_path)
    change_package(path, lambda frame: frame.drop(columns="statement_ids"))
    assert not planned(canonical, path).difference


def test_what_another_program_has_not_written_into_the_file_proper_yet_is_read(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    for name, answer in package._SPATIAL.items():
        other.create_function(name, 1, answer)
    with other:
        other.execute("UPDATE control SET note = 'in the log' WHERE id = 'ctl-mid'")
    assert Path(f"{path}-wal").stat().st_size
    plan = saved(canonical, path)  # the other program goes on
    assert names(plan.difference)[2] == ["ctl-mid"]
    assert other.execute("SELECT count(*) FROM control").fetchone() == (4,)
    other.close()
    assert not saved(canonical, path).difference


def test_what_a_program_that_crashed_had_begun_is_taken_back(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    child = """
        import os, sqlite3, sys
        database = sqlite3.connect(sys.argv[1], isolation_level=None)
        database.execute("PRAGMA cache_spill = 1")
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE statements SET note = hex(randomblob(90000))")
        database.execute("UPDATE sources SET title = hex(randomblob(90000))")
        os._exit(1)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(child), path], check=False)
    assert Path(f"{path}-journal").stat().st_size
    assert not saved(canonical, path).difference
    assert not Path(f"{path}-journal").exists()


def test_a_write_protected_copy_is_read(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    path.chmod(0o444)
    assert not planned(canonical, path).difference


def test_a_file_drawn_elsewhere_becomes_a_layer_of_a_new_date(canonical, tmp_path):
    path = as_json(canonical, tmp_path / "drawn.geojson")
    plan = saved(canonical, path, day="2017-09-01")
    assert len(plan.difference.added) == len(plan.features)
    written = read_folder(canonical).control[dt.date(2017, 9, 1)]
    assert [f.id for f in written.features] == [f.id for f in plan.features]


# --- what is refused ------------------------------------------------------------------


def refused(root, path, **options):
    before = {p: p.read_bytes() for p in root.rglob("*.geojson")}
    with pytest.raises(GeoError) as error:
        saved(root, path, **options)
    assert {p: p.read_bytes() for p in root.rglob("*.geojson")} == before
    return error.value


def test_a_gap_is_refused_with_its_place(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, lambda frame: frame[frame["id"] != "ctl-mid"])
    error = refused(canonical, path)
    (issue,) = error.issues
    assert issue.code == "layer.gap"
    assert 37.5 < issue.where[0] < 37.8


def test_an_overlap_is_refused_with_both_ids(canonical, tmp_path):
    def change(features):
        mid = next(f for f in features if f["properties"]["id"] == "ctl-mid")
        ring = mid["geometry"]["coordinates"][0]
        mid["geometry"]["coordinates"] = [[[37.4 if x == 37.5 else x, y] for x, y in ring]]

    error = refused(canonical, as_json(canonical, tmp_path / "a.geojson", change), day=DAY)
    assert {issue.code for issue in error.issues} == {"layer.overlap"}
    assert set(error.issues[0].ids) == {"ctl-mid", "ctl-west"}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("controller", "green", "reference.dangling"),
        ("status", "unknown", "control.axes"),
        ("status", "held", "choice.unknown"),
        ("confidence", None, "control.axes"),
    ],
)
def test_a_value_that_the_tables_do_not_allow_is_refused(canonical, tmp_path, name, value, code):
    def change(features):
        for feature in features:
            if feature["properties"]["id"] == "ctl-mid":
                feature["properties"][name] = value

    error = refused(canonical, as_json(canonical, tmp_path / "a.geojson", change), day=DAY)
    assert code in {issue.code for issue in error.issues}


def test_a_change_that_the_ledger_lacks_is_told_and_saved(canonical, tmp_path):
    def change(features):
        west = next(f for f in features if f["properties"]["id"] == "ctl-west")
        west["properties"]["controller"] = "blue"

    path = as_json(canonical, tmp_path / f"{DAY}.geojson", change)
    assert "ledger.unexplained" in {issue.code for issue in planned(canonical, path).findings}
    assert saved(canonical, path).difference


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(LayerNotFoundError):
        read_copy(tmp_path / "nowhere.gpkg")


def broken_packages():
    def run(script):
        def change(path):
            with sqlite3.connect(path) as database:
                database.executescript(script)
            database.close()

        return change

    def cut_off(path):
        path.write_bytes(path.read_bytes()[:20_000])

    shape = struct.pack("<2sBBi", b"GP", 0, 1, 4326)

    def put(column, value):
        def change(path):
            with sqlite3.connect(path) as database:
                for (name,) in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                ).fetchall():
                    database.execute(f'DROP TRIGGER "{name}"')
                database.execute(f"UPDATE control SET {column} = ? WHERE fid = 1", (value,))
            database.close()

        return change

    def shaped(blob):
        return put("geom", blob)

    many = b"\x01" + struct.pack("<II", 6, 4_000_000_000)
    curve = b"\x01" + struct.pack("<II", 10, 0)
    nested = b"\x01" + struct.pack("<II", 6, 1)
    return {
        "no table": run("DELETE FROM gpkg_geometry_columns"),
        "a view in place of the table": run(
            "ALTER TABLE control RENAME TO other; CREATE VIEW control AS SELECT * FROM other;"
        ),
        "no catalogue": run("DROP TABLE gpkg_contents"),
        "other coordinates": run(
            "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 3857 WHERE srs_id = 4326"
        ),
        "cut off": cut_off,
        "no geometry": shaped(b"nonsense"),
        "a short geometry": shaped(shape),
        "a curve": shaped(shape + curve),
        "more parts than there are": shaped(shape + many),
        "parts in parts": shaped(shape + nested * 50_000),
        "no ground": shaped(None),
        "bytes in a note": put("note", b"\x00\xff"),
    }


@pytest.mark.parametrize("change", broken_packages().values(), ids=broken_packages())
def test_a_damaged_geopackage_is_refused_in_words(canonical, tmp_path, change):
    path = package_of(canonical, tmp_path)
    change(path)
    error = refused(canonical, path)
    assert isinstance(error, SchemaError)
    assert str(path) in str(error)


def test_a_copy_of_another_theatre_or_date_is_refused(canonical, real, tmp_path):
    path = package_of(canonical, tmp_path)
    with pytest.raises(GeoError, match="copy of the theatre"):
        planned(real, path)
    with pytest.raises(GeoError, match="of the layer of 2017-08-01, not of 2017-07-01"):
        planned(canonical, path, day="2017-07-01")
    layer_path(canonical).rename(tmp_path / "away")
    with pytest.raises(GeoError, match="was deleted"):
        planned(canonical, path)


def test_a_file_that_does_not_say_its_date_needs_one(canonical, tmp_path):
    path = as_json(canonical, tmp_path / "drawn.geojson")
    with pytest.raises(GeoError, match="give a DATE"):
        planned(canonical, path)
    named = as_json(canonical, tmp_path / f"{DAY}.geojson")
    assert planned(canonical, named).day == DAY


def test_a_copy_is_made_outside_the_layers_and_never_over_another(canonical, tmp_path):
    folder = read_folder(canonical)
    with pytest.raises(GeoError, match="among the layers"):
        checkout(folder, DAY, canonical / "copy")
    with pytest.raises(DateError, match="there is no control layer"):
        checkout(folder, "2017-08-03", tmp_path / "copy")
    checkout(folder, DAY, tmp_path / "copy")
    with pytest.raises(GeoError, match="already"):
        checkout(folder, DAY, tmp_path / "copy")


# --- others who save meanwhile --------------------------------------------------------


def edit_on_disk(root, day=DAY, **values):
    """A colleague changes the western patch in the layer itself."""
    path = layer_path(root, day)
    document = json.loads(path.read_bytes())
    for feature in document["features"]:
        if feature["properties"]["id"] == values["id"]:
            feature["properties"] |= values
    text, _ = geojson.fmt_geojson(json.dumps(document).encode(), schema=CONTROL, file="")
    path.write_bytes(text)


def test_what_a_colleague_saved_meanwhile_is_merged(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    edit_on_disk(canonical, id="ctl-west", note="seen by a colleague")
    change_package(path, moved_border)
    plan = saved(canonical, path)
    west = next(f for f in plan.features if f.id == "ctl-west")
    assert west.properties["note"] == "seen by a colleague"
    assert names(plan.difference) == ([], [], ["ctl-mid", "ctl-west"])
    assert any("merged" in note for note in plan.notes)
    assert gpd.read_file(path, layer="control").set_index("id").loc["ctl-west", "note"]


def test_a_conflict_is_refused_until_somebody_decides(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    edit_on_disk(canonical, id="ctl-west", note="theirs")

    def change(frame):
        frame.loc[frame["id"] == "ctl-west", "note"] = "mine"
        return frame

    change_package(path, change)
    plan = planned(canonical, path)
    assert [conflict.ids for conflict in plan.conflicts] == [("ctl-west",)]
    before = layer_path(canonical).read_bytes()
    with pytest.raises(ValueError, match="conflicts"):
        write_plan(read_folder(canonical), plan)
    assert layer_path(canonical).read_bytes() == before
    assert not planned(canonical, path, prefer="theirs").difference
    assert names(planned(canonical, path, prefer="mine").difference)[2] == ["ctl-west"]
    with pytest.raises(ValueError, match="mine or theirs"):
        planned(canonical, path, prefer="ours")


def test_a_layer_that_changes_in_the_last_moment_is_not_overwritten(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    change_package(path, moved_border)
    folder = read_folder(canonical)
    plan = plan_save(folder, read_copy(path))
    edit_on_disk(canonical, id="ctl-west", note="just now")
    before = layer_path(canonical).read_bytes()
    with pytest.raises(StaleLayerError):
        write_plan(folder, plan)
    assert layer_path(canonical).read_bytes() == before


def test_a_copy_that_another_program_holds_is_told_and_saved_later(
    canonical, tmp_path, monkeypatch
):
    monkeypatch.setattr(package, "_WAIT_S", 0.2)
    path = package_of(canonical, tmp_path)
    change_package(path, moved_border)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(GeoError, match="is saved, but"):
        saved(canonical, path)
    other.close()
    assert not saved(canonical, path).difference
    assert not saved(canonical, path).notes


def test_a_saved_copy_goes_on_with_the_same_rows_and_a_sound_index(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    edit_on_disk(canonical, id="ctl-east", note="from a colleague")
    change_package(path, split_mid)
    with sqlite3.connect(path) as database:
        rows = dict(database.execute("SELECT id, fid FROM control").fetchall())
    saved(canonical, path)
    frame = gpd.read_file(path, layer="control", fid_as_index=True)
    for name, fid in rows.items():
        assert name in set(frame["id"])
        if name != "ctl-mid":
            assert frame.loc[fid, "id"] == name
    for _, row in frame.iterrows():
        near = gpd.read_file(path, layer="control", bbox=row.geometry.bounds)
        assert row["id"] in set(near["id"])
    database.close()


# --- sewing ---------------------------------------------------------------------------


@settings(max_examples=examples(30))
@given(
    seed=st.integers(0, 2**32 - 1),
    cells=st.integers(2, 12),
    jitter_m=st.floats(0.2, 3.0),
)
def test_borders_drawn_again_nearly_the_same_are_the_old_borders(seed, cells, jitter_m):
    """Every corner a little off, and the same for both neighbours: nothing has moved."""
    rng = np.random.default_rng(seed)
    area = shapely.box(37, 33, 38, 34)
    old = partition(rng, area, cells)
    xy = np.unique(shapely.get_coordinates(old), axis=0)
    if len(xy) > 1 and shapely.STRtree(shapely.points(xy)).query(
        shapely.points(xy), predicate="dwithin", distance=3e-4
    ).shape[1] > len(xy):
        return  # corners so near to each other are not told apart by any tolerance
    step = {tuple(p): rng.uniform(-1, 1, 2) * jitter_m / 2 / 111_320 for p in xy.tolist()}
    inside = {
        p: s for p, s in step.items() if min(p[0] - 37, 38 - p[0], p[1] - 33, 34 - p[1]) > 1e-3
    }
    new = [
        snap(
            shapely.transform(
                shape,
                lambda points: np.array(
                    [np.add(p, inside.get(tuple(p), (0, 0))) for p in points.tolist()]
                ),
            )
        )
        for shape in old
    ]
    sewn = stitch_borders(area, new, old, tolerance_m=5.0)
    assert all(a.equals(b) for a, b in zip(sewn, old, strict=True))


@settings(max_examples=examples(30))
@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(3, 10))
def test_sewing_leaves_what_was_there_and_makes_one_border_of_two(seed, cells):
    """One patch cut at random: the cut's ends come into the neighbours, no old corner moves."""
    rng = np.random.default_rng(seed)
    area = shapely.box(37, 33, 38, 34)
    old = partition(rng, area, cells)
    victim = max(range(len(old)), key=lambda i: old[i].area)
    center = shapely.point_on_surface(old[victim])
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * 3
    at = np.array([center.x, center.y])
    parts = shapely.ops.split(old[victim], shapely.LineString([at - reach, at + reach])).geoms
    new = [*(shape for i, shape in enumerate(old) if i != victim), *(snap(p) for p in parts)]
    sewn = stitch_borders(area, new, old, tolerance_m=2.0)
    assert shapely.is_valid(sewn).all()
    corners = set(map(tuple, shapely.get_coordinates(sewn).tolist()))
    assert set(map(tuple, shapely.get_coordinates(old).tolist())) <= corners
    assert shapely.coverage_is_valid(sewn)
    untouched = [s for s in sewn if any(s is shape for shape in new[: len(old) - 1])]
    assert all(shape in old for shape in untouched)


def test_without_a_tolerance_nothing_is_sewn():
    areas = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    assert stitch_borders(shapely.box(0, 0, 2, 1), areas, areas[:1], tolerance_m=0) == areas


# --- the project ----------------------------------------------------------------------


def test_hostile_names_stay_text_in_the_project(canonical, tmp_path):
    theatre = canonical / "theatre.geojson"
    text = json.loads(theatre.read_bytes())
    text["features"][0]["properties"]["name"] = "</title><!-- [% eval('1') %] & \" '"
    theatre.write_bytes(
        geojson.fmt_geojson(json.dumps(text).encode(), schema=_theatre(), file="")[0]
    )
    project, _ = checkout(read_folder(canonical), DAY, tmp_path / "copy")
    root = ET.parse(project).getroot()
    assert root.findtext("title").startswith("</title><!-- [ % eval")
    assert "[%" not in project.read_text(encoding="utf-8")


def _theatre():
    from geo.model import THEATRE

    return THEATRE


def test_a_copy_names_no_path_of_this_machine(canonical, tmp_path):
    project, held = checkout(read_folder(canonical), DAY, tmp_path / "copy")
    for path in (project, held):
        assert str(tmp_path).encode() not in path.read_bytes()


# --- after a crash --------------------------------------------------------------------


def test_every_save_keeps_what_it_replaces_and_recover_puts_it_back(canonical, tmp_path):
    path = package_of(canonical, tmp_path)
    before = layer_path(canonical).read_bytes()
    change_package(path, moved_border)
    saved(canonical, path)
    after = layer_path(canonical).read_bytes()
    name = f"control/{DAY}.geojson@"
    kept = [one for one in recovery.leftovers(canonical) if one.name.startswith(name)]
    assert kept[0].path.read_bytes() == before
    assert kept[0].says == "2 changed if it is put back"
    recovery.restore(canonical, kept[0].name)
    assert layer_path(canonical).read_bytes() == before
    newest = next(one for one in recovery.leftovers(canonical) if one.name.startswith(name))
    assert newest.path.read_bytes() == after


def test_git_sees_neither_a_copy_nor_what_is_kept(canonical, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    package_of(canonical, tmp_path)
    (tmp_path / "mine").mkdir()
    checkout(read_folder(canonical), DAY, tmp_path / "mine")
    assert not (tmp_path / "mine" / ".gitignore").exists()
    edit_on_disk(canonical, id="ctl-west", note="x")
    data = layer_path(canonical).read_bytes()
    files.save_file(layer_path(canonical), data + b"\n", expected=files.digest(data))
    assert files.list_backups(canonical)
    status = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "-uall"], capture_output=True, text=True
    )
    assert "layers/places.geojson" in status.stdout
    assert ".frontline" not in status.stdout
    assert "copy/" not in status.stdout


def test_only_the_latest_contents_are_kept(canonical):
    path = layer_path(canonical)
    start = path.read_bytes()
    for i in range(files.KEPT + 5):
        now = path.read_bytes()
        files.save_file(path, start + b" " * (i + 1), expected=files.digest(now))
    kept = [one for one in files.list_backups(canonical) if one.file == f"control/{DAY}.geojson"]
    assert len(kept) == files.KEPT
    assert kept[0].path.read_bytes() == start + b" " * (files.KEPT + 4)


def test_what_another_program_left_is_listed_and_put_back_if_it_is_whole(canonical):
    left = layer_path(canonical).with_name(f"{DAY}.geojson.tmp")
    edited = as_json(canonical, left, lambda fs: fs[0]["properties"].update(note="only copy"))
    (one,) = [o for o in recovery.leftovers(canonical) if o.kind == "unfinished"]
    assert (one.path, one.says) == (left, "1 changed if it is put back")
    recovery.restore(canonical, one.name)
    assert layer_path(canonical).read_bytes() == edited.read_bytes()
    left.write_bytes(left.read_bytes()[:900])
    (one,) = [o for o in recovery.leftovers(canonical) if o.kind == "unfinished"]
    assert one.says.startswith("not whole")
    with pytest.raises(UnknownIdError):
        recovery.restore(canonical, one.name)


def test_a_damaged_layer_comes_back_from_what_was_kept(canonical, frontline):
    path = layer_path(canonical)
    good = path.read_bytes()
    files.backup(path)
    path.write_bytes(good[:1000])
    (one,) = [o for o in recovery.leftovers(canonical) if o.name == f"control/{DAY}.geojson@2"]
    assert one.says == "whole, while the file itself is missing or damaged"
    assert frontline("recover", one.name, "--yes", "--layers", canonical)[0] == 0
    assert path.read_bytes() == good
    path.unlink()
    assert frontline("recover", one.name, "--yes", "--layers", canonical)[0] == 0
    assert path.read_bytes() == good


def test_a_journal_is_listed(canonical):
    journal = files.Journal(files.private_folder(canonical) / "edit.journal")
    journal.append(b"{}")
    (one,) = [o for o in recovery.leftovers(canonical) if o.kind == "journal"]
    assert one.says.startswith("1 records")
    assert not one.is_usable


# --- the commands ---------------------------------------------------------------------


def test_the_commands_go_out_and_back(canonical, tmp_path, frontline, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = frontline("qgis", DAY, "--layers", canonical)
    assert code == 0
    assert Path(out.strip()).is_file()
    code, out, err = frontline("save", "--layers", canonical)
    assert (code, out) == (0, "")
    assert "nothing to write" in err
    change_package(Path(out.strip() or f"qgis-{DAY}/control-{DAY}.gpkg"), moved_border)
    before = layer_path(canonical).read_bytes()
    code, out, err = frontline("save", "--dry-run", "--layers", canonical)
    assert (code, layer_path(canonical).read_bytes()) == (0, before)
    assert "~ ctl-mid" in out
    assert "2 changed, of 4 features" in err
    for answer, said in (("n\n", "nothing was written"), ("", "nobody answered")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        code, _, err = frontline("save", DAY, "--layers", canonical)
        assert (code, layer_path(canonical).read_bytes()) == (1, before)
        assert said in err
    code, out, _ = frontline("save", DAY, "--yes", "--layers", canonical)
    assert code == 0
    assert layer_path(canonical).read_bytes() != before
    code, out, _ = frontline("recover", "--layers", canonical)
    assert code == 0
    assert f"control/{DAY}.geojson@" in out


def test_save_asks_which_copy_is_meant(canonical, tmp_path, frontline):
    code, _, err = frontline("save", "--layers", canonical)
    assert code == 1
    assert "there is no working copy" in err
    for day in ("2017-07-01", "2017-08-01"):
        frontline("qgis", day, "-o", tmp_path / day, "--layers", canonical)
    code, _, err = frontline("save", "--layers", canonical)
    assert code == 1
    assert "there are 2 working copies" in err


def test_a_conflict_is_told_and_exits_with_one(canonical, tmp_path, frontline):
    path = package_of(canonical, tmp_path)
    edit_on_disk(canonical, id="ctl-west", note="theirs")

    def change(frame):
        frame.loc[frame["id"] == "ctl-west", "note"] = "mine"
        return frame

    change_package(path, change)
    code, _, err = frontline("save", path, "--yes", "--layers", canonical)
    assert code == 1
    assert "conflict: " in err
    assert "--prefer" in err
    assert frontline("save", path, "--yes", "--prefer", "mine", "--layers", canonical)[0] == 0
    assert b'"mine"' in layer_path(canonical).read_bytes()


def test_a_file_copied_from_an_older_commit_is_merged_with_what_came_since(
    canonical, tmp_path, frontline
):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "layers")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "one")
    mine = as_json(
        canonical,
        tmp_path / f"{DAY}.geojson",
        lambda features: features[0]["properties"].update(note="mine"),
    )
    edit_on_disk(canonical, id="ctl-west", note="since")
    words = ("save", mine, "--yes", "--layers", canonical)
    code, out, _ = frontline(*words, "--dry-run", "--base", "now")
    assert "~ ctl-west  note: since -> nothing" in out  # the file knows nothing of it
    code, out, err = frontline(*words, "--dry-run")
    assert "ctl-west" not in out
    assert "was taken from" in err
    code, out, _ = frontline(*words, "--base", "HEAD")
    assert code == 0
    assert "ctl-west" not in out
    notes = {f.id: f.properties["note"] for f in read_folder(canonical).control[DAY].features}
    assert (notes["ctl-west"], notes["ctl-east"]) == ("since", "mine")
    code, _, err = frontline(*words, "--base", "nowhere")
    assert code == 1
    code, _, err = frontline("save", mine, "2017-09-09", "--base", "HEAD", "--layers", canonical)
    assert code == 1
    assert "there is no control/2017-09-09.geojson at HEAD" in err
    path = package_of(canonical, tmp_path)
    assert frontline("save", path, "--base", "HEAD", "--layers", canonical)[0] == 2


def test_recover_lists_the_last_three_of_each_file(canonical, frontline):
    for i in range(5):
        edit_on_disk(canonical, id="ctl-west", note=f"{i}")
        files.backup(layer_path(canonical))
    _, out, _ = frontline("recover", "--layers", canonical)
    assert out.count(f"control/{DAY}.geojson@") == 3
    _, out, _ = frontline("recover", "--all", "--layers", canonical)
    assert out.count(f"control/{DAY}.geojson@") == 6  # and what fmt replaced
    assert "workcopies" not in out


def test_recover_says_what_there_is(canonical, frontline):
    code, _, err = frontline("recover", "nothing@1", "--yes", "--layers", canonical)
    assert code == 1
    assert "nothing can be put back" in err


# --- names of files -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Places.geojson", "file.twin"),
        ("control/2017-08-01.GEOJSON", "file.twin"),
        ("context/con.geojson", "file.odd"),
        ("context/-rf.geojson", "file.odd"),
        ("context/a:b.geojson", "file.odd"),
        ("context/grenz\u0061\u0308.geojson", "file.odd"),
    ],
)
def test_a_file_name_that_other_systems_cannot_write_is_found(canonical, name, code):
    shutil.copy(canonical / "context" / "borders.geojson", canonical / name)
    issues = []
    try:
        issues = read_folder(canonical).issues
    except SchemaError as error:
        issues = error.issues
    assert code in {issue.code for issue in issues}


def test_a_copy_shows_the_lines_and_areas_of_places_and_brings_none_of_them_back(shaped, tmp_path):
    before = {path: path.read_bytes() for path in shaped.rglob("*.csv")}
    places = (shaped / "places.geojson").read_bytes()
    folder = read_folder(shaped)
    _, package = checkout(folder, "2017-08-01", tmp_path / "copy")
    for name, wanted in [
        ("places", {"west_well", "mid_well", "east_well", "lost_well"}),
        ("places_lines", {"front_line", "night_march", "old_road", "the_neck"}),
        ("places_areas", {"west_desert", "the_pocket"}),
    ]:
        frame = gpd.read_file(package, layer=name)
        assert set(frame["id"]) == wanted
        for one, shape in zip(frame["id"], frame.geometry, strict=True):
            if shape is not None:
                assert shapely.equals(shape, folder.places[one].geometry)
    said = gpd.read_file(package, layer="statements").set_index("id")
    assert said.loc["stm-gap", "width_to_m"] == "6000"
    assert not saved(shaped, package).difference
    assert (shaped / "places.geojson").read_bytes() == places
    assert {path: path.read_bytes() for path in shaped.rglob("*.csv")} == before
