import dataclasses
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.layers import fields, tables
from geo.model import ACTORS, ALIGNMENTS, ASSESSMENTS, STATEMENTS, Row

HEADER = ",".join(ACTORS.names)
CANONICAL = (
    HEADER
    + """
gov,Government,الحكومة,,gov,side,#cc0000,"says ""we"", and
more"
opposition,Opposition,,Rebels;FSA,opposition,side,,
"""
)


def actor(key="gov", /, **values):
    row: dict = dict.fromkeys(ACTORS.names) | {"id": key, "name": "Name", "kind": "side"} | values
    return Row(key, row)


def read(data, schema=ACTORS):
    data = data.encode() if isinstance(data, str) else data
    return tables.parse_table(data, schema=schema, file="actors.csv")


def fmt(data, schema=ACTORS, **more):
    data = data.encode() if isinstance(data, str) else data
    return tables.fmt_table(data, schema=schema, file="actors.csv", **more)


def faults(data, schema=ACTORS):
    with pytest.raises(SchemaError) as error:
        read(data, schema)
    return [(i.code, i.line) for i in error.value.issues if i.severity == "error"]


def warnings(data, schema=ACTORS):
    return [issue.code for issue in read(data, schema).issues]


# --- the canonical text -----------------------------------------------------


def test_the_canonical_text_is_read_without_complaint():
    table = read(CANONICAL)
    assert table.issues == ()
    gov, opposition = table.rows
    assert (gov.id, gov.line, opposition.line) == ("gov", 2, 4)
    assert gov.values["notes"] == 'says "we", and\nmore'
    assert gov.values["alternatenames"] is None
    assert opposition.values["alternatenames"] == "Rebels;FSA"
    assert list(gov.values) == list(ACTORS.names)


def test_the_text_is_exactly_this():
    rows = read(CANONICAL).rows
    assert tables.dump_table(rows[::-1], schema=ACTORS).decode() == CANONICAL
    assert fmt(CANONICAL) == (CANONICAL.encode(), ())


def test_rows_without_an_id_are_sorted_by_all_they_hold():
    written = (
        "date,scope,outcome,cut_off,note\n"
        "2017-07-31,all,changed,,\n"
        "2017-07-31,north,no_change,2017-08-01,\n"
        "2017-08-02,all,changed,,\n"
    )
    lines = written.splitlines()
    mixed = "\n".join([lines[0], *lines[:0:-1]]) + "\n"
    assert fmt(mixed, ASSESSMENTS)[0].decode() == written
    assert [row.id for row in read(written, ASSESSMENTS).rows] == ["", "", ""]


# --- laws -------------------------------------------------------------------

words = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.dictionaries(st.integers(0, 99), st.tuples(words, words), max_size=5))
@example({1: ('"', ","), 2: ("\u2028", "a\u2029b"), 3: ("=1+1", "'")})
def test_what_is_written_is_read_back(content):
    rows = [actor(f"a{n}", name=name or "x", notes=note) for n, (name, note) in content.items()]
    try:
        written = tables.dump_table(rows, schema=ACTORS)
    except SchemaError:
        return
    table = read(written)
    assert not any(issue.fixable for issue in table.issues)
    assert tables.dump_table(table.rows, schema=ACTORS) == written
    assert fmt(written) == (written, ())
    assert [row.id for row in table.rows] == sorted(row.id for row in rows)
    for row in rows:
        if not any(fields.check_value(row.values[c.name], c)[1] for c in ACTORS.columns):
            assert next(r for r in table.rows if r.id == row.id).values == row.values


@given(st.permutations(range(6)), st.permutations(ACTORS.names), st.booleans(), st.integers())
def test_the_order_of_rows_and_columns_gives_the_same_bytes(order, columns, crlf, seed):
    rows = [actor(f"a{n}", notes="a,b\nc" if n % 2 else None) for n in range(6)]
    written = tables.dump_table(rows, schema=ACTORS)
    rng = random.Random(seed)

    def cell(text):
        return '"' + text.replace('"', '""') + '"' if rng.random() < 0.5 or "," in text else text

    lines = [",".join(cell(name) for name in columns)]
    lines += [",".join(cell(rows[n].values[name] or "") for name in columns) for n in order]
    end = "\r\n" if crlf else "\n"
    assert fmt(end.join(lines))[0] == written


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda t: (HEADER + "\n" + t).encode(errors="replace"))
)
def test_any_bytes_are_read_or_refused(data):
    try:
        written, _ = fmt(data)
    except SchemaError as error:
        assert error.issues
        str(error).encode()
    else:
        assert fmt(written) == (written, ())


# --- what a file may not be -------------------------------------------------


def test_all_faults_of_a_file_are_told_at_once_with_line_and_id():
    data = (
        "id,place_id,date,date_precision,status,controller,basis,confidence,source_ids\n"
        "stm-1,bir,2017-08,day,controlled,gov,claimed,high,a1\n"
        'stm-2,bir,2017-08-01,day,held,gov,claimed,high,"a1;\nb2"\n'
        "stm-2,bir,02/08/2017,day,controlled,gov,claimed,high\n"
        "stm-2,bir,02/08/2017,day,controlled,gov,claimed,high,a1\n"
    )
    with pytest.raises(SchemaError) as error:
        read(data, STATEMENTS)
    found = [(i.code, i.line, i.ids) for i in error.value.issues if i.severity == "error"]
    assert found == [
        ("date.partial", 2, ("stm-1",)),
        ("choice.unknown", 3, ("stm-2",)),
        ("csv.ragged", 5, ()),
        ("date.ambiguous", 6, ("stm-2",)),
        ("id.duplicate", 6, ("stm-2",)),
    ]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        ("", "csv.empty", 0),
        ("\n\n", "csv.empty", 0),
        ("{}", "csv.header", 1),
        ("gov,Government\n", "csv.header", 1),
        (HEADER + ",name\n", "csv.header", 1),
        (HEADER.replace(",", ";") + "\ngov;Gov\n", "csv.delimiter", 1),
        (HEADER.replace(",", "\t") + "\ngov\tGov\n", "csv.delimiter", 1),
        (HEADER.replace("name,", "") + "\n", "csv.column", 1),
        (HEADER + '\ngov,"Government\n', "csv.syntax", 2),
        (HEADER + '\ngov,"Gov"x,,,,side,,\n', "csv.syntax", 2),
        (HEADER + "\ngov,Gov,,,,side,\n", "csv.ragged", 2),
        (HEADER + "\ngov,Gov,,,,side,,,\n", "csv.ragged", 2),
        (HEADER + "\ngov,G\0v,,,,side,,\n", "csv.syntax", 2),
        (HEADER + "\ngov,,,,,side,,\n", "props.required", 2),
        (HEADER + "\n,Gov,,,,side,,\n", "id.missing", 2),
        (HEADER + ",\ngov,Gov,,,,side,,,x\n", "props.key", 2),
        (HEADER + ",__proto__\ngov,Gov,,,,side,,,x\n", "props.key", 2),
        ("<html>\n", "csv.html", 1),
        ("version https://git-lfs.github.com/spec/v1\n", "git.lfs", 1),
        (HEADER + "\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n", "git.conflict", 2),
        (HEADER + "\ngov," + "x" * 200_000 + ",,,,side,,\n", "csv.syntax", 2),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_at_its_line(data, code, line):
    assert faults(data) == [(code, line)]


def test_other_encodings_are_not_guessed():
    assert faults((HEADER + "\nحلب").encode("cp1256")) == [("csv.encoding", 2)]
    assert faults(HEADER.encode("utf-16")) == [("csv.encoding", 0)]


def test_a_column_that_need_not_be_there_may_be_absent():
    table = read("id,name,kind\ngov,Government,side\n")
    assert {issue.code for issue in table.issues} == {"props.missing"}
    assert table.rows[0].values["color"] is None
    assert list(table.rows[0].values) == list(ACTORS.names)


def test_an_unknown_column_is_kept_for_all_rows():
    data = HEADER + ",zz,empty\ngov,Gov,,,,side,,,a,\nopp,Opp,,,,side,,,,\n"
    table = read(data)
    assert [issue.code for issue in table.issues] == ["props.extra_null", "props.unknown"]
    assert [row.values.get("zz") for row in table.rows] == ["a", None]
    assert [list(row.values)[-1] for row in table.rows] == ["zz", "zz"]
    written, _ = fmt(data)
    assert written.decode() == HEADER + ",zz\ngov,Gov,,,,side,,,a\nopp,Opp,,,,side,,,\n"


def test_what_a_spreadsheet_leaves_is_repaired():
    data = f"\ufeff{HEADER},,\r\ngov,Gov ,,,,side,,,,\r\n,,,,,,,,,\r\n"
    table = read(data)
    assert {issue.code for issue in table.issues} == {
        "csv.bom",
        "csv.crlf",
        "csv.empty_column",
        "csv.empty_row",
        "str.space",
    }
    assert all(issue.fixable for issue in table.issues)
    assert fmt(data)[0].decode() == HEADER + "\ngov,Gov,,,,side,,\n"


def test_the_same_row_twice_is_told_where_rows_have_no_id():
    data = ",".join(ALIGNMENTS.names) + "\n" + "ab,fights,cd,,,,\n" * 2
    assert warnings(data, ALIGNMENTS) == ["row.duplicate"]


def test_a_missing_id_is_given_on_request_and_always_the_same():
    data = HEADER + "\n,Gov,,,,side,,\n,Gov,,,,side,,\n"
    written, repaired = fmt(data, assign_ids=True)
    assert fmt(data, assign_ids=True)[0] == written
    ids = [row.id for row in read(written).rows]
    assert len(set(ids)) == 2
    assert [issue.code for issue in repaired].count("id.missing") == 2


def test_a_missing_line_end_is_repaired():
    data = HEADER + "\ngov,Gov,,,,side,,"
    assert warnings(data) == ["fmt.newline"]
    assert fmt(data)[0] == (data + "\n").encode()


# --- writing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (actor(color="red"), "pattern.mismatch"),
        (actor(notes=1.5), "props.type"),
        (dataclasses.replace(actor(), id="other"), "id.conflict"),
        (actor("X"), "id.format"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(row, code):
    with pytest.raises(SchemaError) as error:
        tables.dump_table([row], schema=ACTORS)
    assert [i.code for i in error.value.issues if i.severity == "error"] == [code]


def test_a_text_that_would_be_read_differently_is_not_returned(monkeypatch):
    monkeypatch.setattr(tables, "format_row", lambda cells: ",".join(cells) + "\n")
    with pytest.raises(SchemaError, match=r"fmt\.verify"):
        tables.dump_table([actor(notes="a,b")], schema=ACTORS)


def test_an_absent_column_is_written_empty():
    row = Row("gov", {"id": "gov", "name": "Government", "kind": "side"})
    assert (
        tables.dump_table([row], schema=ACTORS).decode() == HEADER + "\ngov,Government,,,,side,,\n"
    )


def test_a_file_is_read_below_its_folder_and_named_in_messages(tmp_path):
    path = tmp_path / "actors.csv"
    path.write_text(CANONICAL)
    table = tables.read_table(path, root=tmp_path, schema=ACTORS)
    assert (table.file, len(table.rows), len(table.digest)) == (str(path), 2, 64)
    path.write_text("x")
    with pytest.raises(SchemaError, match=rf"{path}:1: error: csv\.header"):
        tables.read_table(path, root=tmp_path, schema=ACTORS)


def test_the_table_of_somebody_else_is_split_into_cells():
    text = 'a;b\r\n"1;\n2";\r\n3;4'
    assert tables.split_rows(text, file="theirs.csv", delimiter=";") == [
        (1, ["a", "b"]),
        (2, ["1;\n2", ""]),
        (4, ["3", "4"]),
    ]
    with pytest.raises(SchemaError, match=r"theirs\.csv:2: error: csv\.syntax"):
        tables.split_rows('a;b\n"1;2\n', file="theirs.csv", delimiter=";")
