"""What a brief says of what is not known, and of how it was made."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from geo._version import __version__
from geo.desk.brief.sentences import Paragraph, Part, Sentence
from geo.evidence import EFFECTS
from geo.model import Status, shift_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.desk.brief.telling import Teller
    from geo.layers import Folder
    from geo.model import Row

_OPEN_SHARES = (0.05, 0.95)
"""Between these shares of maps nobody can say whether ground hangs together."""
_WIDE = 0.5
"""A band as wide as this share of its middle leaves open how far ground was taken."""
_RESTS_DAYS, _NEAR = 31, 0.1
"""Words of so many days count, on places so many degrees round what was taken, for what the picture
before rests on; as on the page."""
_SOLE, _REACHES = 3, 2
"""So many moves that one publisher tells of, and so many takings are named."""


def open_part(teller: Teller) -> Part:
    """What is not known, and what would settle it."""
    said = [
        *_reach(teller),
        *_cut_off(teller),
        *_unlocated(teller),
        *_contradictions(teller),
        *_sole(teller),
        *_unassessed(teller),
        *_assessments(teller),
    ]
    if not said:
        said = [teller.sentence("brief.open.none", teller.facts.layers)]
    paragraphs = tuple(Paragraph((one,), is_item=True) for one in said)
    return Part("open", teller.say("brief.part.open"), paragraphs)


def _reach(teller: Teller) -> Iterator[Sentence]:
    """How far ground was taken, where the band is wide."""
    for one in teller.of_effect(EFFECTS[0])[:_REACHES]:
        middle, low, high = one.figure
        if low is None or high is None or middle < 1:
            continue
        if high - low < _WIDE * middle:
            continue
        _, first, last = teller.words.rounded(middle, low, high)
        named = [i for m in teller.facts.moves for i in split_ids(m.values["place_ids"])]
        rest = [i for i in one.place_ids if i not in named]
        ids = [*teller.facts.layers, *one.change_ids, *rest]
        values = {"low": first, "high": last, "to": teller.holder(one.new)}
        values |= {"from": teller.holder(one.old)}
        if not first:
            continue
        if rest:
            values["places"] = teller.places(rest, 3)
        yield teller.sentence("brief.open.reach.at" if rest else "brief.open.reach", ids, **values)


def _cut_off(teller: Teller) -> Iterator[Sentence]:
    """Whether ground hangs together, where the maps are divided."""
    layer = teller.facts.layer(teller.facts.last)
    for hold in teller.facts.holds[1]:
        joined, where = hold["joined"], hold["where"]
        if joined is None or where is None:
            continue
        if not _OPEN_SHARES[0] < joined < _OPEN_SHARES[1]:
            continue
        behind = [i for i in hold["places"] if i in teller.facts.folder.places]
        best = teller.best_known(behind)
        lon, lat, away = where
        yield teller.sentence(
            "brief.open.hold",
            [layer, *behind],
            ground=teller.say("stake.round", place=teller.place(best))
            if best
            else teller.say("stake.ground"),
            side=teller.listed([teller.holder(side) for side in hold["sides"]]),
            km=teller.words.number(away),
            lon=f"{lon:.2f}",
            lat=f"{lat:.2f}",
        )
        return


def _unlocated(teller: Teller) -> Iterator[Sentence]:
    """Places of moves and events of the span that nobody has located."""
    folder = teller.facts.folder
    spoken = chain(
        (i for move in teller.facts.moves for i in split_ids(move.values["place_ids"])),
        (
            str(event.properties["place_id"] or "")
            for told in teller.facts.told
            for event in told.events
        ),
    )
    ids = [
        one
        for one in dict.fromkeys(spoken)
        if one in folder.places and folder.places[one].geometry is None
    ]
    if ids:
        told = {"count": len(ids), "places": teller.places(ids)}
        yield teller.sentence("brief.open.unlocated", ids, **told)


def _contradictions(teller: Teller) -> Iterator[Sentence]:
    """The contradictions that most ground hangs on."""
    rows = teller.facts.disagreement[:2]
    if rows:
        ids = [i for row in rows for i in (row["id"], *split_ids(row["statement_ids"]))]
        places = teller.listed([teller.place(row["id"]) for row in rows])
        yield teller.sentence("brief.open.contradiction", ids, places=places, **teller.dates)


def _sole(teller: Teller) -> Iterator[Sentence]:
    """Moves that one publisher alone tells of."""
    alone: dict[str, list[Row]] = {}
    for move in teller.facts.moves:
        names = teller.publishers(split_ids(move.values["source_ids"]))
        if len(names) == 1:
            alone.setdefault(names[0], []).append(move)
    for name, moves in list(alone.items())[:_SOLE]:
        places = [i for move in moves for i in split_ids(move.values["place_ids"])]
        ids = [
            *(m.id for m in moves),
            *(s for m in moves for s in split_ids(m.values["source_ids"])),
        ]
        told = {"publisher": name, "places": teller.places(list(dict.fromkeys(places)), 3)}
        if places:
            yield teller.sentence("brief.open.sole", ids, **told)


def _unassessed(teller: Teller) -> Iterator[Sentence]:
    """How much of the area nobody is known to hold."""
    facts = teller.facts
    columns = facts.composite.area_columns()
    rows = zip(columns["date"], columns["status"], columns["area_km2"], strict=True)
    mine = [(status, float(area)) for day, status, area in rows if day == facts.last]
    whole = sum(area for _, area in mine)
    unknown = sum(area for status, area in mine if status == Status.UNKNOWN)
    if unknown >= 0.005 * whole:
        told = {
            "number": teller.words.km2(unknown),
            "share": teller.words.percent(unknown / whole),
            "date": teller.date(facts.last),
        }
        yield teller.sentence("brief.open.unknown", [facts.layer(facts.last)], **told)


def _assessments(teller: Teller) -> Iterator[Sentence]:
    """What those who looked say of how well they saw."""
    table, places = teller.facts.folder.assessments, teller.facts.folder.places
    for row in table.rows:
        values = row.values
        if str(values["date"]) != str(teller.facts.last) or values["outcome"] != "partial":
            continue
        ids = str(values["scope"]).split(", ")
        scope = teller.places(ids, 3) if all(one in places for one in ids) else values["scope"]
        yield from teller.quote(f"{scope}: {values['note']}", [table.schema.path])


# ---------------------------------------------------------------- how it was made


def made_part(teller: Teller) -> Part:
    """On what the brief rests, and how its figures and sentences came about."""
    facts = teller.facts
    folder = facts.folder
    said = [*teller.as_of(), *_rests(teller, folder)]
    if any(one.figure[1] is not None for one in facts.ground) or facts.measures.holders:
        said.append(teller.sentence("band.means", facts.layers))
    if any(label.basis == "inferred" for label in facts.composite.labels):
        said.append(teller.sentence("method", facts.layers))
    if teller.has_notes:
        key = "brief.quoted" if teller.has_quotes else "brief.unquoted"
        said.append(teller.sentence(key, [folder.theatre.id]))
    said.append(teller.sentence("brief.made", [folder.theatre.id], version=__version__))
    return Part("made", teller.say("brief.part.made"), (Paragraph(tuple(said)),))


def _rests(teller: Teller, folder: Folder) -> Iterator[Sentence]:
    """How many words and publishers the later layer names."""
    facts = teller.facts
    features = folder.control[facts.last].features
    named = {
        kind: {i for one in features for i in split_ids(one.properties[f"{kind}_ids"])}
        for kind in ("statement", "source")
    }
    layer = facts.layer(facts.last)
    if not named["statement"]:
        yield teller.sentence("brief.rests.none", [layer], date=teller.date(facts.last))
        return
    yield from _rests_before(teller)
    publishers = teller.publishers(sorted(named["source"]))
    yield teller.sentence(
        "brief.rests",
        [layer],
        date=teller.date(facts.last),
        statements=teller.words.number(len(named["statement"])),
        sources=teller.words.number(len(named["source"])),
        publishers=teller.words.number(len(publishers)),
    )
    moved: Sequence[str] = [s for m in facts.moves for s in split_ids(m.values["source_ids"])]
    moved = list(dict.fromkeys(moved))
    if moved:
        count = len(teller.publishers(moved))
        told = teller.say("rests.publishers", count=count)
        yield teller.sentence("rests.moves", moved, count=len(moved), publishers=told)


def _rests_before(teller: Teller) -> Iterator[Sentence]:
    """On what the picture of the earlier date rests where ground changed, as the page tells it."""
    facts = teller.facts
    near = _words_near(teller)
    if facts.first == facts.last or not near:
        return
    counts: dict[str, float] = {}
    for ids in near.values():
        for one in ids:
            counts[one] = counts.get(one, 0.0) + 1 / len(ids)
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    (first, most), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
    if most * 3 < len(near) or most < 2 * second:
        yield teller.sentence(
            "brief.rests.several", sorted(counts), count=len(counts), **teller.dates
        )
        return
    source = facts.folder.rows("sources").get(first)
    day = str(source.values["published"] or "") if source else ""
    yield teller.sentence(
        "brief.rests.dated" if day else "brief.rests.undated",
        [first],
        before=teller.dates["before"],
        publisher=teller.publishers([first])[0],
        date=teller.date(day) if day else "",
        share=teller.words.percent(most / len(near)),
    )


def _words_near(teller: Teller) -> dict[str, set[str]]:
    """Sources of the last words of the month before on each place near what was taken."""
    facts = teller.facts
    spots = facts.measures.supply.places
    named = [i for m in facts.moves for i in split_ids(m.values["place_ids"])]
    named += [i for one in facts.ground if one.effect == EFFECTS[0] for i in one.place_ids]
    around = [spots[one] for one in named if one in spots]
    if not around:
        return {}
    (west, east), (south, north) = (
        (min(c) - _NEAR, max(c) + _NEAR) for c in zip(*around, strict=True)
    )
    oldest = str(shift_day(facts.first, -_RESTS_DAYS))
    found: dict[str, tuple[str, set[str]]] = {}
    for row in facts.folder.statements.rows:
        place, day = str(row.values["place_id"]), str(row.values["date"])
        lon, lat = spots.get(place, (999.0, 999.0))
        inside = west <= lon <= east and south <= lat <= north
        if not inside or not oldest <= day <= str(facts.first):
            continue
        if place not in found or day > found[place][0]:
            found[place] = (day, set())
        if day == found[place][0]:
            found[place][1].update(split_ids(row.values["source_ids"]))
    return {place: ids for place, (_, ids) in found.items() if ids}
