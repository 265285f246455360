"""One broken layer stops nothing but itself; a date put between two takes its ledger along."""

import pytest
from clones import DAY, change, commit, features, layer

WEST, MID = "ctl-west", "ctl-mid"
EARLY = "2017-07-01"


def run(frontline, *words, code=0):
    got, out, err = frontline(*words)
    assert got == code, out + err
    return out + err


@pytest.fixture
def torn(team):
    """The early layer is cut off, and the later one was edited."""
    path = layer(team, EARLY)
    path.write_bytes(path.read_bytes()[:-60])
    change(team, MID, note="Seen again.")
    return team


def test_check_says_what_is_broken_and_looks_at_the_rest(torn, frontline):
    some = features(torn)
    some[WEST].properties["confidence"] = None
    change(torn, WEST, confidence=None)
    said = run(frontline, "check", torn / "layers", code=1)
    assert f"control/{EARLY}.geojson" in said
    assert "json.syntax" in said
    assert WEST in said
    assert "1 control layers" in said
    # Nothing is said of the ledger that the broken layer may deny.
    assert "ledger." not in said


@pytest.mark.parametrize("side", ["now", "then", "both"])
def test_diff_compares_the_rest(torn, frontline, monkeypatch, side):
    if side != "now":
        commit(torn, "torn")
        change(torn, MID, note="And again.")
    if side == "then":
        layer(torn, EARLY).write_bytes(layer(torn).read_bytes())
    monkeypatch.chdir(torn)
    said = run(frontline, "diff", "HEAD")
    assert f"control/{EARLY}.geojson" in said or side == "both"
    assert MID in said
    assert "Traceback" not in said
    # The broken layer has not come or gone.
    assert f"{EARLY}, new" not in said


def test_qgis_copies_a_layer_that_is_sound(torn, frontline, tmp_path):
    said = run(frontline, "qgis", DAY, "-o", tmp_path / "work", "--layers", torn / "layers")
    assert "left out" in said
    assert (tmp_path / "work" / f"control-{DAY}.gpkg").exists()
    words = ("qgis", EARLY, "-o", tmp_path / "other", "--layers", torn / "layers")
    assert "json.syntax" in run(frontline, *words, code=1)


def test_a_table_that_every_layer_needs_is_not_left_out(team, frontline):
    (team / "layers" / "actors.csv").write_text("torn")
    assert "actors.csv" in run(frontline, "check", team / "layers", code=1)


def test_recover_shows_what_it_would_put_back(small, tmp_path, frontline):
    run(frontline, "fmt", small)
    path = small / "control" / f"{DAY}.geojson"
    copy = tmp_path / "copy.geojson"
    copy.write_text(path.read_text().replace('"note": null', '"note": "Mine."', 1))
    run(frontline, "save", copy, DAY, "--yes", "--layers", small)
    name = f"control/{DAY}.geojson@"
    listed = run(frontline, "recover", "--layers", small)
    name = next(word for line in listed.splitlines() for word in line.split() if name in word)
    name = name.rstrip(":")
    said = run(frontline, "recover", name, "--layers", small, code=1)
    assert "note: Mine. -> nothing" in said
    assert "Mine." in path.read_text()


def test_a_date_put_between_two_takes_the_ledger_along(team, frontline):
    said = run(frontline, "new", "2017-07-20", "--layers", team / "layers")
    assert "chg-east, chg-mid of changes.csv now begin at 2017-07-20" in said
    told = run(frontline, "check", team / "layers")
    assert "ledger.dates" not in told
    assert "0 errors" in told
    rows = (team / "layers" / "changes.csv").read_text()
    assert f"chg-mid,2017-07-20,{DAY}" in rows
    # A date at the end leaves the ledger alone.
    assert "changes.csv now" not in run(frontline, "new", "2017-09-01", "--layers", team / "layers")
