from .validation import (
    RULES,
    Case,
    Limits,
    check_folder,
    explain_code,
    patches_of,
    require_sound,
    sarif_report,
)

__all__ = [
    "RULES",
    "Case",
    "Limits",
    "check_folder",
    "explain_code",
    "patches_of",
    "require_sound",
    "sarif_report",
]
