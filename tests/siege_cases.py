"""Ground that a corridor joins, as the tests of supply know it."""

from shapely import Point

CORRIDOR = ["bbbbbbb", "baabaab", "baaaaab", "baabaab", "bbbbbbb"]
BASE = {"base": Point(37.55, 33.25)}
WEST = {"west": (37.15, 33.25), "wall": (37.35, 33.45), "floor": (37.35, 33.05)}
