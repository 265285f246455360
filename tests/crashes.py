"""
Programs that save a layer again and again, to be made to fail or killed while they do.

Run as a script it is a server: for each line on standard input it starts a process that saves until
it is killed, and prints its number.
"""

import contextlib
import io
import json
import os
import sqlite3
import sys
import time
from pathlib import Path

from geo import cli
from geo.edit.copies.checkout import checkout
from geo.edit.copies.reading import read_copy
from geo.edit.editor.session import Session
from geo.exchange.qgis import package
from geo.layers import files, geojson
from geo.layers.folder import read_folder
from geo.model import CONTROL

DAY = "2017-08-01"


class Writer:
    """Something that saves a layer: `step` does it once, `contents` are all that may be there."""

    def __init__(self, root, scratch):
        self.root, self.scratch = root, scratch
        self.path = root / "control" / f"{DAY}.geojson"
        self.count = 0
        text, _ = geojson.fmt_geojson(self.path.read_bytes(), schema=CONTROL, file="")
        self.versions = [_with_note(text, note) for note in ("one", "two")]
        self.contents = set(self.versions)

    def prepare(self):
        """Put the first version there."""
        self.path.write_bytes(self.versions[0])

    def next(self):
        """The other version than the one that is there."""
        return self.versions[self.path.read_bytes() == self.versions[0]]

    def check(self):
        """What must hold whatever happened, beside the content."""


class Fmt(Writer):
    """`frontline fmt` after somebody broke the form."""

    def __init__(self, root, scratch):
        super().__init__(root, scratch)
        loose = [json.dumps(json.loads(one), indent=2).encode() for one in self.versions]
        self.loose = dict(zip(self.versions, loose, strict=True))
        self.contents |= set(loose)

    def loosen(self):
        now = self.path.read_bytes()
        if now in self.loose:
            files.save_file(self.path, self.loose[now], expected=files.digest(now))

    def prepare(self):
        if self.path.read_bytes() not in self.contents:
            command("fmt", str(self.root))
        self.path.write_bytes(self.loose[self.versions[0]])

    def step(self):
        command("fmt", str(self.root))


class FmtAgain(Fmt):
    def step(self):
        self.loosen()
        super().step()


class SaveFile(Writer):
    """`frontline save` of a file from elsewhere."""

    def step(self):
        source = self.scratch / "drawn.geojson"
        source.write_bytes(json.dumps(json.loads(self.next())).encode())
        # It says by turns what the layer said before: here that is meant.
        words = (str(source), DAY, "--yes", "--base", "now", "--layers", str(self.root))
        command("save", *words)


class SaveCopy(Writer):
    """`frontline save` of a working copy, which is brought up to date afterwards."""

    def prepare(self):
        super().prepare()
        copy = self.scratch / "copy"
        if not copy.exists():
            checkout(read_folder(self.root), DAY, copy)
        self.copy = copy / f"control-{DAY}.gpkg"

    def step(self):
        note = json.loads(self.next())["features"][0]["properties"]["note"]
        database = sqlite3.connect(self.copy)
        for name, answer in package._SPATIAL.items():
            database.create_function(name, 1, answer)
        with database:
            database.execute("UPDATE control SET note = ? WHERE id = 'ctl-east'", (note,))
        database.close()
        command("save", str(self.copy), "--yes", "--prefer", "mine", "--layers", str(self.root))

    def check(self):
        assert len(read_copy(self.copy).features) == 4


class Editor(Writer):
    """The save of the border editor."""

    def prepare(self):
        super().prepare()
        self.session = Session(self.root)

    def step(self):
        state = self.session.state(DAY)
        features = json.loads(self.next())["features"]
        control = {"etag": state["control"]["etag"], "features": features}
        self.session.save({"date": DAY, "control": control, "tab": "one"})


WRITERS = {"fmt": FmtAgain, "save": SaveFile, "save a copy": SaveCopy, "editor": Editor}


def _with_note(text, note):
    document = json.loads(text)
    document["features"][0]["properties"]["note"] = note
    return geojson.fmt_geojson(json.dumps(document).encode(), schema=CONTROL, file="")[0]


def command(*words):
    """Run the command; what it says goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = cli.command.main(list(words), standalone_mode=False)
    assert not status, status


def serve(kind, root, scratch):
    writer = WRITERS[kind](Path(root), Path(scratch))
    writer.prepare()
    writer.step()  # everything is imported before the first process starts
    sync = os.fsync

    def slow(opened):
        """A slow disk: so that many a kill falls between two of its calls."""
        time.sleep(0.005)
        sync(opened)

    os.fsync = slow
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            while True:
                writer.step()
        answers.write(f"{child}\n")
        answers.flush()
        os.waitpid(child, 0)
        answers.write(f"gone {line}")
        answers.flush()


if __name__ == "__main__":
    serve(*sys.argv[1:])
