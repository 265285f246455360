import dataclasses
import datetime as dt
import math

import numpy as np
import pytest
from ledgers import with_rows

from geo import evidence
from geo.model import Row


def test_provenance_reconciles_with_the_areas(case):
    folder, composite = case
    table = evidence.provenance(folder, composite)
    areas = composite.areas()
    held = areas[areas["controller"] != ""].groupby("date")["area_km2"].sum()
    sums = table.groupby(["measure", "date"])["area_km2"].sum()
    measures = {"publishers", "leaning", "age_days", "distance_km"}
    assert set(table["measure"]) == measures
    for measure in measures:
        np.testing.assert_allclose(sums[measure], held, rtol=1e-9)
    np.testing.assert_allclose(table.groupby(["measure", "date"])["share"].sum(), 1)


def test_provenance_counts_voices_leanings_ages_and_distances_by_hand(little):
    folder, composite = little
    table = evidence.provenance(folder, composite)
    table = table[table["date"] == dt.date(2017, 8, 1)].set_index(["measure", "value"])
    assert table.loc[("publishers", "1"), "share"] == 1
    assert table.loc[("leaning", "none known"), "share"] == 1
    # The west was last spoken of 31 days before, the strip in the middle on the day.
    assert table.loc[("age_days", "0-7"), "share"] == pytest.approx(1 / 6, rel=0.01)
    assert table.loc[("age_days", "31-90"), "share"] == pytest.approx(5 / 6, rel=0.01)
    # Two discs of two kilometres, each wholly in its own patch.
    near = table.loc[("distance_km", "0-2"), "area_km2"]
    assert near == pytest.approx(2 * math.pi * 2**2, rel=0.005)


def test_media_of_the_holders_own_side_are_one_voice(little):
    folder, composite = little
    source = folder.rows("sources")["wire-1"]

    def shares(*leanings):
        rows = [
            Row(f"s{i}", source.values | {"id": f"s{i}", "publisher": f"P{i}", "leaning": lean})
            for i, lean in enumerate(leanings)
        ]
        cited = ";".join(row.id for row in rows)
        control = {
            day: dataclasses.replace(
                layer,
                features=tuple(
                    dataclasses.replace(f, properties=f.properties | {"source_ids": cited})
                    for f in layer.features
                ),
            )
            for day, layer in folder.control.items()
        }
        changed = dataclasses.replace(with_rows(folder, "sources", rows), control=control)
        table = evidence.provenance(changed, composite)
        table = table[table["date"] == dt.date(2017, 8, 1)]
        return {
            m: dict(zip(g["value"], g["share"].round(3), strict=True))
            for m, g in table.groupby("measure")
        }

    # Red holds five sixths of what is held.
    found = shares("red", "red")
    assert found["publishers"] == {
        "1": pytest.approx(5 / 6, abs=0.01),
        "2": pytest.approx(1 / 6, abs=0.01),
    }
    assert set(found["leaning"]) == {"own side", "other side"}
    assert found["leaning"]["own side"] == pytest.approx(5 / 6, abs=0.01)
    found = shares("red", None, "blue")
    assert found["publishers"] == {"3 or more": 1}
    assert found["leaning"] == {"none known": 1}
