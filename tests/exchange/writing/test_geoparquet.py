"""GeoParquet is read back by GeoPandas and DuckDB."""

import datetime as dt
import io
import json

import pytest

from tests.exports import assert_same_control, one


@pytest.mark.parametrize("which", ["little", "case"])
def test_geoparquet_reads_back_in_geopandas(which, request, tmp_path):
    pytest.importorskip("pyarrow")
    import geopandas

    read, composite = request.getfixturevalue(which)
    path = tmp_path / "out.parquet"
    path.write_bytes(one(read, composite, "geoparquet"))
    frame = geopandas.read_parquet(path)
    assert_same_control(frame, composite)
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    assert all(isinstance(day, dt.date) for day in frame["valid_from"])


def test_geoparquet_reads_back_in_duckdb(case, tmp_path):
    pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    read, composite = case
    path = tmp_path / "out.parquet"
    path.write_bytes(one(read, composite, "geoparquet"))
    day = dt.date(2017, 7, 31)
    asked = (
        "select count(*), sum(area_km2) from read_parquet(?) "
        "where valid_from <= ? and (valid_to > ? or valid_to is null)"
    )
    count, total = duckdb.execute(asked, [str(path), day, day]).fetchone()
    control = composite.control(day)
    assert count == len(control)
    assert total == pytest.approx(control["area_km2"].sum(), rel=1e-9)


def test_geoparquet_states_its_credits_and_its_geometry(little):
    parquet = pytest.importorskip("pyarrow.parquet")
    read, composite = little
    metadata = parquet.read_schema(io.BytesIO(one(read, composite, "geoparquet"))).metadata
    geo, about = json.loads(metadata[b"geo"]), json.loads(metadata[b"about"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["MultiPolygon"]
    assert about["title"] == read.theatre.properties["name"]


def test_a_reader_that_asks_for_a_part_of_the_world_gets_that(case, tmp_path):
    pytest.importorskip("pyarrow")
    import geopandas
    import shapely

    path = tmp_path / "out.parquet"
    path.write_bytes(one(*case, "geoparquet", layer="events"))
    every = geopandas.read_parquet(path)
    part = geopandas.read_parquet(path, bbox=(37.4, 33.0, 37.8, 33.4))
    there = shapely.intersects(every.geometry.values, shapely.box(37.4, 33.0, 37.8, 33.4))
    assert 0 < len(part) < len(every)
    assert sorted(part["id"]) == sorted(every["id"][there])
