import subprocess
import sys

import pytest

from geo import cache, open_layers
from geo.composite import Composite


@pytest.fixture
def kept(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("FRONTLINE_CACHE", str(folder))
    return folder


def test_the_second_theatre_answers_the_same_without_building(small, kept, monkeypatch):
    first = open_layers(small).areas()
    assert len(list(kept.glob("*.bin"))) == 2, "the composite, and the bands"

    def refuse(*_, **__):
        raise AssertionError("it was built again")

    monkeypatch.setattr(Composite, "build", refuse)
    second = open_layers(small)
    assert second.areas().equals(first)
    assert second.history("mid_well")["controller"].tolist() == ["red", "blue-guard"]


def test_a_change_of_one_byte_is_seen(small, kept):
    open_layers(small).areas()
    layer = small / "control/2017-08-01.geojson"
    layer.write_text(
        layer.read_text(encoding="utf-8").replace("blue-guard", "red", 1), encoding="utf-8"
    )
    held = open_layers(small).areas()
    assert held[held["controller"] == "red"]["area_km2"].max() > 6000
    assert len(list(kept.glob("*.bin"))) == 4


def test_a_damaged_cache_is_not_trusted(small, kept):
    wanted = open_layers(small).areas()
    for path in kept.glob("*.bin"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 255
        path.write_bytes(bytes(data))
        assert open_layers(small).areas().equals(wanted)


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


def test_old_states_are_dropped_and_off_keeps_nothing(kept, monkeypatch):
    for number in range(20):
        cache.keep(cache.key_of({"a": str(number)}), b"x")
    assert len(list(kept.glob("*.bin"))) == 16
    assert cache.load(cache.key_of({"a": "0"})) is None
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    cache.keep("none", b"x")
    assert cache.load("none") is None
