"""
Documents of HTML that are whole without scripts, under a strict policy.

Text from a layer is escaped where it is put in (`tag`), and passes through no template. Styles and
scripts are files beside the modules; the policy allows these, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.draw import LOOKS

if TYPE_CHECKING:
    from geo.draw import Words


class Markup(str):
    """Text that is HTML already; any other is escaped where it is put in."""

    __slots__ = ()


EMPTY = frozenset({"img", "input", "link", "meta", "br"})
"""Elements without an end."""


def tag(name: str, /, *content: object, **attributes: object) -> Markup:
    """
    Return an element.

    Parameters
    ----------
    name
        Of the element.
    *content
        Text, which is escaped, or `Markup`, or lists of these; None is nothing.
    **attributes
        ``_`` in a name is a hyphen, and at its end nothing; None leaves one out, True is bare.

    Returns
    -------
    markup
        HTML.
    """
    parts = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        parts.append(f" {shown}" if value is True else f' {shown}="{html.escape(str(value))}"')
    start = f"<{name}{''.join(parts)}>"
    if name in EMPTY:
        return Markup(start)
    return Markup(f"{start}{join(content)}</{name}>")


def join(content: object) -> Markup:
    """
    Return contents one after the other.

    Parameters
    ----------
    content
        As for `tag`.

    Returns
    -------
    markup
        HTML.
    """
    if content is None:
        return Markup()
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(html.escape(content, quote=False))
    if isinstance(content, Iterable):
        return Markup("".join(map(join, content)))
    return Markup(html.escape(str(content), quote=False))


def table(
    heads: Iterable[str], rows: Iterable[Iterable[object]], caption: str = "", *, label: str = ""
) -> Markup:
    """
    Return a table that scrolls by itself where it is too wide.

    Parameters
    ----------
    heads
        Of the columns.
    rows
        Cells; numbers as text that `is_figure` knows stand at the end of their column.
    caption
        What it is; empty where a heading above says so.
    label
        The same for who hears the page, where there is no caption.

    Returns
    -------
    markup
        HTML.
    """
    head = tag("tr", [tag("th", one, scope="col") for one in heads])
    body = [
        tag("tr", [tag("td", cell, class_="figure" if is_figure(cell) else None) for cell in row])
        for row in rows
    ]
    inner = tag(
        "table",
        tag("caption", caption) if caption else None,
        tag("thead", head),
        tag("tbody", body),
    )
    return tag(
        "div", inner, class_="wide", tabindex="0", role="group", aria_label=caption or label or None
    )


def is_figure(cell: object) -> bool:
    """
    Say whether a cell holds a number.

    Parameters
    ----------
    cell
        Of a table.

    Returns
    -------
    is_figure
        True for digits of any script with their marks, percent and signs.
    """
    text = str(cell).strip()
    return bool(text) and all(c.isdigit() or c in ",.٬٫%٪ +-–−" for c in text)


@dataclass(frozen=True, slots=True)
class Style:
    """
    The styles and scripts of a document.

    Attributes
    ----------
    css, js
        Their texts; either may be empty.
    """

    css: str = ""
    js: str = ""


_NONE = "'none'"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def document(
    words: Words,
    title: str,
    body: object,
    style: Style,
    *,
    head: Iterable[Markup] = (),
    own: bool = False,
    kind: str = "",
) -> str:
    """
    Return a whole document.

    Parameters
    ----------
    words
        Of its language.
    title
        Of the document.
    body
        As for `tag`.
    style
        Put into the document.
    head
        Further elements of the head.
    own
        Whether it may show pictures and styles that lie beside it.
    kind
        The class of the body, for the style.

    Returns
    -------
    html
        The same input gives the same text.
    """
    scripts = [_hash(style.js)] if style.js else []
    styles = [_hash(style.css)] if style.css else []
    beside = ["'self'"] if own else []
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(scripts) or _NONE}",
            f"style-src {' '.join([*styles, *beside]) or _NONE}",
            f"img-src {' '.join([*beside, 'data:'])}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    parts = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="content-security-policy", content=policy),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        # Without it a browser asks the server for one.
        tag("link", rel="icon", href="data:,"),
        *head,
    ]
    if style.css:
        parts.append(Markup(f"<style>{style.css}</style>"))
    script = Markup(f"<script>{style.js}</script>") if style.js else None
    direction = "rtl" if words.rtl else "ltr"
    inner = [
        tag("head", [(part, Markup("\n")) for part in parts]),
        tag("body", body, script, class_=kind or None),
    ]
    root = tag("html", inner, lang=words.language, dir=direction)
    return f"<!DOCTYPE html>\n{root}\n"


def colors_css() -> str:
    """
    Return the colours of paper and ink as properties of the root.

    Returns
    -------
    css
        From the one table of looks.
    """
    paper = LOOKS["paper"]
    return ":root{" + ";".join(f"--{name}:{color}" for name, color in paper.items()) + "}\n"
