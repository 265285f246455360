import datetime as dt
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import GeoError
from geo.exchange import read_report_text

SAID = "The rebels captured Jabal Seis from regime forces on 2 August 2017."
PAGE = f"""<!DOCTYPE html><html><head><title>News</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/x">ISIS captured Palmyra</a></li></ul></nav>
<article><h1>Desert news</h1>
<p>{SAID} It came after a long day of heavy fighting in the hills, as people of the area said.</p>
<p>Observers said that the road stayed open, and that the wounded were taken to a field hospital in
the evening of the same day by local volunteers of two villages.</p></article>
<aside class="advert">Buy now! ISIS seized your mortgage</aside><footer>About us</footer>
</body></html>"""
MAIL = f"""From: a@example.org
To: b@example.org
Subject: the desert
Date: Thu, 3 Aug 2017 10:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

{SAID}

> On 1 August the army captured Palmyra.
--
ISIS captured Tanf
"""


def pdf(text):
    """A PDF of one page with one line."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    font = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R %s >>" % font,
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, at = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in at)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def read(data):
    (one,) = read_report_text(data if isinstance(data, bytes) else data.encode(), file="report")
    return one


def test_of_a_page_only_the_article_is_read():
    told = read(PAGE)
    assert told.form == "page"
    assert SAID in told.text
    assert "mortgage" not in told.text
    assert "Palmyra" not in told.text


def test_of_a_mail_only_what_its_writer_says_is_read_and_its_day():
    told = read(MAIL)
    assert told.form == "mail"
    assert SAID in told.text
    assert "Palmyra" not in told.text
    assert "Tanf" not in told.text
    assert told.published == dt.date(2017, 8, 3)


def test_of_a_pdf_the_text_is_read():
    told = read(pdf(SAID))
    assert told.form == "pdf"
    assert SAID in told.text


@pytest.mark.parametrize(
    "lines",
    [
        ("[2.8.2017, 10:12:01] Abu: {}", "[3.8.2017, 09:00:10] Omar: {}"),
        ("2.8.2017, 10:12 - Abu: {}", "3.8.2017, 09:00 - Omar: {}"),
    ],
)
def test_each_day_of_a_chat_is_a_report_without_its_writers(lines):
    told = read_report_text("\n".join(lines).format(SAID, "Nothing new.").encode(), file="chat")
    assert [one.text for one in told] == [SAID, "Nothing new."]
    assert [str(one.published) for one in told] == ["2017-08-02", "2017-08-03"]
    assert {one.form for one in told} == {"chat"}


def test_a_day_of_a_chat_that_may_be_two_is_none():
    lines = "02/08/2017, 10:12 - Abu: {}\n02/08/2017, 10:13 - Omar: {}"
    (told,) = read_report_text(lines.format(SAID, SAID).encode(), file="chat")
    assert told.published is None


@pytest.mark.parametrize(
    ("other", "day"),
    [("13/08/2017", "2017-08-03"), ("08/13/2017", "2017-03-08"), ("08/08/2017", None)],
)
def test_one_day_of_a_chat_over_twelve_tells_how_all_are_written(other, day):
    lines = f"03/08/2017, 10:12 - Abu: {SAID}\n{other}, 10:13 - Omar: {SAID}"
    first, _ = read_report_text(lines.encode(), file="chat")
    assert (str(first.published) if first.published else None) == day


def test_marks_of_direction_are_left_out():
    assert read("\u202bسيطرت الفصائل\u202c and \u200eSAA\r\n").text == "سيطرت الفصائل and SAA\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no text"),
        (b"\x00\x01\x02\x03", "is no text"),
        (b"\xff\xfa\xfb", "is not UTF-8"),
        (b"%PDF-1.4 broken", "no PDF that can be read"),
        (b"<html><body><nav>Home</nav></body></html>", "no article"),
        (b"12 34 56", "holds no words"),
        ("政府軍は撤退した。".encode(), "no words of reports"),
        (b"a word " * 200_000, "too long"),
    ],
)
def test_what_cannot_be_read_gets_one_message(data, message):
    with pytest.raises(GeoError, match=message) as caught:
        read_report_text(data, file="report.x")
    assert "report.x" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("library", "data"), [("pypdf", pdf(SAID)), ("trafilatura", PAGE.encode())]
)
def test_a_library_that_is_not_there_is_named(monkeypatch, library, data):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(GeoError, match=r"geo-frontline\[reports\]"):
        read_report_text(data, file="report")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_text_or_one_message(data):
    try:
        told = read_report_text(data, file="report")
    except GeoError:
        return
    assert all(one.text.strip() for one in told)
