"""
The text of a report, out of what it came in: a page, a PDF, an e-mail, an export of a chat.

What is not the report (menus, advertisements, quoted mails, headers) is left out; what cannot be
read is said in one message. trafilatura takes the article out of a page and pypdf the text out of a
PDF: both are the extra `reports`, loaded only for such files.
"""

from __future__ import annotations

import datetime as dt
import email.policy
import io
import logging
import re
import unicodedata
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from email.message import EmailMessage

MAX_BYTES = 20_000_000
"""A larger file is no report."""
_MAX_TEXT = 1_000_000
"""So many characters are read as one report."""
_SCRIPTS = ("LATIN", "ARABIC", "CYRILLIC")
"""Scripts of the languages that reports are read in."""
_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|div|article)\b", re.I | re.S
)
_MAIL = re.compile(rb"(?:[A-Za-z][A-Za-z-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_MAIL_NAMES = re.compile(
    rb"^(?:From|To|Subject|Date|Received|Message-ID|MIME-Version):", re.I | re.M
)
_CHAT = re.compile(
    r"^[\u200e\u200f\u202a-\u202e]*\[?(?P<day>\d{1,4}[./-]\d{1,2}[./-]\d{1,4})[,\s]+"
    r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?\]?\s*(?:[-–]\s*)?(?P<who>[^:\n]{1,60}):\s?",
    re.MULTILINE,
)
_LEAST_WORDS = 5
"""Fewer words are no article."""
_CHAT_LINES = 2
"""So many messages make a chat."""
_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])
"""Marks of direction: they say how to show a text, not what it says."""


@dataclass(frozen=True, slots=True)
class ReportText:
    """
    A report as text.

    Attributes
    ----------
    text
        What it says.
    published
        Its day, where the file tells it: of a mail, or the newest message of a chat.
    form
        What it came in: ``text``, ``page``, ``pdf``, ``mail``, ``chat``.
    """

    text: str
    published: dt.date | None
    form: str


def read_report_text(data: bytes, *, file: str) -> tuple[ReportText, ...]:
    """
    Return the text of a report; of a chat one for each day, which "yesterday" is counted from.

    Parameters
    ----------
    data
        A text in UTF-8, a page of HTML, a PDF, an e-mail, or an export of a chat.
    file
        What to call it in messages.

    Returns
    -------
    reports
        Texts without marks of direction, in order.

    Raises
    ------
    GeoError
        If there is no text in it, it is too long, or in no script that reports are read in.
    """
    if len(data) > MAX_BYTES:
        raise GeoError(f"{file} is {len(data) // 1_000_000} MB: too long for a report; split it")
    return tuple(_checked(found, file) for found in _taken_out(data, file))


def _checked(found: ReportText, file: str) -> ReportText:
    text = unicodedata.normalize("NFC", found.text.translate(_CONTROLS)).replace("\r\n", "\n")
    text = text.replace("\r", "\n").replace("\u00a0", " ")
    if len(text) > _MAX_TEXT:
        raise GeoError(f"{file} holds {len(text):,} characters: too long for one report; split it")
    if not text.strip():
        raise GeoError(
            f"{file} holds no text; a scanned page must be read by a text recognition first"
        )
    _require_script(text, file)
    return ReportText(text, found.published, found.form)


def _taken_out(data: bytes, file: str) -> tuple[ReportText, ...]:
    if data.lstrip()[:5] == b"%PDF-":
        return (ReportText(_pdf(data, file), None, "pdf"),)
    if _PAGE.match(data[:4000]):
        return (ReportText(_page(data, file), None, "page"),)
    head = data[:20_000].replace(b"\r\n", b"\n")
    if _MAIL.match(head) and len(_MAIL_NAMES.findall(head)) >= 2:
        return (_mail(data, file),)
    text = _decoded(data, file)
    return _chat(text) or (ReportText(text, None, "text"),)


def _decoded(data: bytes, file: str) -> str:
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, errors="strict")
    if b"\x00" in data[:4096]:
        raise GeoError(f"{file} is no text; give the report as text, HTML, PDF or e-mail")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GeoError(f"{file} is not UTF-8 text; save it as UTF-8") from error


def _page(data: bytes, file: str) -> str:
    try:
        import trafilatura
    except ImportError as error:
        raise GeoError(
            f"{file} is a page of HTML; to take the article out of it install "
            "`pip install 'geo-frontline[reports]'`, or save its text"
        ) from error
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # said in one message below
    text = trafilatura.extract(
        data, include_comments=False, include_tables=False, favor_precision=True, deduplicate=True
    )
    if not text or len(text.split()) < _LEAST_WORDS:
        raise GeoError(f"{file}: no article was found in the page; save the text of the report")
    return str(text)


def _pdf(data: bytes, file: str) -> str:
    try:
        import pypdf
    except ImportError as error:
        raise GeoError(
            f"{file} is a PDF; to read it install `pip install 'geo-frontline[reports]'`, "
            "or save its text"
        ) from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it finds is said in one message
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise GeoError(f"{file} is locked by a password; save its text")
        return "\n\n".join(page.extract_text() or "" for page in reader.pages)
    except GeoError:
        raise
    except Exception as error:  # pypdf raises many kinds for broken files
        raise GeoError(f"{file} is no PDF that can be read ({type(error).__name__})") from error


def _mail(data: bytes, file: str) -> ReportText:
    message: EmailMessage = message_from_bytes(data, policy=email.policy.default)
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        raise GeoError(f"{file} is a mail without a text; save the report itself")
    try:
        content = body.get_content()
    except (LookupError, UnicodeError) as error:
        raise GeoError(f"{file}: the letters of the mail cannot be read; save its text") from error
    if body.get_content_type() == "text/html":
        content = _page(str(content).encode(), file)
    lines = str(content).splitlines()
    kept = []
    for line in lines:
        if line.strip() == "--":
            break  # what follows is a signature
        if not line.startswith(">"):
            kept.append(line)
    return ReportText("\n".join(kept), _mail_day(message), "mail")


def _mail_day(message: EmailMessage) -> dt.date | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).date()
    except (TypeError, ValueError):
        return None


def _chat(text: str) -> tuple[ReportText, ...]:
    """A chat with one line a message: each message a paragraph, names and times left out."""
    heads = list(_CHAT.finditer(text))
    if len(heads) < _CHAT_LINES or text[: heads[0].start()].count("\n") > _CHAT_LINES:
        return ()
    ends = [match.start() for match in heads[1:]] + [len(text)]
    said = [text[match.end() : end].strip() for match, end in zip(heads, ends, strict=True)]
    order = _order_of([match["day"] for match in heads])
    by_day: dict[str, list[str]] = {}
    for match, one in zip(heads, said, strict=True):
        if one:
            by_day.setdefault(match["day"], []).append(one)
    return tuple(
        ReportText("\n\n".join(ones), _chat_day(day, order), "chat") for day, ones in by_day.items()
    )


def _order_of(written: list[str]) -> str:
    """Whether the days of one chat stand first or second: any that is over twelve tells of all."""
    parts = [[int(part) for part in re.split("[./-]", one)] for one in written]
    short = [one for one in parts if len(one) == 3 and one[0] <= 31]
    first, second = any(one[0] > 12 for one in short), any(one[1] > 12 for one in short)
    return "" if first == second else "day" if first else "month"


def _chat_day(written: str, order: str) -> dt.date | None:
    parts = [int(part) for part in re.split("[./-]", written)]
    if len(parts) != 3:
        return None
    first, second, third = parts
    year, month, day = (first, second, third) if first > 31 else (third, second, first)
    year += 2000 if year < 100 else 0
    if month > 12 or (order == "month" and first <= 31):
        day, month = month, day
    elif not order and day <= 12 and day != month and "." not in written and first <= 31:
        return None  # 3/4 may be either
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _require_script(text: str, file: str) -> None:
    letters = [c for c in text[:20_000] if c.isalpha()]
    if not letters:
        raise GeoError(f"{file} holds no words")
    known = sum(unicodedata.name(c, "").startswith(_SCRIPTS) for c in letters)
    if known < 0.5 * len(letters):
        script = unicodedata.name(next(c for c in letters if c.isalpha()), "?").split()[0].title()
        raise GeoError(
            f"{escape(file)} is in a script that no words of reports are there for ({script}); "
            "a language is one more file in geo/evidence/words"
        )
