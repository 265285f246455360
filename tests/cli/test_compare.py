"""`frontline compare`: what it prints, what it writes, and what it refuses."""

import csv
import io
import json

import pytest

DAYS = ("2017-07-01", "2017-08-01")


def test_it_prints_every_table_of_two_maps(frontline, small):
    code, out, _ = frontline("compare", small, "--layers", small)
    assert code == 0
    assert "on 100% of the" in out
    for heading in (
        "Agreement",
        "Ground, km2",
        "By how sure",
        "Fronts",
        "Who showed first",
        "Places",
    ):
        assert heading in out


def test_csv_and_json_have_what_the_tables_have(frontline, small):
    code, out, _ = frontline("compare", small, DAYS[1], "--layers", small, "--format", "csv")
    assert code == 0
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["share"] == "1.000000"
    _, out, _ = frontline(
        "compare", small, *DAYS, "--layers", small, "--format", "csv", "--table", "sides"
    )
    assert {row["date"] for row in csv.DictReader(io.StringIO(out))} == set(DAYS)
    _, out, _ = frontline("compare", small, "--layers", small, "--format", "json")
    told = json.loads(out)
    assert set(told) >= {"here", "there", "agreement", "pairs", "fronts", "first", "places"}
    assert told["agreement"][0]["share"] == 1.0


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_window(frontline, small, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = frontline("compare", small, "--layers", small)
    assert max(map(len, out.splitlines())) <= width


def test_a_table_of_words_is_drafted_and_then_followed(frontline, small, tmp_path):
    words = tmp_path / "words.csv"
    code, out, err = frontline("compare", small, "--layers", small, "--words", words)
    assert (code, out) == (0, "")
    assert "nothing else was written" in err
    words.write_text(words.read_text().replace('"controlled","red"', '"controlled","blue"'))
    _, out, _ = frontline("compare", small, "--layers", small, "--words", words)
    assert "on 100% of the" not in out


def test_it_writes_a_page_a_picture_and_a_consensus(frontline, small, tmp_path):
    page, still, both = (tmp_path / name for name in ("c.html", "c.png", "c.geojson"))
    code, out, _ = frontline(
        *("compare", small, DAYS[1], "--layers", small, "--html", page, "--still", still),
        *("--consensus", both, "--table", "sides"),
    )
    assert code == 0
    assert out.splitlines()[-3:] == [str(still), str(page), str(both)]
    assert still.read_bytes()[:4] == b"\x89PNG"
    assert json.loads(both.read_text())["features"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no such file or folder"),
        ([".", "--kind", "acled"], "acled"),
        (["{small}", "2017-02-30"], "2017-02-30"),
        (["{small}", "1999-01-01"], "nothing is known of 1999-01-01"),
        (["{small}", "--html", "nowhere/x.html"], "no folder"),
        (["{small}", "--still", "x.jpg"], ".png"),
        (["{small}", "--consensus", "{small}/control/2017-09-01.geojson"], "lies in the layers"),
    ],
)
def test_what_cannot_be_is_one_message(frontline, small, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    before = sorted(p for p in small.rglob("*.geojson"))
    given = [word.format(small=small) for word in words]
    code, _, err = frontline("compare", *given, "--layers", small)
    assert code in {1, 2}
    assert said in err
    assert "Traceback" not in err
    assert sorted(p for p in small.rglob("*.geojson")) == before
    assert not list(tmp_path.glob("x.*"))
