"""
Run the rules over a theatre.

Rules that block find what makes every answer wrong; they run whenever a theatre is opened. The
others run when it is checked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from geo.check.case import Case, Limits
from geo.check.composing import compose_layers
from geo.check.findings import kept_findings
from geo.check.report import explain_code
from geo.check.rules.table import RULES
from geo.errors import SchemaError
from geo.layers import cache_is_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo.control import Composite
    from geo.errors import Issue, Severity
    from geo.layers import Folder


def check_folder(
    folder: Folder,
    *,
    severities: Mapping[str, Severity | Literal["off"]] | None = None,
    limits: Limits | None = None,
    kept: bool = False,
) -> list[Issue]:
    """
    Return every finding about a theatre, the readers' warnings among them.

    Parameters
    ----------
    folder
        As read by `geo.layers.folder.read_folder`.
    severities
        What the findings of a code are instead of what its rule says; ``off`` drops them.
    limits
        The numbers that the rules go by.
    kept
        Whether `folder` is what stands in files with the digests that it has: then what the rules
        found of the same bytes before is found again, and what they find now is kept.

    Returns
    -------
    issues
        Errors first, then by file and line.

    Raises
    ------
    UnknownIdError
        If `severities` names a code that no rule and no reader has.
    """
    severities = severities or {}
    for code in severities:
        explain_code(code)
    if kept and limits is None and cache_is_on():
        found = kept_findings(folder, lambda: _findings(folder, Limits(), compose_layers))
    else:
        found = _findings(folder, limits or Limits())
    if any(issue.severity == "error" for issue in folder.issues):
        # Of a folder of which a part cannot be read nothing is said that the rest may deny.
        found = [issue for issue in found if issue.code not in _OF_THE_WHOLE]
    told = []
    for issue in [*folder.issues, *found]:
        severity = severities.get(issue.code, issue.severity)
        if severity != "off":
            told.append(replace(issue, severity=severity))
    return sorted(told, key=_rank)


_OF_THE_WHOLE = frozenset(
    code
    for code in RULES
    if code.startswith(("ledger.", "assessments.", "tour.", "history.", "reference.", "events."))
) | {"layer.repeats", "theatre.dates"}
"""Rules that look from one layer to the next, or for a record in every file."""


def _findings(
    folder: Folder, limits: Limits, compose: Callable[[Folder], Composite] | None = None
) -> list[Issue]:
    case = Case(folder, limits, compose)
    return [issue for rule in RULES.values() for issue in rule.issues(case)]


def require_sound(folder: Folder, case: Case | None = None) -> list[Issue]:
    """
    Raise where a theatre has an error that makes every answer wrong.

    Parameters
    ----------
    folder
        As read by `geo.layers.folder.read_folder`.
    case
        What is worked out of the folder on the way, to be used again.

    Returns
    -------
    warnings
        What remains to be said; `check` says more.

    Raises
    ------
    SchemaError
        If any blocking rule finds an error; all of them are in it.
    """
    case = case or Case(folder, Limits())
    issues = list(folder.issues)
    for code, rule in RULES.items():
        # Many layers, much alike, are noded together in less time than each is looked at; that
        # tells overlaps and gaps as well, though not where they are.
        together = code == "layer.coverage" and case.is_series
        if rule.blocking and not (together and case.composite is not None):
            issues += rule.issues(case)
    issues.sort(key=_rank)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)
    return issues


def _rank(issue: Issue) -> tuple[str, str, int, str, tuple[str, ...]]:
    return issue.severity, issue.file, issue.line, issue.code, issue.ids
