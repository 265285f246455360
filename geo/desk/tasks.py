"""What kinds of things wait, and how they are listed; nothing heavy, for the help of a command."""

KINDS = ("contradiction", "sole", "ageing", "unlocated", "unexplained")
"""What may wait."""
COLUMNS = (
    *("kind", "km2", "measured", "text", "moves"),
    *("place_ids", "statement_ids", "source_ids", "command"),
)
"""Columns of what waits as a table."""
