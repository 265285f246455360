"""What is printed fits the window, and no id, number or address is broken for it."""

import re

import pytest

COMMANDS = (
    ["check"],
    ["history", "bir_mahruthah"],
    ["why", "bir_mahruthah", "2017-07-12"],
    ["sources"],
    ["change", "2017-07-31", "2017-08-02"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_lines_fit_a_window_of_eighty_columns(frontline, shipped, monkeypatch, words):
    place = [shipped] if words[0] == "check" else ["--layers", shipped]
    wide = frontline(*words, *place)
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = frontline(*words, *place)
    assert code == wide[0] == 0
    for line in (out + err).splitlines():
        assert len(line) <= 80 or "://" in line.split()[-1], line
    ids = re.compile(r"\b(?:stm|evt|chg|ctl)-[0-9a-f]{8}\b")
    assert set(ids.findall(out)) == set(ids.findall(wide[1]))


def test_in_a_pipe_a_finding_stays_one_line(frontline, shipped, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    _, out, _ = frontline("check", shipped)
    findings = [line for line in out.splitlines() if ": warning: " in line]
    assert max(map(len, findings)) > 200


def test_sources_begin_with_the_finding_and_rows_wait_to_be_asked(frontline, shipped):
    _, out, err = frontline("sources", "--layers", shipped)
    first = out.splitlines()[0]
    assert re.match(r"On 2017-08-02 \d+% of the ground .* rests on one publisher or none", first)
    assert "distance_km" not in out
    assert "--all" in err
    _, every, _ = frontline("sources", "--all", "--layers", shipped)
    assert every.startswith(first)
    assert "distance_km" in every


def test_why_says_of_words_that_are_later_that_they_are(frontline, shipped):
    _, out, _ = frontline("why", "bir_mahruthah", "2017-07-12", "--layers", shipped)
    against = out.partition("\nagainst it")[2].partition("\nsources")[0]
    now, _, later = against.partition("\nof days after it")
    days = re.findall(r"stm-\w+: (\d{4}-\d\d-\d\d)", now)
    assert days and max(days) <= "2017-07-12"
    for line in re.findall(r"stm-\w+: .*", later):
        assert re.search(r"\d+ days? later", line)
