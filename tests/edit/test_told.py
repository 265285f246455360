"""Who changed what about one thing, when, and with which words."""

import pytest
from clones import DAY, change, commit, features, write

WEST, EAST = "ctl-west", "ctl-east"


def log(frontline, top, *words, code=0):
    got, out, err = frontline("log", *words, "--layers", top / "layers")
    assert got == code, out + err
    return out + err


@pytest.fixture
def told(team):
    """Three commits of two people, and an edit that is not committed."""
    change(team, WEST, note="One.")
    commit(team, "say one", who="ann")
    change(team, EAST, confidence="high")
    commit(team, "surer of the east", who="bob")
    some = features(team)
    some[WEST].properties.update(controller="blue")
    write(team, some)
    commit(team, "it fell", who="bob")
    change(team, WEST, note="Two.")
    return team


def test_an_id_is_told_by_commits_latest_first(told, frontline):
    said = log(frontline, told, WEST)
    assert said.index("not committed") < said.index("it fell") < said.index("say one")
    assert "note: One. -> Two." in said
    assert "controller: red -> blue" in said
    assert "bob" in said
    assert "surer" not in said
    assert "begin" in said


def test_a_place_is_told_by_its_ground_and_the_ledger(told, frontline):
    said = log(frontline, told, "west_well")
    assert "its ground was red controlled, is blue controlled" in said
    assert "it fell" in said
    said = log(frontline, told, "mid_well")
    assert "chg-mid: advance, red to blue-guard" in said


def test_a_date_is_told_whole(told, frontline):
    said = log(frontline, told, DAY)
    assert all(word in said for word in ("it fell", "surer of the east", "say one", "chg-east"))
    assert "confidence:" in said


def test_backups_tell_what_no_commit_says(small, frontline):
    top = small.parent
    frontline("fmt", small)
    some = features(top)
    some[WEST].properties["note"] = "Saved."
    copy = top / "copy.geojson"
    before = (small / "control" / f"{DAY}.geojson").read_bytes()
    write(top, some)
    copy.write_bytes((small / "control" / f"{DAY}.geojson").read_bytes())
    (small / "control" / f"{DAY}.geojson").write_bytes(before)
    assert frontline("save", copy, DAY, "--yes", "--layers", small)[0] == 0
    said = log(frontline, top, WEST)
    assert "a save on this machine" in said
    assert "note: nothing -> Saved." in said


def test_what_is_nowhere_is_said(told, frontline):
    assert "nothing is or was called ctl-none" in log(frontline, told, "ctl-none", code=1)


def test_what_is_gone_is_still_told(told, frontline):
    some = features(told)
    gone = some.pop("ctl-mid")
    west = some[WEST]
    some[WEST] = type(west)(west.id, west.properties, west.geometry.union(gone.geometry))
    write(told, some)
    commit(told, "dissolved", who="ann")
    said = log(frontline, told, "ctl-mid")
    assert "ctl-mid gone" in said
    assert "dissolved" in said
