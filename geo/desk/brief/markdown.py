"""A brief as Markdown: prose with numbers, and behind it what each number names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.desk.brief.sentences import Sentence, Written

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
"""What Markdown would read as more than a letter."""


def cited(ids: Iterable[str], numbers: Mapping[str, int]) -> str:
    """Numbers of references as people write them: ``1-3, 7``."""
    order = sorted({numbers[one] for one in ids})
    runs: list[list[int]] = []
    for number in order:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def brief_markdown(brief: Written, maps: Sequence[str] = ()) -> str:
    """
    Return a brief as Markdown.

    Parameters
    ----------
    brief
        The brief.
    maps
        File names of the two maps, in the order of the captions; without them none is shown.

    Returns
    -------
    text
        Texts of the layers are shown as they stand: none is read as Markdown.
    """
    numbers = brief.numbers()

    def said(one: Sentence) -> str:
        text = f"“{_plain(one.text)}”" if one.is_quoted else _plain(one.text)
        return f"{text} [{cited(one.ids, numbers)}]"

    lines = [f"# {_plain(brief.title)}", "", f"**{said(brief.headline)}**", ""]
    captions = brief.places_of_maps()
    named = dict(zip(captions, maps, strict=True)) if maps else {}

    def figure(where: str) -> list[str]:
        if where not in named:
            return []
        shown = f"![{_plain(captions[where].text)}](<{named[where]}>)"
        return [shown, "", f"*{said(captions[where])}*", ""]

    lines += figure("")
    for part in brief.parts:
        lines += [f"## {_plain(part.title)}", "", *figure(part.key)]
        for k, paragraph in enumerate(part.paragraphs):
            plain = [one for one in paragraph.sentences if not one.is_quoted]
            quotes = [one for one in paragraph.sentences if one.is_quoted]
            text = " ".join(map(said, plain or quotes))
            lines.append(f"- {text}" if paragraph.is_item else text)
            lines += [f"  - {said(one)}" for one in quotes if plain]
            following = part.paragraphs[k + 1 : k + 2]
            if not (paragraph.is_item and following and following[0].is_item):
                lines.append("")
    lines += [f"## {_plain(brief.labels['references'])}", ""]
    for reference in brief.references:
        address = f" <{reference.url}>" if reference.url else ""
        number = numbers[reference.id]
        lines.append(f"{number}. {_plain(reference.text)} (`{reference.id}`){address}")
    return "\n".join([*lines, "", _plain(brief.credits), ""])


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
