"""
What a person decides about drafts, one step at a time.

A decision is a small record that names what it is about; drafts are what the report gives plus all
decisions in their order. So undo takes the last one away, and a session that was killed is the same
again once its decisions are read back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import shapely

from geo.edit.editor.requests import RequestError
from geo.evidence import DRAFTS, STATEMENT_DRAFTS, plain
from geo.layers import check_record, is_id
from geo.model import EVENTS, PLACES, STATEMENTS, Feature, split_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from geo.model import Schema

    Decision = Mapping[str, Any]

Kind = Literal["event", "statement"]
LIVE = frozenset({"draft", "reviewed"})
"""Of these a map may still hear."""
_PAIRS = {
    "event": (("actor1", "actor2"), ("assoc_actor_1", "assoc_actor_2")),
    "statement": (("controller", "opposite"),),
}
_OF_A_PLACE = frozenset(
    {"place_id", "location", "geo_precision", "geo_radius_m", "fatalities", "notes"}
)
"""What each place of an operation has for itself."""
_NAMED_BY = {"event": "location", "statement": "draft_place"}


@dataclass(slots=True)
class Draft:
    """
    A draft under review.

    Attributes
    ----------
    id, kind
        Which it is.
    values, geometry
        As they stand now.
    open
        Columns that are still to be settled.
    status
        ``draft``, ``reviewed``, ``rejected``, ``merged`` (into another), ``same`` (as an event of
        the layers), ``saved``.
    other
        The draft or event that it went into.
    """

    id: str
    kind: Kind
    values: dict[str, Any]
    geometry: shapely.Geometry | None
    open: list[str] = field(default_factory=list)
    status: str = "draft"
    other: str = ""

    def copy(self) -> Draft:
        """Another one that can be changed by itself."""
        return replace(self, values=dict(self.values), open=list(self.open))

    @property
    def schema(self) -> Schema:
        """What it is to become."""
        return EVENTS if self.kind == "event" else STATEMENTS

    @property
    def span(self) -> tuple[int, int]:
        """First and last character of its sentence."""
        first, _, last = str(self.values["draft_span"]).partition("-")
        return int(first), int(last)

    @property
    def place_name(self) -> str:
        """The place as the report names it, so that spellings of one name are equal."""
        return plain(str(self.values.get(_NAMED_BY[self.kind]) or ""))

    @property
    def operation(self) -> str:
        """What tells drafts of one operation at several places; empty for one by itself."""
        return str(self.values.get("draft_operation") or "")

    def nameless(self, column: str) -> str:
        """The words for somebody whom nobody knows yet."""
        said = (one.partition("=") for one in str(self.values.get("draft_names") or "").split(";"))
        return next((plain(words) for name, _, words in said if name == column), "")


def begin(drafts: Iterable[Feature], statements: Iterable[Feature]) -> list[Draft]:
    """Drafts as they are read, in the order of the text."""
    kinds: list[tuple[Kind, Iterable[Feature]]] = [("event", drafts), ("statement", statements)]
    found = [
        Draft(
            one.id,
            kind,
            dict(one.properties),
            one.geometry,
            [c for c in str(one.properties["draft_open"] or "").split(";") if c],
        )
        for kind, features in kinds
        for one in features
    ]
    return sorted(found, key=lambda one: one.span[0])


class Decider:
    """
    Applies decisions to drafts.

    Parameters
    ----------
    drafts
        As they are read, in the order of the text.
    places
        Places of the theatre.

    Attributes
    ----------
    drawn
        Places that were made of the shapes of drafts.
    """

    def __init__(self, drafts: Sequence[Draft], places: Mapping[str, Feature]) -> None:
        self.drafts = [one.copy() for one in drafts]
        self.places = dict(places)
        self.drawn: dict[str, Feature] = {}

    def draft(self, name: object) -> Draft:
        """
        The draft of an id.

        Raises
        ------
        RequestError
            If there is none.
        """
        for one in self.drafts:
            if one.id == name:
                return one
        raise RequestError(f"no draft of this report is called {str(name)[:40]}")

    def apply(self, decision: Decision) -> None:
        """
        Do what was decided.

        Raises
        ------
        RequestError
            If it cannot be done; nothing is changed.
        """
        kind = decision.get("op")
        does: dict[object, Callable[[Decision, Draft], None]] = {
            "set": self._set,
            "answer": self._answer,
            "accept": self._accept,
            "reject": self._reject,
            "reopen": self._reopen,
            "swap": self._swap,
            "merge": self._merge,
            "split": self._split,
            "same": self._same,
            "place": self._place,
        }
        if kind not in does:
            raise RequestError(f"{str(kind)[:20]!r} is nothing that can be decided")
        draft = self.draft(decision.get("id"))
        if draft.status == "saved":
            raise RequestError("it stands in the layers already; the editor changes it there")
        does[kind](decision, draft)

    # columns

    def _set(self, decision: Decision, draft: Draft) -> None:
        """
        Take values of columns.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        values = decision.get("values")
        if not isinstance(values, dict) or not values:
            raise RequestError("values must be an object")
        self._write(draft, values)
        shared = {name: value for name, value in values.items() if name not in _OF_A_PLACE}
        for one in self._beside(draft) if shared else ():
            self._write(one, shared)

    def _answer(self, decision: Decision, draft: Draft) -> None:
        """
        One answer for all mentions of a name: of a place, or of somebody nameless.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        column, value = decision.get("column"), decision.get("value")
        if column not in draft.schema.names or not isinstance(value, str | None):
            raise RequestError("column must be one of the draft, and value text or null")
        alike = [draft]
        if value is not None and column == "place_id" and draft.place_name:
            alike += [o for o in self._others(draft, column) if o.place_name == draft.place_name]
        elif value is not None and (words := draft.nameless(column)):
            alike += [o for o in self._others(draft, column) if o.nameless(column) == words]
        if column not in _OF_A_PLACE:
            alike += [one for one in self._beside(draft) if one not in alike]
        for one in alike:
            self._write(one, {column: value})

    def _others(self, draft: Draft, column: str) -> list[Draft]:
        """Drafts that nobody has decided about, and in which the same is open."""
        return [
            one
            for one in self.drafts
            if one is not draft and one.status == "draft" and column in one.open
        ]

    def _beside(self, draft: Draft) -> list[Draft]:
        """The same operation at its other places, where nobody has decided about them."""
        if not draft.operation:
            return []
        found = (one for one in self.drafts if one.operation == draft.operation)
        return [one for one in found if one is not draft and one.status == "draft"]

    def _write(self, draft: Draft, values: Mapping[str, Any]) -> None:
        """
        Take values of columns, and settle them.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        columns = {column.name: column for column in draft.schema.columns}
        if unknown := sorted(values.keys() - columns.keys() | values.keys() & {"id"}):
            raise RequestError(f"a draft has no column {unknown[0][:40]}")
        for name, value in values.items():
            if value is None and columns[name].required:
                raise RequestError(f"{name} cannot stay empty")
        schema = DRAFTS if draft.kind == "event" else STATEMENT_DRAFTS
        after, faults = check_record({**draft.values, **values}, schema)
        if wrong := [one for one in faults if one.severity == "error"]:
            raise RequestError(wrong[0].message)
        place = values.get("place_id")
        if place is not None and place not in self.places:
            raise RequestError(f"no place is called {str(place)[:60]}")
        draft.values = after
        draft.open = [column for column in draft.open if column not in values]
        if place is not None:
            self._move(draft, self.places[place])
        if draft.status == "reviewed" and draft.open:
            draft.status = "draft"

    def _move(self, draft: Draft, place: Feature) -> None:
        """An event of a place takes its position, and an error as large as the place's."""
        if draft.kind != "event":
            return
        draft.geometry = shapely.point_on_surface(place.geometry) if place.geometry else None
        if isinstance(place.geometry, shapely.Point):
            draft.geometry = place.geometry
        radius = place.properties.get("geo_radius_m")
        is_region = place.properties.get("kind") == "area"
        draft.values |= {"geo_radius_m": radius, "geo_precision": 3 if is_region else 1}

    # what becomes of it

    def _accept(self, _: Decision, draft: Draft) -> None:
        """
        Let it through, if nothing is open.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        if draft.open:
            raise RequestError(f"{', '.join(draft.open)} must be settled first")
        if lacking := _lacking(draft):
            raise RequestError(f"{', '.join(lacking)} must be filled first")
        for one in (draft, *self._beside(draft)):
            if not one.open and not _lacking(one):
                one.status = "reviewed"

    @staticmethod
    def _reject(_: Decision, draft: Draft) -> None:
        draft.status, draft.other = "rejected", ""

    @staticmethod
    def _reopen(_: Decision, draft: Draft) -> None:
        draft.status, draft.other = "draft", ""

    def _swap(self, _: Decision, draft: Draft) -> None:
        """Exchange who acted and on whom, with those who stood by them."""
        for each in (draft, *self._beside(draft)):
            turned: dict[str, str] = {}
            for first, second in _PAIRS[each.kind]:
                one, other = each.values[first], each.values[second]
                each.values |= {first: other, second: one}
                turned |= {first: second, second: first}
            each.open = [turned.get(column, column) for column in each.open]

    def _merge(self, decision: Decision, draft: Draft) -> None:
        """
        Let it be the same as another draft, which takes over what it does not have itself.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        into = self.draft(decision.get("into"))
        if into is draft or into.kind != draft.kind or into.status not in LIVE:
            raise RequestError("it can be joined only to another open draft of its kind")
        own = {"id", "confidence", "draft_open", "draft_span", "draft_words", "draft_status"}
        notes = {"notes", "note"}
        for name, value in draft.values.items():
            if value in {None, ""} or name in own:
                continue
            if name in notes and into.values[name] and value not in str(into.values[name]):
                into.values[name] = f"{into.values[name]} {value}"
            elif into.values[name] in {None, ""}:
                into.values[name] = value
                if name not in draft.open and name in into.open:
                    into.open.remove(name)
            elif name in into.open and name not in draft.open:
                into.values[name] = value
                into.open.remove(name)
        if draft.kind == "event":
            _join_actors(into.values, draft.values)
        into.geometry = into.geometry or draft.geometry
        draft.status, draft.other = "merged", into.id

    def _split(self, _: Decision, draft: Draft) -> None:
        """A second draft of the same sentence, beside it."""
        twin = draft.copy()
        known = {one.id for one in self.drafts}
        start, number = draft.id.partition("-")[0], 1
        while True:
            seed = hashlib.sha256(f"{draft.id}:{number}".encode()).hexdigest()[:8]
            twin.id = f"{start}-{seed}"
            if twin.id not in known:
                break
            number += 1
        twin.values["id"], twin.status = twin.id, "draft"
        self.drafts.insert(self.drafts.index(draft) + 1, twin)

    @staticmethod
    def _same(decision: Decision, draft: Draft) -> None:
        """
        Let it be an event that the layers have.

        Raises
        ------
        RequestError
            If it cannot be.
        """
        event = decision.get("event")
        if draft.kind != "event" or not isinstance(event, str):
            raise RequestError("only an event can be one that the layers have")
        draft.status, draft.other = "same", event

    def _place(self, decision: Decision, draft: Draft) -> None:
        """
        Make a place of the shape that was drawn of the words, and let the statement be about it.

        Raises
        ------
        RequestError
            If it has no shape, or the place could not stand in the layers.
        """
        if draft.kind != "statement" or draft.geometry is None:
            raise RequestError("there is no shape to make a place of")
        name, id_ = decision.get("name"), decision.get("place")
        if not isinstance(id_, str) or not is_id(id_) or id_ in self.places:
            raise RequestError("the id of a place is lower case letters, digits and _, and new")
        values = {
            **dict.fromkeys(PLACES.names),
            "id": id_,
            "name": name,
            "kind": "line" if isinstance(draft.geometry, shapely.LineString) else "area",
            "geo_radius_m": draft.values["shape_radius_m"],
            "coord_method": "drawn",
            "coord_source": "drawn through the places that a report names",
            "note": draft.values["note"],
        }
        checked, faults = check_record(values, PLACES)
        if wrong := [one for one in faults if one.severity == "error"]:
            raise RequestError(wrong[0].message)
        self.places[id_] = self.drawn[id_] = Feature(id_, checked, draft.geometry)
        self._write(draft, {"place_id": id_})


def _lacking(draft: Draft) -> list[str]:
    """What must be filled and is not; who said so is asked of the report."""
    return [
        column.name
        for column in draft.schema.columns
        if column.required
        and draft.values.get(column.name) in {None, ""}
        and column.name not in {"id", "source_ids"}
    ]


def _join_actors(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Who acted in the other draft stands with those of this one."""
    for main, others in (("actor1", "assoc_actor_1"), ("actor2", "assoc_actor_2")):
        against = {into["actor2" if main == "actor1" else "actor1"]}
        named = [*split_ids(into[others]), values[main], *split_ids(values[others])]
        more = [one for one in dict.fromkeys(named) if one and one != into[main]]
        into[others] = ";".join(one for one in more if one not in against) or None
