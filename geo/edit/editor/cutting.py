"""
Patches of one date as ground that is cut and joined.

The borders of all patches and the lines drawn are noded together, as everywhere; a piece is what
they enclose. Neighbours take up the corner at which a line meets their border.

Of each part that a line divides the largest piece keeps the id. A line that ends inside a patch
is refused instead of being drawn out to the border.
"""

from __future__ import annotations

import dataclasses
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import Arrangement, DirectedBorders, arrange, trace_borders
from geo.errors import CoverageError, Issue, refuse
from geo.layers import new_id
from geo.model import CONTROL, Feature, Value, split_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Position = tuple[float, float]
    Refusal = tuple[str, tuple[Issue, ...]]

_AXES = ("controller", "controllers", "status", "basis", "confidence")
_LISTS = ("statement_ids", "source_ids")
_THIN_M = 1.0
"""No piece is of less mean width: nobody draws one, only a line that runs along a border."""
_TURNS = 3
"""So often a line is shortened to what divides, at most; two are the rule. A line that nears a
border at a very sharp angle would go on losing a step of the grid at each."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cut:
    """
    Patches after a cut.

    Attributes
    ----------
    features
        In the order given, the new ones behind; those that the line does not touch are the same
        objects.
    parent
        For each new id the one that it was cut from.
    sides
        For each piece along the line, on which hand of it: ``left``, ``right``, or ``both`` for one
        that lies on either.
    """

    features: list[Feature]
    parent: dict[str, str]
    sides: dict[str, str]


def cut_patches(
    features: Sequence[Feature],
    line: Sequence[Position],
    *,
    only: str | None,
    taken: Collection[str],
) -> Cut:
    """
    Split patches along a line.

    Parameters
    ----------
    features
        The patches of one date, none over another.
    line
        Longitude, latitude of its positions.
    only
        Id of the patch to split; None splits every patch that the line crosses.
    taken
        Ids that new patches must not get.

    Returns
    -------
    cut
        Of each part that the line divides the largest piece keeps the id, with all parts that
        it does not divide; every other piece is a new patch with the same properties.

    Raises
    ------
    CoverageError
        If there is no such patch, the line divides nothing, or patches overlap.
    """
    if only is not None and only not in {feature.id for feature in features}:
        raise CoverageError(f"there is no patch {only}; choose one and draw the line again")
    shown = _polygons(features)
    target = None if only is None else [f.id for f in features].index(only)
    kept = [np.round(np.asarray(line, float), 6)]
    whole = None
    # Only what divides is kept: loose ends would leave corners in the borders that they cross.
    # What is left may run a step of the grid beside a border, and be shorter yet the next time.
    for _ in range(_TURNS):
        ground = _CutGround.of([*shown, *map(_there_and_back, kept)], len(shown))
        whole = whole or ground
        dividing = ground.dividing(target)
        if not len(dividing):
            raise CoverageError(*_divides_nothing(whole, features, only, line))
        lines = ground.arrangement.linestrings(dividing, np.arange(len(dividing)))
        before, kept = kept, [shapely.get_coordinates(one) for one in lines]
        if len(kept) == len(before) and all(map(np.array_equal, kept, before)):
            break
    return _as_cut(ground, features, taken)


def reshape_patches(
    features: Sequence[Feature],
    line: Sequence[Position],
    *,
    patch: str,
    taken: Collection[str],
) -> list[Feature]:
    """
    Draw a stretch of the border of a patch anew.

    Parameters
    ----------
    features
        The patches of one date, none over another.
    line
        Longitude, latitude of the new stretch, from the old border to the old border.
    patch
        Whose border it is.
    taken
        Ids that no patch must get, even for a moment.

    Returns
    -------
    features
        In the order given. What the line cuts off the patch goes to the neighbour beside it, what
        it encloses outside becomes the patch's; the larger part of each stays what it is.

    Raises
    ------
    CoverageError
        If there is no such patch, the line divides nothing, cuts off ground that lies beside
        nobody's, or encloses ground that does not lie beside the patch.
    """
    if patch not in {feature.id for feature in features}:
        raise CoverageError(f"there is no patch {patch}; choose one and draw the line again")
    cut = cut_patches(features, line, only=None, taken=taken)
    ids = [feature.id for feature in cut.features]
    ground = _CutGround.of(_polygons(cut.features), len(ids))
    beside = _shared_km(ground, len(ids))
    home, labels = ids.index(patch), ground.labels.copy()
    pieces = [ids.index(name) for name in cut.parent]
    for piece in pieces:
        row = beside[piece].copy()
        row[pieces] = 0.0
        if cut.parent[ids[piece]] == patch:
            row[home] = 0.0
            target = int(row.argmax())
            why = "the line cuts off ground that lies beside no other patch"
        else:
            target = home
            why = f"the line encloses ground that does not lie beside {patch}"
        if row[target] <= 0:
            raise CoverageError(*_refusal(why, line[len(line) // 2]))
        labels[ground.labels == piece] = target
    kept = _redrawn(ground, labels, cut.features)
    return [feature for i, feature in enumerate(kept) if i not in pieces]


def _shared_km(ground: _CutGround, count: int) -> NDArray[np.float64]:
    """How long each two patches run beside each other, km."""
    owner = np.append(ground.labels, -1)[ground.arrangement.face]
    left, right = owner[0::2], owner[1::2]
    shared = np.zeros((count, count))
    good = (left >= 0) & (right >= 0) & (left != right)
    np.add.at(shared, (left[good], right[good]), ground.arrangement.arc_km[good])
    return shared + shared.T


def enclosed_ids(features: Sequence[Feature], line: Sequence[Position]) -> list[str]:
    """Ids of the patches inside a line that ends where it begins; none of another line."""
    if len(line) < 4 or line[0] != line[-1]:
        return []
    ring = shapely.make_valid(shapely.Polygon(line))
    return [
        feature.id
        for feature in features
        if feature.geometry is not None
        and shapely.covers(ring, shapely.point_on_surface(feature.geometry))
    ]


def _divides_nothing(
    ground: _CutGround, features: Sequence[Feature], only: str | None, line: Sequence[Position]
) -> Refusal:
    """Why a line divides nothing, and where."""
    ends = [line[0], line[-1]]
    faces = ground.arrangement.locate(*np.asarray(ends, float).T)
    for end, face in zip(ends, faces.tolist(), strict=True):
        owner = int(ground.labels[face]) if face >= 0 else -1
        if owner >= 0 and (only is None or features[owner].id == only):
            name = features[owner].id
            return _refusal(f"the line ends inside {name}; draw it right across", end)
    what = f"{only}" if only else "any patch"
    return _refusal(f"the line does not cross {what}; draw it from border to border", ends[0])


def _refusal(message: str, where: Position) -> Refusal:
    """What a coverage error is made of."""
    place = (round(float(where[0]), 6), round(float(where[1]), 6))
    return message, (refuse("layer.cut", message, where=place),)


def _as_cut(ground: _CutGround, features: Sequence[Feature], taken: Collection[str]) -> Cut:
    """Give every face an owner: the patch it was part of, or a new one."""
    arrangement, labels = ground.arrangement, ground.labels.copy()
    part = arrangement.parts(ground.labels)
    area = arrangement.face_area_km2
    order = np.lexsort([np.arange(len(labels)), -area, part])
    order = order[ground.labels[order] >= 0]
    again = part[order][1:] == part[order][:-1]
    result, parent = list(features), {}
    used = set(taken) | {feature.id for feature in features}
    for face in order[1:][again].tolist():
        old = features[int(ground.labels[face])]
        name = new_id(CONTROL, secrets.token_bytes(16), used)
        used.add(name)
        parent[name] = old.id
        labels[face] = len(result)
        result.append(Feature(name, {**old.properties, "id": name}, old.geometry))
    sides: dict[str, str] = {}
    for side, half in (("left", ground.line), ("right", ground.line ^ 1)):
        for owner in np.unique(labels[arrangement.face[half]]).tolist():
            name = result[owner].id
            sides[name] = side if sides.get(name, side) == side else "both"
    return Cut(_redrawn(ground, labels, result), parent, sides)


def join_patches(features: Sequence[Feature], ids: Sequence[str]) -> list[Feature]:
    """
    Join patches that say the same of who holds them into one.

    Parameters
    ----------
    features
        The patches of one date, none over another.
    ids
        Two or more of them.

    Returns
    -------
    features
        In the order given. The largest keeps its id, and gets the statements, the sources and
        the notes of the others.

    Raises
    ------
    CoverageError
        If an id is unknown, there are not two of them, or they differ in what they say.
    """
    by_id = {feature.id: i for i, feature in enumerate(features)}
    if unknown := [name for name in ids if name not in by_id]:
        raise CoverageError(f"there is no patch {', '.join(unknown)}; choose again")
    members = sorted({by_id[name] for name in ids})
    if len(members) < 2:
        raise CoverageError("one patch cannot be joined; choose two or more")
    ground = _CutGround.of(_polygons(features), len(features))
    area = np.bincount(
        ground.labels + 1, ground.arrangement.face_area_km2, minlength=len(features) + 1
    )[1:]
    keeper = max(members, key=lambda i: (area[i], -i))
    joined = _join_shapes(features[keeper], [features[i] for i in members if i != keeper])
    labels = np.where(np.isin(ground.labels, members), keeper, ground.labels)
    result = [joined if i == keeper else feature for i, feature in enumerate(features)]
    redrawn = _redrawn(ground, labels, result)
    return [f for i, f in enumerate(redrawn) if i == keeper or i not in members]


def _join_shapes(keeper: Feature, others: Sequence[Feature]) -> Feature:
    """
    One patch with what several say.

    Raises
    ------
    CoverageError
        If they differ where only one value can stand.
    """
    values: dict[str, Value] = dict(keeper.properties)
    for other in others:
        for name, value in other.properties.items():
            mine = values.get(name)
            if name == "id" or value is None or value == mine:
                continue
            if name in _LISTS:
                both = dict.fromkeys([*split_ids(mine), *split_ids(value)])
                values[name] = ";".join(both)
            elif name == "note":
                values[name] = f"{mine} {value}" if mine else value
            elif mine is None and name not in _AXES:
                values[name] = value
            else:
                raise CoverageError(_differ(keeper, other, name))
        for name in _AXES:
            if other.properties.get(name) != keeper.properties.get(name):
                raise CoverageError(_differ(keeper, other, name))
    return dataclasses.replace(keeper, properties=values)


def _differ(one: Feature, other: Feature, name: str) -> str:
    first, second = one.properties.get(name), other.properties.get(name)
    return (
        f"{one.id} and {other.id} differ in {name} ({first or 'nothing'}, {second or 'nothing'}); "
        "make it the same first"
    )


def _redrawn(ground: _CutGround, labels: Ints, features: Sequence[Feature]) -> list[Feature]:
    """The features with the ground of their labels; where that is the same, the same objects."""
    values, polygons = ground.arrangement.dissolve(labels)
    result = list(features)
    for i, polygon in zip(values.tolist(), polygons, strict=True):
        old = features[i].geometry
        if shapely.normalize(old) != shapely.normalize(polygon):
            result[i] = dataclasses.replace(features[i], geometry=polygon)
    return result


def _polygons(features: Sequence[Feature]) -> list[shapely.Geometry]:
    return [feature.geometry or shapely.Polygon() for feature in features]


def _there_and_back(line: NDArray[np.float64]) -> shapely.Polygon:
    """A line as a polygon without ground: the noding takes its segments like those of others."""
    return shapely.Polygon(np.concatenate([line, line[::-1]]))


@dataclasses.dataclass(frozen=True)
class _CutGround:
    """
    Patches, and perhaps lines, noded together.

    Attributes
    ----------
    arrangement
        Their faces and arcs.
    labels
        Which patch each face belongs to; -1 for none.
    line
        Half-arcs along the lines, with the ground on their left hand.
    """

    arrangement: Arrangement
    labels: Ints
    line: Ints

    @classmethod
    def of(cls, shown: Sequence[shapely.Geometry], count: int) -> _CutGround:
        """
        Node shapes: so many patches, and lines behind them.

        Raises
        ------
        CoverageError
            If patches overlap.
        """
        which = trace_borders(shown)
        arrangement = arrange(which)
        offsets, arc, sign = arrangement.borders(which)
        end = offsets[count]
        patch = np.repeat(np.arange(count), np.diff(offsets[: count + 1]))
        cover = arrangement.cover(arc[:end], sign[:end])
        total = arrangement.cover(arc[:end], sign[:end] * (patch + 1))
        if (cover > 1).any():
            place = _inside(arrangement, cover > 1)
            raise CoverageError(*_refusal("patches overlap here; mend that first", place))
        labels = np.where(cover == 1, total - 1, -1)
        return cls(arrangement, labels, _along(arrangement, which, count))

    @cached_property
    def _thin(self) -> NDArray[np.bool_]:
        """Which faces are mere noise of the grid, beside a line along a border; the outside too."""
        arrangement = self.arrangement
        around_km = np.bincount(
            arrangement.face + 1,
            np.repeat(arrangement.arc_km, 2),
            minlength=arrangement.face_count + 1,
        )[1:]
        thin = 2e3 * arrangement.face_area_km2 < _THIN_M * around_km
        return np.append(thin, True)

    def dividing(self, patch: int | None) -> Ints:
        """The half-arcs of the lines that part ground of one patch, or of this one."""
        face, label = self.arrangement.face, np.append(self.labels, -1)
        left, right = face[self.line], face[self.line ^ 1]
        good = (left != right) & (label[left] == label[right]) & (label[left] >= 0)
        good &= ~(self._thin[left] | self._thin[right])
        if patch is not None:
            good &= label[left] == patch
        dividing: Ints = self.line[good]
        return dividing


def _along(arrangement: Arrangement, which: DirectedBorders, count: int) -> Ints:
    """The half-arcs of the way there of the lines, which run there and back."""
    begin, size = which.offsets[count:-1], np.diff(which.offsets[count:]) // 2
    at = np.concatenate([np.arange(b, b + n) for b, n in zip(begin, size, strict=True)] or [begin])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    # A ring without area is turned round on its way in.
    there = DirectedBorders(which.low, which.high, offsets, which.segment[at], -which.sign[at])
    _, arc, sign = arrangement.borders(there)
    half: Ints = 2 * arc + (sign < 0)
    return half


def _inside(arrangement: Arrangement, faces: NDArray[np.bool_]) -> Position:
    """A position inside the largest of some faces."""
    largest = np.argmax(np.where(faces, arrangement.face_area_km2, -1.0))
    label = np.where(np.arange(len(faces)) == largest, 0, -1)
    _, polygons = arrangement.dissolve(label)
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygons[0]))[0]
    return float(x), float(y)
