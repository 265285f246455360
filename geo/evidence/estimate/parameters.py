"""The numbers of the estimate: judgements, but for those that a theatre's evidence settles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.model import Basis, Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The numbers of the method, in one place.

    They are stated judgements, to be argued with; the tests show what each does. What a theatre's
    own evidence can tell - how far a place tells of others, how fast words age - is fitted to it.

    Attributes
    ----------
    at_least
        Least probability of ground that is drawn for a side.
    likely, assessed
        Least probability of ground that counts as likely, and as assessed.
    told
        Share of the local doubt that evidence must have taken away where ground is drawn: below
        it the field knows no more than which side has most of the theatre.
    told_assessed
        The same where ground counts as assessed: a direct word is within reach.
    near_km
        How far from the area a place still tells of it.
    max_age_days
        Statements farther from the date than this do not count.
    leap
        By how much the clock of the ground leaps where a place is taken: what was said across it
        keeps exp(-leap) of its covariance.
    leap_km
        How far from a place that was taken the leap is felt (one standard deviation).
    ribbon
        Doubt narrower than this share of the square root of the study area is a front between two
        sides, drawn along its even line; wider doubt is ground that nobody assessed.
    half_radius_km
        Error radius at which a statement weighs half: 1 / (1 + (r / half_radius)^2).
    contested_share
        Share of the second side from which on the words about a place contradict each other.
    basis_weight, confidence_weight
        Factors by basis and by confidence of the statement.
    doubt
        Words about a place say nothing of the truth with probability exp(-weight / doubt), as
        independent words would.
    floor
        And with this probability whatever is said: a place that holds, while all round it does not.
        On real polygons (``make bench-estimate``) a floor of 0 let one wrong word in twenty bring
        the mean error of a side's area from 0.19 to 0.44.
    moved
        By so much new words must have moved the chance of a side somewhere for a region to be drawn
        anew.
    noticed
        And by so much the region would be drawn otherwise everywhere.
    moved_km
        How far from new evidence a drawn change may lie.
    """

    at_least: float = 0.6
    likely: float = 0.8
    assessed: float = 0.95
    told: float = 0.08
    told_assessed: float = 0.45
    near_km: float = 30.0
    max_age_days: int = 365
    leap: float = 1.0
    leap_km: float = 6.0
    ribbon: float = 0.04
    half_radius_km: float = 5.0
    contested_share: float = 0.25
    basis_weight: Mapping[str, float] = field(
        default_factory=lambda: {
            Basis.ASSESSED: 1.0,
            Basis.REPORTED: 0.8,
            Basis.INFERRED: 0.5,
            Basis.CLAIMED: 0.3,
        }
    )
    confidence_weight: Mapping[str, float] = field(
        default_factory=lambda: {
            Confidence.HIGH: 1.0,
            Confidence.MODERATE: 0.7,
            Confidence.LOW: 0.4,
        }
    )
    doubt: float = 0.19
    floor: float = 0.05
    moved: float = 0.2
    noticed: float = 0.08
    moved_km: float = 60.0
