"""What a brief is made of: sentences that name their facts, in paragraphs, in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from geo.draw import Still


@dataclass(frozen=True, slots=True)
class Sentence:
    """
    A sentence, and the facts that it is composed of.

    Attributes
    ----------
    text
        As it is read.
    ids
        Of the records that it rests on: rows, events, statements, sources and places by their ids,
        a layer or table by its path in the folder. Never empty.
    is_quoted
        Whether somebody typed it into the layers, so that it is in the language of that person.
    """

    text: str
    ids: tuple[str, ...]
    is_quoted: bool = False

    def __post_init__(self) -> None:
        if not self.ids or not all(self.ids):
            raise ValueError(f"the sentence {self.text!r} rests on nothing")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """
    Sentences that belong together.

    Attributes
    ----------
    sentences
        In order.
    is_item
        Whether it is one of a list.
    """

    sentences: tuple[Sentence, ...]
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of a brief.

    Attributes
    ----------
    key
        What it is about, in every language the same.
    title
        Its heading.
    paragraphs
        What it says.
    """

    key: str
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A record that sentences rest on.

    Attributes
    ----------
    id
        As in `Sentence.ids`.
    kind
        ``source``, ``event``, ``statement``, ``change``, ``place``, ``layer``, ``table``,
        ``anchor`` or ``theatre``.
    text
        What it is, in words.
    url
        Where it can be read; empty where that is not known.
    """

    id: str
    kind: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """
    What happened between two dates, as one document, whatever its form.

    Attributes
    ----------
    title
        Of what theatre, from when to when.
    language, direction
        In which it is written, and how that runs.
    before, after
        The dates.
    headline
        What happened, in a sentence.
    captions
        Of the two maps: what changed, and who holds what.
    parts
        What it says.
    references
        Every record that some sentence names, in the order in which it is named first.
    labels
        Words of the document itself, by key.
    credits
        Attribution of the layers, to be printed.
    """

    title: str
    language: str
    direction: str
    before: dt.date
    after: dt.date
    headline: Sentence
    captions: tuple[Sentence, ...]
    parts: tuple[Part, ...]
    references: tuple[Reference, ...]
    labels: dict[str, str]
    credits: str
    _stills: Callable[[], tuple[Still, ...]] = field(repr=False, default=tuple)

    def sentences(self) -> Iterator[Sentence]:
        """
        Give every sentence.

        Yields
        ------
        sentence
            Headline first, captions, then part by part.
        """
        yield self.headline
        yield from self.captions
        for part in self.parts:
            for paragraph in part.paragraphs:
                yield from paragraph.sentences

    def places_of_maps(self) -> dict[str, Sentence]:
        """
        Return where the two maps stand, and what stands below each.

        Returns
        -------
        captions
            By the key of the part that begins with the map; what changed stands at the head, with
            an empty key.
        """
        return dict(zip(("", "ground"), self.captions, strict=True))

    def numbers(self) -> dict[str, int]:
        """
        Return under which number each record stands among the references.

        Returns
        -------
        numbers
            From 1, by id.
        """
        return {one.id: k for k, one in enumerate(self.references, 1)}

    def pictures(self) -> tuple[Still, ...]:
        """
        Draw the two maps.

        Returns
        -------
        pictures
            What changed, and who holds what; in the order of `captions`.
        """
        return self._stills()

    def to_dict(self) -> dict[str, Any]:
        """
        Return the brief as plain values.

        Returns
        -------
        brief
            Ready for JSON: every sentence with its ids, every id with what it is.
        """

        def said(one: Sentence) -> dict[str, Any]:
            quoted = {"quoted": True} if one.is_quoted else {}
            return {"text": one.text, "ids": list(one.ids), **quoted}

        return {
            "title": self.title,
            "language": self.language,
            "before": str(self.before),
            "after": str(self.after),
            "headline": said(self.headline),
            "maps": [said(one) for one in self.captions],
            "parts": [
                {
                    "key": part.key,
                    "title": part.title,
                    "paragraphs": [
                        [said(one) for one in paragraph.sentences] for paragraph in part.paragraphs
                    ],
                }
                for part in self.parts
            ],
            "references": [
                {"id": one.id, "kind": one.kind, "text": one.text, "url": one.url}
                for one in self.references
            ],
            "credits": self.credits,
        }


def runs_back(text: str) -> bool:
    """Whether most letters of a text are of a script that runs from right to left."""
    back = sum("\u0590" <= c <= "\u08ff" for c in text)
    return back * 2 > sum(c.isalpha() for c in text)
