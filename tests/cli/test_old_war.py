"""A war of the century before last, dated by month and season, from a table to a map."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from geo import open_layers
from geo.layers import read_folder

TABLE = """name,lon,lat,date,controller
Alpha,-57.60,-25.30,December 1864,red
Beta,-57.30,-25.40,1865-03,red
Gamma,-57.05,-25.32,spring 1865,blue
Delta,-57.40,-25.10,1865?,red
Epsilon,-57.10,-25.05,1865-06-11,blue
Beta,-57.30,-25.40,summer 1868,blue
Alpha,-57.60,-25.30,1869-01,blue
Delta,-57.40,-25.10,1870-03-01/1870-03-04,blue
Gamma,-57.05,-25.32,1871,blue
"""


@pytest.fixture
def war(tmp_path, monkeypatch, frontline):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "towns.csv").write_text(TABLE, encoding="utf-8")
    words = ("import", "statements-csv", "towns.csv", "--into", "war", "--set", "confidence=high")
    code, out, told = frontline(*words)
    assert code == 0, told
    assert "9 read = 9 written + 0 repeated + 0 refused" in out
    days = ("1865-06-30", "1869-02-15", "1871-06-30")
    for day in days:
        assert frontline("estimate", day, "--layers", "war")[0] == 0
    for pair in pairwise(days):
        assert frontline("change", *pair, "--ledger", "--write", "--layers", "war")[0] == 0
    return tmp_path / "war"


def test_dates_keep_how_well_they_are_known(war):
    said = [row.values for row in read_folder(war).statements.rows]
    known = {(r["place_id"], r["date"]): r["date_precision"] for r in said}
    assert known["alpha", "1864-12-16"] == "month"
    assert Counter(known.values()) == {"month": 3, "season": 2, "year": 2, "day": 1, "week": 1}
    assert {r["date"][:4] for r in said} <= {"1864", "1865", "1868", "1869", "1870", "1871"}


def test_the_precision_is_seen_down_to_the_map(war, frontline):
    code, out, told = frontline("check", "war")
    assert code == 0, told
    assert re.search(r"\b0 errors", out)
    code, out, _ = frontline("why", "beta", "1869-02-15", "--layers", "war")
    assert code == 0
    assert "(known to the season)" in out
    assert "Dated summer 1868" in out
    code, out, _ = frontline("history", "beta", "--layers", "war", "--format", "csv")
    assert code == 0
    rows = out.splitlines()
    assert rows[1].startswith("1865-06-30,1869-02-15,red")
    assert "Dated to the month: stm-" in rows[1]
    assert "Dated to the season: stm-" in rows[2]
    code, out, told = frontline("map", "war", "--output", "war.html")
    assert code == 0, told
    page = (war.parent / "war.html").read_text(encoding="utf-8")
    assert '"date_precision":"season"' in page.replace(" ", "")


def test_vague_dates_tell_less_than_days(war):
    sharp = open_layers(war)
    text = (war / "statements.csv").read_text(encoding="utf-8")
    points = [(-57.3, -25.4), (-57.6, -25.3)]
    vague = sharp.probabilities("1869-02-15", points)
    text = re.sub(",(season|year),", ",day,", text)
    (war / "statements.csv").write_text(text, encoding="utf-8")
    known = open_layers(war).probabilities("1869-02-15", points)
    assert (known["blue"] > vague["blue"]).all()
