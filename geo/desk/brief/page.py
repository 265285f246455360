"""
A brief as one page of HTML that opens without a network.

The page has no scripts and refers to nothing outside but by links. Text out of layers is escaped
where it is put in, and passes through no template.
"""

from __future__ import annotations

import base64
import html
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.desk.brief.sentences import Paragraph, Sentence, Written
    from geo.draw import Still

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)


def brief_page(brief: Written) -> str:
    """
    Return a brief as a page.

    Parameters
    ----------
    brief
        The brief.

    Returns
    -------
    html
        A whole document; the same brief gives the same text.
    """
    style = (files("geo.desk.brief") / "brief.css").read_text(encoding="utf-8").strip()
    head = (
        f'<!DOCTYPE html>\n<html lang="{_safe(brief.language)}" dir="{_safe(brief.direction)}">'
        '<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(brief.title)}</title><style>{style}</style></head>\n<body>"
    )
    return f"{head}\n{brief_body(brief)}\n</body></html>\n"


def brief_body(brief: Written, *, pictures: bool = True) -> str:
    """
    Return what stands on the page of a brief.

    Parameters
    ----------
    brief
        The brief.
    pictures
        Whether the two maps are drawn.

    Returns
    -------
    html
        A header, the parts, the references and the credits.
    """
    return "\n".join(_lines(brief, pictures))


def _lines(brief: Written, pictures: bool) -> Iterator[str]:
    numbers = brief.numbers()
    yield f"<main><header><h1>{_safe(brief.title)}</h1>"
    yield f'<p class="lead">{_said(brief.headline, numbers)}</p></header>'
    captions = brief.places_of_maps()
    stills = dict(zip(captions, brief.pictures(), strict=True)) if pictures else {}
    figures = {
        where: _figure(still, _said(captions[where], numbers)) for where, still in stills.items()
    }
    yield figures.get("", "")
    for part in brief.parts:
        yield f'<section class="{part.key}"><h2>{_safe(part.title)}</h2>'
        yield figures.get(part.key, "")
        yield from _paragraphs(part.paragraphs, numbers)
        yield "</section>"
    yield f'<section><h2>{_safe(brief.labels["references"])}</h2><ol class="references">'
    for one in brief.references:
        text = f"<bdi>{_safe(one.text)}</bdi>"
        if one.url:
            text = f'<a href="{_safe(one.url)}" rel="noopener noreferrer nofollow">{text}</a>'
        number = numbers[one.id]
        yield f'<li id="ref-{number}">{text} <code dir="ltr">{_safe(one.id)}</code></li>'
    yield f'</ol></section></main>\n<footer dir="auto">{_safe(brief.credits)}</footer>'


def _figure(still: Still, caption: str) -> str:
    data = base64.b64encode(still.render("png")).decode()
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{_safe(still.alt)}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _paragraphs(paragraphs: Sequence[Paragraph], numbers: Mapping[str, int]) -> Iterator[str]:
    listing = False
    for one in paragraphs:
        if one.is_item != listing:
            yield "<ul>" if one.is_item else "</ul>"
            listing = one.is_item
        tag = "li" if one.is_item else "p"
        text = " ".join(_said(s, numbers) for s in one.sentences if not s.is_quoted)
        quotes = [_said(s, numbers) for s in one.sentences if s.is_quoted]
        if text and quotes:
            listed = "".join(f"<li>{quote}</li>" for quote in quotes)
            yield f'<{tag}>{text}<ul class="quotes">{listed}</ul></{tag}>'
        else:
            yield f"<{tag}>{text or ' '.join(quotes)}</{tag}>"
    if listing:
        yield "</ul>"


def _said(one: Sentence, numbers: Mapping[str, int]) -> str:
    """A sentence with links to what it rests on."""
    text = f"<q>{_safe(one.text)}</q>" if one.is_quoted else _safe(one.text)
    links = _linked(sorted({numbers[i] for i in one.ids}))
    ids = _safe(" ".join(one.ids))
    return f'<span data-ids="{ids}">{text} <span class="ids" dir="ltr">[{links}]</span></span>'


def _linked(order: Sequence[int]) -> str:
    """Numbers as links; of a run its ends."""
    parts: list[str] = []
    for k, number in enumerate(order):
        inside = 0 < k < len(order) - 1 and order[k - 1] == number - 1 == order[k + 1] - 2
        if inside:
            continue
        link = f'<a href="#ref-{number}">{number}</a>'
        joins = k > 1 and order[k - 1] == number - 1 and order[k - 2] == number - 2
        parts.append(f"–{link}" if joins else f", {link}" if parts else link)
    return "".join(parts)


def _safe(text: object) -> str:
    return html.escape(str(text))
