"""
A report as it was read: what it names, and drafts of the events that it tells.

`read_report` marks four kinds of mentions in a text (`mentions`) and makes drafts of them
(`drafts`), for a person to review; `accept` lets no draft with an open column through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import escape
from geo.evidence.gazetteer.sounds import plain
from geo.evidence.reports.actors import Actors
from geo.evidence.reports.cues import find_cues
from geo.evidence.reports.drafts import Drafter
from geo.evidence.reports.mentions import Mention, Reader, small_share
from geo.evidence.reports.statements import StatementDrafter

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from geo.evidence.gazetteer.index import Gazetteer
    from geo.evidence.reports.beside_map import History
    from geo.model import Feature, Row


_SMALL_SHARE = 0.12
"""Of a text in a language that is read, so many words at least are small ones: of English sentences
of reports it is a seventh at least, of German or French ones a twentieth, by words they share."""


def understands(text: str) -> bool:
    """
    Tell whether a text is in a language that there are words for, without reading it.

    Parameters
    ----------
    text
        A report.

    Returns
    -------
    understood
        Whether anything is said to have happened, or enough of its words are small ones that some
        language lists.
    """
    return not text.strip() or small_share(text) >= _SMALL_SHARE or any(find_cues(text))


def read_report(
    text: str,
    *,
    gazetteer: Gazetteer,
    actors: Iterable[Row],
    vocabulary: Iterable[Row] = (),
    published: dt.date | None = None,
    near: tuple[float, float] | None = None,
    source_id: str | None = None,
    history: History | None = None,
) -> Review:
    """
    Return what a report names, and drafts of the events that it tells.

    Parameters
    ----------
    text
        The report, in a language that there are words for.
    gazetteer
        Places that names are looked up in.
    actors
        Rows of ``actors.csv``.
    vocabulary
        Rows of ``vocabulary.csv``: what the theatre's reports call its sides, and words that are no
        names.
    published
        Day on which it came out: what "yesterday" and dates without a year are counted from.
    near
        Longitude and latitude that the report is about; decides between homonyms, see
        `Gazetteer.find`.
    source_id
        Id of the source, for the drafts.
    history
        Who held a position: drafts of ground that changes hands are compared with it, and say what
        does not go together. None compares nothing.

    Returns
    -------
    review
        The same for the same arguments, ids of drafts included.
    """
    own = tuple(vocabulary)
    no_names = {plain(str(row.values["text"])) for row in own if not row.values["actor"]}
    reader = Reader(text, gazetteer, Actors(actors, own), frozenset(no_names), published, near)
    mentions = reader.mentions()
    drafter = Drafter(reader, mentions, source_id, history)
    states = StatementDrafter(text, reader.actors, drafter.times, drafter.digest, source_id)
    events: list[Feature] = []
    statements: list[Feature] = []
    for span, inside, told in drafter.tellings():
        events += drafter.events(span, inside, told)
        statements += states.drafts(span, told, inside)
    return Review(text, mentions, tuple(events), tuple(statements))


@dataclass(frozen=True, slots=True)
class Review:
    """
    A report as it was read.

    Attributes
    ----------
    text
        The report.
    mentions
        In order, without overlaps.
    drafts
        Events, under `DRAFTS`.
    statements
        What it says of who held what, under `STATEMENT_DRAFTS`.
    """

    text: str
    mentions: tuple[Mention, ...]
    drafts: tuple[Feature, ...]
    statements: tuple[Feature, ...] = ()

    @property
    def understood(self) -> bool:
        """
        Tell whether it is in a language that there are words for.

        Returns
        -------
        understood
            Whether anything is said to have happened, or enough of its words are small ones that
            some language lists.
        """
        return any(m.kind == "cue" for m in self.mentions) or understands(self.text)

    @property
    def unplaced(self) -> tuple[Mention, ...]:
        """
        List the names that could not be placed.

        Returns
        -------
        unplaced
            Names that are nowhere, or in more than one place, or mean only a part of one.
        """
        return tuple(
            m for m in self.mentions if m.kind == "name" or (m.kind == "place" and not m.value)
        )

    def render(self) -> str:
        """
        Return the review as text to read: mentions marked, drafts, what is open.

        Returns
        -------
        text
            Safe to print; ends with a newline.
        """
        marked = "\n".join(escape(line, 100_000) for line in self._marked().splitlines())
        lines = [marked, "", f"{len(self.drafts)} drafts"]
        lines += [_draft_line(draft) for draft in self.drafts]
        if self.statements:
            lines += ["", f"{len(self.statements)} draft statements"]
            lines += [_statement_line(one) for one in self.statements]
        lines += ["", f"{len(self.unplaced)} names not placed"]
        for name in self.unplaced:
            lines.append(f"  {name.start}-{name.end} {escape(name.text)}: {name.why_open}")
        return "\n".join(lines) + "\n"

    def _marked(self) -> str:
        pieces, at = [], 0
        for m in self.mentions:
            said = m.value or "?"
            pieces += [self.text[at : m.start], f"[{m.kind} {m.text} = {said}]"]
            at = m.end
        return "".join([*pieces, self.text[at:]])


def _statement_line(draft: Feature) -> str:
    values = draft.properties
    where = values["place_id"] or "no place"
    shape = f", {values['extent']}" if values["extent"] else ""
    if values["width_from_m"] is not None:
        shape += f" {values['width_from_m']}-{values['width_to_m']} m"
    if draft.geometry is not None:
        shape += f", drawn as {draft.geometry.__class__.__name__}"
    open_ = f"; open: {values['draft_open']}" if values["draft_open"] else ""
    holder = values["controller"] or "?"
    day = values["date"] or "no date"
    return escape(f"  {draft.id} {day} {holder} at {where}{shape}{open_}", 400)


def _draft_line(draft: Feature) -> str:
    values = draft.properties
    days = "/".join(str(values[c]) for c in ("event_date", "end_date") if values[c]) or "no date"
    where = values["place_id"] or values["location"] or "no place"
    first, second = values["actor1"], values["actor2"]
    who = f"{first or '?'} - {second}" if second else str(first or "nobody named")
    open_ = f"; open: {values['draft_open']}" if values["draft_open"] else ""
    notes = str(values["draft_note"] or "").split("; ")
    open_ += "".join(f"; {note}" for note in notes if note.startswith("the map "))
    whole = values["draft_operation"]
    if whole and whole != draft.id:
        return escape(f"  {draft.id}   and at {where}{open_}", 400)
    return escape(f"  {draft.id} {days} {values['draft_cue']} at {where}: {who}{open_}", 400)
