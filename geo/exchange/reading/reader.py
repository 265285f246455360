"""How the files of one kind are read: their layout, how they are parsed, what an entry becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo.exchange.reading.account import Account
    from geo.exchange.reading.entry import Entry, Outcome
    from geo.exchange.reading.intake import Intake, Layout


@dataclass(frozen=True, slots=True)
class Reader:
    """
    What an import knows of one kind of file.

    Attributes
    ----------
    layout
        Its columns.
    parse
        From the bytes of a file and its name to its entries.
    take
        Adds one entry to the account, and says what became of it.
    """

    layout: Layout
    parse: Callable[[bytes, str, Intake], Iterator[Entry]]
    take: Callable[[Entry, Account], Outcome]
