import os
import subprocess
import sys

import pytest

from geo import open_layers
from geo.control.composite import Composite
from geo.evidence.draws import Draws
from geo.layers import cache


@pytest.fixture
def kept(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("FRONTLINE_CACHE", str(folder))
    return folder


@pytest.mark.slow
def test_the_second_theatre_answers_the_same_without_building(small, kept, monkeypatch):
    first = open_layers(small).areas()
    assert len(list(kept.glob("*.bin"))) == 3, "the composite, that all is sound, and bands"

    def refuse(*_, **__):
        raise AssertionError("it was built again")

    monkeypatch.setattr(Composite, "build", refuse)
    second = open_layers(small)
    assert second.areas().equals(first)
    assert second.history("mid_well")["controller"].tolist() == ["red", "blue-guard"]


@pytest.mark.slow
def test_bands_of_changes_and_fronts_are_drawn_once(small, kept, monkeypatch):
    def asked():
        theatre = open_layers(small)
        days = theatre.dates[0], theatre.dates[-1]
        return [theatre.change(*days), theatre.totals(*days), theatre.fronts(days[1])]

    first = asked()
    assert all(len(frame) for frame in first)

    def refuse(*_, **__):
        raise AssertionError("it was drawn again")

    monkeypatch.setattr(Draws, "change", refuse)
    monkeypatch.setattr(Draws, "fronts", refuse)
    for one, two in zip(first, asked(), strict=True):
        assert two.equals(one)
    monkeypatch.undo()
    monkeypatch.setenv("FRONTLINE_CACHE", str(kept))
    for path in kept.glob("*.bin"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))
    for one, two in zip(first, asked(), strict=True):
        assert two.equals(one)


@pytest.mark.slow
def test_a_change_of_one_byte_is_seen(small, kept):
    open_layers(small).areas()
    layer = small / "control/2017-08-01.geojson"
    layer.write_text(
        layer.read_text(encoding="utf-8").replace("blue-guard", "red", 1), encoding="utf-8"
    )
    held = open_layers(small).areas()
    assert held[held["controller"] == "red"]["area_km2"].max() > 6000
    assert len(list(kept.glob("*.bin"))) == 6


@pytest.mark.slow
def test_a_damaged_cache_is_not_trusted(small, kept):
    wanted = open_layers(small).areas()
    for path in kept.glob("*.bin"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 255
        path.write_bytes(bytes(data))
        assert open_layers(small).areas().equals(wanted)


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
def test_a_broken_layer_is_refused_although_a_sound_one_was_kept(small):
    open_layers(small).areas()
    (small / "places.geojson").write_bytes(b"{")
    result = subprocess.run(
        [sys.executable, "-m", "geo", "areas", "--layers", str(small)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "places.geojson" in result.stderr


def test_what_was_asked_for_longest_ago_is_dropped_and_off_keeps_nothing(kept, monkeypatch):
    monkeypatch.setattr(cache, "_KEPT", 4)
    monkeypatch.setattr(cache, "_KEPT_BYTES", 1000)
    keys = [cache.cache_key({"a": str(number)}) for number in range(8)]
    for age, key in enumerate(keys[:4]):
        cache.keep_cached(key, b"x")
        os.utime(kept / f"{key}.bin", (1000 + age, 1000 + age))
    assert cache.load_cached(keys[0]) == b"x"
    cache.keep_cached(keys[4], b"x")
    assert [cache.load_cached(key) is not None for key in keys[:5]] == [
        True,
        False,
        True,
        True,
        True,
    ]
    cache.keep_cached(keys[5], b"x" * 998)
    assert cache.load_cached(keys[5])
    assert len(list(kept.glob("*.bin"))) == 3
    cache.keep_cached(keys[6], b"x" * 2000)
    assert [path.stem for path in kept.glob("*.bin")] == [keys[6]], "one that is too large stays"
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    cache.keep_cached("none", b"x")
    assert cache.load_cached("none") is None
