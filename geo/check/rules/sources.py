"""Rules on sources: where and when they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.check.case import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding


def sources_without_address(case: Case) -> Iterator[Finding]:
    """
    A source says where it was read.

    A source without an address cannot be looked up. Give url, or archived_url.
    """
    for row in case.folder.sources.rows:
        if not (row.values["url"] or row.values["archived_url"]):
            yield finding(
                "no address says where it was read",
                "give url or archived_url",
                (case.file("sources.csv"), row),
            )


def undated_sources(case: Case) -> Iterator[Finding]:
    """
    A source says when it was published, or when it was read.

    Without either nobody can tell what its writer could have known. One finding for the whole
    table: the first row is named, the others counted.
    """
    undated = [
        row
        for row in case.folder.sources.rows
        if not (row.values["published"] or row.values["accessed"])
    ]
    if undated:
        total = len(case.folder.sources.rows)
        yield finding(
            f"{len(undated)} of {total} sources have neither a day of publication nor of access",
            "give published where the page says it, else accessed",
            (case.file("sources.csv"), undated[0]),
        )
