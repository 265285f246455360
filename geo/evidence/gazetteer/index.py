"""
Names to places: find the place that a report means, however it spells the name.

Nothing is chosen silently. An answer is *found*, *ambiguous* where other places score as well,
or *not found* where no score reaches `MIN_SCORE`; it always lists the nearest candidates. What a
name is, `names` says; how alike two are, `likeness`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from rapidfuzz import fuzz, process

from geo.crs import distance_km, middle_of
from geo.errors import escape
from geo.evidence.gazetteer.likeness import disagreement, likeness
from geo.evidence.gazetteer.names import Name, readings
from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import shapely

    from geo.model import Feature

Verdict = Literal["found", "ambiguous", "not_found"]

MIN_SCORE = 0.89
"""Below it a name is not found; see ``tests/benchmarks/names.py`` for what that lets through."""

TIE = 0.03
"""Places whose scores differ by no more than this bear the name equally well."""

_NOT_LISTED = 0.35
"""Candidates below it are not even listed."""
_SHORTLIST = 60
"""So many keys next to that of a name are compared sound by sound."""
_STRICT, _FEW = 0.92, 8
"""Who asks for so good a match, and no worse, needs only the few keys that are next to it."""
_KEPT = 50_000
"""So many answers are kept: reports of one war ask for the same names again and again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One named thing.

    Attributes
    ----------
    id
        Identity in its table.
    name
        Name to show.
    spellings
        Every other spelling.
    lon, lat
        Position in degrees; None where never located.
    kind
        What it is.
    radius_m
        Error radius of the position, metres.
    origin
        The table that it comes from; empty for the project's own.
    """

    id: str
    name: str
    spellings: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    kind: str = ""
    radius_m: int | None = None
    origin: str = ""

    @classmethod
    def from_feature(cls, feature: Feature) -> Entry:
        """
        Return the entry of one place of ``places.geojson``.

        Parameters
        ----------
        feature
            As read.

        Returns
        -------
        entry
            With `name_ar` and `alternatenames` as spellings.
        """
        values = feature.properties
        lon, lat = _position(feature.geometry)
        others = [str(values.get("name_ar") or ""), *split_ids(values.get("alternatenames"))]
        radius = values.get("geo_radius_m")
        return cls(
            feature.id,
            str(values.get("name") or feature.id),
            tuple(other for other in others if other),
            lon,
            lat,
            str(values.get("kind") or ""),
            radius if isinstance(radius, int) else None,
        )


def _position(geometry: shapely.Geometry | None) -> tuple[float, float] | tuple[None, None]:
    if geometry is None:
        return None, None
    point = middle_of(geometry)
    return point.x, point.y


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A place that may be meant.

    Attributes
    ----------
    entry
        The place.
    spelling
        Which of its spellings came nearest.
    score
        0 to 1.
    why
        What speaks against it, in words; empty for a spelling that it has.
    distance_km
        From the position asked near; None without one, or where the place is not located.
    """

    entry: Entry
    spelling: str
    score: float
    why: str = ""
    distance_km: float | None = None

    @property
    def id(self) -> str:
        """
        Tell the id of the place.

        Returns
        -------
        id
            The same as that of the entry.
        """
        return self.entry.id


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a gazetteer knows of a name.

    Attributes
    ----------
    name
        As asked.
    verdict
        ``found``: the first candidate is meant. ``ambiguous``: the `tied` ones bear the name
        equally well. ``not_found``: no candidate reaches the least score.
    candidates
        Best first; also those that do not reach it.
    tied
        How many of the first bear the name equally well; 0 where not found.
    reason
        The verdict in a sentence.
    """

    name: str
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    tied: int
    reason: str

    @property
    def place(self) -> Entry | None:
        """
        Tell which place is meant.

        Returns
        -------
        place
            None unless found.
        """
        return self.candidates[0].entry if self.verdict == "found" else None

    @property
    def homonyms(self) -> tuple[Candidate, ...]:
        """
        List the other places that bear the name.

        Returns
        -------
        homonyms
            Those that tie with the first candidate.
        """
        return self.candidates[1 : self.tied]


@dataclass(slots=True)
class _Index:
    """Forms by key."""

    forms: dict[str, list[tuple[int, str, Name]]] = field(default_factory=dict)
    bare: list[tuple[int, str, Name]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def add(self, number: int, entry: Entry) -> None:
        for form in dict.fromkeys((entry.name, *entry.spellings)):
            for name in readings(form):
                self.forms.setdefault(name.key, []).append((number, form, name))
                if name.bare:
                    self.bare.append((number, form, name))

    def near(self, asked: Name, shortlist: int) -> Iterator[tuple[int, str, Name]]:
        """Forms that may be like the name, by their keys alone."""
        if asked.bare:
            yield from self.bare
        if not self.keys:
            self.keys = list(self.forms)
        listed = process.extract(
            asked.key,
            self.keys,
            scorer=fuzz.ratio,
            limit=shortlist,
            score_cutoff=30.0,
        )
        for name, _, _ in listed:
            yield from self.forms[name]


class Gazetteer:
    """
    A list of places that can be asked by name.

    Parameters
    ----------
    places
        Places of the project, as read or as entries.
    others
        Entries of further tables, such as `read_table` returns. Where one lies on a place of
        the project that bears its name, it is the same place and is left out.

    Examples
    --------
    >>> wells = Gazetteer([
    ...     Entry("bir_mahruthah", "Bir Mahruthah", lon=37.5808, lat=33.2230, kind="well"),
    ...     Entry("bir_mahrutha_qalamun", "Bir Mahrutha", lon=36.95, lat=34.0133, kind="well"),
    ... ])
    >>> wells.find("Beir Mahroutha").verdict
    'ambiguous'
    >>> answer = wells.find("Beir Mahroutha", near=(37.4, 33.1))
    >>> answer.place.id, [round(other.distance_km) for other in answer.homonyms]
    ('bir_mahruthah', [110])
    >>> wells.find("Kafr Zayta").verdict
    'not_found'
    """

    def __init__(self, places: Iterable[Entry | Feature], others: Iterable[Entry] = ()) -> None:
        own = [p if isinstance(p, Entry) else Entry.from_feature(p) for p in places]
        self.entries: tuple[Entry, ...] = (*own, *others)
        self._index = _Index()
        self._answers: dict[tuple[object, ...], Answer] = {}
        for number, entry in enumerate(self.entries):
            self._index.add(number, entry)

    def find(
        self,
        name: str,
        *,
        near: tuple[float, float] | None = None,
        limit: int = 5,
        min_score: float = MIN_SCORE,
    ) -> Answer:
        """
        Return the places that a name may mean.

        Parameters
        ----------
        name
            In Latin, Arabic or kana letters.
        near
            Longitude and latitude of what the name stands near. It decides between places
            that bear the name equally well, where one is far nearer than all others (a third
            of their distance, and 10 km less); it never makes a bad match better.
        limit
            How many candidates to list; all that tie are listed.
        min_score
            Least score of a match.

        Returns
        -------
        answer
            Verdict and candidates, best first; the project's own places before others, then
            by distance, then by id.
        """
        asked = (name, near, limit, min_score)
        if asked not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[asked] = self._find(*asked)
        return self._answers[asked]

    def _find(
        self, name: str, near: tuple[float, float] | None, limit: int, min_score: float
    ) -> Answer:
        listed = self._candidates(name, near, _SHORTLIST if min_score < _STRICT else _FEW)
        if not listed or listed[0].score < min_score:
            return Answer(name, "not_found", tuple(listed[:limit]), 0, _not_found(name, listed))
        best = listed[0].score
        tied = [c for c in listed if c.score >= max(best - TIE, min_score)]
        tied.sort(key=_order)
        chosen = set(map(id, tied))
        rest = [c for c in listed if id(c) not in chosen]
        shown = (*tied, *rest[: max(0, limit - len(tied))])
        verdict: Verdict = "found" if _decided(tied) else "ambiguous"
        return Answer(name, verdict, shown, len(tied), _reason(name, verdict, tied))

    def knows(self, name: str) -> bool:
        """
        Tell whether some spelling has the key of a name: a cheap first question.

        Parameters
        ----------
        name
            In Latin, Arabic or kana letters.

        Returns
        -------
        knows
            Whether it is worth to ask `find`.
        """
        return any(asked.key in self._index.forms for asked in readings(name))

    def _candidates(
        self, name: str, near: tuple[float, float] | None, shortlist: int
    ) -> list[Candidate]:
        """Every entry that is at all like the name, by its best form, best first."""
        best: dict[int, Candidate] = {}
        for asked in readings(name):
            for number, form, parsed in self._index.near(asked, shortlist):
                entry = self.entries[number]
                lost, said = disagreement(asked, parsed, entry.kind)
                if 1.0 - lost <= best[number].score if number in best else False:
                    continue
                score = max(0.0, likeness(asked, parsed) - lost)
                if number not in best or score > best[number].score:
                    why = ", ".join(filter(None, [_heard(asked, parsed), said]))
                    best[number] = Candidate(entry, form, round(score, 3), why)
        ranked = [c for c in best.values() if c.score >= _NOT_LISTED]
        if near is not None:
            ranked = [replace(c, distance_km=_from(near, c.entry)) for c in ranked]
        ranked = _without_doubles(sorted(ranked, key=lambda c: (-c.score, *_order(c))))
        return ranked


def _heard(asked: Name, form: Name) -> str:
    if asked.sounds == form.sounds:
        return ""
    return f"heard as {asked.sounds}, not {form.sounds}"


def _order(candidate: Candidate) -> tuple[bool, float, float, str]:
    """Own places first, then the nearer, then the better, then by id."""
    away = candidate.distance_km
    return (
        bool(candidate.entry.origin),
        float("inf") if away is None else away,
        -candidate.score,
        candidate.id,
    )


def _from(near: tuple[float, float], entry: Entry) -> float | None:
    if entry.lon is None or entry.lat is None:
        return None
    return round(float(distance_km(*near, entry.lon, entry.lat)), 1)


def _decided(tied: Sequence[Candidate]) -> bool:
    """Whether the first of those that tie is meant: it is alone, or far nearer than the others."""
    if len(tied) == 1:
        return True
    first, *others = (c.distance_km for c in tied)
    return first is not None and all(
        other is not None and other >= 3 * first and other >= first + 10 for other in others
    )


def _without_doubles(ranked: list[Candidate]) -> list[Candidate]:
    """Leave out entries of other tables that lie on a place of the project of that name."""
    own = [c for c in ranked if not c.entry.origin]
    return [c for c in ranked if not c.entry.origin or not any(_same(c, o) for o in own)]


def _same(other: Candidate, own: Candidate) -> bool:
    a, b = other.entry, own.entry
    if None in (a.lon, a.lat, b.lon, b.lat) or own.score < MIN_SCORE:
        return False
    reach = 2.0 + (b.radius_m or 0) / 1000
    return float(distance_km(a.lon or 0, a.lat or 0, b.lon or 0, b.lat or 0)) <= reach


def _named(candidate: Candidate) -> str:
    away = "" if candidate.distance_km is None else f", {candidate.distance_km:g} km away"
    return f"{candidate.id} ({escape(candidate.entry.name)}{away})"


def _not_found(name: str, listed: Sequence[Candidate]) -> str:
    shown = escape(name)
    if not listed:
        return f"no place is called {shown}, and none is like it"
    best = listed[0]
    return f"no place is called {shown}; the nearest name is {best.id}, score {best.score:.2f}"


def _reason(name: str, verdict: Verdict, tied: Sequence[Candidate]) -> str:
    shown = escape(name)
    if len(tied) == 1:
        return f"{shown} is {_named(tied[0])}"
    everyone = "; ".join(map(_named, tied))
    if verdict == "found":
        return (
            f"{shown} is {_named(tied[0])}, the nearest of {len(tied)} places that bear the name; "
            f"not {'; '.join(map(_named, tied[1:]))}"
        )
    return f"{len(tied)} places bear the name {shown}: {everyone}"
