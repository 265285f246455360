"""How many digits of a figure its band leaves meaningful."""

from __future__ import annotations

import math


def round_figure(
    middle: float, low: float | None, high: float | None
) -> tuple[int, float, float | None, float | None]:
    """
    Return a figure and the ends of its band, rounded to about a quarter of the band.

    Digits that the band makes meaningless would only look sure.

    Parameters
    ----------
    middle
        The figure.
    low, high
        The ends of its band; None, or not a number, where it has none.

    Returns
    -------
    decimals
        How many decimals are left; without a band one.
    middle, low, high
        Rounded; the ends None where there is no band.

    Examples
    --------
    >>> round_figure(183.2, 91.7, 588.0)
    (0, 200.0, 100.0, 600.0)
    >>> round_figure(2.345, 1.9, 2.8)
    (1, 2.3, 1.9, 2.8)
    """
    if low is None or high is None or low != low or high != high:
        return 1, round(middle, 1), None, None
    wide = (high - low) / 4
    digits = min(1, -math.floor(math.log10(wide))) if wide > 0 else 1
    ends = [round(float(end), digits) for end in (middle, low, high)]
    return max(digits, 0), ends[0], ends[1], ends[2]
