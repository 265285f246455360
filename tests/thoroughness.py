"""How many examples a property is asked for: some on a change, all in the whole check."""

import os

ON_A_CHANGE = 25
"""Enough to meet most faults; the whole check asks for as many as the test names."""

IS_THOROUGH = bool(os.environ.get("CI") or os.environ.get("THOROUGH"))


def examples(number):
    """So many examples in the whole check, fewer where a person waits."""
    return number if IS_THOROUGH else min(number, ON_A_CHANGE)


def dear(number):
    """The same where an example takes a good part of a second."""
    return number if IS_THOROUGH else min(number, ON_A_CHANGE // 4)


def in_a_night(number, whole_check):
    """What takes minutes: so many where nobody waits, fewer in the whole check."""
    return number if os.environ.get("NIGHTLY") else whole_check


def broken_files(number):
    """Seeds of broken files beyond the first hundred: some in the whole check, all in a night."""
    return range(100, number if os.environ.get("NIGHTLY") else 250)
