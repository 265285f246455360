import datetime as dt
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from geo.errors import Issue, escape
from geo.layers import fields
from geo.model import ACTORS, CONTROL, EVENTS, ID_PATTERN, SCHEMAS, Column, Schema, parse_day


def column(kind, **more):
    return Column("it", kind, "A column.", **more)


def check(value, kind, **more):
    value, issues = fields.check_value(value, column(kind, **more))
    return value, [issue.code for issue in issues]


# --- dates: table of spellings, with what other parsers do with them --------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024-02-30", "date.invalid"),
        ("2024-13-01", "date.invalid"),
        ("2023-02-29", "date.invalid"),
        ("31/01/2024", "date.format"),
        ("01/02/2024", "date.ambiguous"),
        ("1.2.2024", "date.ambiguous"),
        ("02/02/2024", "date.format"),
        ("2024-01-31T00:00:00Z", "date.timezone"),
        ("2024-01-31T23:30:00-05:00", "date.timezone"),
        ("2024-01-31 10:00 UTC", "date.timezone"),
        ("2024-01-31T12:00:00", "date.format"),
        ("20240131", "date.format"),
        ("2024-W05-3", "date.format"),
        ("2024-031", "date.format"),
        ("2024-1-31", "date.format"),
        ("2024-03", "date.partial"),
        ("2024", "date.partial"),
        ("03/2024", "date.partial"),
        ("1445-07-19", "date.hijri"),
        ("19 رجب 1445", "date.format"),
        ("TBD", "date.format"),
        ("N/A", "date.format"),
        ("NaT", "date.format"),
        ("Jan. 31, 2024", "date.format"),
        ("9999-12-31", "date.range"),
        ("0000-01-01", "date.range"),
        ("2100-01-02", "date.range"),
        ("2024-01-31\u200f", "str.bidi"),
        ("2024\u2011-01-31", "date.format"),
    ],
)
def test_what_is_no_date_is_refused_with_its_reason(text, code):
    value, issues = fields.check_value(text, column("date"))
    assert value is None
    assert [(i.code, i.severity, i.fixable) for i in issues] == [(code, "error", False)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024/01/31", "date.format"),
        ("2024-01-31T00:00:00", "date.format"),
        ("2024-01-31 00:00:00.000", "date.format"),
        ("2024/01/31 00:00", "date.format"),
        ("٢٠٢٤-٠١-٣١", "date.digits"),
        ("۲۰۲۴-۰۱-۳۱", "date.digits"),
        ("２０２４-01-31", "date.digits"),
        (" 2024-01-31\n", "str.space"),
    ],
)
def test_a_spelling_with_one_reading_is_repaired(text, code):
    value, issues = fields.check_value(text, column("date"))
    assert value == "2024-01-31"
    assert [(i.code, i.fixable) for i in issues] == [(code, True)]


@pytest.mark.parametrize("value", [20240131, 1.0, False, True])
def test_a_number_is_no_date(value):
    assert check(value, "date") == (None, ["date.type"])


def test_a_date_that_must_be_given_is_missed():
    assert check(None, "date") == (None, [])
    assert check(None, "date", required=True) == (None, ["date.missing"])
    assert check("", "date") == (None, ["date.empty"])
    assert check("", "date", required=True) == (None, ["date.empty", "date.missing"])


@given(st.dates(min_value=fields.FIRST_DAY, max_value=fields.LAST_DAY))
def test_every_day_between_the_bounds_is_its_own_text(day):
    assume(not 1300 <= day.year <= 1500)  # taken for Hijri years
    assert check(day.isoformat(), "date") == (day.isoformat(), [])


@pytest.mark.slow
@given(st.text(max_size=30))
@example("２０２４-１３-０１")
@example("١٤٤٥-٠٧-١٩")
def test_a_date_that_is_kept_is_a_date_for_everybody(text):
    value, _ = fields.check_value(text, column("date"))
    if value is not None:
        assert parse_day(value).isoformat() == value == dt.date.fromisoformat(value).isoformat()


# --- ids and lists ----------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Ctl-0000",
        "сtl-0000",
        "ctl-0000\u200b",
        "../../etc/passwd",
        "con",
        "lpt9",
        '"><img src=x>',
        "a" * 65,
        "a",
        "-ab",
        "a b",
        "a\nb",
        "ctl\ud800",
    ],
)
def test_what_is_no_id_is_refused(text):
    value, issues = fields.check_value(text, column("id", required=True))
    assert value is None
    assert [issue.code for issue in issues] == ["id.format"]
    str(issues[0]).encode()


def test_an_id_is_text_and_must_be_there():
    assert check(7, "id", required=True) == (None, ["id.type"])
    assert check(True, "id", required=True) == (None, ["id.type"])
    assert check(["a1"], "id", required=True) == (None, ["id.type"])
    assert check(None, "id", required=True) == (None, ["id.missing"])
    assert check(" ", "id", required=True) == (None, ["id.missing"])
    assert check("ctl-1 ", "id", required=True) == ("ctl-1", ["str.space"])


def test_a_list_of_ids_has_one_spelling():
    assert check("a1;b2", "refs") == ("a1;b2", [])
    assert check("a1; b2;;a1 ", "refs") == ("a1;b2", ["str.space", "refs.layout"])
    assert check(" ; ", "refs", required=True)[0] is None
    assert check("a1;B2;c d", "refs") == (None, ["ref.format", "ref.format"])
    assert check(["a1", "b2"], "refs") == ("a1;b2", ["props.type"])
    assert check(["a1", 2], "refs") == (None, ["props.nested"])
    assert check([], "text") == (None, ["props.nested"])
    assert check({"a": 1}, "text") == (None, ["props.nested"])


def test_a_reference_is_an_id():
    assert check("gov", "ref") == ("gov", [])
    assert check("gov ", "ref") == ("gov", ["str.space"])
    assert check("Gov", "ref") == (None, ["ref.format"])
    assert check("gov;opposition", "ref") == (None, ["ref.format"])
    assert check("g\u200dv", "ref") == (None, ["str.bidi"])
    assert check(7, "ref") == (None, ["props.type"])


def test_an_id_that_is_made_is_the_same_for_the_same_content():
    one = fields.new_id(CONTROL, b"content", ())
    assert one == fields.new_id(CONTROL, b"content", ())
    assert fields.is_id(one)
    other = fields.new_id(CONTROL, b"content", {one})
    assert other != one
    assert fields.is_id(other)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=list(SCHEMAS))
def test_an_id_can_be_made_for_every_schema(schema):
    assert fields.is_id(fields.new_id(schema, b"", ()))


# --- choices, patterns, addresses, numbers ----------------------------------


def test_a_choice_is_spelt_as_on_its_list():
    choices = ("controlled", "contested")
    assert check("contested", "choice", choices=choices) == ("contested", [])
    assert check("contested ", "choice", choices=choices) == ("contested", ["str.space"])
    value, (issue,) = fields.check_value("Contestd", column("choice", choices=choices))
    assert value is None
    assert issue.code == "choice.unknown"
    assert "did you mean contested?" in issue.hint
    assert check("", "choice", choices=choices, required=True) == (
        None,
        ["str.empty", "props.required"],
    )
    assert check(1, "choice", choices=choices) == (None, ["props.type"])


def test_a_pattern_must_match_the_whole_text():
    assert check("#00ff00", "pattern", pattern="#[0-9a-f]{6}") == ("#00ff00", [])
    for text in ("#00ff00;x", "x#00ff00", "#00FF00", "#00ff00\n#"):
        assert check(text, "pattern", pattern="#[0-9a-f]{6}") == (None, ["pattern.mismatch"])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("https://example.org/a?b=c#d", []),
        ("HTTP://example.org", []),
        ("https://example.org@evil.example/", ["url.userinfo"]),
        ("javascript:alert(1)", ["url.scheme"]),
        ("data:text/html,x", ["url.scheme"]),
        ("file:///etc/passwd", ["url.scheme"]),
        ("//example.org", ["url.scheme"]),
        ("example.org", ["url.scheme"]),
        ("https:example.org", ["url.format"]),
        ("https://", ["url.format"]),
        ("https://[::1", ["url.format"]),
        ("https://example.org/a b", ["url.format"]),
        ('https://example.org/"onclick', ["url.format"]),
        ("https://exam\u202eple.org", ["str.bidi"]),
        ("['https://e.org/1' 'https://e.org/2']", ["props.numpy"]),
        ("(2:https://e.org/1,https://e.org/2)", ["props.ogrlist"]),
    ],
)
def test_only_web_addresses_become_links(text, codes):
    value, found = check(text, "url")
    assert found == codes
    assert (value == text) == (codes in ([], ["url.userinfo"]))


@pytest.mark.parametrize(
    ("value", "kept", "codes"),
    [
        (5, 5, []),
        (5.0, 5, ["props.type"]),
        (5.5, None, ["props.type"]),
        (True, None, ["props.type"]),
        ("5", None, ["props.type"]),
        (float("nan"), None, ["props.type"]),
        (float("inf"), None, ["props.type"]),
        (1e300, None, ["props.type"]),
        (2**53, 2**53, []),
        (2**53 + 1, None, ["num.range"]),
        (-1, None, ["num.bounds"]),
    ],
)
def test_an_integer_is_whole_exact_and_within_bounds(value, kept, codes):
    assert check(value, "integer", minimum=0) == (kept, codes)


def test_bounds_are_inclusive():
    assert check(3, "integer", minimum=1, maximum=3) == (3, [])
    assert check(4, "integer", minimum=1, maximum=3) == (None, ["num.bounds"])


# --- text -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "حَلَبُ",
        "حـــلب",
        "می\u200cخواهم",
        "👨\u200d👩\u200d👧",
        "a\nb\tc",
        "{{ 7*191 }}",
        "[to be checked]",
        "(2 km north)",
        "<img src=x onerror=alert(1)>",
        "=1+1",
        "-1",
        "true",
        "007",
    ],
)
def test_text_is_kept_exactly_and_without_complaint(text):
    assert check(text, "text") == (text, [])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a\x00b", ["str.control"]),
        ("a\x08b", ["str.control"]),
        ("a\x85b", ["str.control"]),
        ("\ud83d", ["str.surrogate"]),
        ("ح\ufffdب", ["str.replacement"]),
        ("safe \u202egpj.exe\u202c", ["str.bidi"]),
        ('{"a": 1}', ["str.json"]),
        ("[1, 2]", ["str.json"]),
        ("[]", ["str.json"]),
        ("[" * 100_000 + "]" * 100_000, ["str.json"]),
        ("['a' 'b']", ["props.numpy"]),
        ("['a', 'b']", ["props.numpy"]),
        ("(2:a,b)", ["props.ogrlist"]),
    ],
)
def test_damaged_text_is_refused(text, codes):
    assert check(text, "text") == (None, codes)


@pytest.mark.parametrize(
    ("text", "kept", "codes"),
    [
        (" a ", "a", ["str.space"]),
        ("\u00a0a\u2003", "a", ["str.space"]),
        ("Zo\u0301r", "Zór", ["str.nfc"]),
        ("a\r\nb\rc", "a\nb\nc", ["str.newline"]),
        ("", None, ["str.empty"]),
        (" \u00a0", None, ["str.empty"]),
    ],
)
def test_text_with_one_reading_is_repaired(text, kept, codes):
    value, issues = fields.check_value(text, column("text"))
    assert (value, [issue.code for issue in issues]) == (kept, codes)
    assert all(issue.fixable for issue in issues)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\u2067حلب\u2069 (Aleppo)", "str.bidi"),
        ("a\u200bb", "str.invisible"),
        ("ﺣﻠﺐ", "str.presentation"),
        ("Ø­Ù„Ø¨", "str.mojibake"),
        ("x" * 20_001, "str.long"),
    ],
)
def test_doubtful_text_is_kept_with_a_warning(text, code):
    value, issues = fields.check_value(text, column("text"))
    assert value == text
    assert code in {issue.code for issue in issues}
    assert all(issue.severity == "warning" and not issue.fixable for issue in issues)


@given(st.text())
@example("\u0344")
@example("\u2000a")
def test_what_is_kept_of_a_text_needs_no_more_repair(text):
    value, issues = fields.check_value(text, column("text"))
    if value is not None:
        assert value == unicodedata.normalize("NFC", value).strip()
        again, more = fields.check_value(value, column("text"))
        assert again == value
        assert not any(issue.fixable or issue.severity == "error" for issue in more)
    for issue in issues:
        assert len(str(issue)) < 400
        str(issue).encode()


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.text()))
def test_no_value_of_any_kind_is_a_crash(value):
    for schema in SCHEMAS.values():
        for one in schema.columns:
            kept, issues = fields.check_value(value, one)
            if kept is None:
                continue
            again, more = fields.check_value(kept, one)
            assert again == kept
            assert not any(issue.fixable for issue in more)
            if any(issue.severity == "error" and not issue.fixable for issue in issues):
                pytest.fail(f"{kept!r} was kept and refused")


# --- records ----------------------------------------------------------------

PATCH = {
    "id": "ctl-1",
    "controller": "opposition",
    "controllers": None,
    "status": "controlled",
    "basis": "reported",
    "confidence": "high",
    "statement_ids": None,
    "source_ids": "sohr-1;un-2",
    "note": None,
}


def record(schema=CONTROL, *, text=False, **changes):
    values, issues = fields.check_record(PATCH | changes, schema, text=text)
    return values, {issue.code for issue in issues}


def test_a_right_record_comes_back_as_it_is():
    assert record() == (PATCH, set())


def test_an_absent_key_is_null_and_is_told():
    rest = {key: value for key, value in PATCH.items() if key not in {"note", "status"}}
    values, issues = fields.check_record(rest, CONTROL)
    assert list(values) == list(CONTROL.names)
    assert [(i.code, i.severity) for i in issues] == [
        ("props.required", "error"),
        ("props.missing", "warning"),
        ("props.missing", "warning"),
    ]


def test_an_unknown_key_is_kept_behind_the_others():
    values, found = record(zeta="z", alpha=3)
    assert list(values) == [*CONTROL.names, "alpha", "zeta"]
    assert values["alpha"] == 3
    assert found == {"props.unknown"}


def test_keys_of_programs_are_dropped_and_told():
    values, found = record(fid=1, OBJECTID=2, path="/home/someone/layer.geojson", new=None)
    assert values == PATCH
    assert found == {"props.artefact", "props.extra_null"}


@pytest.mark.parametrize("key", ["__proto__", "constructor", "st\u202eatus", "", " a", "x" * 101])
def test_a_dangerous_key_is_refused(key):
    values, found = record(**{key: "x"})
    assert values == PATCH
    assert "props.key" in found


def test_an_unknown_value_follows_the_rules_of_all_values():
    assert record(new=1.5)[1] == {"props.unknown", "props.type"}
    assert record(new=True)[1] == {"props.unknown", "props.type"}
    assert record(new={"a": 1})[1] == {"props.unknown", "props.nested"}
    assert record(new=2**60)[1] == {"props.unknown", "num.range"}


def test_what_a_merge_left_open_is_refused():
    assert "git.conflict" in record(_conflict="ours: geometry")[1]


def test_a_near_miss_of_a_key_is_suggested():
    _, issues = fields.check_record(PATCH | {"Status": "controlled"}, CONTROL)
    assert [issue.hint for issue in issues] == ["did you mean status?"]


def test_cells_of_a_table_are_text():
    rows = Schema("t", "t.csv", (column("integer"), Column("name", "text", "Name.")))
    for cell, kept, code in [
        ("", None, ""),
        ("7", 7, ""),
        ("-7", -7, ""),
        ("0", 0, ""),
        ("7.0", 7, "props.type"),
        (" 7 ", 7, "str.space"),
        ("  ", None, "str.space"),
    ]:
        values, issues = fields.check_record({"it": cell, "name": ""}, rows, text=True)
        assert values == {"it": kept, "name": None}
        assert [issue.code for issue in issues] == ([code] if code else [])
        assert all(issue.fixable for issue in issues)
    for cell in ("07", "7,000", "٧", "1e3", "seven", "-0", "9" * 5000):
        values, issues = fields.check_record({"it": cell, "name": ""}, rows, text=True)
        assert values["it"] is None
        assert [issue.severity for issue in issues] == ["error"]


def test_bounds_of_the_model_are_applied():
    assert fields.check_value(4, EVENTS.column("time_precision"))[1][0].code == "num.bounds"
    assert fields.check_value("red", ACTORS.column("color"))[1][0].code == "pattern.mismatch"


def test_messages_show_what_cannot_be_seen():
    _, issues = fields.check_value("a\u202eb\ud800", column("choice", choices=("ab",)))
    shown = str(issues[0])
    assert escape(shown, 1000) == shown


@given(st.from_regex(ID_PATTERN, fullmatch=True))
def test_every_id_but_the_reserved_ones_is_an_id(name):
    assert fields.is_id(name) == (check(name, "ref")[1] == [])


# --- findings in their place ------------------------------------------------


def test_findings_get_their_place_and_a_warning_is_said_once():
    warning = Issue("a.a", "warning", "a warning", "hint")
    error = Issue("b.b", "error", "an error")
    whole = Issue("c.c", "error", "of the file", line=1)
    found = [(-1, whole), (0, warning), (1, error), (2, warning), (3, warning), (1, error)]
    placed = fields.place(
        found, file="f.csv", ids=["aa", "bb", "cc", ""], lines=[2, 3, 4, 5], noun="row"
    )
    assert [(i.code, i.line, i.ids, i.file) for i in placed] == [
        ("c.c", 1, (), "f.csv"),
        ("b.b", 3, ("bb",), "f.csv"),
        ("b.b", 3, ("bb",), "f.csv"),
        ("a.a", 2, ("aa", "cc"), "f.csv"),
        ("a.a", 5, (), "f.csv"),
    ]
    assert placed[-1].message == "row 4: a warning"
    assert placed[-2].message == "a warning"
