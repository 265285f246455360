from .anchors import TheatreSupply
from .as_drawn import areas_as_drawn, control_as_drawn
from .composite import Composite
from .contrast import OUTSIDE, Contrast, DrawnMap, compare_sides, sum_agreement
from .faces import index_in_force
from .fronts import Movement, front_lines, measure_movement
from .points import events_beside_control, nearness_to_fronts, places_beside_control
from .records import ChangedGround, HeldPatch, Outline, build_frame
from .siege.by_date import AnsweredNeck, NoNeck, necks_of_all_dates
from .siege.ground import Leg
from .siege.isolation import isolation
from .siege.necks import Neck, narrowest, necks
from .siege.pockets import pockets
from .siege.rules import SupplyOf, UnknownRule
from .siege.ways import SideOnMap, Way, Ways
from .siege.what_if import WhatIf

__all__ = [
    "OUTSIDE",
    "AnsweredNeck",
    "ChangedGround",
    "Composite",
    "Contrast",
    "DrawnMap",
    "HeldPatch",
    "Leg",
    "Movement",
    "Neck",
    "NoNeck",
    "Outline",
    "SideOnMap",
    "SupplyOf",
    "TheatreSupply",
    "UnknownRule",
    "Way",
    "Ways",
    "WhatIf",
    "areas_as_drawn",
    "build_frame",
    "compare_sides",
    "control_as_drawn",
    "events_beside_control",
    "front_lines",
    "index_in_force",
    "isolation",
    "measure_movement",
    "narrowest",
    "nearness_to_fronts",
    "necks",
    "necks_of_all_dates",
    "places_beside_control",
    "pockets",
    "sum_agreement",
]
