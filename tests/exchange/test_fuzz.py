"""Any bytes at the doors for foreign data end in records or in refusals."""

import json
import time
import warnings

import pytest
from mutations import JUNK, KINDS, READ_AS, mutated
from thoroughness import broken_files

from geo.edit.copies.reading import read_copy
from geo.errors import GeoError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder

_SECONDS = 5.0
_SUFFIX = {
    **dict.fromkeys(("control-geojson", "intervals-geojson"), "geojson"),
    **{kind: kind for kind in ("kml", "kmz", "topojson", "umap")},
    "esri": "json",
}


def tried(kind, seed, folder):
    """Whether a broken file was imported; what is not ours or takes too long is raised."""
    path = folder / f"x_2024-07-08.{_SUFFIX.get(kind, 'csv')}"
    path.write_bytes(mutated(kind, seed))
    real = READ_AS.get(kind, kind)
    areas = kind in _SUFFIX
    options = Options(
        repair=areas and seed % 2 == 1,
        rest="unknown" if areas and seed % 3 == 0 else "",
        overlap="first" if areas and seed % 5 == 0 else "",
    )
    begun = time.perf_counter()
    root = folder / "new"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            imported = run_import(real, [path], options=options)
            text = imported.report()
            for count in imported.counts:
                assert count.read == count.written + count.repeated + count.refused
            assert max(map(len, text.splitlines()), default=0) < 6_000
            save_import(imported, root)
            read_folder(root)
        return True
    except GeoError as error:
        assert all(len(str(issue)) < 3_000 for issue in getattr(error, "issues", ()))
        return False
    finally:
        assert time.perf_counter() - begun < _SECONDS
        for file in sorted(root.rglob("*"), reverse=True) if root.exists() else ():
            file.rmdir() if file.is_dir() else file.unlink()
        if root.exists():
            root.rmdir()


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_broken_files_end_in_records_or_refusals(kind, tmp_path):
    taken = [tried(kind, seed, tmp_path) for seed in range(100)]
    # A mutation that nothing survives, or that breaks nothing, tests little.
    assert 5 < sum(taken) < 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_more_broken_files_do_too(kind, tmp_path):
    taken = [tried(kind, seed, tmp_path) for seed in broken_files(2_500)]
    assert 5 < sum(taken) < len(taken)


def saved(document, seed, folder):
    path = folder / "2024-07-08.geojson"
    path.write_bytes(json.dumps(document).encode())
    begun = time.perf_counter()
    try:
        copy = read_copy(path, repair=seed % 2 == 1)
        assert len({one.id for one in copy.features}) == len(copy.features)
        return True
    except GeoError:
        return False
    finally:
        assert time.perf_counter() - begun < _SECONDS


def broken_layer(layer, seed):
    from mutations import broken_json

    return broken_json(json.loads(layer), seed)


@pytest.fixture
def layer(shipped):
    (first, *_) = sorted((shipped / "control").iterdir())
    document = json.loads(first.read_bytes())
    document["features"] = document["features"][:4]
    return json.dumps(document)


@pytest.mark.parametrize(
    "seeds", [range(100), pytest.param(broken_files(3_000), marks=pytest.mark.slow)]
)
def test_broken_layers_at_the_door_of_save_do_too(seeds, layer, tmp_path):
    taken = [saved(broken_layer(layer, seed), seed, tmp_path) for seed in seeds]
    assert 5 < sum(taken) < len(seeds)


def test_the_same_seed_breaks_a_file_in_the_same_way():
    for kind in KINDS:
        if kind != "kmz":
            assert mutated(kind, 7) == mutated(kind, 7)
    assert len({mutated("acled", seed) for seed in range(100)}) > 80
    assert len(JUNK) > 50
