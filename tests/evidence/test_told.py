"""What happened between two dates, in figures."""

import dataclasses
from itertools import pairwise

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import open_layers
from geo.evidence.effects import REDRAWN
from geo.evidence.told import tell_change, tell_holds

DAYS = sorted(pages.PICTURES)


def ledger(folder, **values):
    """The folder with other values in the one row of its ledger."""
    rows = tuple(dataclasses.replace(r, values=r.values | values) for r in folder.changes.rows)
    return dataclasses.replace(folder, changes=dataclasses.replace(folder.changes, rows=rows))


@pytest.fixture(scope="module")
def trial():
    folder = pages.theatre()
    return folder, pages.composite_of(folder)


@given(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted))
def test_what_is_told_adds_up_to_what_is_drawn(days):
    folder = pages.theatre()
    composite = pages.composite_of(folder)
    told = tell_change(folder, composite, *days)
    moved = composite.change(*days)
    sides = composite.sides

    def holder(row, way):
        name = row[f"{way}_controller"]
        return sides.get(name, name) if name else row[f"{way}_status"]

    ground = {}
    for _, row in moved.iterrows():
        pair = holder(row, "from"), holder(row, "to")
        if pair[0] != pair[1] or row["from_status"] != row["to_status"]:
            ground[pair] = ground.get(pair, 0) + row["area_km2"]
    found = {}
    for one, two, _, area, *_ in told["rows"]:
        found[one, two] = found.get((one, two), 0) + area
    assert found == pytest.approx(ground, abs=0.5)


def test_ground_of_which_only_corrections_speak_is_redrawn_and_not_taken(trial):
    folder, composite = trial
    days = pages.BEFORE, pages.AFTER

    def effects(one):
        rows = tell_change(one, composite, *days)["rows"]
        return {row[2] for row in rows if row[:2] == ["government", "opposition"]}

    assert effects(folder) == {"taken"}
    assert REDRAWN in effects(ledger(folder, kind="correction"))


def test_points_lie_on_the_ground_that_they_point_out(trial):
    folder, composite = trial
    for days in pairwise(DAYS):
        told = tell_change(folder, composite, *days)
        for row, lon, lat in told["spots"]:
            was, now = (
                composite.labels[int(composite.labels_at(day, [lon], [lat])[0])] for day in days
            )
            for label, name in ((was, told["rows"][row][0]), (now, told["rows"][row][1])):
                assert name in {composite.sides.get(label.controller), str(label.status)}


def test_bands_hold_their_middle_and_follow_the_command(shipped):
    theatre = open_layers(shipped)
    days = theatre.before, theatre.after
    told = tell_change(theatre.folder, theatre.composite, *days, ensemble=theatre._ensemble)
    taken = [row for row in told["rows"] if row[2] in {"taken", REDRAWN}]
    assert taken
    assert all(row[4] <= row[3] <= row[5] for row in taken)
    assert all(row[4] is row[5] is None for row in told["rows"] if row not in taken)
    total = theatre.totals(*days).set_index(["from", "to", "effect"])
    for row in taken:
        if row[:2] == ["government", "opposition"]:
            assert row[3] == pytest.approx(total.loc[tuple(row[:3]), "area_km2"], rel=0.01)


def test_friends_tell_once_of_the_ground_that_could_be_cut_off(shipped):
    theatre = open_layers(shipped)
    sides = {*theatre.composite.sides.values()}
    found = tell_holds(theatre._sieges, theatre._supply.with_events, theatre.after, sides)
    assert found
    assert [one["km2"] for one in found] == sorted((one["km2"] for one in found), reverse=True)
    for one in found:
        assert len(one["sides"]) == len(set(one["sides"])) >= 1
        assert 0 <= one["joined"] <= 1
        assert set(one["places"]) <= set(theatre.folder.places)
    grounds = [str(one["rings"]) for one in found]
    assert len(grounds) == len(set(grounds))
