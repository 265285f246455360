"""What is kept from one command to the next."""

import numpy as np
import pytest

from geo.evidence.kept import kept_table


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Asks for a table that follows from its parts, and says how often it was worked out."""
    monkeypatch.setenv("FRONTLINE_CACHE", str(tmp_path))
    calls = []

    def ask(*parts):
        def compute():
            calls.append(parts)
            return np.arange(6.0).reshape(2, 3) + np.sum(parts[0])

        return kept_table("a table", parts, compute)

    return ask, calls


def test_a_table_is_worked_out_once_for_the_same_parts(asked):
    ask, calls = asked
    parts = np.array([1.0, 2.0]), ("a", 0.5)
    first, again = ask(*parts), ask(*parts)
    assert (first == again).all()
    assert first.shape == again.shape == (2, 3)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "other",
    [
        (np.array([1.0, 2.5]), ("a", 0.5)),
        (np.array([[1.0, 2.0]]), ("a", 0.5)),
        (np.array([1.0, 2.0], np.float32), ("a", 0.5)),
        (np.array([1.0, 2.0]), ("a", 0.6)),
    ],
    ids=["values", "shape", "kind", "a number"],
)
def test_other_parts_are_another_table(asked, other):
    ask, calls = asked
    ask(np.array([1.0, 2.0]), ("a", 0.5))
    ask(*other)
    assert len(calls) == 2


def test_a_damaged_file_is_worked_out_anew_and_nothing_is_kept_where_that_is_off(
    asked, tmp_path, monkeypatch
):
    ask, calls = asked
    parts = (np.array([1.0]),)
    first = ask(*parts)
    (path,) = tmp_path.rglob("*.bin")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert (ask(*parts) == first).all()
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    assert (ask(*parts) == first).all()
    assert len(calls) == 3
