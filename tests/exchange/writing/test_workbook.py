"""A workbook is read back by openpyxl."""

import datetime as dt
import io

import pytest

from tests.exports import HOSTILE, hostile, intervals, one, spans


def test_a_workbook_reads_back_in_openpyxl(case):
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    read, composite = case
    book = openpyxl.load_workbook(io.BytesIO(one(read, composite, "xlsx")))
    head, *rows = book["control"].iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    frame = {name: [row[name] for row in found] for name in ("valid_from", "valid_to")}
    assert spans(frame) == intervals(composite)
    assert sum(row["area_km2"] for row in found) == pytest.approx(
        composite.intervals()["area_km2"].sum()
    )
    assert all(isinstance(row["valid_from"], dt.datetime) for row in found)
    assert len(list(book["statements"].iter_rows())) == len(read.statements.rows) + 1
    texts = {row[0]: row[1] for row in book["about"].iter_rows(values_only=True)}
    assert texts["attribution"] == read.theatre.properties["attribution"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_survives_as_text_in_a_workbook(text, little):
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    read, composite = little
    book = openpyxl.load_workbook(
        io.BytesIO(one(hostile(read, text), composite, "xlsx")), data_only=False
    )
    head, *rows = book["control"].iter_rows()
    at = [cell.value for cell in head].index("note")
    assert {row[at].value for row in rows} == {text}
    assert {row[at].data_type for row in rows} == {"s"}
    assert {row[at].number_format for row in rows} == {"@"}
