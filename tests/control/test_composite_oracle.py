"""
The composite against fifteen lines of another library.

`shapely` nodes all borders on the same grid, makes polygons of them, and looks up whose patch
holds a point of each. That is slower (1.0 s against 0.18 s on the shipped case, and more for each
date that is added), and it has no history; but it shares no line of code with `geo.coverage`.
"""

from pathlib import Path

import numpy as np
import shapely
from hypothesis import given, settings
from strategies import redrawn
from thoroughness import examples

from geo.control import Composite
from geo.layers import read_folder

LAYERS = Path(__file__).parents[2] / "layers"


def faces_by_overlay(area, snapshots):
    """Each face that the borders of all dates bound, and whose it is at each date."""
    shapes = [patch.geometry for patches in snapshots.values() for patch in patches]
    lines = shapely.union_all(shapely.boundary([area, *shapes]), grid_size=1e-6)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    points = shapely.point_on_surface(faces)
    inside = shapely.contains(area, points)
    faces, points = faces[inside], points[inside]
    held = [[None] * len(snapshots) for _ in faces]
    for n, patches in enumerate(snapshots.values()):
        tree = shapely.STRtree([patch.geometry for patch in patches])
        for face, patch in zip(*tree.query(points, predicate="within").tolist(), strict=True):
            assert held[face][n] is None
            held[face][n] = patches[patch].label
    # A corner on a slanting edge is rounded to the grid. What lies between the two is, on the mean,
    # less than half a step wide, and anybody's; all other ground has one holder.
    thin = shapely.area(faces) <= 1e-6 * shapely.length(faces) / 2
    assert all(
        None not in labels for labels, is_thin in zip(held, thin, strict=True) if not is_thin
    )
    return {
        key_of(face): tuple(labels)
        for face, labels, is_thin in zip(faces, held, thin, strict=True)
        if not is_thin
    }


def key_of(face):
    """What tells a face from others, wherever its rings begin."""
    return shapely.to_wkb(shapely.normalize(face))


def faces_of(composite):
    """The same of a composite."""
    found = {}
    for arrangement, *columns in composite.face_spells():
        _, polygons = arrangement.dissolve(np.arange(arrangement.face_count))
        held = {}
        for face, label, first, after in zip(*(c.tolist() for c in columns), strict=True):
            held.setdefault(face, []).extend([composite.labels[label]] * (after - first))
        found |= {key_of(polygons[face]): tuple(labels) for face, labels in held.items()}
    return found


def test_the_shipped_case_has_the_faces_and_labels_of_an_overlay():
    folder = read_folder(LAYERS)
    snapshots = {day: folder.patches(day) for day in folder.control}
    composite = Composite.build(folder.area, snapshots, folder.sides)
    assert len(composite.epochs) == 1
    found = faces_of(composite)
    assert len(found) == len(composite.face_area_km2) > 100
    expected = faces_by_overlay(folder.area, snapshots)
    assert {key: found[key] for key in expected} == expected
    assert len(found) - len(expected) < len(found) / 50


@given(redrawn())
@settings(max_examples=examples(60))
def test_random_theatres_have_the_faces_and_labels_of_an_overlay(drawn):
    area, snapshots = drawn
    composite = Composite.build(area, snapshots)
    found = faces_of(composite)
    assert found
    expected = faces_by_overlay(area, snapshots)
    assert {key: found[key] for key in expected} == expected
    thin = [shapely.from_wkb(key) for key in found.keys() - expected.keys()]
    assert all(face.area <= 1e-6 * face.length / 2 for face in thin)
