"""
What could be cut off, and by how short a line: necks, pockets, isolation.

Ground that a side holds is *supplied* where a way leads through it to an *anchor*: a friendly
border, a base, a city. A *cut* is a chain of straight legs through that ground, each leg from
enemy-held ground to enemy-held ground; it *severs* what has no way to an anchor left. Moving along
enemy-held ground costs nothing, so a cut may pass through enemy islands.

**Method.** Every shortest cut consists of legs that no small shift of an end can shorten: from
corner to corner, or from a corner to the foot of a perpendicular; only where such a shift would
sweep over the place that is to be severed, over an anchor or over a corner of the study area does
a leg stop there, and then it passes through that point. Both kinds are found exactly: sight runs
from each corner through a constrained Delaunay triangulation of the ground, within the wedge of
directions in which a leg can be shortest at all, and the legs through one point are minimised
between each two opposite pieces of border in sight, where their length is a convex function of
the direction. A closed chain of legs and enemy ground severs a place from an anchor when it passes
between them an odd number of times. That parity is additive over legs, so of all legs between the
same two enemy stretches with the same parities only the shortest matters, and the minimum cut is a
shortest closed walk in the double cover of a small graph: no grid, no sampling.

**Error.** Lengths are exact for the polygons given, to 1e-6 of themselves and 5 cm a leg (legs keep
that clear of anchors and of corners of the edge), in an equal-area plane that is within 0.03 % of
the ellipsoid up to 300 km from its centre. Ground with more than `MAX_VERTICES` vertices in one
piece is first simplified to `TOLERANCE_M`, so that each leg may be off by twice that. Where the
polygons are only known to kilometres, so is the answer. A place that lies in a waist between two
anchors is passed on both sides: the same leg then counts twice, and the pocket is empty.

**Cost.** One triangulation of the n vertices, O(n) corners that each look at what they see, and a
walk over as many nodes as there are enemy stretches and islands. It doubles with each separate
anchor inside the ground, so there may be at most 8 of those in one piece; anchors on the edge of
the study area count as one.

**Ground of nobody.** The rule for `unknown` decides about ground that no single side controls
(unknown, nobody's, mixed, advanced over, contested with the side as a party): ``passable`` ground
supplies but is not counted, ``own`` ground supplies and is counted, ``enemy`` ground blocks.
Ground contested among others blocks. The edge of the study area is nobody's: with ``open``, the
default, nothing is known of what lies beyond, so ground at the edge cannot be called cut off, and
no cut ends there; with ``closed`` the edge is a wall on which a cut may end, and only the parts of
it near an anchor supply.
"""
