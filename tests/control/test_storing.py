"""A composite as bytes."""

from __future__ import annotations

import datetime as dt

import pytest
from composites import same_answers
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import theatre


@given(redrawn())
@settings(max_examples=examples(30))
def test_bytes_give_back_the_same_composite(drawn):
    composite = Composite.build(*drawn, {"a": "side"})
    again = Composite.from_bytes(composite.to_bytes())
    same_answers(composite, again)
    assert again.sides == {"a": "side"}
    assert again.to_bytes() == composite.to_bytes()
    day = composite.dates[-1] + dt.timedelta(days=1)
    patches = next(iter(drawn[1].values()))
    same_answers(composite.extend(day, patches), again.extend(day, patches))


@given(st.integers(0, 1 << 20), st.integers(1, 255))
def test_damaged_bytes_are_refused(at, change):
    data = bytearray(theatre(["ab"]).to_bytes())
    data[at % len(data)] ^= change
    with pytest.raises(ValueError, match="build it anew"):
        Composite.from_bytes(bytes(data))


def test_bytes_cut_short_are_refused():
    data = theatre(["ab"]).to_bytes()
    for size in (0, 5, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match="build it anew"):
            Composite.from_bytes(data[:size])
