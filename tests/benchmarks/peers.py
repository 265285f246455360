"""What a user would write otherwise: geopandas, shapely, DuckDB, PostGIS, TopoJSON, mapshaper."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import LONLAT, area_km2

NODE_MODULES = os.environ.get("BENCH_NODE_MODULES", "node_modules")


def cells_frame(theatre, i):
    """The patches of one date as a frame."""
    patches = theatre.snapshots[theatre.days[i]]
    return gpd.GeoDataFrame(
        {"holder": [patch.label.holder for patch in patches]},
        geometry=[patch.geometry for patch in patches],
        crs=LONLAT,
    )


def coverage_union(frame):
    """The best single call of shapely: the union of an edge-matched coverage, by holder."""
    groups = frame.groupby("holder").indices
    shapes = frame.geometry.to_numpy()
    return {holder: shapely.coverage_union_all(shapes[at]) for holder, at in groups.items()}


def overlay_change(before, after):
    """Ground that changed hands: overlay, filter, connected pieces, areas."""
    both = gpd.overlay(before, after, how="intersection", keep_geom_type=True)
    moved = both[both["holder_1"] != both["holder_2"]].explode(ignore_index=True)
    return moved.assign(area_km2=area_km2(moved.geometry.array) if len(moved) else [])


def overlay_union(before, after):
    """The whole overlay of two dates."""
    return gpd.overlay(before, after, how="union", keep_geom_type=True)


def difference_change(before, after):
    """The best that plain shapely does: what each holder gained and lost."""
    one, two = before.geometry.to_numpy(), after.geometry.to_numpy()
    return shapely.difference(two, one), shapely.difference(one, two)


def boundary_front(dissolved, left, right):
    """The common border of two holders."""
    return shapely.line_merge(
        shapely.intersection(dissolved.geometry[left].boundary, dissolved.geometry[right].boundary)
    )


def duckdb_connection():
    """A connection with the spatial extension, or None where either is not installed."""
    try:
        import duckdb
    except ImportError:
        return None
    connection = duckdb.connect()
    connection.execute("SET threads TO 2")
    try:
        connection.execute("LOAD spatial")
        return connection
    except duckdb.Error:
        pass
    try:
        import duckdb_extension_spatial
    except ImportError:
        return None
    root = Path(duckdb_extension_spatial.__file__).parent
    for path in sorted(root.rglob("spatial.duckdb_extension*")):
        try:
            connection.execute(f"LOAD '{path}'")
        except duckdb.Error:
            continue
        return connection
    return None


def load_duckdb(connection, name, frame):
    """A frame as a table of holder and geometry."""
    wkb = shapely.to_wkb(frame.geometry.to_numpy())
    connection.execute(f"CREATE OR REPLACE TABLE {name} (holder VARCHAR, geom GEOMETRY)")
    rows = list(zip(frame["holder"].tolist(), wkb, strict=True))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_{name} (holder VARCHAR, wkb BLOB)")
    import pyarrow as pa

    raw = pa.table({"holder": [r[0] for r in rows], "wkb": [r[1] for r in rows]})
    connection.register("arrow_rows", raw)
    connection.execute(
        f"INSERT INTO {name} SELECT holder, ST_GeomFromWKB(wkb::BLOB) FROM arrow_rows"
    )
    connection.unregister("arrow_rows")


def duckdb_dissolve(connection, name):
    """Ground by holder, in DuckDB's fastest way."""
    return connection.execute(
        f"SELECT holder, ST_AsWKB(ST_CoverageUnion_Agg(geom)) FROM {name} GROUP BY holder"
    ).fetchall()


def duckdb_front(connection, name, left, right):
    """The common border of two holders of a dissolved table, chained and measured, in DuckDB."""
    return connection.execute(
        "SELECT ST_AsWKB(line), ST_Length_Spheroid(ST_FlipCoordinates(line)) FROM ("
        "SELECT ST_LineMerge(ST_Intersection(ST_Boundary(a.geom), ST_Boundary(b.geom))) AS line "
        f"FROM {name} a, {name} b WHERE a.holder = ? AND b.holder = ?)",
        [left, right],
    ).fetchall()


def duckdb_front_of_cells(connection, name, left, right):
    """The same from the patches of a layer."""
    return connection.execute(
        "WITH sides AS (SELECT holder, ST_CoverageUnion_Agg(geom) AS geom "
        f"FROM {name} WHERE holder IN (?, ?) GROUP BY holder) "
        "SELECT ST_AsWKB(line), ST_Length_Spheroid(ST_FlipCoordinates(line)) FROM ("
        "SELECT ST_LineMerge(ST_Intersection(ST_Boundary(a.geom), ST_Boundary(b.geom))) AS line "
        "FROM sides a, sides b WHERE a.holder = ? AND b.holder = ?)",
        [left, right, left, right],
    ).fetchall()


def postgis_connection():
    """A connection to the server that BENCH_POSTGRES names, or None."""
    address = os.environ.get("BENCH_POSTGRES")
    if not address:
        return None
    import psycopg

    connection = psycopg.connect(address, autocommit=True)
    connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    return connection


def load_postgis(connection, name, frame):
    """A frame as an indexed temporary table."""
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TEMP TABLE {name} (holder text, geom geometry)")
    with connection.cursor() as cursor:
        wkb = shapely.to_wkb(frame.geometry.to_numpy())
        cursor.executemany(
            f"INSERT INTO {name} VALUES (%s, ST_GeomFromWKB(%s, 4326))",
            list(zip(frame["holder"], wkb, strict=True)),
        )
    connection.execute(f"CREATE INDEX ON {name} USING gist (geom)")


def postgis_dissolve(connection, name):
    """Ground by holder, in PostGIS."""
    return connection.execute(
        f"SELECT holder, ST_AsBinary(ST_Union(geom)) FROM {name} GROUP BY holder"
    ).fetchall()


_MESH = """
const fs = require('fs');
const root = process.argv[2] + '/';
const server = require(root + 'topojson-server'), client = require(root + 'topojson-client');
const cells = JSON.parse(fs.readFileSync(process.argv[3]));
const topology = server.topology({cells});
const holder = g => g.properties.holder;
const [left, right] = [process.argv[4], process.argv[5]];
const times = [];
for (let k = 0; k < +process.argv[6]; k++) {
  const start = process.hrtime.bigint();
  client.mesh(topology, topology.objects.cells, (a, b) =>
    (holder(a) === left && holder(b) === right) || (holder(a) === right && holder(b) === left));
  times.push(Number(process.hrtime.bigint() - start) / 1e9);
}
console.log(JSON.stringify(times));
"""


def has_node(package):
    """Whether node and one of its packages are there."""
    return shutil.which("node") and (Path(NODE_MODULES) / package).is_dir()


def topojson_mesh(path, left, right, rounds):
    """Seconds that topojson-client takes for the mesh of two holders, its topology being built."""
    run = subprocess.run(
        [
            "node",
            "-e",
            _MESH,
            "-",
            str(Path(NODE_MODULES).resolve()),
            str(path),
            left,
            right,
            str(rounds),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout)


def mapshaper_dissolve(path, out):
    """Seconds of a whole mapshaper process that dissolves a file by holder."""
    start = time.perf_counter()
    subprocess.run(
        [
            "node",
            str(Path(NODE_MODULES) / "mapshaper" / "bin" / "mapshaper"),
            str(path),
            "-dissolve",
            "controller",
            "-o",
            str(out),
            "format=geojson",
            "force",
        ],
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - start


def write_cells(theatre, i, path):
    """The patches of one date as plain GeoJSON."""
    frame = cells_frame(theatre, i)
    features = [
        {"type": "Feature", "properties": {"holder": h}, "geometry": json.loads(g)}
        for h, g in zip(frame["holder"], shapely.to_geojson(frame.geometry.to_numpy()), strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def parse_union_difference(paths):
    """The usual loop over daily files: read, dissolve by holder, difference to the day before."""
    previous, total = None, 0.0
    for path in paths:
        frame = gpd.read_file(path)
        now = frame.dissolve("controller")
        if previous is not None:
            both = gpd.overlay(
                previous.reset_index()[["controller", "geometry"]],
                now.reset_index()[["controller", "geometry"]],
                how="intersection",
                keep_geom_type=True,
            )
            moved = both[both["controller_1"] != both["controller_2"]]
            total += float(np.sum(area_km2(moved.geometry.array))) if len(moved) else 0.0
        previous = now
    return total
