"""A table is read back by pandas; events have the columns and the derived words of ACLED."""

import dataclasses
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


def test_events_have_the_columns_of_acled(case):
    import pandas

    read, composite = case
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "acled-csv")), dtype=str)
    assert list(frame)[:8] == [
        *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type"),
        *("event_type", "sub_event_type", "actor1"),
    ]
    assert len(frame) == len(read.events)
    by_id = frame.set_index("event_id_cnty")
    names = {row.id: row.values["name"] for row in read.actors.rows}
    for event in read.events:
        row = by_id.loc[event.id]
        assert row["event_date"] == event.properties["event_date"]
        assert row["actor1"] == names.get(event.properties["actor1"]) or row.isna()["actor1"]
        if event.geometry is not None:
            assert float(row["longitude"]) == pytest.approx(shapely.get_x(event.geometry))


@pytest.mark.parametrize(
    ("event_type", "sub_event_type", "disorder"),
    [
        ("Battles", "Armed clash", "Political violence"),
        ("Riots", "Mob violence", "Political violence"),
        ("Riots", "Violent demonstration", "Demonstrations"),
        ("Protests", "Peaceful protest", "Demonstrations"),
        (
            "Protests",
            "Excessive force against protesters",
            "Political violence; Demonstrations",
        ),
        ("Strategic developments", "Agreement", "Strategic developments"),
    ],
)
def test_disorder_is_what_the_codebook_derives(little, event_type, sub_event_type, disorder):
    read, composite = little
    event = read.events[0]
    values = {**event.properties, "event_type": event_type, "sub_event_type": sub_event_type}
    changed = dataclasses.replace(read, events=(dataclasses.replace(event, properties=values),))
    assert f",{disorder},{event_type},".encode() in one(changed, composite, "acled-csv")
