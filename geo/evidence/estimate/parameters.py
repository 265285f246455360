"""The numbers of the estimate: stated judgements, none is fitted."""

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

    None is fitted: they are stated judgements, to be argued with. The tests show what each does.

    Attributes
    ----------
    reach_km
        Farthest ground that a perfectly located place speaks for; one located worse than this
        draws nothing.
    max_age_days
        Statements older than this are out of force.
    half_life_days
        Age at which a statement weighs half.
    half_radius_km
        Error radius at which a statement weighs half: 1 / (1 + (r / half_radius)^2).
    contested_share
        Share of the second side from which on ground is contested.
    basis_weight, confidence_weight
        Factors by basis and by confidence of the statement.
    doubt
        Words about a place say nothing of the truth with probability exp(-weight / doubt), as
        independent words would. With this number one report in 17 is wrong after a month: so many
        of the places in Ukraine of 2022 had changed hands by then (``make bench-estimate``).
    high, moderate
        Least probability, averaged over the ground of a patch, of a confidence. They are where
        ICD 203 puts "almost certain" and "very likely".
    """

    reach_km: float = 10.0
    max_age_days: int = 90
    half_life_days: float = 30.0
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
    high: float = 0.95
    moderate: float = 0.8
