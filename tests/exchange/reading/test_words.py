"""Words for control are edited as a table and come back as they were."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.reading.words import Word, read_words, words_table
from geo.layers.folder import read_folder
from tests.foreign import HEADER, values


def test_words_are_edited_as_a_table(put):
    path = put(
        "a.csv", f'{HEADER}Pa,"DPR, so-called",2022-03-31,1,1\nQa,No man\'s land,2022-03-31,1,2\n'
    )
    imported = run_import("statements-csv", [path])
    table = words_table(imported.words).decode()
    assert "No man's land" in table
    edited = table.replace('"controlled","no_man_s_land"', '"none",""')
    edited = edited.replace("dpr_so_called", "russia")
    words = read_words(edited.encode(), file="words.csv")
    again = run_import("statements-csv", [path], options=Options(words=words))
    said = {s["place_id"]: (s["status"], s["controller"]) for s in values(again, "statements")}
    assert said == {"pa": ("controlled", "russia"), "qa": ("none", None)}


@given(st.lists(st.text("=+-@'\"a,;ب\n＝", min_size=1, max_size=8), max_size=4, unique=True))
def test_words_come_back_as_they_were_and_run_nowhere(texts):
    words = [Word(text, "controlled", "alpha", given=True) for text in texts]
    table = words_table(words)
    assert read_words(table, file="words.csv") == tuple(words)
    for row in csv.reader(io.StringIO(table.decode(), newline="")):
        assert not any(cell.startswith(tuple("=+-@＝")) for cell in row)


def test_a_word_that_means_nothing_is_refused_with_its_line():
    table = b'text,status,controller\nX,controlled,a b\nY,"held",c\n'
    with pytest.raises(SchemaError) as caught:
        read_words(table, file="words.csv")
    assert [issue.line for issue in caught.value.issues] == [2, 3]


def test_a_holder_that_the_theatre_knows_by_any_name_is_not_made_anew(small, put):
    path = put("a.csv", f"{HEADER}New well,الأحمر,2017-07-01,33.5,37.2\n")
    imported = run_import("statements-csv", [path], into=read_folder(small))
    assert values(imported, "statements")[0]["controller"] == "red"
    assert values(imported, "actors") == []
