"""
Every rule in one table: its code, how grave it is, the function that looks.

To add a rule, write a function in the module of its subject and give it a row here.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.check.rules import (
    actors,
    control,
    events,
    layers,
    ledger,
    places,
    records,
    sources,
    statements,
    tour,
)
from geo.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from geo.check.case import Case, Finding
    from geo.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule.

    Attributes
    ----------
    code
        Its name, and that of its findings.
    severity
        How grave they are.
    find
        Yields what breaks the rule in a case; its docstring explains the rule.
    blocking
        Whether a theatre that breaks it cannot be opened.
    codes
        Findings of this rule that have another code, and how grave they are.
    """

    code: str
    severity: Severity
    find: Callable[[Case], Iterator[Finding]]
    blocking: bool = False
    codes: Mapping[str, Severity] = field(default_factory=dict)

    @property
    def text(self) -> str:  # numpydoc ignore=RT01
        """What it asks for, why, and what to do; the first line is its title."""
        return inspect.getdoc(self.find) or ""

    def issues(self, case: Case) -> Iterator[Issue]:
        """Yield its findings with code and severity."""
        for found in self.find(case):
            code = found.code or self.code
            severity = found.severity or self.codes.get(code, self.severity)
            yield Issue(
                code,
                severity,
                found.message,
                found.hint,
                found.file,
                found.line,
                found.ids,
                found.where,
            )


_RULES = (
    Rule("reference.dangling", "error", records.dangling_references, blocking=True),
    Rule("id.duplicate", "error", records.duplicate_ids, blocking=True),
    Rule("control.axes", "error", control.unfit_axes, blocking=True),
    Rule("control.parties", "warning", control.lone_parties),
    Rule(
        "layer.coverage",
        "error",
        layers.coverage_faults,
        blocking=True,
        codes={
            "layer.overlap": "error",
            "layer.gap": "error",
            "layer.outside": "error",
            "layer.sliver": "warning",
        },
    ),
    Rule("date.order", "error", records.reversed_dates, blocking=True),
    Rule("theatre.dates", "warning", layers.early_defaults),
    Rule("theatre.zone", "error", records.unknown_zones),
    Rule("reference.itself", "error", records.own_references),
    Rule("events.month", "error", events.foreign_months, blocking=True),
    Rule(
        "places.located",
        "error",
        places.unlocated_places,
        blocking=True,
        codes={"places.radius": "warning", "places.drawn": "error"},
    ),
    Rule("places.outside", "error", places.outside_places, blocking=True),
    Rule("statements.extent_geometry", "error", statements.unfit_shapes, blocking=True),
    Rule("statements.extent_columns", "error", statements.unfit_extents, blocking=True),
    Rule("statements.hands", "error", statements.one_handed_statements, blocking=True),
    Rule("statements.width", "error", statements.reversed_widths, blocking=True),
    Rule("statements.contradicts", "error", statements.denied_statements, blocking=True),
    Rule(
        "actors.side",
        "error",
        actors.sideless_actors,
        blocking=True,
        codes={"actors.color": "error"},
    ),
    Rule("alignments.overlap", "error", actors.overlapping_alignments),
    Rule(
        "places.position",
        "warning",
        places.far_places,
        codes={"places.swapped": "warning", "places.far": "warning"},
    ),
    Rule("places.precision", "warning", places.oversharp_places),
    Rule("sources.url", "warning", sources.sources_without_address),
    Rule("sources.date", "warning", sources.undated_sources),
    Rule("events.position", "warning", events.displaced_events),
    Rule("events.unmatched", "warning", events.unmatched_takings),
    Rule("events.far", "warning", events.far_clashes),
    Rule("assessments.missing", "warning", layers.unassessed_layers),
    Rule("assessments.denied", "warning", layers.denied_assessments),
    Rule("layer.repeats", "warning", layers.repeated_layers),
    Rule("control.contradicts", "warning", control.contradicted_statements),
    Rule("control.partisan", "warning", control.partisan_patches),
    Rule("history.flip", "warning", control.flipping_places),
    Rule("ledger.unexplained", "error", ledger.unexplained_pieces),
    Rule("ledger.idle", "warning", ledger.idle_ledger_rows),
    Rule("ledger.bare", "error", ledger.bare_ledger_rows),
    Rule("ledger.draft", "warning", ledger.drafted_ledger_rows),
    Rule("ledger.dates", "error", ledger.misdated_ledger_rows),
    Rule("ledger.link", "error", ledger.broken_links),
    Rule("tour.dates", "error", tour.impossible_stops),
    Rule("tour.twice", "error", tour.repeated_stops),
    Rule("tour.bare", "warning", tour.bare_stops),
    Rule("tour.elsewhen", "warning", tour.misplaced_stops),
    Rule("tour.draft", "warning", tour.drafted_stops),
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}
"""Every rule by its code, in the order in which they run."""

BLOCKING = frozenset(code for rule in _RULES if rule.blocking for code in (rule.code, *rule.codes))
"""Codes of what keeps a theatre shut where it is an error."""
