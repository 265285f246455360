"""
The command `frontline`: parse, call one function, print.

Data goes to standard output, talk to standard error. Exit code 0 is fine, 1 means findings or bad
data, 2 wrong usage. Everything heavy is imported by the command that needs it, so that ``--help``
answers at once. The commands stand by what they are about: `ask` holds the questions about control,
`siege` what could be cut off, `doubt` where sources disagree, `check` the checks and the canonical
form, `desk` what is handed in, `draft` what a person reviews, `exchange` import and export, `draw`
the map and pictures, `compare` another map, `publish` the site, `edit` the editors, `git` versions.
`options`, `opening`, `printing` and `progress` are what they share.
"""

from __future__ import annotations

import contextlib
import os
import sys

import click

from geo.cli import (
    ask,
    check,
    compare,
    desk,
    doubt,
    draft,
    draw,
    edit,
    exchange,
    git,
    publish,
    siege,
)
from geo.cli.options import command
from geo.cli.printing import tell
from geo.errors import GeoError, escape

__all__ = [
    "ask",
    "check",
    "command",
    "compare",
    "desk",
    "doubt",
    "draft",
    "draw",
    "edit",
    "exchange",
    "git",
    "main",
    "publish",
    "siege",
]


def main() -> None:
    """Run the command line; turn every error of this package into one clear message."""
    for stream in (sys.stdout, sys.stderr):
        # Arabic names must print whatever the locale says.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    # The matrices of an estimate have some hundred rows: a second thread would wait for the first,
    # three times as long as both work where other programs run. Set before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        status = command.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except GeoError as error:
        tell(error)
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(f"frontline: {escape(str(error), 300)}", err=True)
        sys.exit(1)
