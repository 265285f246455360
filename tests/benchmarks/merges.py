"""
Merges of two analysts' edits, ours beside plain git: ``python -m tests.benchmarks.merges``.

Two analysts edit copies of one control layer, and git merges what they did: with the merge driver
of this package, and without. What the merge ought to be is worked out here, patch by patch and
point by point with shapely, and shares no code with the merge itself.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import shapely

from geo.crs import snap
from geo.errors import LayerError
from geo.model import Feature
from tests.benchmarks.meetings import KINDS, met, prepare, read

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
HOLDER = ("controller", "controllers", "status")
SURENESS = ("basis", "confidence")
LISTS = ("statement_ids", "source_ids")
SLIVER = 2e-8
"""Square degrees; a strip of 1e-6 degrees along a border has less."""


# --- a layer, and what people do to it


def layer(rng, cells=60):
    """A coverage of some cells with borders of many corners, by id."""
    area = shapely.box(37, 33, 38, 34)
    points = shapely.multipoints(rng.uniform([37, 33], [38, 34], (cells, 2)))
    lines = shapely.voronoi_polygons(points, extend_to=area, only_edges=True)
    drawn = shapely.union_all([lines, area.boundary], grid_size=1e-6)
    bent = shapely.segmentize(drawn, 0.03)
    faces = shapely.get_parts(shapely.polygonize([snap(bent)]))
    inside = shapely.contains(area, shapely.point_on_surface(faces))
    features = {}
    for face in faces[inside]:
        name = f"ctl-{rng.integers(1 << 32):08x}"
        features[name] = Feature(name, label(rng, name), normal(face))
    return features


def normal(shape):
    return shapely.orient_polygons(shapely.normalize(snap(shape)))


def label(rng, name):
    return {
        "id": name,
        "controller": str(rng.choice(["north", "south", "east"])),
        "controllers": None,
        "status": "controlled",
        "basis": "reported",
        "confidence": "moderate",
        "statement_ids": "stm-1",
        "source_ids": "wire-1",
        "note": None,
    }


def edited(rng, before, count, near=None):
    """The layer after some edits; `near` keeps them close to a position."""
    features, done = dict(before), 0
    kinds = rng.choice(["property", "vertex", "corner", "carve", "split", "delete"], 100, p=SHARES)
    for kind in kinds:
        if done == count:
            break
        more = EDITS[kind](rng, features, pick(rng, features, near))
        if more is not None and is_coverage(more):
            features, done = more, done + 1
    return features


def pick(rng, features, near):
    names = sorted(features)
    if near is None:
        return names[int(rng.integers(len(names)))]
    far = [shapely.distance(features[name].geometry, near) for name in names]
    return names[int(rng.choice(np.argsort(far)[:8]))]


def with_property(rng, features, name):
    column = str(rng.choice(["controller", "contested", "basis", "confidence", "note", "sources"]))
    feature = features[name]
    old = feature.properties
    if column == "controller":
        change = {"controller": other(rng, ["north", "south", "east"], old["controller"])}
    elif column == "contested":
        change = {"status": "contested", "controllers": "north;south", "controller": None}
    elif column == "basis":
        change = {"basis": other(rng, ["assessed", "reported", "claimed"], old["basis"])}
    elif column == "confidence":
        change = {"confidence": other(rng, ["high", "moderate", "low"], old["confidence"])}
    elif column == "note":
        change = {"note": f"Seen {rng.integers(1000)}."}
    else:
        change = {"source_ids": f"{old['source_ids']};wire-{rng.integers(2, 9999)}"}
    return {**features, name: replace(feature, properties={**old, **change})}


def other(rng, values, value):
    return str(rng.choice([one for one in values if one != value]))


def with_vertex_moved(rng, features, name):
    """A corner that patches share, moved in all of them."""
    corners = shapely.get_coordinates(features[name].geometry.exterior)[:-1]
    inner = corners[((corners > [37, 33]) & (corners < [38, 34])).all(axis=1)]
    if not len(inner):
        return None
    corner = inner[int(rng.integers(len(inner)))]
    goal = np.round(corner + rng.normal(0, 0.008, 2), 6)
    moved = dict(features)
    for other_name, feature in features.items():
        if shapely.intersects(feature.geometry, shapely.Point(corner)):
            shape = shapely.transform(
                feature.geometry, lambda xy: np.where((xy == corner).all(axis=1)[:, None], goal, xy)
            )
            moved[other_name] = replace(feature, geometry=normal(shape))
    return moved


def with_corner_added(rng, features, name):
    """A corner put into a border of two patches, as editors do: off it by rounding."""
    ring = shapely.get_coordinates(features[name].geometry.exterior)
    at = int(rng.integers(len(ring) - 1))
    a, b = ring[at], ring[at + 1]
    if ((a == b) & ((a % 1 == 0) | (b % 1 == 0))).any():
        return None
    corner = np.round(a + rng.uniform(0.2, 0.8) * (b - a), 6)
    more = dict(features)
    for other_name, feature in features.items():
        line = shapely.get_coordinates(feature.geometry.exterior)
        for i, (p, q) in enumerate(pairwise(line.tolist())):
            if {tuple(p), tuple(q)} == {tuple(a.tolist()), tuple(b.tolist())}:
                bent = shapely.Polygon(np.insert(line, i + 1, corner, axis=0))
                more[other_name] = replace(feature, geometry=normal(bent))
    return more


def with_ground_taken(rng, features, name):
    """Ground of one patch drawn freely round a spot of its border, given to the neighbour."""
    patch = features[name]
    for other_name, neighbour in features.items():
        border = shapely.intersection(patch.geometry, neighbour.geometry)
        if other_name == name or shapely.length(border) < 0.02:
            continue
        spot = shapely.line_interpolate_point(shapely.line_merge(border), 0.01 + rng.random() / 99)
        taken = shapely.intersection(patch.geometry, spot.buffer(rng.uniform(0.004, 0.012), 4))
        taken = shapely.set_precision(taken, 1e-6)
        rest = shapely.difference(patch.geometry, taken, grid_size=1e-6)
        grown = shapely.union(neighbour.geometry, taken, grid_size=1e-6)
        if rest.geom_type != "Polygon" or grown.geom_type != "Polygon" or rng.random() < 0.3:
            continue
        return {
            **features,
            name: replace(patch, geometry=normal(rest)),
            other_name: replace(neighbour, geometry=normal(grown)),
        }
    return None


def with_split(rng, features, name):
    """A patch cut from corner to corner; the larger part keeps the id."""
    patch = features[name]
    corners = shapely.get_coordinates(patch.geometry)[:-1]
    a, b = corners[rng.choice(len(corners), 2, replace=False)]
    line = shapely.LineString([a, b])
    if not shapely.contains(
        patch.geometry, shapely.line_interpolate_point(line, 0.5, normalized=True)
    ):
        return None
    noded = shapely.union(patch.geometry.boundary, line)
    parts = shapely.get_parts(shapely.polygonize([noded]))
    if len(parts) != 2 or min(shapely.area(parts)) < 1e-4:
        return None
    large, small = sorted(parts, key=shapely.area, reverse=True)
    new = f"ctl-{rng.integers(1 << 32):08x}"
    return {
        **features,
        name: replace(patch, geometry=normal(large)),
        new: Feature(new, {**label(rng, new), "note": "Split off."}, normal(small)),
    }


def without(_rng, features, name):
    """A patch joined to the neighbour with which it shares the longest border."""
    patch = features[name]
    rest = {key: feature for key, feature in features.items() if key != name}
    shared = {
        key: shapely.length(shapely.intersection(patch.geometry, feature.geometry))
        for key, feature in rest.items()
    }
    best = max(sorted(shared), key=shared.__getitem__)
    joined = shapely.union(patch.geometry, rest[best].geometry)
    if joined.geom_type != "Polygon":
        return None
    rest[best] = replace(rest[best], geometry=normal(joined))
    return rest


EDITS = {
    "property": with_property,
    "vertex": with_vertex_moved,
    "corner": with_corner_added,
    "carve": with_ground_taken,
    "split": with_split,
    "delete": without,
}
SHARES = (0.45, 0.2, 0.07, 0.1, 0.1, 0.08)


def is_coverage(features):
    """Whether patches cover the square once, but for slivers of the grid."""
    shapes = np.array([feature.geometry for feature in features.values()])
    if not shapely.is_valid(shapes).all() or not (shapely.get_type_id(shapes) == 3).all():
        return False
    whole = shapely.union_all(shapes)
    return abs(shapely.area(shapes).sum() - whole.area) < SLIVER and abs(whole.area - 1) < SLIVER


# --- what the merge ought to be


@dataclass(frozen=True)
class Truth:
    """What is really in conflict, and what the merged layer must say where nothing is."""

    conflicts: tuple[str, ...]
    values: dict[str, dict[str, object]]
    spots: list[tuple[shapely.Point, str, object]]


def three(base, ours, theirs):
    """The merged value, and whether there is none."""
    if ours == theirs or theirs == base:
        return ours, False
    return theirs, ours != base


def truth(base, ours, theirs, spots=400, seed=0):
    """Work out the merge from the three layers, property by property and point by point."""
    conflicts, values = [], {}
    for name in sorted({*base, *ours, *theirs}):
        three_of = [side.get(name) for side in (base, ours, theirs)]
        found, merged = merged_values(name, *three_of)
        conflicts += found
        if merged is not None:
            values[name] = merged
    conflicts += moved_together(base, ours, theirs)
    found, told = at_points(base, ours, theirs, values, np.random.default_rng(seed), spots)
    return Truth((*conflicts, *found), values, told)


def merged_values(name, base, ours, theirs):
    if ours == theirs or theirs == base:
        return [], None if ours is None else ours.properties
    if ours == base:
        return [], None if theirs is None else theirs.properties
    if base is None or ours is None or theirs is None:
        return [f"{name}: there or not"], None
    b, o, t = base.properties, ours.properties, theirs.properties
    conflicts, merged = [], {}
    held = [tuple(side[key] for key in HOLDER) for side in (b, o, t)]
    answer, clash = three(*held)
    if clash:
        conflicts.append(f"{name}: holder")
    merged.update(zip(HOLDER, answer, strict=True))
    for key in b:
        if key in HOLDER:
            continue
        if key in LISTS:
            was, one, two = ((side[key] or "").split(";") for side in (b, o, t))
            merged[key] = {x for x in chain(was, one, two) if (x in one) + (x in two) > (x in was)}
            continue
        merged[key], clash = three(b[key], o[key], t[key])
        crossed = (held[0] != held[1] != held[2] and t[key] != b[key]) or (
            held[0] != held[2] != held[1] and o[key] != b[key]
        )
        if clash or (key in SURENESS and crossed and o[key] != t[key]):
            conflicts.append(f"{name}: {key}")
    return conflicts, merged


def changed_pieces(one, two):
    """The ground that patches gained or lost, patch by patch."""
    pieces = []
    for name in sorted({*one, *two}):
        a, b = (side[name].geometry if name in side else shapely.Polygon() for side in (one, two))
        if a != b:
            pieces += [*shapely.get_parts(shapely.symmetric_difference(a, b))]
    return pieces


def changed_ground(one, two):
    """The ground that is of another patch, as one shape."""
    return shapely.union_all(changed_pieces(one, two))


def moved_together(base, ours, theirs):
    """Connected ground that both changed, and not in the same way."""
    mine, other = changed_ground(base, ours), changed_ground(base, theirs)
    apart = changed_ground(ours, theirs)
    conflicts = []
    for part in shapely.get_parts(shapely.union(mine, other)):
        inside = [shapely.area(shapely.intersection(one, part)) for one in (mine, other, apart)]
        if min(inside) > SLIVER:
            x, y = shapely.get_coordinates(shapely.point_on_surface(part))[0]
            conflicts.append(f"ground at {x:.4f}, {y:.4f}")
    return conflicts


def at_points(base, ours, theirs, values, rng, count):
    """At random points, most of them on changed ground: who ought to hold it, and which patch."""
    spots = [*shapely.points(rng.uniform([37, 33], [38, 34], (count // 4, 2)))]
    ground = shapely.get_parts(
        shapely.union(changed_ground(base, ours), changed_ground(base, theirs))
    )
    for part in ground[shapely.area(ground) > SLIVER] if len(ground) else ():
        west, south, east, north = part.bounds
        inside = shapely.points(rng.uniform([west, south], [east, north], (count, 2)))
        spots += [*inside[shapely.contains(part, inside)][: count // 4]]
    # A small piece of much changed ground is easily missed by chance.
    for piece in (*changed_pieces(base, ours), *changed_pieces(base, theirs)):
        if shapely.area(piece) > SLIVER:
            spots.append(shapely.point_on_surface(piece))
    sides = (base, ours, theirs)
    owners = [owners_at(side, spots) for side in sides]
    conflicts, told = [], []
    for spot, *names in zip(spots, *owners, strict=True):
        if None in names:
            continue
        held = [holder(side[name]) for side, name in zip(sides, names, strict=True)]
        wanted, clash = three(*held)
        name, torn = three(*names)
        by_id = values.get(name)
        got = None if by_id is None else tuple(by_id[key] for key in HOLDER)
        if clash or torn or (got is not None and got != wanted):
            conflicts.append(f"point {spot.x:.4f}, {spot.y:.4f}")
        told.append((spot, name, wanted))
    return conflicts, told


def holder(feature):
    return tuple(feature.properties[key] for key in HOLDER)


def owners_at(features, spots):
    """The patch at each point; None on a border."""
    names = sorted(features)
    tree = shapely.STRtree([features[name].geometry for name in names])
    found = [None] * len(spots)
    for spot, patch in tree.query(spots, predicate="within").T.tolist():
        found[spot] = names[patch]
    return found


def faults(merged, wanted):
    """What a clean merge has lost or invented."""
    found = []
    if {*merged} != {*wanted.values}:
        found.append(f"patches: {sorted({*merged} ^ {*wanted.values})}")
    for name in {*merged} & {*wanted.values}:
        for key, value in wanted.values[name].items():
            got = merged[name].properties[key]
            if isinstance(value, set):
                got = {*(got or "").split(";")}
            elif key in LISTS:
                got, value = {*(got or "").split(";")}, {*(value or "").split(";")}
            if got != value:
                found.append(f"{name}: {key} is {got}, not {value}")
    if not is_coverage(merged):
        found.append("no coverage")
    spots = [spot for spot, _, _ in wanted.spots]
    for got, (spot, name, held) in zip(owners_at(merged, spots), wanted.spots, strict=True):
        if got is not None and (got != name or holder(merged[got]) != held):
            found.append(f"{got}, not {name}, at {spot.x:.5f}, {spot.y:.5f}")
    return found


def unsaid(text, base, ours, theirs):
    """What a side said that stands in neither half of a merge with conflicts."""
    found = []
    two = [read(half) for half in halves(text)]
    for side in (ours, theirs):
        for name in side.keys() | base.keys():
            was, now = (
                None if f is None else f.properties for f in (base.get(name), side.get(name))
            )
            if was == now:
                continue
            got = [half[name].properties if name in half else None for half in two]
            for key in now or was:
                wanted = None if now is None else now[key]
                if (None if was is None else was[key]) == wanted or key == "id":
                    continue
                answers = [None if one is None else one[key] for one in got]
                if key in LISTS:
                    said = {*str(wanted).split(";")}
                    if not any(said <= {*str(answer).split(";")} for answer in answers):
                        found.append(f"{name}: {key} {wanted} is lost")
                elif wanted not in answers:
                    found.append(f"{name}: {key} {wanted} is lost")
    for half in two:
        found += [f"{name} is invented" for name in half.keys() - ours.keys() - theirs.keys()]
    return found


def halves_are_maps(text):
    """Whether either choice at every conflict leaves a coverage."""
    return all(is_coverage(read(half)) for half in halves(text))


def halves(text):
    """The text with all conflicts settled as ours, and as theirs."""
    two = [], []
    into = (0, 1)
    for line in text.splitlines(keepends=True):
        if line.startswith(b"<<<<<<< "):
            into = (0,)
        elif line.startswith(b"=======") and into == (0,):
            into = (1,)
        elif line.startswith(b">>>>>>> "):
            into = (0, 1)
        else:
            for side in into:
                two[side].append(line)
    return b"".join(two[0]), b"".join(two[1])


def case(seed, *, cells=60, edits=4):
    """Three versions of a layer; every second pair of analysts works in the same corner."""
    rng = np.random.default_rng(seed)
    base = layer(rng, cells)
    near = shapely.Point(rng.uniform([37.2, 33.2], [37.8, 33.8])) if seed % 2 else None
    return base, edited(rng, base, edits, near), edited(rng, base, edits, near)


# --- judging


def judged(clean, data, versions, wanted):
    """What became of a merge, in a word; and what is wrong with it."""
    try:
        if clean:
            found = faults(read(data), wanted)
            if wanted.conflicts:
                return "hidden", [*wanted.conflicts, *found]
            return ("wrong", found) if found else ("right", [])
        found = unsaid(data, *versions)
        if not found and not halves_are_maps(data):
            return "unreadable", ["a half is no coverage"]
    except LayerError as error:
        return ("broken" if clean else "unreadable"), [str(error)[:200]]
    if found:
        return "lost", found
    return ("stopped", []) if wanted.conflicts else ("refused", [])


WORDS = {
    "right": "merged, and right at every point and property",
    "stopped": "stopped at a real conflict, either side can be chosen",
    "unreadable": "stopped, and choosing a side leaves no sound layer",
    "refused": "stopped without any conflict",
    "hidden": "merged over a real conflict without a word",
    "wrong": "merged, and something lost, invented, or no coverage",
    "broken": "merged into a file that is no layer",
    "lost": "stopped, and what a side said is in neither half",
    "asked": "asked of which version the file is a copy",
}


def run(count, first=0, edits=4, kind="merge"):
    """Merge many cases in two clones, with the driver and without; what became of each."""
    tally = {"driver": Counter(), "plain": Counter()}
    seconds = Counter()
    worst = []
    with tempfile.TemporaryDirectory(prefix="merges-") as name:
        for begin in range(first, first + count, 50):
            top = Path(name) / f"batch-{begin}"
            top.mkdir()
            numbers = range(begin, min(begin + 50, first + count))
            cases = [(number, case(number, edits=edits)) for number in numbers]
            clones = {mode: top / mode for mode in tally}
            for mode, folder in clones.items():
                prepare(folder, cases, kind, is_ours=mode == "driver")
            for number, versions in cases:
                wanted = truth(*versions, seed=number)
                tally["driver"]["conflicting"] += bool(wanted.conflicts)
                for mode, folder in clones.items():
                    start = time.perf_counter()
                    clean, data = met(folder, number, versions, kind, is_ours=mode == "driver")
                    seconds[mode] += time.perf_counter() - start
                    word, found = "asked", []
                    if clean is not None:
                        word, found = judged(clean, data, versions, wanted)
                    tally[mode][word] += 1
                    if mode == "driver" and word not in {"right", "stopped"}:
                        worst.append(f"case {number}: {word}: {'; '.join(map(str, found[:3]))}")
            logger.info("%d of %s: %s", numbers.stop - first, kind, dict(tally["driver"]))
    return tally, seconds, worst


def main():
    """Print the table; fail if the driver lost, invented or refused too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--edits", type=int, default=4)
    parser.add_argument("--kinds", default=",".join(KINDS), help="separated by commas")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    failed = False
    for kind in chosen.kinds.split(","):
        tally, seconds, worst = run(chosen.count, chosen.first, chosen.edits, kind)
        failed |= told(kind, chosen, tally, seconds, worst)
    return int(failed)


def told(kind, chosen, tally, seconds, worst):
    """Print the table of one kind; whether the driver lost, invented or refused too much."""
    real = tally["driver"].pop("conflicting", 0)
    lines = [
        f"{chosen.count} of kind {kind}, {chosen.edits} edits by each of two analysts in 60",
        f"patches, every second pair in the same corner; {real} with a real conflict.",
        "",
        "| | with `git-setup` | plain git |",
        "|---|---|---|",
    ]
    lines += [
        f"| {words} | {tally['driver'][word]} | {tally['plain'][word]} |"
        for word, words in WORDS.items()
    ]
    each = {mode: f"{1e3 * seconds[mode] / chosen.count:.0f} ms" for mode in tally}
    lines.append(f"| checkout and merge, on the mean | {each['driver']} | {each['plain']} |")
    sys.stdout.write("\n".join([*lines, *worst, "", ""]))
    sys.stdout.flush()
    bad = sum(tally["driver"][word] for word in ("hidden", "wrong", "broken", "lost", "unreadable"))
    return bad > 0 or tally["driver"]["refused"] > 0.01 * (chosen.count - real)


if __name__ == "__main__":
    sys.exit(main())
