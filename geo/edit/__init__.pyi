from .copies.checkout import checkout, new_layer, open_copies
from .copies.plan import SNAP_M, Plan, describe_plan, plan_save, write_plan
from .copies.reading import Copy, read_copy
from .editor.serve import serve
from .recovery import leftovers, restore
from .reports.serve import serve_review
from .reports.session import Report
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
from .versions.writers import last_writers

__all__ = [
    "REFUSED",
    "SNAP_M",
    "Copy",
    "Plan",
    "Report",
    "Unmerged",
    "canonical_text",
    "check_staged",
    "checkout",
    "choose_sides",
    "compare_versions",
    "confirm_ids",
    "describe_plan",
    "describe_unmerged",
    "guard_ids",
    "install_git",
    "last_writers",
    "leftovers",
    "merge_files",
    "new_layer",
    "open_copies",
    "plan_save",
    "read_base",
    "read_copy",
    "readable_text",
    "remove_git",
    "restore",
    "review_page",
    "review_record",
    "review_text",
    "serve",
    "serve_review",
    "settle_file",
    "unmerged_files",
    "write_plan",
]
