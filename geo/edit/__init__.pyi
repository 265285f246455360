from .copies.checkout import checkout, new_layer, open_copies, redate_ledger
from .copies.plan import SNAP_M, Plan, describe_plan, plan_save, write_plan
from .copies.reading import Copy, read_copy
from .copies.tables import (
    TablePlan,
    describe_table,
    plan_table,
    table_of,
    write_table,
)
from .editor.serve import serve
from .recovery import describe_restore, leftovers, restore
from .reports.serve import serve_review
from .reports.session import Report
from .resolve.serve import serve_resolve
from .resolve.unmerged import Unmerged, choose_sides, describe_unmerged, settle_file, unmerged_files
from .versions.compare import compare_versions
from .versions.confirmed import confirm_ids
from .versions.guard import guard_ids
from .versions.hooks import REFUSED, check_staged
from .versions.origins import read_base
from .versions.review import review_record, review_text
from .versions.review_page import review_page
from .versions.setup import install_git, merge_files, remove_git
from .versions.texts import canonical_text, readable_text
from .versions.told import Telling, describe_history, tell_history
from .versions.writers import last_writers

__all__ = [
    "REFUSED",
    "SNAP_M",
    "Copy",
    "Plan",
    "Report",
    "TablePlan",
    "Telling",
    "Unmerged",
    "canonical_text",
    "check_staged",
    "checkout",
    "choose_sides",
    "compare_versions",
    "confirm_ids",
    "describe_history",
    "describe_plan",
    "describe_restore",
    "describe_table",
    "describe_unmerged",
    "guard_ids",
    "install_git",
    "last_writers",
    "leftovers",
    "merge_files",
    "new_layer",
    "open_copies",
    "plan_save",
    "plan_table",
    "read_base",
    "read_copy",
    "readable_text",
    "redate_ledger",
    "remove_git",
    "restore",
    "review_page",
    "review_record",
    "review_text",
    "serve",
    "serve_resolve",
    "serve_review",
    "settle_file",
    "table_of",
    "tell_history",
    "unmerged_files",
    "write_plan",
    "write_table",
]
