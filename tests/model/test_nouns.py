"""What a status and a label say of who is on the ground."""

import pytest

from geo.model import Label, Status


@pytest.mark.parametrize(
    ("status", "held", "shared", "nobodys"),
    [
        (Status.CONTROLLED, True, False, False),
        (Status.CONTESTED, False, True, False),
        (Status.MIXED, False, True, False),
        (Status.ADVANCE, False, False, False),
        (Status.UNKNOWN, False, False, True),
        (Status.NONE, False, False, True),
    ],
)
def test_a_status_says_how_many_are_on_the_ground(status, held, shared, nobodys):
    assert (status.is_held, status.is_shared, status.is_nobodys) == (held, shared, nobodys)
    # As read from a file, where it is plain text.
    label = Label("red", "red; blue", str(status.value))
    assert (label.is_held, label.is_shared, label.is_nobodys) == (held, shared, nobodys)


def test_the_parties_are_the_controller_and_those_that_share_with_it():
    assert Label("red", "", Status.CONTROLLED).parties == ("red",)
    assert Label("", "red; blue", Status.CONTESTED).parties == ("red", "blue")
    assert Label().parties == ()
