from .case import Case, Limits, patches_of
from .report import explain_code, sarif_report
from .rules.table import BLOCKING, RULES
from .run import check_folder, require_sound

__all__ = [
    "BLOCKING",
    "RULES",
    "Case",
    "Limits",
    "check_folder",
    "explain_code",
    "patches_of",
    "require_sound",
    "sarif_report",
]
