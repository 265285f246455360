"""Tables of any encoding and delimiter; columns by the names that others give them."""

import pytest
import shapely

from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from tests.foreign import HEADER, assert_adds_up, values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_western_text_is_read_and_its_encoding_said(encoding, put):
    text = f"{HEADER}Zürich’s café,a,2022-03-31,47.4,8.5\n"
    imported = run_import("statements-csv", [put("a.csv", text.encode(encoding))])
    assert values(imported, "places")[0]["name"] == "Zürich’s café"
    wanted = "windows-1252" if encoding == "windows-1252" else "UTF-8"
    assert any(wanted in note for note in imported.notes)


@pytest.mark.parametrize(
    ("encoding", "name"), [("windows-1251", "Харків"), ("windows-1256", "محروثة")]
)
def test_other_letters_are_refused_until_the_encoding_is_named(encoding, name, put):
    path = put("a.csv", f"{HEADER}{name},a,2022-03-31,1,1\n".encode(encoding))
    with pytest.raises(SchemaError, match=f"several encodings .*{name}") as caught:
        run_import("statements-csv", [path])
    assert caught.value.issues[0].code == "import.encoding"
    imported = run_import("statements-csv", [path], options=Options(encoding=encoding))
    assert values(imported, "places")[0]["name"] == name


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(mark, put):
    text = f"{HEADER}P,a,2022-03-31,1.5,2.5\n".replace(",", mark)
    imported = run_import("statements-csv", [put("a.csv", text)])
    place = imported.records["places"][0]
    assert (shapely.get_x(place.geometry), shapely.get_y(place.geometry)) == (2.5, 1.5)


def test_a_short_row_is_read_and_a_long_one_refused(put):
    text = f"{HEADER}P,a,2022-03-31\nQ,a,2022-03-31,1,1,1\n"
    imported = run_import("statements-csv", [put("a.csv", text)])
    assert_adds_up(imported)
    assert [(c.read, c.written, c.refused) for c in imported.counts] == [(2, 1, 1)]
    assert imported.issues[0].code == "csv.ragged"
    assert imported.issues[0].line == 3
    assert imported.records["places"][0].geometry is None


def test_lines_are_counted_through_line_feeds_in_cells(put):
    text = f'{HEADER}"P\n\nQ",a,2022-03-31,1,1\nR,a,never,1,2\n'
    imported = run_import("statements-csv", [put("a.csv", text)])
    assert [issue.line for issue in imported.issues] == [5]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("91,1", "import.position"),
        ("north,1", "import.position"),
        (",1", "import.position"),
        ("nan,1", "import.position"),
        ('"48,6",1', "import.position"),
    ],
)
def test_a_position_that_is_none_is_refused(cell, code, put):
    imported = run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,{cell}\n")])
    assert [issue.code for issue in imported.issues] == [code]
    assert_adds_up(imported)


def test_a_column_is_mapped_as_told_and_left_out_as_told(put):
    path = put("a.csv", "Ort,Wer,Tag,lat,lon,note\nP,a,2022-03-31,1,1,secret\n")
    mapping = {"Ort": "name", "Wer": "controller", "Tag": "date", "note": ""}
    imported = run_import("statements-csv", [path], options=Options(mapping=mapping))
    assert values(imported, "statements")[0]["note"] is None
    assert "Ort -> name, as told" in imported.report()
    assert "not taken: note" in imported.report()


def test_a_missing_column_says_what_there_is_and_what_is_known(put):
    path = put("a.csv", "Ort,Wer\nP,a\n")
    with pytest.raises(SchemaError, match=r"no column for name, .* among Ort, Wer"):
        run_import("statements-csv", [path])


def test_a_value_may_be_set_for_all(put):
    path = put("a.csv", "name,held by,lat,lon\nP,a,1,1\n")
    told = {"date": "2022-03-31", "confidence": "high", "place_kind": "village"}
    imported = run_import("statements-csv", [path], options=Options(fixed=told))
    (statement,) = values(imported, "statements")
    assert (statement["date"], statement["confidence"]) == ("2022-03-31", "high")
    assert values(imported, "places")[0]["kind"] == "village"
    assert not any("confidence is not told" in note for note in imported.notes)


def test_what_was_not_told_is_said(put):
    imported = run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")])
    for name in ("basis", "confidence", "place_kind", "timezone", "publisher"):
        assert any(name in note and "told" in note for note in imported.notes), name
