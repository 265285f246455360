from .case import Case, Limits
from .composing import compose_layers, keep_composite, load_sound
from .report import explain_code, sarif_report
from .rules.table import BLOCKING
from .run import check_folder, require_sound

__all__ = [
    "BLOCKING",
    "Case",
    "Limits",
    "check_folder",
    "compose_layers",
    "explain_code",
    "keep_composite",
    "load_sound",
    "require_sound",
    "sarif_report",
]
