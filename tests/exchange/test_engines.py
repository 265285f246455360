"""A series on disk, and the same answers from whichever engine is asked."""

import datetime as dt
import json
import subprocess
import sys
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.errors import GeoError
from geo.exchange import engines, series
from geo.exchange.export import export_series
from geo.exchange.series_histories import histories, series_areas
from geo.exchange.writing.content import about_theatre
from geo.layers.folder import read_folder
from geo.model import Label, Patch

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

OTHERS = [name for name in engines.ENGINES if name != "here"]
PICTURES = (
    ["aab", "abb", "acc"],
    ["aab", "aab", "acc"],
    ["abb", "abb", "bcc"],
    ["abb", "abb", "bcc"],
)


def able(engine):
    """Skip where what an engine needs is not installed."""
    try:
        engines.require_engine(engine)
        if engine == "duckdb":
            engines.open_duckdb().close()
    except GeoError as error:
        pytest.skip(str(error))


@pytest.fixture
def cluster():
    """
    Two workers of dask inside this process, for one test.

    Their threads draw random numbers while they live, which upsets the seeds of property tests.
    """
    dask = pytest.importorskip("distributed", reason="the engine dask needs distributed")
    local = {"n_workers": 2, "processes": False, "protocol": "tcp", "host": "127.0.0.1"}
    with dask.Client(**local, dashboard_address="127.0.0.1:0") as client:
        yield client


def asked(engine, request):
    able(engine)
    return {"engine": engine} | (
        {"client": request.getfixturevalue("cluster")} if engine == "dask" else {}
    )


def drawn_anew(dates, seed=1):
    """Two holders and a wild line between them, another one every date: many epochs."""
    rng = np.random.default_rng(seed)
    square = shapely.box(37, 33, 38, 34)
    snapshots = {}
    for i in range(dates):
        y = np.linspace(33, 34, 400)
        x = (37.5 + 0.1 * np.sin(9 * y) + rng.normal(0, 2e-3, len(y))).round(6)
        line = np.stack([x, y.round(6)], axis=1)
        west = shapely.Polygon([*line, (37, 34), (37, 33)])
        east = shapely.Polygon([*line[::-1], (38, 33), (38, 34)])
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = [
            Patch(Label("a", "", "controlled", "reported", "high", "west"), west),
            Patch(Label("b", "", "controlled", "reported", "high", "east"), east),
        ]
    return Composite.build(square, snapshots)


def spots(composite, seed=3):
    """Positions inside and outside, on corners, and on borders to the last bit and nearly."""
    rng = np.random.default_rng(seed)
    arcs = composite.arcs.coords
    some = arcs[rng.choice(len(arcs) - 1, min(150, len(arcs) - 1), replace=False)]
    middle = (arcs[:-1] + arcs[1:])[rng.choice(len(arcs) - 1, 150)] / 2
    west, south, east, north = composite.area.bounds
    loose = rng.uniform([west - 0.1, south - 0.1], [east + 0.1, north + 0.1], (150, 2))
    hole = [(37.15, 33.15), (37.1, 33.15), (37.2, 33.2)]
    lonlat = np.concatenate([some, middle, middle.round(6), loose, hole])
    names = [f"place-{n}" for n in range(len(lonlat))]
    return pd.DataFrame({"place_id": names, "lon": lonlat[:, 0], "lat": lonlat[:, 1]})


def told(table):
    """Rows of each place, in order."""
    rows = {}
    for row in table.to_pylist():
        rows.setdefault(row["place_id"], []).append(
            (row["valid_from"], row["valid_to"], row["label"])
        )
    return rows


CASES = {
    "one epoch": lambda: theatre(*PICTURES),
    "a hole": lambda: theatre(["aaaa", "a.bb", "abbb"], ["aaaa", "a.aa", "aabb"]),
    "many epochs": lambda: drawn_anew(40),
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    composite = CASES[request.param]()
    root = tmp_path_factory.mktemp("series") / "store"
    return composite, series.write_store(composite, root, snapshots=False), spots(composite)


def test_the_case_of_many_epochs_has_many():
    assert len(list(drawn_anew(40).face_spells())) > 1


@pytest.mark.slow
def test_places_have_the_history_that_the_composite_tells(case):
    composite, store, places = case
    rows = told(histories(store, places, engine="here"))
    for name, lon, lat in places.itertuples(index=False):
        want = [
            (begin, end, composite.labels.index(label))
            for begin, end, label in composite.history_at(lon, lat)
        ]
        assert rows.get(name, []) == want


@pytest.mark.parametrize("engine", OTHERS)
def test_engines_agree_on_every_place_also_on_borders(engine, case, request):
    _, store, places = case
    want = histories(store, places, engine="here")
    found = histories(store, places, **asked(engine, request))
    assert found.equals(want)
    assert len(found) > 0


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_area_series_are_those_of_the_composite_to_the_last_bit(engine, case, request):
    composite, store, _ = case
    found = series_areas(store, **asked(engine, request))
    pd.testing.assert_frame_equal(found, composite.areas(), check_exact=True)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.text("ab?", min_size=3, max_size=3), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    )
)
def test_intervals_of_a_place_follow_on_each_other_and_never_repeat(pictures):
    import tempfile

    composite = theatre(*pictures)
    with tempfile.TemporaryDirectory() as root:
        store = series.write_store(composite, root, snapshots=False)
        spot = pd.DataFrame({"place_id": ["x"], "lon": [37.15], "lat": [33.05]})
        rows = told(histories(store, spot))["x"]
    assert rows[0][0] == composite.dates[0]
    assert rows[-1][1] is None
    for before, after in pairwise(rows):
        assert before[1] == after[0]
        assert before[2] != after[2]


def test_places_come_from_a_frame_a_table_a_file_or_the_series(tmp_path):
    composite = theatre(["ab"], ["bb"])
    store = series.write_store(composite, tmp_path / "s", places=[("one", 37.05, 33.05)])
    frame = pd.DataFrame({"place_id": ["one"], "lon": [37.05], "lat": [33.05], "more": [1]})
    frame[["place_id", "lon", "lat"]].to_parquet(tmp_path / "p.parquet")
    want = histories(store)
    assert [str(holder) for holder in want["holder"].to_pylist()] == ["a", "b"]
    for places in (frame, pa.Table.from_pandas(frame), tmp_path / "p.parquet"):
        assert histories(tmp_path / "s", places).equals(want)


def test_places_without_a_position_have_no_history(tmp_path):
    store = series.write_store(theatre(["ab"]), tmp_path / "s")
    places = pd.DataFrame({"place_id": ["x", "y"], "lon": [None, 37.05], "lat": [33.05, 33.05]})
    assert histories(store, places)["place_id"].to_pylist() == ["y"]
    assert len(histories(store, places.iloc[:1])) == 0
    assert len(histories(store)) == 0


def test_what_is_not_there_is_named(tmp_path, monkeypatch):
    store = series.write_store(theatre(["ab"]), tmp_path / "s")
    with pytest.raises(ValueError, match=r"spark.*must be here, duckdb"):
        histories(store, engine="spark")
    with pytest.raises(ValueError, match="no column lat"):
        histories(store, pd.DataFrame({"place_id": ["x"], "lon": [1.0]}))
    with pytest.raises(GeoError, match="no series of this version"):
        histories(tmp_path)
    with pytest.raises(GeoError, match="cannot be read"):
        histories(store, tmp_path / "nowhere.parquet")
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(GeoError, match="pip install sedonadb geoarrow-pyarrow"):
        series_areas(store, engine="sedona")


# --- the folder -------------------------------------------------------------------


@pytest.fixture
def exported(small, tmp_path):
    read = read_folder(small)
    snapshots = {day: read.patches(day) for day in read.control}
    composite = Composite.build(read.area, snapshots, read.sides)
    return read, composite, export_series(read, composite, tmp_path / "out")


def test_duckdb_and_geopandas_read_the_maps_of_all_dates_with_equal_numbers(exported):
    duckdb = pytest.importorskip("duckdb")
    _, composite, store = exported
    want = composite.areas().groupby(["date", "controller"])["area_km2"].sum()
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT date, coalesce(controller, ''), sum(area_km2) FROM "
            f"read_parquet('{store.root}/control/*/*.parquet', hive_partitioning = true) "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    assert [(day, who) for day, who, _ in rows] == list(want.index)
    assert [km2 for *_, km2 in rows] == pytest.approx(list(want))
    frame = gpd.read_parquet(store.root / "control")
    assert set(frame["date"].astype(str)) == set(map(str, composite.dates))
    assert str(frame.crs) == "OGC:CRS84"
    sums = frame.groupby("date", observed=True)["area_km2"].sum()
    assert list(sums) == pytest.approx([frame["area_km2"].sum() / len(sums)] * len(sums))
    for day in composite.dates:
        mine = frame[frame["date"].astype(str) == str(day)]
        drawn = composite.control(day)
        assert shapely.equals(np.array(mine.geometry), np.array(drawn.geometry)).all()


def test_faces_and_intervals_say_in_sql_who_held_a_place(exported):
    duckdb = pytest.importorskip("duckdb")
    able("duckdb")
    read, composite, store = exported
    place = next(p for p in read.places.values() if p.geometry is not None)
    with engines.open_duckdb() as connection:
        rows = connection.execute(
            "SELECT i.valid_from, i.valid_to, i.holder "
            f"FROM '{store.root}/places.parquet' p "
            f"JOIN '{store.root}/faces.parquet' f ON ST_Within(p.geometry, f.geometry) "
            f"JOIN '{store.root}/intervals.parquet' i ON i.face = f.face "
            f"WHERE p.place_id = '{place.id}' ORDER BY 1"
        ).fetchall()
    want = composite.history_at(place.geometry.x, place.geometry.y)
    assert rows == [(begin, end, label.holder) for begin, end, label in want]
    assert duckdb.__version__


def test_every_file_carries_credits_and_licences(exported):
    read, _, store = exported
    about = about_theatre(*exported[:2])
    files = sorted(store.root.rglob("*.parquet"))
    assert len(files) == 4 + len(store.dates)
    for path in files:
        metadata = parquet.read_metadata(path).metadata
        said = json.loads(metadata[b"about"])
        assert {name: said[name] for name in about} == about
        assert str(read.root).encode() not in path.read_bytes()
    assert json.loads((store.root / "about.json").read_bytes())["licences"] == about["licences"]


def test_the_same_theatre_gives_the_same_files(exported, tmp_path):
    read, composite, store = exported
    again = export_series(read, composite, tmp_path / "again")
    for path in sorted(p for p in store.root.rglob("*") if p.is_file()):
        assert (again.root / path.relative_to(store.root)).read_bytes() == path.read_bytes()


def test_a_series_replaces_a_series_and_nothing_else(tmp_path):
    series.write_store(theatre(["ab"], ["aa"]), tmp_path / "s")
    store = series.write_store(theatre(["ab"]), tmp_path / "s")
    assert [path.name for path in (store.root / "control").iterdir()] == ["date=2001-01-01"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(GeoError, match="holds something else"):
        series.write_store(theatre(["ab"]), tmp_path / "mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "s"]
    with pytest.raises(ValueError, match="no date"):
        series.write_store(Composite.build(area("ab"), {}), tmp_path / "none")


def test_a_series_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    series.write_store(theatre(["ab"]), tmp_path / "s")

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        series.write_store(theatre(["ab"], ["aa"]), tmp_path / "s", progress=stop)
    assert series.read_store(tmp_path / "s").dates == (FIRST_DAY,)
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_progress_counts_the_dates(tmp_path):
    told = []
    series.write_store(
        theatre(["ab"], ["aa"]), tmp_path / "s", progress=lambda *of: told.append(of)
    )
    assert told == [(1, 2), (2, 2)]


def test_the_command_writes_a_series_that_is_none_of_the_layers(small, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "geo", "export", str(out), "--to", "geoparquet-series"]
    done = subprocess.run([*command, "--layers", str(small)], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, str(out))
    assert series.read_store(out).about["title"]
    command[4] = str(small / "out")
    done = subprocess.run([*command, "--layers", str(small)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "lies among the layers" in done.stderr


def test_ground_out_of_the_study_area_has_no_history(tmp_path):
    composite = Composite.build(area("a.a"), {FIRST_DAY: grid("a.a")})
    store = series.write_store(composite, tmp_path / "s")
    places = pd.DataFrame({"place_id": ["in", "out"], "lon": [37.05, 37.15], "lat": [33.05] * 2})
    assert histories(store, places)["place_id"].to_pylist() == ["in"]
