"""The command itself, and the arguments and options that several of its commands share."""

from __future__ import annotations

import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo._version import __version__
from geo.draw import LANGUAGES
from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FOLDER = click.Path(path_type=Path)
"""A file or folder; what is there is found out by who reads it, with a message that says more."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="frontline")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def command(verbose: bool) -> None:
    """Who held which ground, before and after, how sure that is, and why."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


layers_option: Decorator = click.option(
    "--layers",
    type=FOLDER,
    default=Path("layers"),
    envvar="FRONTLINE_LAYERS",
    show_default=True,
    help="The layers folder.",
)

language_option: Decorator = click.option(
    "--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True
)

gazetteer_option: Decorator = click.option(
    "--gazetteer", "tables", type=FOLDER, multiple=True, help="A further table of places."
)


def format_option(*choices: str) -> Decorator:
    """The forms in which a command can print; the first one is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="How to print the answer.",
    )


@contextlib.contextmanager
def wrong_usage() -> Iterator[None]:
    """Turn a wrong argument into wrong usage; an error of ours says its own."""
    try:
        yield
    except ValueError as error:
        if isinstance(error, GeoError):
            raise
        raise click.UsageError(str(error)) from error


def name_values(texts: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as a mapping; the last equals sign counts: a column's name may hold one."""
    pairs = {}
    for text in texts:
        name, mark, value = text.rpartition("=")
        if not mark:
            raise click.UsageError(f"{text!r} has no =; write it as NAME=VALUE")
        pairs[name] = value
    return pairs
