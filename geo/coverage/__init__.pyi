from .arrangement import Arrangement, arrange
from .edges import BorderEdges, DirectedBorders, trace_borders
from .faces import Arcs
from .faults import SLIVER_M, find_faults
from .grid import PER_DEGREE, pack, ranges, uniques, unpack
from .noding import Lines, Segments
from .outlining import outlines
from .seam import Seam

__all__ = [
    "PER_DEGREE",
    "SLIVER_M",
    "Arcs",
    "Arrangement",
    "BorderEdges",
    "DirectedBorders",
    "Lines",
    "Seam",
    "Segments",
    "arrange",
    "find_faults",
    "outlines",
    "pack",
    "ranges",
    "trace_borders",
    "uniques",
    "unpack",
]
