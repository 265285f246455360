import importlib
import inspect
import re

import pytest

import geo
from geo.theatre import Theatre

REFERENCE = re.compile(r"`geo\.(\w+)\.([\w.]+)`")
METHODS = [
    name
    for name, made in vars(Theatre).items()
    if inspect.isfunction(made) and not name.startswith("_")
]


def named(text):
    """The things that a docstring names, found through the doors as a reader would find them."""
    for room, path in REFERENCE.findall(text):
        thing = importlib.import_module(f"geo.{room}")
        for part in path.split("."):
            thing = getattr(thing, part)
        yield thing


@pytest.mark.parametrize("method", METHODS)
def test_help_says_each_parameter_itself_or_names_who_does(method):
    made = getattr(Theatre, method)
    told = "\n".join([made.__doc__, *(thing.__doc__ for thing in named(made.__doc__))])
    parameters = set(inspect.signature(made).parameters) - {"self", "day"}
    assert not {name for name in parameters if not re.search(rf"\b{name}\b", told)}


def test_what_a_docstring_of_the_theatre_names_is_there():
    assert len(list(named(inspect.getsource(geo.theatre)))) > 30


def test_a_folder_or_a_place_to_read_it_from_is_needed():
    with pytest.raises(ValueError, match="give a folder"):
        Theatre()
