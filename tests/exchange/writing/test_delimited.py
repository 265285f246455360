"""A table is read back by pandas."""

import io

import pytest
import shapely

from tests.exports import intervals, one, spans


def test_a_table_reads_back_in_pandas(case):
    import pandas

    read, composite = case
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "csv")), dtype={"valid_to": str})
    assert spans(frame) == intervals(composite)
    assert frame["area_km2"].sum() == pytest.approx(
        composite.intervals()["area_km2"].sum(), abs=1e-3
    )
    ground = {f"{r.patch}@{r.valid_from}": r.geometry for r in composite.intervals().itertuples()}
    for row in frame.itertuples():
        assert shapely.intersects_xy(ground[row.id], row.lon, row.lat)
    assert set(frame["attribution"].str.contains("CC BY 4.0")) == {True}


def test_numbers_stay_numbers_in_a_table(little):
    import pandas

    read, composite = little
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "csv", layer="places")))
    assert frame["lon"].dtype.kind == frame["geo_radius_m"].dtype.kind == "f"
