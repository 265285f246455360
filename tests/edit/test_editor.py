"""The editor's session and server: what is answered, to whom, and what is never lost."""

import json
import re
import shutil
import time
from itertools import chain, pairwise

import numpy as np
import pytest
import shapely
import strategies
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo import crs
from geo.check import check_folder
from geo.coverage import find_faults
from geo.edit.editor import cutting, parts
from geo.edit.editor.cutting import (
    cut_patches,
    enclosed_ids,
    join_patches,
    reshape_patches,
)
from geo.edit.editor.requests import ConflictError, RefusedError, RequestError
from geo.edit.editor.session import Session
from geo.errors import CoverageError, DateError, LayerError, SchemaError
from geo.evidence import MACHINE_NOTE
from geo.layers import files, patches_of
from geo.layers.folder import read_folder
from geo.model import CONTROL, EVENTS, Feature, parse_day

DAY = "2017-08-01"


# --- cutting and joining ----------------------------------------------------------


def coverage(seed, cells):
    """A study area, and patches that cover it once."""
    rng = np.random.default_rng(seed)
    area = strategies.outline(rng)
    shapes = strategies.partition(rng, area, cells)
    return area, [patch(f"ctl-{i}", shape) for i, shape in enumerate(shapes)]


def patch(name, shape, **values):
    properties = dict.fromkeys(CONTROL.names)
    properties |= {"id": name, "controller": "a", "status": "controlled", "basis": "reported"}
    return Feature(name, {**properties, "confidence": "high", **values}, shape)


def faults(area, features):
    return find_faults(area, patches_of(features))


def is_edge_matched(features):
    return shapely.coverage_is_valid([feature.geometry for feature in features])


def is_same_ground(one, other):
    """Whether two shapes differ by rounding only: nowhere by more than a step of the grid or so."""
    apart = shapely.symmetric_difference(one, other)
    return shapely.is_empty(shapely.buffer(apart, -0.75e-6))


anywhere = st.tuples(st.integers(36_900_000, 38_600_000), st.integers(32_900_000, 34_100_000)).map(
    lambda at: (at[0] / 1e6, at[1] / 1e6)
)
beside_a_corner = st.tuples(st.integers(0, 99), st.integers(-2, 2), st.integers(-2, 2))
"""Number of a corner of the borders, and steps of the grid off it: lines that nearly touch."""
lines = st.lists(st.one_of(anywhere, beside_a_corner), min_size=2, max_size=5, unique=True)
seeds = st.integers(0, 2**32 - 1)


def drawn(line, features):
    """The positions of a line, those beside corners resolved."""
    corners = shapely.get_coordinates([feature.geometry for feature in features])
    found = []
    for position in line:
        if len(position) == 3:
            number, dx, dy = position
            position = corners[number % len(corners)] + np.array([dx, dy]) * 1e-6
        found.append((round(float(position[0]), 6), round(float(position[1]), 6)))
    assume(len(set(found)) > 1)
    return found


def cut_up(seed, cells, line):
    """A study area, its patches, and the same after a cut that divides any of them."""
    area, before = coverage(seed, cells)
    try:
        return area, before, cut_patches(before, drawn(line, before), only=None, taken=())
    except CoverageError as refused:
        assert refused.issues[0].where
        reject()


@settings(max_examples=examples(40))
@given(seeds, st.integers(2, 9), lines)
@example(0, 2, [(36.9, 33.5), (38.6, 33.5)])  # through an island and across the main land
@example(3, 3, [(36.9, 32.9), (48, 0, -2)])  # two steps beside a sharp corner
@example(1, 3, [(37.0, 33.0), (38.0, 34.0)])  # from corner to corner of the study area
@example(2, 4, [(37.2, 33.2), (37.6, 33.2), (37.6, 33.6), (37.4, 33.1), (37.2, 33.2)])  # a knot
def test_a_cut_keeps_the_ground_the_ids_and_the_shared_borders(seed, cells, line):
    area, before, after = cut_up(seed, cells, line)
    assert faults(area, after.features) == []
    assert is_edge_matched(after.features)
    sizes = {f.id: crs.area_km2([f.geometry])[0] for f in after.features}
    assert sum(sizes.values()) == pytest.approx(sum(crs.area_km2([f.geometry for f in before])))
    assert len(sizes) == len(after.features) == len(before) + len(after.parent)
    for name, parent in after.parent.items():
        assert re.fullmatch("ctl-[0-9a-f]{8}", name)
        assert sizes[name] <= sizes[parent]
    for old, new in zip(before, after.features, strict=False):
        pieces = [f.geometry for f in after.features if after.parent.get(f.id) == old.id]
        together = shapely.union_all([new.geometry, *pieces])
        assert is_same_ground(together, old.geometry)


@settings(max_examples=20)
@given(seeds, st.integers(2, 9), st.lists(anywhere, min_size=2, max_size=5, unique=True))
@example(0, 3, [(36.9, 32.9), (37.939998, 34.052992)])
@example(4, 4, [(36.969193, 34.1), (38.331705, 33.064494)])  # at two degrees to a border
def test_new_corners_stand_only_where_something_is_divided(seed, cells, line):
    _, before, after = cut_up(seed, cells, line)
    known = set(map(tuple, shapely.get_coordinates([f.geometry for f in before])))
    origins = {}
    for feature in after.features:
        for at in set(map(tuple, shapely.get_coordinates(feature.geometry))):
            origins.setdefault(at, []).append(after.parent.get(feature.id, feature.id))
    dividing = [at for at, found in origins.items() if len(set(found)) < len(found)]
    new = shapely.points([at for at in origins if at not in known])
    together = run_together(line, before)
    assume(together < 1e-3)
    assert (shapely.distance(new, shapely.multipoints(dividing)) < together).all()


def run_together(line, features):
    """How far a line runs in the pixels of a border that it meets: a pixel by the sine there."""
    rings = [
        shapely.get_coordinates(part)
        for f in features
        for part in shapely.get_parts(shapely.boundary(f.geometry))
    ]
    ends = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    borders, least = shapely.linestrings(ends), 1.0
    for one, two in pairwise(np.array(line)):
        met = ends[shapely.dwithin(borders, shapely.LineString([one, two]), 1e-6)]
        (x, y), way = (met[:, 1] - met[:, 0]).T, two - one
        sine = abs(x * way[1] - y * way[0]) / np.hypot(x, y) / np.hypot(*way)
        least = min([least, *sine])
    return max(1e-5, 1.5e-6 / max(least, 1e-9))


@settings(max_examples=20)
@given(seeds, st.integers(2, 9), lines)
@example(0, 3, [(36.9, 32.9), (37.939998, 34.052992)])
def test_a_line_that_has_cut_cuts_nothing_more(seed, cells, line):
    _, before, after = cut_up(seed, cells, line)
    with pytest.raises(CoverageError, match="the line"):
        cut_patches(after.features, drawn(line, before), only=None, taken=())


@settings(max_examples=20)
@given(seeds, st.integers(2, 9), lines)
def test_pieces_join_to_what_they_were_cut_from(seed, cells, line):
    area, before, after = cut_up(seed, cells, line)
    joined = after.features
    for old in before:
        pieces = [name for name, parent in after.parent.items() if parent == old.id]
        if pieces:
            joined = join_patches(joined, [old.id, *pieces])
    assert faults(area, joined) == []
    assert is_edge_matched(joined)
    assert len(joined) == len(before)
    for old, new in zip(before, joined, strict=True):
        assert new.properties["controller"] == old.properties["controller"]
        assert is_same_ground(new.geometry, old.geometry)


SQUARE = patch("ctl-square", shapely.box(0, 0, 4, 4))
BESIDE = patch("ctl-beside", shapely.box(4, 0, 6, 4))


def test_the_larger_piece_keeps_the_id_and_both_the_properties():
    square = patch("ctl-square", shapely.box(0, 0, 4, 4), note="Why.", source_ids="wire-1")
    after = cut_patches([square, BESIDE], [(1, -1), (1, 5)], only="ctl-square", taken=())
    kept, beside, new = after.features
    assert kept.id == "ctl-square"
    assert kept.geometry.equals(shapely.box(1, 0, 4, 4))
    assert new.geometry.equals(shapely.box(0, 0, 1, 4))
    assert after.parent == {new.id: "ctl-square"}
    assert {**new.properties, "id": "ctl-square"} == square.properties
    assert beside is BESIDE


def test_a_cut_says_on_which_hand_of_the_line_each_piece_lies():
    north = cut_patches([SQUARE], [(1, -1), (1, 5)], only=None, taken=())
    (west,) = north.parent
    assert north.sides == {west: "left", "ctl-square": "right"}
    south = cut_patches([SQUARE], [(1, 5), (1, -1)], only=None, taken=())
    (west,) = south.parent
    assert south.sides == {west: "right", "ctl-square": "left"}
    # A hook: the ground between its arms lies on the left of both, what is outside on the right.
    hook = cut_patches([SQUARE], [(3, -1), (3, 3), (1, 3), (1, -1)], only=None, taken=())
    (between,) = hook.parent
    assert hook.sides == {between: "left", "ctl-square": "right"}


def test_the_neighbour_takes_up_the_corner_where_a_cut_meets_it():
    after = cut_patches([SQUARE, BESIDE], [(-1, 1), (5, 1)], only="ctl-square", taken=())
    beside = after.features[1]
    assert (4.0, 1.0) in beside.geometry.exterior.coords
    assert beside.geometry.equals(BESIDE.geometry)
    # The loose end of the line, inside the neighbour, is gone.
    assert (5.0, 1.0) not in beside.geometry.exterior.coords


def test_only_the_chosen_patch_is_cut():
    after = cut_patches([SQUARE, BESIDE], [(-1, 1), (7, 1)], only="ctl-beside", taken=())
    assert set(after.parent.values()) == {"ctl-beside"}
    assert set(
        cut_patches([SQUARE, BESIDE], [(-1, 1), (7, 1)], only=None, taken=()).parent.values()
    ) == {
        "ctl-square",
        "ctl-beside",
    }


def test_a_ring_inside_a_patch_cuts_out_an_island():
    ring = [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]
    after = cut_patches([SQUARE], ring, only="ctl-square", taken=())
    assert after.features[0].geometry.equals(shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 2, 2))
    assert after.features[1].geometry.equals(shapely.box(1, 1, 2, 2))


def test_parts_that_the_line_does_not_touch_stay_with_the_id():
    two = patch(
        "ctl-two", shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(9, 0, 10, 1)])
    )
    after = cut_patches([two], [(1, -1), (1, 5)], only=None, taken=())
    assert after.features[0].geometry.area == 13
    assert after.features[1].geometry.area == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([(-1, 2), (2, 2)], "ends inside ctl-square"),
        ([(2, 2), (-1, 2)], "ends inside ctl-square"),
        ([(-1, 9), (9, 9)], "does not cross any patch"),
        ([(0, -1), (0, 5)], "does not cross any patch"),
    ],
    ids=["ends-inside", "begins-inside", "outside", "along-the-border"],
)
def test_a_line_that_divides_nothing_is_refused_with_the_place(line, message):
    with pytest.raises(CoverageError, match=message) as refused:
        cut_patches([SQUARE, BESIDE], line, only=None, taken=())
    assert refused.value.issues[0].where in {tuple(map(float, at)) for at in line}


def test_patches_that_overlap_are_not_cut():
    with pytest.raises(CoverageError, match="overlap here") as refused:
        cut_patches(
            [SQUARE, patch("ctl-b", shapely.box(3, 0, 6, 4))],
            [(-1, 2), (7, 2)],
            only=None,
            taken=(),
        )
    x, y = refused.value.issues[0].where
    assert 3 < x < 4
    assert 0 < y < 4


def test_a_line_along_a_border_makes_no_sliver():
    # From the middle of the border between the two a step of the grid to its side, then away.
    line = [(4, -1), (4.000001, 2), (5, 2), (5, 5)]
    after = cut_patches([SQUARE, BESIDE], line, only=None, taken=())
    assert set(after.parent.values()) == {"ctl-beside"}
    assert len(after.features) == 3
    assert faults(shapely.box(0, 0, 6, 4), after.features) == []
    assert min(f.geometry.area for f in after.features) > 1


def test_a_new_patch_never_gets_an_id_that_is_taken(monkeypatch):
    monkeypatch.setattr(cutting.secrets, "token_bytes", lambda _: b"always the same")
    first = cut_patches([SQUARE], [(1, -1), (1, 5)], only=None, taken=())
    (taken,) = first.parent
    second = cut_patches([SQUARE], [(1, -1), (1, 5)], only=None, taken={taken})
    assert taken not in second.parent


def test_a_joined_patch_keeps_what_each_said():
    left = patch("ctl-left", shapely.box(0, 0, 1, 1), source_ids="s-1;s-2", note="Left.")
    right = patch("ctl-right", shapely.box(1, 0, 3, 1), source_ids="s-2;s-3", note="Right.")
    (one,) = join_patches([left, right], ["ctl-left", "ctl-right"])
    assert one.id == "ctl-right"
    assert one.geometry.equals(shapely.box(0, 0, 3, 1))
    assert one.properties["source_ids"] == "s-2;s-3;s-1"
    assert one.properties["note"] == "Right. Left."


@pytest.mark.parametrize("name", ["controller", "status", "basis", "confidence", "controllers"])
def test_patches_that_say_different_things_are_not_joined(name):
    other = patch("ctl-other", shapely.box(4, 0, 6, 4), **{name: "x"})
    with pytest.raises(CoverageError, match=f"differ in {name} "):
        join_patches([SQUARE, other], ["ctl-square", "ctl-other"])
    # Nor where one of them says nothing.
    silent = patch("ctl-other", shapely.box(4, 0, 6, 4), **{name: None})
    loud = patch("ctl-square", shapely.box(0, 0, 4, 4), **{name: "x"})
    with pytest.raises(CoverageError, match=f"differ in {name} "):
        join_patches([loud, silent], ["ctl-square", "ctl-other"])


def test_one_patch_or_a_strange_one_cannot_be_joined():
    with pytest.raises(CoverageError, match="two or more"):
        join_patches([SQUARE, BESIDE], ["ctl-square", "ctl-square"])
    with pytest.raises(CoverageError, match="no patch ctl-gone"):
        join_patches([SQUARE, BESIDE], ["ctl-square", "ctl-gone"])


# --- a stretch drawn anew, ground inside a line


def by_id(features):
    return {feature.id: feature.geometry for feature in features}


def test_the_new_stretch_stands_where_the_old_one_was():
    # Into the neighbour, then into the patch itself; the first touches the border at both ends.
    for patch_id in ("ctl-square", "ctl-beside"):
        after = by_id(
            reshape_patches(
                [SQUARE, BESIDE], [(4, 1), (5, 1), (5, 3), (4, 3)], patch=patch_id, taken=()
            )
        )
        assert after["ctl-square"].equals(SQUARE.geometry.union(shapely.box(4, 1, 5, 3)))
        assert after["ctl-beside"].equals(BESIDE.geometry - shapely.box(4, 1, 5, 3))
    after = by_id(
        reshape_patches(
            [SQUARE, BESIDE], [(5, 1), (3, 1), (3, 3), (5, 3)], patch="ctl-square", taken=()
        )
    )
    assert after["ctl-square"].equals(SQUARE.geometry - shapely.box(3, 1, 4, 3))
    assert after["ctl-beside"].equals(BESIDE.geometry.union(shapely.box(3, 1, 4, 3)))


def test_a_line_over_the_border_gives_and_takes():
    line = [(4, 0.5), (5, 0.5), (5, 2), (3, 2), (3, 3.5), (4, 3.5)]
    after = by_id(reshape_patches([SQUARE, BESIDE], line, patch="ctl-square", taken=()))
    gained, lost = shapely.box(4, 0.5, 5, 2), shapely.box(3, 2, 4, 3.5)
    assert after["ctl-square"].equals(SQUARE.geometry.union(gained) - lost)
    assert after["ctl-beside"].equals(BESIDE.geometry.union(lost) - gained)
    assert set(after) == {"ctl-square", "ctl-beside"}


@pytest.mark.parametrize(
    ("line", "name", "said"),
    [
        ([(-1, 2), (1, 2), (1, 3), (-1, 3)], "ctl-square", "beside no other"),
        ([(7, 1), (5.5, 1), (5.5, 2), (7, 2)], "ctl-square", "not lie beside ctl-square"),
        ([(4, 1), (5, 1)], "ctl-square", "ends inside|does not cross"),
        ([(4, 1), (5, 1), (5, 3), (4, 3)], "ctl-none", "no patch ctl-none"),
    ],
)
def test_a_stretch_that_parts_nothing_between_neighbours_is_refused(line, name, said):
    with pytest.raises(CoverageError, match=said):
        reshape_patches([SQUARE, BESIDE], line, patch=name, taken=())


@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(2, 9), line=lines, pick=st.integers(0, 8))
@settings(max_examples=examples(60), deadline=None)
def test_reshaping_keeps_all_ground_and_makes_no_patch(seed, cells, line, pick):
    area, before = coverage(seed, cells)
    name = before[pick % len(before)].id
    try:
        after = reshape_patches(before, drawn(line, before), patch=name, taken=())
    except (CoverageError, ValueError):
        return
    assert {feature.id for feature in after} <= {feature.id for feature in before}
    assert is_edge_matched(after)
    assert [f for f in faults(area, after) if f.kind != "sliver"] == []


def test_only_what_a_closed_line_holds_is_inside():
    ring = [(-1, -1), (4.5, -1), (4.5, 5), (-1, 5), (-1, -1)]
    assert enclosed_ids([SQUARE, BESIDE], ring) == ["ctl-square"]
    assert enclosed_ids([SQUARE, BESIDE], ring[:-1]) == []
    assert enclosed_ids([patch("ctl-empty", None)], ring) == []


def test_every_note_of_the_shipped_drafts_is_known_as_one_and_no_word_of_a_person(shipped):
    folder = read_folder(shipped)
    notes = [str(f.properties["note"]) for layer in folder.control.values() for f in layer.features]
    assert len(notes) > 300
    assert all(re.match(MACHINE_NOTE, note) for note in notes)
    for own in ("Assessed by hand.", "Likely theirs: a spokesman says so.", "Contested.", ""):
        assert not re.match(MACHINE_NOTE, own)


# --- a session --------------------------------------------------------------------


@pytest.fixture
def session(small):
    return Session(small, parse_day(DAY), today=lambda: parse_day("2017-09-01"))


@pytest.fixture
def copied(shipped, tmp_path):
    """The layers of the case, in a folder of their own."""
    return shutil.copytree(shipped, tmp_path / "copied", ignore=shutil.ignore_patterns(".*"))


def snapshot(folder):
    every = (p for p in folder.rglob("*") if p.is_file() and ".frontline" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in every}


def records(state, part):
    return state[part]["rows" if part == "changes" else "features"]


def saved(state, *names, **changed):
    """What the page sends to save some parts, as they are or changed."""
    sent = {"date": state["date"]}
    for part in (*names, *changed):
        key = "rows" if part == "changes" else "features"
        found = changed.get(part, records(state, part))
        sent[part] = {"etag": state[part]["etag"], key: found}
    return json.loads(json.dumps(sent))


def changed(state, part, name, **values):
    """The records of a part, one of them with other values."""
    found = json.loads(json.dumps(records(state, part)))
    one = [r for r in found if (r if part == "changes" else r["properties"])["id"] == name]
    (one[0] if part == "changes" else one[0]["properties"]).update(values)
    return found


def without(state, name):
    return [f for f in records(state, "control") if f["properties"]["id"] != name]


def test_the_state_tells_all_that_the_page_shows(session, small):
    state = session.state()
    assert state["theatre"]["id"] == "small"
    assert state["theatre"]["area"]["type"] == "Polygon"
    assert (state["date"], state["previous"]) == (DAY, "2017-07-01")
    assert state["dates"] == ["2017-07-01", DAY]
    assert session.state("2017-07-01")["previous"] is None
    ids = [f["properties"]["id"] for f in records(state, "control")]
    assert ids == ["ctl-east", "ctl-mid", "ctl-void", "ctl-west"]
    on_disk = json.loads((small / "control" / f"{DAY}.geojson").read_text())
    assert {json.dumps(f["properties"]) for f in on_disk["features"]} == {
        json.dumps(f["properties"]) for f in records(state, "control")
    }
    assert len(records(state, "events")) == 2
    assert [row["id"] for row in records(state, "changes")] == ["chg-east", "chg-mid"]
    assert state["control"]["etag"] == files.digest(
        (small / "control" / f"{DAY}.geojson").read_bytes()
    )
    assert state["journal"] is None
    json.dumps(state)


def test_the_lists_are_those_of_the_model_and_of_the_tables(session):
    lists = session.state()["lists"]
    guard = next(one for one in lists["controllers"] if one["id"] == "blue-guard")
    assert (guard["side"], guard["color"]) == ("blue", "#314482")
    assert [side["id"] for side in lists["sides"]] == ["blue", "red"]
    assert [source["id"] for source in lists["sources"]] == ["wire-1"]
    # ACLED's codebook: which sub-event type belongs to which event type.
    types = lists["event_types"]
    assert tuple(chain(*types.values())) == EVENTS.column("sub_event_type").choices
    assert tuple(types) == EVENTS.column("event_type").choices
    assert types["Battles"][-1] == "Armed clash"
    assert types["Explosions/Remote violence"][0] == "Chemical weapon"
    assert types["Explosions/Remote violence"][-1] == "Grenade"
    assert types["Violence against civilians"][0] == "Sexual violence"
    assert types["Protests"][0] == "Peaceful protest"
    assert types["Riots"] == ("Violent demonstration", "Mob violence")
    assert types["Strategic developments"][0] == "Agreement"


def test_the_columns_are_served_as_the_model_has_them(session):
    columns = json.loads(json.dumps(session.state()["columns"]))
    assert [c["name"] for c in columns["events"]] == list(EVENTS.names)
    status = next(c for c in columns["control"] if c["name"] == "status")
    assert status["choices"] == list(CONTROL.column("status").choices)
    assert set(columns) == {"control", "events", "places", "changes"}


@pytest.mark.parametrize("date", ["2017-07-15", "2017-13-01", "../2017-08-01", "", "1e3"])
def test_only_dates_with_a_layer_are_answered(session, date):
    with pytest.raises(DateError):
        session.state(date)
    with pytest.raises(DateError):
        session.check({"date": date})


def test_a_theatre_without_layers_cannot_be_edited(small):
    shutil.rmtree(small / "control")
    with pytest.raises(DateError, match="no control layer"):
        Session(small)


def test_saving_what_nobody_edited_leaves_every_byte(copied):
    session, before = Session(copied), snapshot(copied)
    for date in session.state()["dates"][::3]:
        sent = saved(session.state(date), "control", "events", "places", "changes")
        assert session.save(sent)["summary"] == {"lines": ["nothing changed; no file was written"]}
    assert snapshot(copied) == before


def test_edits_taken_back_give_the_first_bytes_again(copied):
    session, before = Session(copied, parse_day("2017-07-31")), snapshot(copied)
    first = session.state()
    name = records(first, "control")[0]["properties"]["id"]
    edited = session.save(saved(first, control=changed(first, "control", name, note="Edited.")))
    assert snapshot(copied) != before
    back = {**first, "control": {**first["control"], "etag": edited["etags"]["control"]}}
    session.save(saved(back, "control"))
    assert snapshot(copied) == before


def test_a_save_changes_only_the_lines_it_means_to(copied):
    session, before = Session(copied, parse_day("2017-07-31")), snapshot(copied)
    state = session.state()
    name = records(state, "control")[3]["properties"]["id"]
    session.save(saved(state, "events", control=changed(state, "control", name, note="Why.")))
    after = snapshot(copied)
    assert {path for path in after if after[path] != before[path]} == {"control/2017-07-31.geojson"}
    old, new = (s["control/2017-07-31.geojson"].splitlines() for s in (before, after))
    assert [line for one, line in zip(old, new, strict=True) if one != line] == [
        b'  "note": "Why."'
    ]


def test_a_save_says_what_changed(session):
    state = session.state()
    features = changed(state, "control", "ctl-mid", controller="red")
    answer = session.save(saved(state, control=features))
    assert answer["summary"]["control"] == {"added": [], "gone": [], "changed": ["ctl-mid"]}
    assert answer["summary"]["lines"] == [
        f"control/{DAY}.geojson:",
        "  ctl-mid: controller blue-guard to red",
    ]
    assert answer["etags"] == session.etags(DAY)


def test_what_a_person_wrote_beside_the_features_stays(session, small):
    path = small / "control" / f"{DAY}.geojson"
    whole = json.loads(path.read_text())
    whole["copyright"] = {"text": "Theirs.", "year": 2017}
    whole["features"][0]["properties"]["seen_by"] = "A. N. Other"
    path.write_text(json.dumps(whole))
    state = session.state()
    session.save(saved(state, control=changed(state, "control", "ctl-mid", note="Mine.")))
    after = json.loads(path.read_text())
    assert after["copyright"] == {"text": "Theirs.", "year": 2017}
    by_id = {f["properties"]["id"]: f["properties"] for f in after["features"]}
    assert by_id["ctl-west"]["seen_by"] == "A. N. Other"
    assert by_id["ctl-mid"]["note"] == "Mine."


def test_an_event_goes_into_the_file_of_its_month(session, small):
    state = session.state()
    events = changed(state, "events", "evt-b", event_date="2017-09-03")
    session.save(saved(state, events=events))
    september = json.loads((small / "events" / "2017-09.geojson").read_text())
    assert [f["properties"]["id"] for f in september["features"]] == ["evt-b"]
    july = json.loads((small / "events" / "2017-07.geojson").read_text())
    assert [f["properties"]["id"] for f in july["features"]] == ["evt-a"]
    assert [f["properties"]["id"] for f in records(session.state(), "events")] == ["evt-a", "evt-b"]


def test_the_files_of_other_months_are_not_touched(session, small):
    state, before = session.state(), snapshot(small)
    new = json.loads(json.dumps(records(state, "events")[0]))
    new["properties"] |= {"id": "evt-new", "event_date": "2017-06-30", "end_date": None}
    session.save(saved(state, events=[*records(state, "events"), new]))
    after = snapshot(small)
    assert set(after) - set(before) == {"events/2017-06.geojson"}
    assert {path: after[path] for path in before} == before


def test_a_place_and_a_row_of_the_ledger_are_saved(session, small):
    state = session.state()
    places = changed(state, "places", "mid_well", note="Moved.")
    rows = changed(state, "changes", "chg-mid", note="Seen.")
    session.save(saved(state, places=places, changes=rows))
    folder = read_folder(small)
    assert folder.places["mid_well"].properties["note"] == "Moved."
    assert folder.rows("changes")["chg-mid"].values["note"] == "Seen."


def test_a_gap_is_refused_with_its_place_and_nothing_is_written(session, small):
    state, before = session.state(), snapshot(small)
    with pytest.raises(RefusedError) as refused:
        session.save(saved(state, "places", control=without(state, "ctl-void")))
    (issue,) = refused.value.issues
    assert issue.code == "layer.gap"
    assert shapely.box(37.6, 33.8, 38, 34).contains(shapely.Point(issue.where))
    assert snapshot(small) == before


def test_a_crossing_border_is_refused_with_its_place(session, small):
    state, before = session.state(), snapshot(small)
    features = json.loads(json.dumps(records(state, "control")))
    ring = features[0]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    with pytest.raises(RefusedError) as refused:
        session.save(saved(state, control=features))
    issue = refused.value.issues[0]
    assert issue.code == "geom.self_intersection"
    assert issue.ids == ("ctl-east",)
    assert shapely.box(37.6, 33, 38, 33.8).intersects(shapely.Point(issue.where))
    assert snapshot(small) == before


@pytest.mark.parametrize(
    ("part", "name", "values", "code"),
    [
        ("control", "ctl-mid", {"controller": "nobody"}, "reference.dangling"),
        ("control", "ctl-mid", {"status": "unknown"}, "control.axes"),
        ("control", "ctl-mid", {"status": "held"}, "choice.unknown"),
        ("events", "evt-a", {"place_id": "nowhere"}, "reference.dangling"),
        ("events", "evt-a", {"event_date": "31.07.2017"}, "date.format"),
        ("changes", "chg-mid", {"to_date": "2017-06-01"}, "date.order"),
        ("changes", "chg-mid", {"kind": None}, "props.required"),
    ],
)
def test_what_could_not_be_read_again_is_refused(session, small, part, name, values, code):
    state, before = session.state(), snapshot(small)
    with pytest.raises(RefusedError) as refused:
        session.save(saved(state, **{part: changed(state, part, name, **values)}))
    assert code in {issue.code for issue in refused.value.issues}
    assert snapshot(small) == before


def test_faults_of_other_files_do_not_stop_a_save(session, small):
    path = small / "control" / "2017-07-01.geojson"
    whole = json.loads(path.read_text())
    whole["features"].pop()
    path.write_text(json.dumps(whole))
    state = session.state()
    assert any(i["code"] == "layer.gap" and not i["new"] for i in session.check({})["issues"])
    session.save(saved(state, control=changed(state, "control", "ctl-mid", note="Fine.")))
    assert read_folder(small).control[parse_day(DAY)].features[1].properties["note"] == "Fine."


def test_a_save_of_several_files_is_all_or_nothing(session, small):
    state, before = session.state(), snapshot(small)
    (small / "changes.csv").chmod(0o444)
    sent = saved(
        state,
        control=changed(state, "control", "ctl-mid", note="New."),
        events=changed(state, "events", "evt-b", event_date="2017-09-03"),
        changes=changed(state, "changes", "chg-mid", note="New."),
    )
    with pytest.raises(LayerError, match="write-protected"):
        session.save(sent)
    assert snapshot(small) == before
    (small / "changes.csv").chmod(0o644)
    session.save(sent)
    assert "New." in (small / "changes.csv").read_text()


def test_a_link_out_of_the_folder_is_not_followed(small, tmp_path):
    outside = tmp_path / "layers-elsewhere"
    outside.mkdir()
    path = small / "control" / f"{DAY}.geojson"
    path.rename(outside / path.name)
    path.symlink_to(outside / path.name)
    with pytest.raises(SchemaError, match="out of the layers folder"):
        Session(small)


def test_a_change_on_disk_is_merged_but_not_written(session, small):
    first = session.state()
    other = Session(small, parse_day(DAY))
    other.save(saved(first, control=changed(first, "control", "ctl-west", note="Theirs.")))
    before = snapshot(small)
    sent = saved(first, control=changed(first, "control", "ctl-mid", note="Mine."))
    with pytest.raises(ConflictError) as found:
        session.save(sent)
    assert snapshot(small) == before
    answer = found.value.answer
    assert answer["conflicts"] == []
    assert answer["etags"] == session.etags(DAY)
    notes = {f["properties"]["id"]: f["properties"]["note"] for f in answer["merged"]["control"]}
    assert (notes["ctl-west"], notes["ctl-mid"]) == ("Theirs.", "Mine.")
    sent["control"] = {
        "etag": answer["etags"]["control"],
        "features": json.loads(json.dumps(answer["merged"]["control"])),
    }
    session.save(sent)
    by_id = {
        f.id: f.properties["note"] for f in read_folder(small).control[parse_day(DAY)].features
    }
    assert (by_id["ctl-west"], by_id["ctl-mid"]) == ("Theirs.", "Mine.")


def test_what_both_changed_is_a_conflict_that_shows_both(session, small):
    first = session.state()
    other = Session(small)
    other.save(saved(first, control=changed(first, "control", "ctl-mid", controller="red")))
    sent = saved(first, control=changed(first, "control", "ctl-mid", controller="blue"))
    with pytest.raises(ConflictError) as found:
        session.save(sent)
    (conflict,) = found.value.answer["conflicts"]
    assert (conflict["layer"], conflict["id"]) == ("control", "ctl-mid")
    assert conflict["mine"]["properties"]["controller"] == "blue"
    assert conflict["theirs"]["properties"]["controller"] == "red"
    json.dumps(found.value.answer)


def test_where_nobody_knows_what_edits_began_with_every_difference_is_a_conflict(session):
    state = session.state()
    sent = saved(state, control=changed(state, "control", "ctl-mid", note="Mine."))
    sent["control"]["etag"] = "0" * 64
    with pytest.raises(ConflictError) as found:
        session.save(sent)
    answer = found.value.answer
    assert {conflict["id"] for conflict in answer["conflicts"]} == {"ctl-mid"}
    notes = {f["properties"]["id"]: f["properties"]["note"] for f in answer["merged"]["control"]}
    assert notes["ctl-mid"] == "Mine."
    assert len(notes) == 4


def test_rows_that_both_added_are_both_there_after_the_merge(session, small):
    first = session.state()
    row = {**records(first, "changes")[0], "place_ids": None, "note": "One."}
    mine = [*records(first, "changes"), {**row, "id": "chg-mine"}]
    theirs = [*records(first, "changes"), {**row, "id": "chg-theirs"}]
    Session(small).save(saved(first, changes=theirs))
    with pytest.raises(ConflictError) as found:
        session.save(saved(first, changes=mine))
    ids = {row["id"] for row in found.value.answer["merged"]["changes"]}
    assert ids >= {"chg-mine", "chg-theirs"}


def test_a_file_that_vanished_is_a_conflict_not_a_loss(session, small):
    state = session.state()
    (small / "events" / "2017-07.geojson").unlink()
    with pytest.raises(ConflictError):
        session.save(saved(state, events=changed(state, "events", "evt-a", notes="Mine.")))
    assert not (small / "events" / "2017-07.geojson").exists()


def test_a_save_between_the_check_and_the_write_is_noticed(session, small, monkeypatch):
    state = session.state()
    path, layered = small / "control" / f"{DAY}.geojson", parts.dump_files
    theirs = path.read_text().replace('"note": null', '"note": "In between."', 1).encode()
    calls = []

    def late(*words):
        yield from layered(*words)
        if not calls:
            path.write_bytes(theirs)
        calls.append(words)

    monkeypatch.setattr(parts, "dump_files", late)
    with pytest.raises(ConflictError):
        session.save(saved(state, control=changed(state, "control", "ctl-mid", note="Mine.")))
    assert path.read_bytes() == theirs


def test_a_save_needs_the_etag_that_was_read(session, small):
    state, before = session.state(), snapshot(small)
    sent = saved(state, control=changed(state, "control", "ctl-mid", note="Mine."))
    del sent["control"]["etag"]
    with pytest.raises(RequestError, match="etag"):
        session.save(sent)
    sent["control"] = sent["control"]["features"]
    with pytest.raises(RequestError, match="etag"):
        session.save(sent)
    assert snapshot(small) == before


def test_the_check_of_the_layers_as_they_are_is_that_of_the_command(copied):
    session = Session(copied)
    state = session.state()
    answer = session.check(
        {part: records(state, part) for part in ("control", "events", "places", "changes")}
    )
    told = {(i["code"], i["message"]) for i in answer["issues"]}
    assert told == {(i.code, i.message) for i in check_folder(read_folder(copied))}
    assert not any(issue["new"] for issue in answer["issues"])


def test_the_check_tells_what_is_new_first_and_where(session):
    state = session.state()
    issues = session.check({"control": without(state, "ctl-void")})["issues"]
    assert (issues[0]["code"], issues[0]["new"]) == ("layer.gap", True)
    assert shapely.box(37.6, 33.8, 38, 34).contains(shapely.geometry.shape(issues[0]["where"]))


def test_one_part_that_cannot_be_read_does_not_hide_the_others(session):
    state = session.state()
    events = changed(state, "events", "evt-a", event_date="soon")
    issues = session.check({"control": without(state, "ctl-void"), "events": events})["issues"]
    assert {"layer.gap", "date.format"} <= {issue["code"] for issue in issues}


def test_a_crossing_border_is_told_with_its_place(session):
    state = session.state()
    features = json.loads(json.dumps(records(state, "control")))
    ring = features[0]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    issue = session.check({"control": features})["issues"][0]
    assert issue["code"] == "geom.self_intersection"
    assert issue["ids"] == ["ctl-east"]
    assert issue["where"]["type"] == "Point"


def test_a_change_needs_a_row_and_the_draft_of_it_explains_it(session):
    state = session.state()
    rows = [row for row in records(state, "changes") if row["id"] != "chg-mid"]
    answer = session.changes({"control": records(state, "control"), "rows": rows})
    (piece,) = [p for p in answer["pieces"] if not p["change_ids"]]
    assert (piece["from"], piece["to"], piece["place_ids"]) == ("red", "blue-guard", ("mid_well",))
    assert piece["area_km2"] == pytest.approx(
        float(crs.area_km2([shapely.box(37.5, 33, 37.6, 34)])[0]), rel=1e-6
    )
    (draft,) = answer["drafts"]
    assert (draft["from_date"], draft["to_date"]) == ("2017-07-01", DAY)
    assert draft["recorded_at"] == "2017-09-01"
    again = session.changes({"control": records(state, "control"), "rows": [*rows, draft]})
    assert all(p["change_ids"] for p in again["pieces"])
    assert again["drafts"] == []


def test_an_edit_of_a_layer_in_the_middle_changes_both_its_spans(copied):
    session = Session(copied, parse_day("2017-07-31"))
    pieces = session.changes({"control": records(session.state(), "control")})["pieces"]
    assert {(p["from_date"], p["to_date"]) for p in pieces} == {
        ("2017-07-14", "2017-07-31"),
        ("2017-07-31", "2017-08-02"),
    }


def test_a_cut_of_the_page_is_saved_as_it_came(session, small):
    state = session.state()
    sent = {"features": records(state, "control"), "line": [[36.9, 33.25], [37.55, 33.25]]}
    with pytest.raises(CoverageError, match="ends inside ctl-mid"):
        session.cut({**sent, "id": "ctl-mid"})
    cut = session.cut({**sent, "id": "ctl-west"})
    (new,) = cut["created"]
    assert cut["parent"] == {new: "ctl-west"}
    assert len(cut["features"]) == 5
    session.save(saved(state, control=cut["features"]))
    shapes = [f.geometry for f in read_folder(small).control[parse_day(DAY)].features]
    assert shapely.coverage_is_valid(shapes)
    joined = session.merge({"features": cut["features"], "ids": ["ctl-west", new]})
    assert len(joined["features"]) == 4


@pytest.mark.parametrize(
    "line",
    [
        None,
        "37,33",
        [],
        [[37, 33]],
        [[37, 33], [37, 33]],
        [[37, 33], [38]],
        [["37", "33"], [38, 34]],
        [[37, 33], [200, 33]],
        [[37, 33], [True, 33]],
        [[37, 33], [float("nan"), 1]],
    ],
)
def test_a_line_that_is_none_is_refused(session, line):
    with pytest.raises(RequestError):
        session.cut({"features": records(session.state(), "control"), "line": line})


@pytest.mark.parametrize(
    "sent",
    [
        {"control": {"features": 3}},
        {"control": 3},
        {"control": ["ctl-west"]},
        {"control": {"etag": "x"}},
        {"changes": [{"id": "chg-mid", "note": {"deep": 1}}]},
        {"changes": [{"id": "chg-mid", "note": 1.5}]},
        {"control": [{}] * 20_001},
        {"date": 3},
    ],
)
def test_what_is_no_list_of_records_is_refused(session, sent):
    with pytest.raises(RequestError):
        session.check(sent)


def test_the_journal_gives_back_what_was_sent(session, small):
    edits = {"date": DAY, "anything": ["at", {"all": None}], "ar": "البئر"}
    session.keep_journal({"edits": edits})
    journal = Session(small).state()["journal"]
    assert journal["edits"] == edits
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", journal["saved_at"])
    session.keep_journal({"edits": None})
    assert Session(small).state()["journal"] is None


def test_the_journal_is_hidden_from_git_and_from_the_layers(session, small):
    session.keep_journal({"edits": 1})
    assert (small / ".frontline" / ".gitignore").read_text() == "*\n"
    assert read_folder(small).issues == read_folder(small).issues
    assert not [p for p in read_folder(small).digests if ".frontline" in p]


def test_a_save_forgets_the_journal_of_its_tab_only(session):
    session.keep_journal({"edits": "a", "tab": "a"})
    session.keep_journal({"edits": "b", "tab": "b"})
    state = session.state(tab="a")
    assert state["journal"]["edits"] == "a"
    session.save({**saved(state, "control"), "tab": "a"})
    assert session.state(tab="a")["journal"] is None
    assert session.state(tab="b")["journal"]["edits"] == "b"


def test_the_journal_of_an_open_tab_is_not_offered_to_another(session, small, monkeypatch):
    session.keep_journal({"edits": "a", "tab": "a"})
    assert session.state(tab="b")["journal"] is None
    # After a crash nobody is open, and the newest one is offered.
    assert Session(small).state(tab="b")["journal"]["tab"] == "a"
    later = time.monotonic() + 200
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert session.state(tab="b")["journal"]["tab"] == "a"


@pytest.mark.parametrize("tab", ["../a", "a/b", "a.b", "é", "a" * 33, "\0", 3])
def test_a_tab_cannot_name_a_file_elsewhere(session, tab):
    with pytest.raises(RequestError, match="letters and digits"):
        session.keep_journal({"edits": 1, "tab": tab})
    with pytest.raises(RequestError):
        session.save({"tab": tab})


def test_edits_can_be_merged_even_after_a_crash(session, small):
    first = session.state()
    mine = changed(first, "control", "ctl-mid", note="Mine.")
    etags = {part: first[part]["etag"] for part in ("control", "events")}
    session.keep_journal({"edits": {"date": DAY, "etags": etags, "control": mine}})
    del session
    other = Session(small)
    other.save(
        {**saved(first, control=changed(first, "control", "ctl-west", note="Theirs.")), "tab": "x"}
    )
    again = Session(small, parse_day(DAY))
    edits = again.state()["journal"]["edits"]
    with pytest.raises(ConflictError) as found:
        again.save({"control": {"etag": edits["etags"]["control"], "features": edits["control"]}})
    answer = found.value.answer
    assert answer["conflicts"] == []
    notes = {f["properties"]["id"]: f["properties"]["note"] for f in answer["merged"]["control"]}
    assert (notes["ctl-west"], notes["ctl-mid"]) == ("Theirs.", "Mine.")


def test_what_is_kept_again_after_a_crash_still_has_its_base(session, small):
    first = session.state()
    edits = {
        "date": DAY,
        "etags": {"control": first["control"]["etag"]},
        "control": changed(first, "control", "ctl-mid", note="Mine."),
    }
    session.keep_journal({"edits": edits, "tab": "a"})
    other = Session(small)
    theirs = changed(first, "control", "ctl-west", note="Theirs.")
    other.save({**saved(first, control=theirs), "tab": "x"})
    for tab, before in (("b", "a"), ("c", "b")):
        again = Session(small)
        edits = again.state(tab=tab)["journal"]["edits"]
        # As the page does: its own journal first, then the other is forgotten.
        again.keep_journal({"edits": edits, "tab": tab})
        again.keep_journal({"edits": None, "tab": before})
    with pytest.raises(ConflictError) as found:
        again.save({"control": {"etag": edits["etags"]["control"], "features": edits["control"]}})
    assert found.value.answer["conflicts"] == []


def test_a_base_that_no_journal_has_is_found_among_the_backups(session, small):
    first = session.state()
    Session(small).save(saved(first, control=changed(first, "control", "ctl-west", note="Theirs.")))
    sent = {"control": changed(first, "control", "ctl-mid", note="Mine.")}
    with pytest.raises(ConflictError) as found:
        Session(small).save(saved(first, **sent))
    assert found.value.answer["conflicts"] == []
    assert "not committed" in found.value.answer["by"]["control"]


def test_a_journal_folder_that_leads_elsewhere_is_not_used(session, small, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (small / ".frontline").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SchemaError, match="plain folder"):
        session.keep_journal({"edits": 1})
    assert session.state()["journal"] is None
    assert not list((tmp_path / "elsewhere").iterdir())
