"""
Patches of a drafted layer: what a face is called, whose it is, how sure, and on what it rests.

Step 8 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import snap
from geo.evidence.estimate.ground import Class
from geo.model import Basis, Confidence, Feature, Status, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.crs import LocalPlane
    from geo.evidence.estimate.ground import Face
    from geo.evidence.estimate.looks import Told
    from geo.evidence.estimate.parameters import Parameters
    from geo.evidence.estimate.statements import Statements
    from geo.model import Row

    Floats = NDArray[np.float64]

_SMALL = 0.02
"""Of the study area: contradictory words about a place make no more ground than this contested."""


class PatchMaker:
    """
    Makes patches of faces.

    Parameters
    ----------
    places
        Gazetteer, by id.
    statements
        The statements.
    parameters
        The numbers of the method.
    plane
        Where areas are taken.
    ground_m2
        Of the study area.
    before
        Patches that may go on: a patch that follows one of them keeps its id.
    """

    def __init__(
        self,
        places: Mapping[str, Feature],
        statements: Statements,
        parameters: Parameters,
        plane: LocalPlane,
        ground_m2: float,
        before: Sequence[Feature],
    ) -> None:
        self._places, self._statements, self._parameters = places, statements, parameters
        self._plane, self._ground_m2 = plane, ground_m2
        self._names = _Names(before)

    def make(self, face: Face, mine: Sequence[Told], chance: Floats, day: dt.date) -> Feature:
        """Return the patch of a face, from what was told of it and the chance of each side."""
        rows = list({row.id: row for one in mine for row in one.rows}.values())
        rows.sort(key=lambda row: (str(row.values["date"]), row.id), reverse=True)
        parties = self._parties(face, mine)
        if face.kind:
            side = self._statements.sides[face.side]
            status, controller = Status.CONTROLLED, self._head(side, mine)
        else:
            status = Status.CONTESTED if parties else Status.UNKNOWN
            controller = None
        basis, confidence = self._axes(face, rows)
        sources = dict.fromkeys(s for row in rows for s in split_ids(row.values["source_ids"]))
        is_blank = status == Status.UNKNOWN
        values = {
            "controller": controller,
            "controllers": ";".join(parties) or None,
            "status": str(status),
            "basis": None if is_blank else str(basis),
            "confidence": None if is_blank else str(confidence),
            "statement_ids": None if is_blank else ";".join(row.id for row in rows) or None,
            "source_ids": None if is_blank else ";".join(sources) or None,
            "note": self._note(face, mine, chance, status) + self._silent_note(face, status, day),
        }
        geometry = snap(face.shape)
        identity = self._names.of(values, geometry, day)
        return Feature(identity, {"id": identity, **values}, geometry)

    def _parties(self, face: Face, mine: Sequence[Told]) -> list[str]:
        """Who is said to be on ground that is nobody's alone, where it is no more than a place."""
        if face.kind or shapely.area(self._plane.forward(face.shape)) > _SMALL * self._ground_m2:
            return []
        weights: dict[str, float] = defaultdict(float)
        for one in mine:
            for side, weight in one.weights.items():
                weights[side] += weight * (bool(side))
        total = sum(weights.values())
        ranked = sorted(weights, key=lambda side: (-weights[side], side))
        share = self._parameters.contested_share
        parties = [side for side in ranked if weights[side] >= share * total]
        return [self._head(side, mine) for side in parties] if len(parties) > 1 else []

    def _head(self, side: str, mine: Sequence[Told]) -> str:
        """The actor with the most weight on a side, or the side itself."""
        weights: dict[str, float] = defaultdict(float)
        for one in mine:
            for actor, weight in one.actors.items():
                if actor and self._statements.side(actor) == side:
                    weights[actor] += weight
        return min(weights, key=lambda actor: (-weights[actor], actor), default=side)

    def _axes(self, face: Face, rows: Sequence[Row]) -> tuple[Basis, Confidence]:
        """Basis and confidence of a face: its class, unless only its holder's own media say so."""
        sources = [source for row in rows for source in split_ids(row.values["source_ids"])]
        lean = (
            bool(rows)
            and bool(face.kind)
            and self._statements.all_lean_to(self._statements.sides[face.side], sources)
        )
        if face.kind < Class.LIKELY or lean:
            return Basis.INFERRED, Confidence.LOW
        if face.kind == Class.ASSESSED:
            said = {str(row.values["basis"]) for row in rows}
            for basis in (Basis.ASSESSED, Basis.REPORTED):
                if basis in said:
                    return basis, Confidence.HIGH
        return Basis.INFERRED, Confidence.MODERATE

    def _note(self, face: Face, mine: Sequence[Told], chance: Floats, status: Status) -> str:
        sides, as_of = self._statements.sides, self._statements.as_of
        ranked = np.argsort(-chance, kind="stable")
        likely = ", ".join(
            f"{sides[k]} {percent(chance[k])}" for k in ranked[:3] if chance[k] >= 0.01
        )
        known = "" if as_of is None else f" As it was known on {as_of}."
        if status == Status.UNKNOWN:
            return f"Not assessed: no side is sure enough. A guess: {likely}.{known}"
        near = list(dict.fromkeys(one.place_id for one in mine))
        names = [str(self._places[place].properties["name"]) for place in near[:3]]
        more = f" and {len(near) - 3} more" if len(near) > 3 else ""
        kind = "Contested" if status == Status.CONTESTED else face.kind.name.capitalize()
        return (
            f"{kind}. Nearest evidence: {', '.join(names)}{more}. "
            f"Probability on this ground: {likely}.{known}"
        )

    def _silent_note(self, face: Face, status: Status, day: dt.date) -> str:
        """Name the places on ground that is not assessed of which a word was left out, and why."""
        if status != Status.UNKNOWN:
            return ""
        names = []
        for place_id in sorted(self._statements.by_place):
            place = self._places.get(place_id)
            rows = self._statements.nameless(place_id, day)
            if rows and place and place.geometry and _meets(face, place.geometry):
                names.append(f"{place.properties['name']} ({rows[-1].values['status']})")
        if not names:
            return ""
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        shown = ", ".join(names[:3])
        return f" Words in force that name no parties were left out: {shown}{more}."


def _meets(face: Face, shape: shapely.Geometry) -> bool:
    return bool(shapely.intersects(face.shape, shape))


MACHINE_NOTE = (
    r"^(?:(?:Assessed|Likely|Presumed|Contested)\. Nearest evidence: "
    r"|Not assessed: no side is sure enough\. )"
)
"""How every note of a draft begins, for regular expressions of Python and of JavaScript: ground
that a person draws anew is no longer what the estimate said."""


class _Names:
    """Ids of patches: that of the patch they follow, where there is one."""

    def __init__(self, before: Sequence[Feature]) -> None:
        self._before = list(before)
        self._taken: set[str] = set()

    def of(self, values: Mapping[str, object], shape: shapely.Geometry, day: dt.date) -> str:
        axes = ("controller", "status", "basis", "confidence")
        same = [
            one
            for one in self._before
            if one.id not in self._taken and all(one.properties[a] == values[a] for a in axes)
        ]
        shared = [shapely.area(shapely.intersection(one.geometry, shape)) for one in same]
        if shared and max(shared) > 0:
            name = same[int(np.argmax(shared))].id
        else:
            middle = shapely.get_coordinates(shapely.point_on_surface(shape))[0].round(4)
            text = f"estimate/{day}/{values['controller']}/{middle.tolist()}"
            name = f"ctl-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        self._taken.add(name)
        return name


def is_by_hand(patch: Feature) -> bool:
    """Whether a person drew a patch: it says who holds the ground, and names no statement."""
    return patch.properties["status"] != Status.UNKNOWN and not patch.properties["statement_ids"]


def told_in(
    face: Face, told: Sequence[Told], spot: Floats, owner: NDArray[np.intp], side: NDArray[np.intp]
) -> list[Told]:
    """What was told of a face, for its side; the nearest of its side where nothing was."""
    inside = shapely.contains_xy(face.shape, spot[:, 0], spot[:, 1])
    if not face.kind:
        return [told[k] for k in np.unique(owner[inside])]
    mine = side == face.side
    found = np.unique(owner[inside & mine])
    if not len(found) and mine.any():
        away = shapely.distance(shapely.points(spot[mine]), face.shape)
        found = owner[mine][[int(np.argmin(away))]]
    return [told[k] for k in found]


def percent(chance: float) -> str:
    """
    Return a probability as a person reads it.

    Parameters
    ----------
    chance
        0 to 1.

    Returns
    -------
    text
        Whole per cents; never 0 or 100, which a field of control cannot know.

    Examples
    --------
    >>> percent(0.874), percent(0.9999), percent(0.0)
    ('87%', '>99%', '<1%')
    """
    if chance > 0.99:
        return ">99%"
    return "<1%" if chance < 0.01 else f"{chance:.0%}"
