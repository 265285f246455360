import re
from importlib import resources

import pytest

from geo.evidence.reports import dates
from geo.evidence.reports.cues import CUES
from geo.evidence.words.languages import DateRule, Language, any_of, languages, pairs

FILES = sorted(p.name for p in resources.files("geo.evidence.words").iterdir() if ".toml" in p.name)


@pytest.fixture(params=FILES)
def language(request):
    return languages()[FILES.index(request.param)]


def test_every_word_of_a_cue_is_of_a_cue_that_there_is(language):
    assert set(language.reports.cues) <= set(CUES)


def test_every_language_of_reports_has_words_for_what_happens():
    # Arabic has no plain verb that says so of a place alone; Slavic weapons are not withdrawn.
    rare = {"left, of a place", "weapons withdrawn"}
    for name in ("ar.toml", "en.toml", "ru.toml", "uk.toml"):
        assert set(languages()[FILES.index(name)].reports.cues) | rare == set(CUES), name


def test_every_expression_can_be_compiled_and_matches_no_empty_text(language):
    told = language.reports
    tables = [told.before_name, told.area, told.sides, told.cues]
    found = [told.unreal, told.hedges, *(text for table in tables for text in table.values())]
    for text in filter(None, map(any_of, found)):
        assert not re.compile(text.replace("{quarter}", "x")).search(""), text


def test_every_rule_of_dates_is_one_that_there_is(language):
    assert {rule.rule for rule in language.dates.rules} <= {"back", *dates._NAMED}


def test_every_language_names_all_months_and_days_or_none(language):
    for names, count in ((language.dates.months, 12), (language.dates.weekdays, 7)):
        assert len(names) == count
        assert all(names) or not any(names)


def test_no_word_is_of_two_kinds_but_for_one_script(language):
    for table in (language.kinds, language.leading_kinds, language.marks):
        words = " ".join(table.values()).split()
        assert len(words) == len(set(words))


def test_a_language_is_one_file_of_tables_that_there_are():
    text = """
[kinds]
hill = "colline"
[dates]
numbers = "deux=2"
[[dates.rules]]
rule = "back"
days = [1, 1]
words = "hier"
"""
    french = Language.read(text)
    assert french.kinds == {"hill": "colline"}
    assert pairs(french.dates.numbers) == {"deux": "2"}
    assert french.dates.rules == (DateRule("back", "hier", [1, 1]),)
    with pytest.raises(TypeError, match="colours"):
        Language.read("[colours]")
    with pytest.raises(TypeError, match="loud"):
        Language.read("[names]\nloud = 'x'")
