"""Sites of small theatres, for tests."""

import hashlib

from geo import open_layers
from geo.desk import Material, publish_site
from geo.draw import Page


def material(layers, **given):
    """What a site is made from, but for the map that can be explored, which has its own tests."""
    theatre = open_layers(layers)

    def stand_in(before, after):
        digests = hashlib.sha256(repr(sorted(theatre.folder.digests.items())).encode()).hexdigest()
        return Page(
            f"<!DOCTYPE html><html lang=en><title>{before} {after} {digests}</title></html>"
        )

    return Material(theatre.folder, theatre.composite, stand_in, **given)


def published(layers, root, **given):
    """Publish a folder of layers."""
    return publish_site(material(layers, **given), root)


def bytes_of(root):
    """Every file of a site and what it holds."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
