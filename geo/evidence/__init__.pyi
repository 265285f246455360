from .bands import DOUBT, Ensemble, area_columns
from .disagreement import find_disagreement
from .drafted import draft_layer, write_draft
from .draws import Judgements
from .effects import EFFECTS, PICTURE, tell_effect
from .estimate.draft import Draft, Estimator
from .estimate.parameters import Parameters
from .estimate.patches import MACHINE_NOTE, percent
from .gazetteer.index import Gazetteer
from .gazetteer.read import read_gazetteers
from .gazetteer.rules import sound_rules
from .gazetteer.sounds import plain
from .hanging import Change, Hanging
from .histories import place_history
from .kept import Memory, kept_answer, kept_bands, kept_draws
from .ledger import (
    DRAFT,
    MIN_AREA_KM2,
    ExplainedGround,
    draft_ledger,
    explain_changes,
    explain_pieces,
    idle_rows,
    ledger_frame,
    ledger_steps,
    write_ledger,
)
from .places import locate_place, nearest_place, shape_word
from .provenance_table import provenance
from .reports.accept import accept_drafts, accept_statements
from .reports.beside_map import History
from .reports.drafts import DRAFTS
from .reports.review import Review, read_report, understands
from .reports.statements import STATEMENT_DRAFTS
from .rounding import round_figure
from .sieges import Sieges
from .told import tell_all, tell_moves, tell_pair
from .versions import Version, read_said, said_values, spell_said
from .why import Why, find_why

__all__ = [
    "DOUBT",
    "DRAFT",
    "DRAFTS",
    "EFFECTS",
    "MACHINE_NOTE",
    "MIN_AREA_KM2",
    "PICTURE",
    "STATEMENT_DRAFTS",
    "Change",
    "Draft",
    "Ensemble",
    "Estimator",
    "ExplainedGround",
    "Gazetteer",
    "Hanging",
    "History",
    "Judgements",
    "Memory",
    "Parameters",
    "Review",
    "Sieges",
    "Version",
    "Why",
    "accept_drafts",
    "accept_statements",
    "area_columns",
    "draft_layer",
    "draft_ledger",
    "explain_changes",
    "explain_pieces",
    "find_disagreement",
    "find_why",
    "idle_rows",
    "kept_answer",
    "kept_bands",
    "kept_draws",
    "ledger_frame",
    "ledger_steps",
    "locate_place",
    "nearest_place",
    "percent",
    "place_history",
    "plain",
    "provenance",
    "read_gazetteers",
    "read_report",
    "read_said",
    "round_figure",
    "said_values",
    "shape_word",
    "sound_rules",
    "spell_said",
    "tell_all",
    "tell_effect",
    "tell_moves",
    "tell_pair",
    "understands",
    "write_draft",
    "write_ledger",
]
