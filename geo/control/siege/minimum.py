"""The shortest cut between each place in a piece of ground and every anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.control.siege.sight import Legs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.control.siege.piece import Cut, Piece

    Floats = NDArray[np.float64]


def minimum_cuts(piece: Piece, places: Floats) -> list[Cut | None]:
    """
    Return the shortest cut between each place and every anchor.

    Parameters
    ----------
    piece
        Ground that is supplied.
    places
        Positions in it, metres, shape (places, 2).

    Returns
    -------
    cuts
        One a place; None where no cut can sever it, as at an anchor.
    """
    places = piece.move_inward(places)
    near, anchor = piece.legs_at_obstacles(places)
    own = piece.own_legs(np.inf)
    # A leg held up by a point anchor may leave it on either side.
    shared = Legs.join([own, near, near.take(anchor >= 0)])
    anchors = piece.anchor_points
    parity = piece.parity(shared, np.concatenate([places, anchors]))
    twice = np.arange(len(own.edge) + len(near.edge), len(shared.edge))
    column = len(places) + anchor[anchor >= 0]
    parity[twice, column] ^= 1
    kept = piece.shortest_of_classes(shared, parity)
    shared, parity = shared.take(kept), parity[kept]
    to_place, to_anchor = parity[:, : len(places)], parity[:, len(places) :]
    cuts: list[Cut | None] = []
    for i, through in enumerate(piece.legs_through(places)):
        if piece.is_anchor(places[i]):
            cuts.append(None)
            continue
        none, some = np.zeros(len(through.edge), np.uint8), np.ones(len(through.edge), np.uint8)
        beside = piece.parity(through, anchors)
        legs = Legs.join([shared, through, through])
        to_this = np.concatenate([to_place[:, i], none, some])
        cuts.append(piece.sever(legs, to_this, np.concatenate([to_anchor, beside, beside])))
    return cuts
