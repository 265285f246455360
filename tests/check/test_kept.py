"""What is kept of a long series between commands says what looking at all of it says."""

import dataclasses
import datetime as dt
import random

import numpy as np
import pytest
import shapely
from thoroughness import examples, in_a_night

from geo.check import check_folder
from geo.errors import LayerError
from geo.layers import geojson, kept
from geo.layers.cache import cache_key
from geo.layers.folder import read_folder
from geo.model import CONTROL, Feature
from tests.benchmarks import merges

FIRST = dt.date(2017, 7, 1)
DATES = [FIRST + dt.timedelta(days=i) for i in range(16)]


@pytest.fixture
def series(small, tmp_path, monkeypatch):
    """The little theatre with sixteen layers, and a cache of its own."""
    monkeypatch.setenv("FRONTLINE_CACHE", str(tmp_path / "cache"))
    kept._kept.cache_clear()
    rng = np.random.default_rng(3)
    layer = merges.layer(rng, 8)
    for one in layer.values():
        who = str(rng.choice(["red", "blue"]))
        one.properties.update(controller=who, source_ids=None, statement_ids=None)
    for path in (small / "control").iterdir():
        path.unlink()
    for day in DATES:
        name = str(rng.choice(sorted(layer)))
        who = "red" if layer[name].properties["controller"] == "blue" else "blue"
        values = {**layer[name].properties, "controller": who}
        layer = {**layer, name: dataclasses.replace(layer[name], properties=values)}
        write(small, day, layer.values())
    yield small
    kept._kept.cache_clear()


def path_of(root, day):
    return root / "control" / f"{day}.geojson"


def write(root, day, features):
    path_of(root, day).write_bytes(geojson.dump_geojson(list(features), schema=CONTROL))


def found(root, *, cached, monkeypatch):
    """All that is said of a folder, by a program that begins anew."""
    kept._kept.cache_clear()
    with monkeypatch.context() as patch:
        if not cached:
            patch.setenv("FRONTLINE_CACHE", "off")
        try:
            return check_folder(read_folder(root), kept=True)
        except LayerError as error:
            return sorted(map(str, error.issues))


def edited(rng, root):
    """One edit of any kind; some leave a layer, or the folder, with faults."""
    day = rng.choice(DATES)
    path = path_of(root, day)
    kind = rng.choice(["note", "holder", "gap", "torn", "ledger", "assessments", "copy", "axes"])
    if kind == "torn":
        path.write_bytes(path.read_bytes()[:-40])
        return
    if kind in {"ledger", "assessments"}:
        table = root / ("changes.csv" if kind == "ledger" else "assessments.csv")
        lines = table.read_text().splitlines()
        if len(lines) > 2 and rng.random() < 0.5:
            lines.pop()
        elif kind == "ledger":
            step = DATES.index(day)
            dates = f"{DATES[step - 1]},{day}" if step else f"{day},{day}"
            lines.append(f"chg-{rng.randrange(10**6)},{dates},,,red,blue,refinement,,,,{day},,,So.")
        else:
            lines.append(f"{day},all,{rng.choice(['no_change', 'changed'])},,")
        table.write_text("\n".join(lines) + "\n")
        return
    try:
        features = {
            f.id: f
            for f in geojson.parse_geojson(path.read_bytes(), schema=CONTROL, file="").features
        }
    except LayerError:
        write(root, day, geojson_of(root, rng))
        return
    one = features[rng.choice(sorted(features))]
    if kind == "copy":
        features = {f.id: f for f in geojson_of(root, rng)}
    elif kind == "gap":
        shape = shapely.orient_polygons(shapely.normalize(shapely.convex_hull(one.geometry)))
        features[one.id] = Feature(one.id, one.properties, shape)
    else:
        change = {
            "note": {"note": f"Seen {rng.randrange(99)}."},
            "holder": {"controller": rng.choice(["red", "blue", "nobody-known"])},
            "axes": {"status": rng.choice(["unknown", "controlled"])},
        }[kind]
        features[one.id] = dataclasses.replace(one, properties={**one.properties, **change})
    write(root, day, features.values())


def geojson_of(root, rng):
    """The patches of some sound layer."""
    for day in rng.sample(DATES, len(DATES)):
        try:
            data = path_of(root, day).read_bytes()
            return geojson.parse_geojson(data, schema=CONTROL, file="").features
        except LayerError:
            continue
    return ()


def compared(root, count, monkeypatch):
    rng = random.Random(11)
    with_faults = 0
    for _ in range(count):
        edited(rng, root)
        whole = found(root, cached=False, monkeypatch=monkeypatch)
        assert found(root, cached=True, monkeypatch=monkeypatch) == whole
        assert found(root, cached=True, monkeypatch=monkeypatch) == whole
        with_faults += bool(whole)
        if whole and isinstance(whole[0], str):
            for day in DATES:
                write(root, day, geojson_of(root, rng))
    assert with_faults > count / 4


def test_after_an_edit_the_same_is_found_as_by_looking_at_all(series, monkeypatch):
    compared(series, examples(12), monkeypatch)


@pytest.mark.slow
def test_after_many_edits_the_same_is_found(series, monkeypatch):
    compared(series, in_a_night(200, 40), monkeypatch)


def test_a_kept_layer_is_the_one_that_was_read(series):
    first = read_folder(series).control
    kept._kept.cache_clear()
    again = read_folder(series).control
    for day in DATES:
        assert again[day] == first[day]
        for one, other in zip(again[day].features, first[day].features, strict=True):
            assert list(one.properties.items()) == list(other.properties.items())
            assert shapely.to_wkb(one.geometry) == shapely.to_wkb(other.geometry)
            assert one.line == other.line


def test_a_layer_of_which_the_reader_has_to_say_something_is_read_again(series):
    path = path_of(series, DATES[3])
    text = path.read_text().replace('"note": null', '"extra": "mine",\n        "note": null', 1)
    path.write_text(text)
    said = [str(issue) for issue in read_folder(series).issues]
    kept._kept.cache_clear()
    assert [str(issue) for issue in read_folder(series).issues] == said
    assert said


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_a_damaged_cache_is_no_answer(series, tmp_path, damage):
    whole = check_folder(read_folder(series), kept=True)
    for path in (tmp_path / "cache").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if damage is None else damage)
    kept._kept.cache_clear()
    assert check_folder(read_folder(series), kept=True) == whole


def test_what_was_changed_in_memory_is_looked_at(series):
    folder = read_folder(series)
    check_folder(folder, kept=True)
    layer = folder.control[DATES[5]]
    broken = tuple(
        dataclasses.replace(f, properties={**f.properties, "controller": "nobody-known"})
        for f in layer.features
    )
    control = {**folder.control, DATES[5]: dataclasses.replace(layer, features=broken, digest="")}
    changed = dataclasses.replace(folder, control=control)
    codes = {issue.code for issue in check_folder(changed, kept=True)}
    assert "reference.dangling" in codes


def test_layers_that_nobody_asked_for_are_kept_for_another_branch(series):
    read_folder(series)
    before = {day: path_of(series, day).read_bytes() for day in DATES}
    path_of(series, DATES[2]).write_bytes(before[DATES[3]])
    kept._kept.cache_clear()
    read_folder(series)
    theatre = (series / "theatre.geojson").read_bytes()
    kept._kept.cache_clear()
    held = kept.kept_layers(theatre)
    folder = read_folder(series)
    assert all(held.features(layer.digest) is not None for layer in folder.control.values())
    assert cache_key({}) != cache_key({"a": "b"})
