import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.control.testing import grid
from geo.edit.merge.by_id import compare_records
from geo.edit.merge.merged import merge_bytes, merge_features, merge_rows
from geo.errors import SchemaError
from geo.layers import geojson, tables
from geo.model import ASSESSMENTS, CONTROL, EVENTS, PLACES, STATEMENTS, Feature, Row
from tests.benchmarks import meetings, merges

ROOT = Path(__file__).parents[2]


def patch(name, geometry, **values):
    """A patch of a control layer, all keys there."""
    known = {"controller": "red", "status": "controlled", "basis": "reported", "confidence": "high"}
    properties = dict.fromkeys(CONTROL.names) | known | values | {"id": name}
    shape = shapely.orient_polygons(shapely.normalize(geometry))
    return Feature(name, properties, shape)


def layer(*rows, **values):
    """The picture in letters as patches; each letter is a patch of its own."""
    return [
        patch(f"ctl-{p.label.controller}", p.geometry, **values.get(p.label.controller, {}))
        for p in grid(*rows)
    ]


def with_values(features, name, **values):
    return [
        dataclasses.replace(f, properties={**f.properties, **values}) if f.id == name else f
        for f in features
    ]


def drawn(features):
    return {f.id: f.geometry for f in features}


def told(features):
    return [(f.id, f.properties, f.geometry) for f in features]


def is_same_map(features, *rows):
    wanted = {f.id: f.geometry for f in layer(*rows)}
    got = drawn(features)
    assert got.keys() == wanted.keys()
    for name, shape in wanted.items():
        assert shapely.equals(got[name], shape), name
    return True


BASE = ("aaab", "aaab", "cccd", "cccd")


def test_different_properties_of_one_patch_merge():
    base = layer(*BASE)
    ours = with_values(base, "ctl-a", note="ours")
    theirs = with_values(base, "ctl-a", basis="assessed")
    merged = merge_features(base, ours, theirs)
    assert not merged.conflicts
    a = merged.records[0].properties
    assert (a["note"], a["basis"]) == ("ours", "assessed")


def test_one_property_changed_by_both_is_a_conflict_that_names_all_three():
    base = with_values(layer(*BASE), "ctl-a", note="was")
    ours, theirs = (with_values(base, "ctl-a", note=note) for note in ("north", "south"))
    merged = merge_features(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.ids, conflict.what) == (("ctl-a",), "property note")
    assert (conflict.base, conflict.ours, conflict.theirs) == ("was", "north", "south")
    assert "north" in conflict.message
    assert "south" in conflict.message
    assert merged.records[0].properties["note"] == "north"
    assert merged.theirs[0].properties["note"] == "south"


def test_who_holds_it_merges_as_one_value():
    base = layer(*BASE)
    ours = with_values(base, "ctl-a", controller="blue")
    theirs = with_values(base, "ctl-a", status="contested", controllers="red;green")
    (conflict,) = merge_features(base, ours, theirs).conflicts
    assert conflict.what == "holder"
    assert "blue" in conflict.ours
    assert "contested" in conflict.theirs


def test_how_sure_an_answer_is_does_not_pass_to_another_holder():
    base = layer(*BASE)
    ours = with_values(base, "ctl-a", controller="blue")
    theirs = with_values(base, "ctl-a", confidence="low")
    (conflict,) = merge_features(base, ours, theirs).conflicts
    assert conflict.what == "property confidence"
    together = with_values(ours, "ctl-a", confidence="low")
    assert not merge_features(base, ours, together).conflicts


def test_sources_that_both_added_are_all_kept_and_those_taken_away_are_not():
    base = with_values(layer(*BASE), "ctl-a", source_ids="one;two")
    ours = with_values(base, "ctl-a", source_ids="one;two;ours")
    theirs = with_values(base, "ctl-a", source_ids="two;theirs")
    merged = merge_features(base, ours, theirs)
    assert not merged.conflicts
    assert merged.records[0].properties["source_ids"] == "two;ours;theirs"


def test_different_borders_of_one_patch_merge_into_one_map():
    base = layer("aaab", "aaab", "cccd", "cccd")
    ours = layer("aaab", "aaab", "accd", "cccd")
    theirs = layer("aabb", "aaab", "cccd", "cccd")
    merged = merge_features(base, ours, theirs)
    assert not merged.conflicts
    assert is_same_map(merged.records, "aabb", "aaab", "accd", "cccd")


def test_a_border_that_both_moved_alike_is_no_conflict():
    base = layer("aabb", "aabb")
    moved = layer("aaab", "aaab")
    merged = merge_features(base, moved, moved)
    assert not merged.conflicts
    assert is_same_map(merged.records, "aaab", "aaab")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(("aaab",), ("abbb",)), (("aaab",), ("aaaa",)), (("aaab",), ("aacb",))],
    ids=["opposite", "further", "to another"],
)
def test_the_same_border_moved_differently_is_a_conflict_with_its_place(ours, theirs):
    merged = merge_features(layer("aabb"), layer(*ours), layer(*theirs))
    grounds = [c for c in merged.conflicts if c.what == "ground"]
    assert grounds
    lon, lat = grounds[0].where
    assert 37.1 < lon < 37.4
    assert 33.0 < lat < 33.1
    assert is_same_map(merged.records, *ours)
    assert is_same_map(merged.theirs, *theirs)


def test_clean_merges_by_id_that_would_overlap_are_a_conflict():
    # a is drawn anew by ours only, b by theirs only: by id there is nothing to decide.
    base = layer("a.b", "a.b")
    ours = layer("aab", "a.b")
    theirs = layer("abb", "a.b")
    (conflict,) = merge_features(base, ours, theirs).conflicts
    assert conflict.what == "ground"
    assert {"ctl-a", "ctl-b"} == set(conflict.ids)


def test_a_border_moved_to_a_patch_that_changed_hands_meanwhile_is_a_conflict():
    base = layer("aabb")
    ours = with_values(base, "ctl-a", controller="blue")
    theirs = layer("aaab")
    merged = merge_features(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.what == "holder"
    assert conflict.where
    assert merged.records[0].properties["controller"] == "blue"
    assert merged.theirs[0].properties["controller"] == "red"
    assert is_same_map(merged.theirs, "aaab")


def test_a_patch_deleted_here_and_changed_there_is_a_conflict():
    base = layer("aabb")
    ours = layer("aaaa")
    theirs = with_values(base, "ctl-b", note="still there")
    merged = merge_features(base, ours, theirs)
    assert [c.what for c in merged.conflicts] == ["deleted and changed"]
    assert is_same_map(merged.records, "aaaa")
    assert is_same_map(merged.theirs, "aabb")


def test_a_patch_that_both_eat_up_from_two_ends_is_never_lost_without_a_word():
    # The two bites meet at one point only, so neither touches the other's border.
    base = layer("xab", "cxd")
    ours = layer("aab", "cxd")
    theirs = layer("xab", "cdd")
    merged = merge_features(base, ours, theirs)
    assert merged.conflicts
    assert is_same_map(merged.records, "aab", "cxd")
    assert is_same_map(merged.theirs, "xab", "cdd")


def slanted(*border):
    """Two patches left and right of a border from the south to the north of a rectangle."""
    west = shapely.Polygon([(37, 33), *border, (37, 33.1)])
    east = shapely.Polygon([*border, (37.5, 33.1), (37.5, 33)])
    return [patch("ctl-east", east, controller="blue"), patch("ctl-west", west)]


def test_a_corner_put_into_a_border_is_no_reason_to_refuse_a_move_of_it():
    base = slanted((37.2, 33), (37.230001, 33.1))
    # Half-way along the border, but for rounding.
    ours = slanted((37.2, 33), (37.215, 33.05), (37.230001, 33.1))
    theirs = slanted((37.2, 33), (37.26, 33.1))
    for merged in (
        merge_features(base, ours, theirs),
        merge_features(base, theirs, ours),
    ):
        assert not merged.conflicts
        assert all(map(shapely.equals, drawn(merged.records).values(), drawn(theirs).values()))
    alone = merge_features(base, ours, base)
    assert drawn(alone.records) == drawn(ours)


def test_a_corner_that_moves_the_border_a_few_metres_is_an_edit():
    base = slanted((37.2, 33), (37.230001, 33.1))
    ours = slanted((37.2, 33), (37.2151, 33.05), (37.230001, 33.1))
    theirs = slanted((37.2, 33), (37.26, 33.1))
    (conflict,) = merge_features(base, ours, theirs).conflicts
    assert conflict.what == "ground"


def test_an_id_that_both_gave_to_different_patches_is_a_conflict():
    base = layer("aab")
    ours, theirs = layer("xab"), with_values(layer("axb"), "ctl-x", note="mine")
    merged = merge_features(base, ours, theirs)
    assert "added on both sides" in {c.what for c in merged.conflicts}
    assert is_same_map(merged.records, "xab")
    assert is_same_map(merged.theirs, "axb")


def test_layers_of_points_merge_positions_as_one_value():
    def event(name, lon):
        values = dict.fromkeys(EVENTS.names) | {"id": name}
        return Feature(name, values, shapely.Point(lon, 33))

    base, ours, theirs = ([event("evt-1", x), event("evt-2", 37)] for x in (37, 37.1, 37.2))
    (conflict,) = merge_features(base, ours, theirs, schema=EVENTS).conflicts
    assert conflict.what == "geometry"
    assert "37.2" in conflict.theirs
    assert not merge_features(base, ours, base, schema=EVENTS).conflicts


# --- laws


@st.composite
def versions(draw):
    """Three layers over one square, of cells with shared ids, drawn anew or relabelled."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    area = strategies.outline(rng)

    def version(shapes):
        names = rng.permutation(len(shapes) + 3)[: len(shapes)]
        holders = rng.choice(["red", "blue"], len(shapes))
        return [
            patch(f"ctl-{n:02d}", s, controller=str(h))
            for n, s, h in zip(names, shapes, holders, strict=True)
        ]

    base = version(strategies.partition(rng, area, 6))
    sides = []
    for _ in range(2):
        side = version(strategies.partition(rng, area, 6)) if rng.random() < 0.4 else base
        if rng.random() < 0.6:
            side = with_values(side, side[0].id, note=str(rng.integers(3)))
        sides.append(side)
    return base, *sides


@given(versions())
@settings(max_examples=examples(40))
def test_a_side_that_changed_nothing_takes_the_other_side(three):
    base, ours, _ = three
    for merged in (
        merge_features(base, ours, base),
        merge_features(base, base, ours),
        merge_features(base, ours, ours),
    ):
        assert not merged.conflicts
        assert told(merged.records) == sorted(told(ours), key=lambda item: item[0])
        assert told(merged.theirs) == told(merged.records)


@given(versions())
@settings(max_examples=examples(40))
def test_exchanging_the_sides_exchanges_them_in_the_answer(three):
    base, ours, theirs = three
    one = merge_features(base, ours, theirs)
    two = merge_features(base, theirs, ours)
    assert told(one.records) == told(two.theirs)
    assert told(one.theirs) == told(two.records)
    assert {(c.ids, c.what, c.ours, c.theirs) for c in one.conflicts} == {
        (c.ids, c.what, c.theirs, c.ours) for c in two.conflicts
    }


@given(versions())
@settings(max_examples=examples(40))
def test_nothing_is_invented_and_both_answers_cover_the_ground(three):
    base, ours, theirs = three
    merged = merge_features(base, ours, theirs)
    known = {f.id for f in (*ours, *theirs)}
    area = sum(shapely.area(f.geometry) for f in base)
    for answer in (merged.records, merged.theirs):
        assert {f.id for f in answer} <= known
        assert sum(shapely.area(f.geometry) for f in answer) == pytest.approx(area, abs=1e-5)
        whole = shapely.union_all([f.geometry for f in answer])
        assert shapely.area(whole) == pytest.approx(area, abs=1e-5)
    if not merged.conflicts:
        assert told(merged.records) == told(merged.theirs)


@given(versions(), st.integers(0, 2**16))
@settings(max_examples=examples(40))
def test_what_is_chosen_conflict_by_conflict_is_one_map_of_what_the_sides_say(three, seed):
    base, ours, theirs = three
    merged = merge_features(base, ours, theirs)
    for side, answer in (("ours", merged.records), ("theirs", merged.theirs)):
        chosen = merge_features(base, ours, theirs, choose=lambda _, side=side: side)
        assert not chosen.conflicts
        assert told(chosen.records) == told(chosen.theirs)
        assert told(chosen.records) == told(answer)
    rng = np.random.default_rng(seed)
    sides = {
        (c.ids, c.what, c.where): str(rng.choice(["ours", "theirs"])) for c in merged.conflicts
    }
    mixed = merge_features(
        base, ours, theirs, choose=lambda c: sides.get((c.ids, c.what, c.where), "ours")
    )
    assert not mixed.conflicts
    area = sum(shapely.area(f.geometry) for f in base)
    assert sum(shapely.area(f.geometry) for f in mixed.records) == pytest.approx(area, abs=1e-5)
    whole = shapely.union_all([f.geometry for f in mixed.records])
    assert shapely.area(whole) == pytest.approx(area, abs=1e-5)


@pytest.mark.parametrize("seed", range(0, 80, 2), ids=str)
def test_a_merge_of_scattered_edits_is_right_at_every_point(seed):
    judge(seed)


@pytest.mark.parametrize("seed", range(1, 41, 2), ids=str)
def test_a_merge_of_edits_in_one_corner_is_right_or_stops(seed):
    judge(seed)


def judge(seed):
    three = merges.case(seed, cells=20, edits=3)
    wanted = merges.truth(*three, seed=seed, spots=80)
    texts = [meetings.written(features) for features in three]
    data, conflicts = merge_bytes(*texts, schema=CONTROL, file="layer")
    word, found = merges.judged(not conflicts, data, three, wanted)
    assert word in {"right", "stopped"}, (word, found, conflicts)


# --- text


def test_conflicts_stand_between_marks_and_only_they():
    base = layer(*BASE)
    ours = with_values(base, "ctl-a", note="north", basis="assessed")
    theirs = with_values(base, "ctl-a", note="south")
    texts = [geojson.dump_geojson(features, schema=CONTROL) for features in (base, ours, theirs)]
    data, conflicts = merge_bytes(*texts, schema=CONTROL, file="layer.geojson")
    assert len(conflicts) == 1
    marked = data.decode().split("<<<<<<< ours\n")[1].split(">>>>>>> theirs\n")[0]
    assert marked == '  "note": "north"\n=======\n  "note": "south"\n'
    with pytest.raises(SchemaError, match="unresolved merge conflict"):
        geojson.parse_geojson(data, schema=CONTROL, file="layer.geojson")
    for half, note in zip(merges.halves(data), ("north", "south"), strict=True):
        chosen = merges.read(half)["ctl-a"].properties
        assert (chosen["note"], chosen["basis"]) == (note, "assessed")


def test_a_file_that_both_added_alike_merges_from_nothing():
    data = geojson.dump_geojson(layer(*BASE), schema=CONTROL)
    assert merge_bytes(b"", data, data, schema=CONTROL, file="x") == (data, ())


def test_a_file_from_another_program_merges_into_canonical_text():
    base = geojson.dump_geojson(layer(*BASE), schema=CONTROL)
    ours = geojson.dump_geojson(with_values(layer(*BASE), "ctl-a", note="ours"), schema=CONTROL)
    other = base.replace(b"\n", b"\r\n").replace(b'"reported"', b'"claimed"')
    data, conflicts = merge_bytes(base, ours, other, schema=CONTROL, file="x")
    assert not conflicts
    assert b"\r" not in data
    assert b'"claimed"' in data
    assert b'"ours"' in data


@pytest.mark.parametrize("version", range(3), ids=["base", "ours", "theirs"])
def test_a_version_that_cannot_be_read_is_refused_and_named(version):
    texts = [geojson.dump_geojson(layer(*BASE), schema=CONTROL)] * 3
    texts[version] = texts[version][:-40]
    with pytest.raises(SchemaError, match=r"layer\.geojson"):
        merge_bytes(*texts, schema=CONTROL, file="layer.geojson")


def test_members_of_the_collection_are_not_dropped_by_a_merge():
    data = geojson.dump_geojson(layer(*BASE), schema=CONTROL)
    foreign = data.replace(b'"features": [', b'"licence": "mine",\n"features": [', 1)
    with pytest.raises(SchemaError, match="licence"):
        merge_bytes(data, foreign, data, schema=CONTROL, file="x")


# --- tables


def statements(**notes):
    known = {"place_id": "well", "date": "2017-07-01", "date_precision": "day"}
    known |= {"status": "controlled", "controller": "red", "basis": "reported"}
    known |= {"confidence": "high", "source_ids": "wire-1"}
    return [
        Row(name, dict.fromkeys(STATEMENTS.names) | known | {"id": name, "note": note})
        for name, note in notes.items()
    ]


def test_rows_merge_by_id_cell_by_cell():
    base = statements(aa="1", bb="1", cc="1")
    ours = statements(aa="1", bb="2", cc="1", dd="new")
    theirs = statements(bb="1", cc="3")
    merged = merge_rows(base, ours, theirs, schema=STATEMENTS)
    assert not merged.conflicts
    assert [(row.id, row.values["note"]) for row in merged.records] == [
        ("bb", "2"),
        ("cc", "3"),
        ("dd", "new"),
    ]


def test_who_holds_a_place_is_one_answer_in_a_statement_too():
    def said(**values):
        (row,) = statements(aa=None)
        return [Row("aa", {**row.values, **values})]

    ours, theirs = said(controller="blue"), said(status="contested", controllers="red;green")
    merged = merge_rows(said(), ours, theirs, schema=STATEMENTS)
    assert [conflict.what for conflict in merged.conflicts] == ["holder"]
    assert (merged.records, merged.theirs) == (tuple(ours), tuple(theirs))


def test_a_row_deleted_here_and_changed_there_keeps_both_texts():
    base = tables.dump_table(statements(aa="1", bb="1"), schema=STATEMENTS)
    ours = tables.dump_table(statements(bb="1"), schema=STATEMENTS)
    theirs = tables.dump_table(statements(aa="2", bb="1"), schema=STATEMENTS)
    data, (conflict,) = merge_bytes(base, ours, theirs, schema=STATEMENTS, file="s.csv")
    assert conflict.what == "deleted and changed"
    assert merges.halves(data) == (ours, theirs)


def test_rows_without_ids_are_told_apart_by_their_first_columns():
    def rows(*cells):
        return [Row("", dict(zip(ASSESSMENTS.names, cell, strict=True))) for cell in cells]

    one = ("2017-07-01", "North", "partial", None, None)
    two = ("2017-07-02", "North", "partial", None, None)
    base = rows(one, two)
    ours = rows((*one[:2], "changed", None, None), two)
    theirs = rows(one, (*two[:4], "Read again."), ("2017-07-03", "All", "no_change", None, None))
    merged = merge_rows(base, ours, theirs, schema=ASSESSMENTS)
    assert not merged.conflicts
    assert [tuple(row.values.values())[2:] for row in merged.records] == [
        ("changed", None, None),
        ("partial", None, "Read again."),
        ("no_change", None, None),
    ]
    assert not any(row.id for row in merged.records)
    clash = merge_rows(
        base, ours, rows((*one[:2], "no_change", None, None), two), schema=ASSESSMENTS
    )
    assert [c.what for c in clash.conflicts] == ["property outcome"]


def test_rows_of_one_date_that_both_added_are_two_rows():
    def rows(*scopes):
        known = dict.fromkeys(ASSESSMENTS.names)
        return [
            Row("", {**known, "date": "2017-08-09", "scope": scope, "outcome": "no_change"})
            for scope in scopes
        ]

    base = [Row("", {**dict.fromkeys(ASSESSMENTS.names), "date": "2017-08-01", "scope": "all"})]
    merged = merge_rows(base, [*base, *rows("west")], [*base, *rows("east")], schema=ASSESSMENTS)
    assert not merged.conflicts
    assert [row.values["scope"] for row in merged.records] == ["all", "east", "west"]
    other = [Row("", {**row.values, "outcome": "changed"}) for row in rows("west")]
    torn = merge_rows(base, [*base, *rows("west")], [*base, *other], schema=ASSESSMENTS)
    assert [conflict.what for conflict in torn.conflicts] == ["added on both sides"]


def test_equal_rows_without_ids_stay_as_many_as_they_are():
    row = Row(
        "", dict(zip(ASSESSMENTS.names, ("2017-07-01", "x", "partial", None, None), strict=True))
    )
    merged = merge_rows([row, row], [row, row], [row], schema=ASSESSMENTS)
    assert len(merged.records) == 1


@pytest.mark.parametrize("name", ["control/2017-08-02.geojson", "places.geojson", "changes.csv"])
def test_the_shipped_files_merge_with_themselves(shipped, name):
    from geo.layers.folder import schema_of

    data = (shipped / name).read_bytes()
    schema = schema_of(shipped / name, shipped)
    assert merge_bytes(data, data, data, schema=schema, file=name) == (data, ())


# --- differences


def test_a_difference_says_what_came_went_moved_and_changed():
    before = with_values(layer("aab"), "ctl-a", note="was")
    after = layer("acb")
    difference = compare_records(before, after)
    assert [f.id for f in difference.added] == ["ctl-c"]
    assert not difference.gone
    (change,) = difference.changed
    assert change.id == "ctl-a"
    assert change.values == (("note", "was", None),)
    assert change.moved_km2 == pytest.approx(change.before_km2 - change.after_km2)
    assert not compare_records(before, before)


def test_a_point_that_moved_says_how_far():
    def place(lat):
        return Feature("well", dict.fromkeys(PLACES.names) | {"id": "well"}, shapely.Point(37, lat))

    (change,) = compare_records([place(33)], [place(34)]).changed
    assert change.moved_km == pytest.approx(110.9, abs=0.05)
    (lost,) = compare_records([place(33)], [dataclasses.replace(place(33), geometry=None)]).changed
    assert lost.values[-1][0] == "geometry"


@pytest.mark.slow
def test_the_benchmark_of_merges_in_git_finds_nothing_lost():
    words = [sys.executable, "-m", "tests.benchmarks.merges", "--count", "4"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "| stopped without any conflict | 0 |" in run.stdout
