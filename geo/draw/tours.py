"""
A draft of the guided tour: a stop for each step in which the ledger has somebody move.

A draft repeats the ledger in the sentences of the page and names the rows it is taken from; which
stops are worth one, and in what words, is for a person to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.draw.still.wording import Words
from geo.draw.words.languages import LANGUAGES, language_words
from geo.evidence import DRAFT, PICTURE
from geo.model import TOUR, Row, parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.layers import Folder
    from geo.model import Value

_NAMED = 2
"""So many places of a move are named; the rest is counted."""
_TOLD = 2
"""So many moves of a step are told; the rest is for a person to choose from."""


def draft_tour(folder: Folder) -> list[Row]:
    """
    Draft the guided tour of a theatre from its ledger.

    Parameters
    ----------
    folder
        The layers as read.

    Returns
    -------
    stops
        Rows of ``tour.csv``, in order of time: one for each two layers between which the ledger
        has a side take, leave or hand over ground. Each note begins with ``Draft:``.
    """
    superseded = {row.values["supersedes"] for row in folder.changes.rows}
    steps: dict[tuple[str, str], list[Row]] = {}
    for row in folder.changes.rows:
        moved = row.values["kind"] not in PICTURE and row.values["to_controller"]
        if moved and row.id not in superseded:
            step = str(row.values["from_date"]), str(row.values["to_date"])
            steps.setdefault(step, []).append(row)
    return [_stop(folder, n, step, steps[step]) for n, step in enumerate(sorted(steps), 1)]


def _stop(folder: Folder, number: int, step: tuple[str, str], moves: Sequence[Row]) -> Row:
    """One step: first what most reports tell of."""

    def told(row: Row) -> tuple[int, str]:
        known = [*split_ids(row.values["source_ids"]), *split_ids(row.values["event_ids"])]
        return -len(known), row.id

    first = sorted(moves, key=told)[:_TOLD]
    before, after = step
    values: dict[str, Value] = dict.fromkeys(TOUR.names)
    values |= {"id": f"stop-{after}", "stop": number, "before": before, "after": after}
    values |= {"view": "story", "change_ids": ";".join(row.id for row in first)}
    left = len(moves) - len(first)
    rest = f"{left} more moves of the ledger are left out" if left else "every move is told"
    values["note"] = f"{DRAFT}from the ledger; {rest}."
    for language in LANGUAGES:
        ending = str(language_words("page")[language]["language"]["names"][0])
        if f"text{ending}" in TOUR.names:
            words = Words(language)
            said = (tell_move(folder, words, row.values) for row in first)
            values[f"text{ending}"] = " ".join(f"{one[0].upper()}{one[1:]}." for one in said)
    return Row(str(values["id"]), values)


def tell_move(folder: Folder, words: Words, move: Mapping[str, Value]) -> str:
    """
    Return a move in the words in which the page has it as a headline.

    Parameters
    ----------
    folder
        The layers as read.
    words
        Of a language.
    move
        A row of the ledger that says who has ground.

    Returns
    -------
    sentence
        Without its full stop.
    """
    actors = {row.id: row.values for row in folder.actors.rows}

    def side(name: Value) -> str:
        found = folder.sides.get(str(name), str(name))
        return words.name(actors.get(found), found)

    ids = split_ids(move["place_ids"])
    places = name_places(folder, words, ids) or words.say("headline.ground")
    kind = move["kind"] if move["from_controller"] else "entered"
    return words.say(
        f"headline.{kind}",
        to=side(move["to_controller"]),
        **{"from": side(move["from_controller"])},
        places=places,
        dates=tell_days(words, move),
    )


def name_places(folder: Folder, words: Words, ids: Sequence[str], most: int = _NAMED) -> str:
    """
    Return the names of some places in words, and how many more there are.

    Parameters
    ----------
    folder
        The layers as read.
    words
        Of a language.
    ids
        Of the places.
    most
        So many are named.

    Returns
    -------
    names
        Nothing where there is no place.
    """
    names = [
        words.name(folder.places[one].properties if one in folder.places else None, one)
        for one in ids[:most]
    ]
    if len(ids) > most:
        return words.say("and.more", names=words.comma.join(names), count=len(ids) - most)
    if len(names) == 2:
        return words.say("and.two", one=names[0], two=names[1])
    return words.comma.join(names)


def tell_days(words: Words, move: Mapping[str, Value]) -> str:
    """
    Return the days of a move: from when to when, or the span of the layers in which it fell.

    Parameters
    ----------
    words
        Of a language.
    move
        A row of the ledger.

    Returns
    -------
    days
        In words.
    """
    ends = ("date", "date_end") if move["date"] else ("from_date", "to_date")
    first, last = (parse_day(str(move[end] or move[ends[0]])) for end in ends)
    if last == first:
        return words.date(first)
    near = (first.year, first.month) == (last.year, last.month)
    begin = words.number(first.day) if near else words.date(first)
    return words.say("date.span", first=begin, last=words.date(last))
