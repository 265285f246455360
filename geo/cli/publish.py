"""The theatre as a static site, and that site shown on this machine."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from geo.cli.opening import open_theatre
from geo.cli.options import FOLDER, command, layers_option
from geo.cli.printing import answer, say
from geo.cli.progress import progress_bar

if TYPE_CHECKING:
    from pathlib import Path


@command.command()
@click.option("--to", "root", type=FOLDER, required=True, help="The folder of the site.")
@click.option(
    "--url", default="", help="Where the site will be: https://host/path/, for feed and cards."
)
@click.option("--licence", default="", help="Under which its maps may be used, in your words.")
@click.option(
    "--check", "checked", is_flag=True, help="Name links that lead nowhere and pages too heavy."
)
@layers_option
def publish(root: Path, url: str, licence: str, checked: bool, layers: Path) -> None:
    """
    Write the theatre as a static site for any web server, in every language.

    The newest map first; a page for each date, change, place and event; an archive, downloads, a
    feed of changes, pages to embed, method and sources. Said again, it writes only what changed.
    With --check the exit code is 1 where something is wrong.
    """
    from geo.desk import Material, check_site, publish_site

    where = _address(url)
    theatre = open_theatre(layers)
    material = Material(
        theatre.folder, theatre.composite, partial(_map, theatre), url=where, licence=licence
    )
    with progress_bar() as progress:
        done = publish_site(material, root, progress=progress)
    answer(
        f"{done.pages:,} pages, {done.size / 1e6:,.1f} MB: {len(done.written):,} files written, "
        f"{done.unchanged:,} unchanged, {len(done.removed):,} removed"
    )
    if not where:
        say("without --url there is no sitemap, and cards have no address that others can load")
    if checked:
        findings = check_site(root, url=where)
        for finding in findings:
            answer(str(finding))
        answer(f"{len(findings)} findings" if findings else "no dead links, no page too heavy")
        if findings:
            sys.exit(1)
    say(f"look at it with `frontline serve {root}`")


def _map(theatre, before, after):  # type: ignore[no-untyped-def]
    return theatre.map(before, after)


def _address(url: str) -> str:
    """An address as the site needs it, or wrong usage."""
    parts = urlsplit(url)
    if url and (
        parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment
    ):
        raise click.UsageError(f"{url!r} is no address of a site; write https://host/path/")
    return url if not url or url.endswith("/") else f"{url}/"


@command.command()
@click.argument("root", metavar="DIR", type=FOLDER)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The default takes a free one."
)
def serve(root: Path, port: int) -> None:
    """Show the site in DIR on this machine only, until Ctrl-C."""
    from geo.desk import make_server

    with make_server(root, port) as server:
        host, at = server.server_address[:2]
        click.echo(f"http://{host!s}:{at}/")
        say("only this machine reaches it; Ctrl-C ends it")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
