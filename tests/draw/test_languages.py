"""A language is one file: every file says the same things, and nothing else knows of languages."""

import json
import re
from pathlib import Path

import pages
import pytest

from geo.draw.page import frame
from geo.draw.page import page as maps
from geo.draw.still.wording import Words
from geo.draw.words import languages

FOLDER = Path(languages.__file__).parent


def holes(phrase):
    """The values that a phrase names; of several forms, one may spell its number out."""
    forms = phrase if isinstance(phrase, dict) else {"other": phrase}
    named = {name: set(re.findall(r"\{\w+\}", form)) for name, form in forms.items()}
    assert all(found <= named["other"] for found in named.values())
    return named["other"]


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_language_says_the_same_things(language):
    first, other = languages.read_language("en"), languages.read_language(language)
    assert other.keys() == first.keys()
    assert other["language"].keys() == first["language"].keys()
    for part in first.keys() - {"language"}:
        assert other[part].keys() == first[part].keys(), part
        for key, phrase in first[part].items():
            assert holes(other[part][key]) == holes(phrase), key


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_a_language_tells_how_it_is_written(language):
    ways = languages.read_language(language)["language"]
    assert ways["direction"] in {"ltr", "rtl"}
    assert sorted(ways["names"]) == ["", "_ar"]
    assert ways["names_on_map"] in {1, 2}
    assert len(ways["numbers"]["digits"]) == 10
    assert all(len(ways["numbers"][mark]) == 1 for mark in ("group", "decimal"))
    assert all(len(set(names)) == 12 for names in ways["months"].values())
    assert sorted(re.findall(r"\{(\w+)\}", ways["date"])) == ["day", "month", "year"]
    for part in languages.read_language(language).values():
        for phrase in part.values():
            if isinstance(phrase, dict) and "other" in phrase:
                assert phrase.keys() - {"other"} <= ways["plural"].keys()
    for fit in ways["plural"].values():
        assert re.compile(fit).search("5000") is None  # large round numbers are `other`


@pytest.mark.parametrize(
    ("count", "form"),
    [
        *((0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many")),
        *((100, "other"), (101, "other"), (103, "few"), (110, "few"), (111, "many")),
    ],
)
def test_arabic_has_six_plurals_as_unicode_tells_them(count, form):
    forms = dict.fromkeys(("zero", "one", "two", "few", "many", "other"), "")
    assert Words("ar")._plural(count, forms) == form


def test_nothing_but_the_files_tells_one_language_from_another():
    known = [path.stem for path in FOLDER.glob("*.json")]
    assert sorted(known) == sorted(languages.LANGUAGES)
    for kind in ("py", "js", "html"):
        for path in (FOLDER.parents[1]).rglob(f"*.{kind}"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"""(?:language|lang)\W{1,6}(?:==|===|!==?) ['"]""", text), path
            assert not re.search(r"""[\[(] ?['"]en['"], ?['"]ar['"]""", text), path


@pytest.fixture
def upside_down(tmp_path, monkeypatch):
    """A third language: one file more in the folder."""
    words = languages.read_language("en")
    words["language"] |= {"name": "Upside", "direction": "rtl", "comma": " / "}
    words["language"]["numbers"] = {"digits": "0123456789", "group": ".", "decimal": ","}
    words["page"]["control"] = "lortnoc"
    words["still"]["still.rest"] = {"one": "{count} thing", "other": "{count} things"}
    for path in FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "up.json").write_text(json.dumps(words), encoding="utf-8")
    monkeypatch.setattr(languages, "_FOLDER", tmp_path)
    monkeypatch.setattr(languages, "LANGUAGES", languages.find_languages(tmp_path))
    caches = (languages.read_language, languages.language_words, frame.page_frame)
    for cached in caches:
        cached.cache_clear()
    yield "up"
    for cached in caches:
        cached.cache_clear()


def test_a_language_more_is_a_file_more(upside_down):
    assert ("en", "ar", upside_down) == languages.LANGUAGES
    words = Words(upside_down)
    assert words.rtl
    assert words.km2(12.34) == "12,3"
    assert words.km2(1234.5) == "1.234"
    assert words.say("control") == "lortnoc"
    assert words.say("still.rest", count=1) == "1 thing"
    assert words.say("still.rest", count=2) == "2 things"
    folder = pages.theatre()
    composite = pages.composite_of(folder)
    page = maps.draw_page(
        folder, composite, before=pages.BEFORE, after=pages.AFTER, language=upside_down
    )
    assert '<html lang="up" dir="rtl">' in page.html
    assert "lortnoc" in page.html


def test_a_language_without_a_file_is_refused_by_name():
    with pytest.raises(ValueError, match="language is 'xx'; the page speaks en and ar"):
        languages.require_language("xx", speaker="the page")
