from .editor.serve import serve
from .gitsetup import (
    REFUSED,
    canonical_text,
    check_staged,
    install_git,
    merge_files,
    readable_text,
    remove_git,
)
from .recovery import leftovers, restore
from .review import review_page, review_record, review_text
from .versions import compare_versions, guard_ids, new_layer, read_revision
from .workcopy import (
    SNAP_M,
    Copy,
    Plan,
    checkout,
    described,
    open_copies,
    plan_save,
    read_copy,
    write_plan,
)

__all__ = [
    "REFUSED",
    "SNAP_M",
    "Copy",
    "Plan",
    "canonical_text",
    "check_staged",
    "checkout",
    "compare_versions",
    "described",
    "guard_ids",
    "install_git",
    "leftovers",
    "merge_files",
    "new_layer",
    "open_copies",
    "plan_save",
    "read_copy",
    "read_revision",
    "readable_text",
    "remove_git",
    "restore",
    "review_page",
    "review_record",
    "review_text",
    "serve",
    "write_plan",
]
