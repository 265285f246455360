from .arrangement import Arrangement
from .noding import PER_DEGREE, BorderEdges, pack, uniques
from .topology import (
    SLIVER_M,
    Arcs,
    Lines,
    Segments,
    Shapes,
    arrange,
    find_faults,
    outlines,
    shapes,
)

__all__ = [
    "PER_DEGREE",
    "SLIVER_M",
    "Arcs",
    "Arrangement",
    "BorderEdges",
    "Lines",
    "Segments",
    "Shapes",
    "arrange",
    "find_faults",
    "outlines",
    "pack",
    "shapes",
    "uniques",
]
