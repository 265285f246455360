"""Tables that went through a spreadsheet come back: whole, merged, and with nothing lost unsaid."""

import csv
import io
import random
import shutil
import zipfile
from xml.sax.saxutils import escape

import pytest
from clones import canonical, commit, git

from geo.edit.versions.losses import lost_columns
from geo.edit.versions.setup import install_git
from geo.layers import fmt_table, parse_table
from geo.model import CHANGES, STATEMENTS

xlsxwriter = pytest.importorskip("xlsxwriter")
NAME = "statements.csv"


@pytest.fixture
def real(own_git, tmp_path, shipped):  # noqa: ARG001
    """The shipped layers in a repository of their own."""
    top = tmp_path / "real"
    shutil.copytree(shipped, top / "layers", ignore=shutil.ignore_patterns(".frontline"))
    canonical(top / "layers")
    git(top, "init", "-q", "--initial-branch=main")
    commit(top, "begin")
    return top


def rows_of(top, name=NAME):
    with (top / "layers" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def written(rows, delimiter=",", end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def save(frontline, top, path, *words, code=0):
    got, out, err = frontline("save", path, "--yes", "--layers", top / "layers", *words)
    assert got == code, out + err
    return out + err


def with_note(rows, at, text):
    note = rows[0].index("note")
    return [[*r[:note], text, *r[note + 1 :]] if i == at else r for i, r in enumerate(rows)]


def german(rows):
    """As Excel writes it: semicolons, a byte order mark, CRLF, days first."""
    day = rows[0].index("date")
    turned = [rows[0]]
    for row in rows[1:]:
        y, m, d = row[day].split("-")
        turned.append([*row[:day], f"{d}.{m}.{y}", *row[day + 1 :]])
    return ("\ufeff" + written(turned, ";", "\r\n")).encode()


def tabbed(rows):
    """As Excel writes `Unicode text`, once told to be UTF-8; numbers have a decimal comma."""
    share = rows[0].index("share_pct")
    body = [[*r[:share], r[share] and f"{r[share]},0", *r[share + 1 :]] for r in rows[1:]]
    return written([rows[0], *body], "\t", "\r\n").encode()


def shuffled(rows):
    """Another order of rows and of columns."""
    order = list(range(len(rows[0])))
    random.Random(7).shuffle(order)
    body = rows[1:]
    random.Random(8).shuffle(body)
    return written([[row[i] for i in order] for row in [rows[0], *body]]).encode()


def workbook(rows):
    """A sheet with dates and numbers as such, below a title."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet("read me").write(0, 0, "what this is")
    sheet = book.add_worksheet("statements")
    sheet.write(0, 0, "Statements, as of today")
    share, day = rows[0].index("share_pct"), rows[0].index("date")
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if y and x == share and cell:
                sheet.write_number(y + 2, x, float(cell))
            elif (y and x == day) or cell:
                sheet.write_string(y + 2, x, cell)
    book.close()
    return out.getvalue()


FORMS = {
    "german.csv": german,
    "tabbed.txt": tabbed,
    "shuffled.csv": shuffled,
    "statements.xlsx": workbook,
}


def opendocument(rows):
    """A sheet as LibreOffice writes it, cut down."""
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    }
    spaces = " ".join(f'xmlns:{key}="{value}"' for key, value in names.items())
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join(
        f"<table:table-row>{''.join(cell.format(escape(c)) for c in row)}</table:table-row>"
        for row in rows
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    content = (
        f'<office:document-content {spaces} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="statements">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        pack.writestr("mimetype", kind, zipfile.ZIP_STORED)
        pack.writestr("META-INF/manifest.xml", manifest)
        pack.writestr("content.xml", content)
    return out.getvalue()


FORMS["statements.ods"] = opendocument


@pytest.mark.parametrize("name", FORMS)
def test_a_table_comes_back_from_any_program(real, tmp_path, frontline, name):
    rows = rows_of(real)
    before = (real / "layers" / NAME).read_bytes()
    path = tmp_path / name
    path.write_bytes(FORMS[name](rows))
    said = save(frontline, real, path, "statements")
    assert "says all of it already" in said
    assert (real / "layers" / NAME).read_bytes() == before
    path.write_bytes(FORMS[name](with_note(rows, 5, "Read again.")))
    said = save(frontline, real, path, "statements")
    assert said.count("\n~ ") + said.startswith("~ ") == 1
    assert "-> Read again." in said
    assert rows_of(real) == with_note(rows, 5, "Read again.")


def test_the_table_itself_saved_over_by_a_spreadsheet_comes_back(real, frontline):
    rows = with_note(rows_of(real), 4, "Read again.")
    path = real / "layers" / NAME
    path.write_bytes(german(rows))
    said = save(frontline, real, path)
    assert "-> Read again." in said
    assert rows_of(real) == rows


@pytest.mark.parametrize("mark", [";", "\t"])
def test_fmt_reads_semicolons_and_tabs_where_the_header_names_the_columns(real, mark):
    rows = rows_of(real)
    data = written(rows, mark).encode()
    text, issues = fmt_table(data, schema=STATEMENTS, file=NAME)
    assert text == (real / "layers" / NAME).read_bytes()
    assert "csv.delimiter" in {issue.code for issue in issues}


def test_what_colleagues_wrote_meanwhile_is_merged(real, tmp_path, frontline):
    rows = rows_of(real)
    path = tmp_path / "statements.csv"
    path.write_bytes(german(with_note(rows, 5, "Mine.")))
    (real / "layers" / NAME).write_text(written(with_note(rows, 9, "Theirs.")), encoding="utf-8")
    commit(real, "say so", who="bob")
    said = save(frontline, real, path)
    assert "was taken from" in said
    assert rows_of(real) == with_note(with_note(rows, 5, "Mine."), 9, "Theirs.")


def test_what_both_wrote_is_a_conflict(real, tmp_path, frontline):
    rows = rows_of(real)
    path = tmp_path / "statements.csv"
    path.write_bytes(german(with_note(with_note(rows, 5, "Mine."), 7, "Mine too.")))
    theirs = with_note(with_note(rows, 5, "Theirs."), 9, "Theirs.")
    (real / "layers" / NAME).write_text(written(theirs), encoding="utf-8")
    commit(real, "say so", who="bob")
    before = (real / "layers" / NAME).read_bytes()
    first = git(real, "rev-parse", "HEAD~1").strip()
    said = save(frontline, real, path, "--base", first, code=1)
    assert "'Mine.'" in said
    assert (real / "layers" / NAME).read_bytes() == before
    save(frontline, real, path, "--base", first, "--prefer", "theirs")
    assert rows_of(real) == with_note(theirs, 7, "Mine too.")


def test_a_column_that_is_not_there_says_nothing(real, tmp_path, frontline):
    rows = rows_of(real)
    note = rows[0].index("note")
    less = [[*row[:note], *row[note + 1 :]] for row in rows]
    path = tmp_path / "statements.csv"
    path.write_text(written(less), encoding="utf-8")
    said = save(frontline, real, path)
    assert "it has no column note" in said
    assert rows_of(real) == rows


def emptied(rows):
    note = rows[0].index("note")
    return [rows[0], *([*row[:note], "", *row[note + 1 :]] for row in rows[1:])]


def sorted_alone(rows):
    note = rows[0].index("note")
    cells = sorted(row[note] for row in rows[1:])
    body = zip(rows[1:], cells, strict=True)
    return [rows[0], *([*row[:note], cell, *row[note + 1 :]] for row, cell in body)]


@pytest.mark.parametrize(
    ("spoil", "code"), [(emptied, "column.emptied"), (sorted_alone, "column.shuffled")]
)
def test_a_column_emptied_or_sorted_alone_is_refused_by_what_it_would_lose(
    real, tmp_path, frontline, spoil, code
):
    rows = rows_of(real)
    had = sum(bool(row[-1]) for row in rows[1:])
    before = (real / "layers" / NAME).read_bytes()
    path = tmp_path / "statements.csv"
    path.write_text(written(spoil(rows)), encoding="utf-8")
    said = save(frontline, real, path, code=1)
    assert code in said
    assert code != "column.emptied" or f"{had} cells of note are emptied" in said
    assert (real / "layers" / NAME).read_bytes() == before
    save(frontline, real, path, "--empty", "note")
    assert rows_of(real) == spoil(rows)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["column gone", "emptied", "sorted alone"])
def test_a_commit_that_loses_a_column_is_refused(real, frontline, how):
    install_git(real / "layers")
    rows = rows_of(real)
    if how == "column gone":
        note = rows[0].index("note")
        rows = [[*row[:note], *row[note + 1 :]] for row in rows]
    else:
        rows = emptied(rows) if how == "emptied" else sorted_alone(rows)
    (real / "layers" / NAME).write_text(written(rows), encoding="utf-8")
    code, out, _ = frontline("check", real / "layers", "--against", "HEAD")
    assert code == 1
    assert "cells of note" in out
    git(real, "add", "-A")
    said = git(real, "commit", "-m", "less", code=1)
    assert "cells of note" in said
    assert "against HEAD" in said


@pytest.mark.parametrize("form", ["{d}.{m}.{y}", "{m}/{d}/{y}"])
def test_which_number_is_the_day_is_told_by_the_dates_that_stand_there(
    small, tmp_path, frontline, form
):
    top = small.parent
    frontline("fmt", small)
    rows = rows_of(top)
    day = rows[0].index("date")
    sent = [rows[0]]
    for row in rows[1:]:
        y, m, d = row[day].split("-")
        assert max(m, d) <= "12"
        sent.append([*row[:day], form.format(y=y, m=m, d=d), *row[day + 1 :]])
    path = tmp_path / "statements.csv"
    path.write_text(written(with_note(sent, 1, "Mine.")), encoding="utf-8")
    save(frontline, top, path)
    assert rows_of(top) == with_note(rows, 1, "Mine.")


def test_a_month_is_not_made_a_day(real, tmp_path, frontline):
    rows = rows_of(real)
    day = rows[0].index("date")
    rows[3] = [*rows[3][:day], "2017-07", *rows[3][day + 1 :]]
    path = tmp_path / "statements.csv"
    path.write_text(written(rows), encoding="utf-8")
    said = save(frontline, real, path, code=1)
    assert "2017-07" in said
    assert "date" in said


def test_rows_that_are_gone_are_named_and_new_ones_get_an_id(real, tmp_path, frontline):
    rows = rows_of(real)
    new = ["", *rows[4][1:-1], "A new row."]
    path = tmp_path / "statements.csv"
    path.write_text(written([*rows[:2], *rows[3:], new]), encoding="utf-8")
    said = save(frontline, real, path)
    assert f"- {rows[2][0]}" in said
    assert "+ stm-" in said
    assert len(rows_of(real)) == len(rows)
    assert rows[2][0] in (real / "layers" / ".frontline" / "gone.txt").read_text()


@pytest.mark.parametrize("name", ["t08", "t09"])
def test_the_cases_of_spreadsheets_come_back(real, cases, frontline, name):
    table = real / "layers" / NAME
    whole = (cases("t09") / "statements.csv").read_bytes()
    table.write_bytes(fmt_table(whole, schema=STATEMENTS, file=NAME)[0])
    commit(real, "as it was then")
    before = table.read_bytes()
    said = save(frontline, real, cases(name) / "statements.csv")
    assert "says all of it already" in said
    assert ("it has no column note" in said) == (name == "t08")
    assert table.read_bytes() == before


def test_few_cells_are_edited_by_hand(real):
    data = (real / "layers" / "changes.csv").read_bytes()
    rows = parse_table(data, schema=CHANGES, file="").rows
    assert not list(lost_columns(CHANGES, rows, rows))
