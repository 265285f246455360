"""What the findings are told as: the meaning of a code, and the form that code hosts read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process

from geo.check.rules.table import RULES
from geo.errors import UnknownIdError
from geo.layers import READING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.errors import Issue


def explain_code(code: str) -> str:
    """
    Return what a code means: what the rule asks for, why, and what to do.

    Parameters
    ----------
    code
        Code of a rule, of one of its findings, or of a reader's finding.

    Returns
    -------
    text
        A heading and a few lines.

    Raises
    ------
    UnknownIdError
        If there is no such code.

    Examples
    --------
    >>> print(explain_code("alignments.overlap").splitlines()[0])
    alignments.overlap: An alliance is recorded once for any one day.
    """
    if meaning := _meaning(code):
        return f"{code}: {meaning}"
    known = [*RULES, *(c for rule in RULES.values() for c in rule.codes), *READING]
    near = [name for name, _, _ in process.extract(code, known, limit=3, score_cutoff=60)]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownIdError(f"there is no rule {code!r}{hint}")


def _meaning(code: str) -> str:
    for name, rule in RULES.items():
        if code == name or code in rule.codes:
            return rule.text
    return READING.get(code, "")


def sarif_report(issues: Sequence[Issue], *, version: str) -> dict[str, object]:
    """
    Return findings in the form that code hosts read: SARIF 2.1.0.

    Parameters
    ----------
    issues
        From `check`.
    version
        Version of this package.

    Returns
    -------
    log
        Ready for JSON. Paths are those of the findings; a finding without a line is at line 1.
    """
    codes = sorted({issue.code for issue in issues})
    rules = []
    for code in codes:
        title, _, rest = _meaning(code).partition("\n")
        rule: dict[str, object] = {"id": code, "shortDescription": {"text": title or code}}
        if rest.strip():
            rule["fullDescription"] = {"text": rest.strip()}
        rules.append(rule)
    driver = {"name": "frontline", "version": version, "rules": rules}
    results = [_sarif_result(issue, codes.index(issue.code)) for issue in issues]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _sarif_result(issue: Issue, rule: int) -> dict[str, object]:
    about = f"{', '.join(issue.ids)}: " if issue.ids else ""
    hint = f" ({issue.hint})" if issue.hint else ""
    place = {
        "artifactLocation": {"uri": issue.file.replace("\\", "/")},
        "region": {"startLine": max(issue.line, 1)},
    }
    return {
        "ruleId": issue.code,
        "ruleIndex": rule,
        "level": issue.severity,
        "message": {"text": f"{about}{issue.message}{hint}"},
        "locations": [{"physicalLocation": place}],
        "properties": {"ids": list(issue.ids), "where": issue.where, "fixable": issue.fixable},
    }
