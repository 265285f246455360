from .anchors import TheatreSupply
from .as_drawn import control_as_drawn
from .composite import (
    ChangedGround,
    Composite,
    Ground,
    HeldPatch,
    Outline,
    areas_as_drawn,
    build_frame,
    ground_of,
)
from .fronts import Movement, front_lines, measure_movement
from .points import events_beside_control, nearness_to_fronts, places_beside_control
from .siege import isolation, narrowest, necks, pockets
from .whatif import WhatIf, read_what_if

__all__ = [
    "ChangedGround",
    "Composite",
    "Ground",
    "HeldPatch",
    "Movement",
    "Outline",
    "TheatreSupply",
    "WhatIf",
    "areas_as_drawn",
    "build_frame",
    "control_as_drawn",
    "events_beside_control",
    "front_lines",
    "ground_of",
    "isolation",
    "measure_movement",
    "narrowest",
    "nearness_to_fronts",
    "necks",
    "places_beside_control",
    "pockets",
    "read_what_if",
]
