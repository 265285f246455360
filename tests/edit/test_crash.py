"""Whatever fails while a layer is saved, the file holds the old bytes or the new ones."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import crashes
import pytest
from click import ClickException

from geo.edit import recovery
from geo.errors import GeoError, LayerError
from geo.layers import files
from geo.layers.folder import read_folder

KILLS = int(os.environ.get("CRASH_KILLS", "8"))
"""So many times each program is killed; the figures of the design were taken with 500."""

CALLS = ("write", "fsync", "replace", "ftruncate")


class Faults:
    """Lets the n-th call that reaches the disk fail, after half of what it had to do."""

    def __init__(self, monkeypatch, code):
        self.code, self.left, self.hit = code, None, None
        for name in CALLS:
            monkeypatch.setattr(os, name, self._failing(name, getattr(os, name)))

    def _failing(self, name, call):
        def failing(*arguments, **options):
            if self.left is not None:
                self.left -= 1
                if self.left == 0:
                    self.hit = name
                    if name == "write":
                        call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                    raise OSError(self.code, os.strerror(self.code))
            return call(*arguments, **options)

        return failing

    def after(self, n):
        self.left, self.hit = n, None

    def stop(self):
        """No more faults; the call that failed, if any did."""
        self.left = None
        return self.hit


def everything_but(path, root):
    """What all other files of a layers folder hold."""
    every = (p for p in root.rglob("*") if p.is_file() and ".frontline" not in p.parts)
    return {p: p.read_bytes() for p in every if p != path}


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["disk full", "disk broken"])
@pytest.mark.parametrize("kind", ["fmt", "save", "save a copy", "editor"])
def test_whichever_call_to_the_disk_fails_the_file_is_old_or_new(
    small, tmp_path, tmp_path_factory, monkeypatch, kind, code
):
    # What cannot be kept for the next time stops nobody, and is not what is tried here.
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    writer = {**crashes.WRITERS, "fmt": crashes.Fmt}[kind](small, tmp_path)
    writer.prepare()
    pristine = tmp_path_factory.mktemp("pristine") / "all"
    shutil.copytree(tmp_path, pristine)
    faults = Faults(monkeypatch, code)
    seen = []
    while not seen or seen[-1]:
        shutil.rmtree(tmp_path)
        shutil.copytree(pristine, tmp_path)
        writer.prepare()
        before, others = writer.path.read_bytes(), everything_but(writer.path, small)
        said = ""
        faults.after(len(seen) + 1)
        try:
            writer.step()
        except (GeoError, ClickException) as error:
            said = str(error)
        seen.append(faults.stop())
        now = writer.path.read_bytes()
        assert now in writer.contents
        if seen[-1]:
            assert os.strerror(code) in said
            assert now == before or "replace" in seen[:-1]
        if kind != "fmt":  # which writes the other files too
            assert everything_but(writer.path, small) == others
        assert not list((small / "control").glob(".frontline-*"))
        writer.check()
        read_folder(small)
    assert now != before  # without a fault it saves
    assert seen.count("replace") >= 2  # of what was there, and of the layer
    assert min(seen.count("write"), seen.count("fsync")) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", crashes.WRITERS)
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_layer(small, tmp_path, kind):
    writer = crashes.WRITERS[kind](small, tmp_path)
    if kind == "save a copy":
        writer.prepare()
    words = [sys.executable, crashes.__file__, kind, small, tmp_path]
    env = {**os.environ, "PYTHONPATH": str(Path(crashes.__file__).parent)}
    dice = random.Random(7)
    caught = 0
    with subprocess.Popen(
        list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as server:
        for n in range(KILLS):
            server.stdin.write(f"{n}\n")
            server.stdin.flush()
            child = int(server.stdout.readline())
            time.sleep(dice.uniform(0, 0.4))
            os.kill(child, signal.SIGKILL)
            assert server.stdout.readline() == f"gone {n}\n"
            assert writer.path.read_bytes() in writer.contents
            caught += any((small / "control").glob(".frontline-*"))
            writer.check()
        server.stdin.close()
        assert server.wait(timeout=60) == 0
    sys.stdout.write(f"{kind}: {KILLS} kills, {caught} of them between a write and its rename\n")
    read_folder(small)
    now = writer.path.read_bytes()
    files.save_file(writer.path, now + b"\n", expected=files.digest(now))
    assert not list((small / "control").glob(".frontline-*"))
    for one in recovery.leftovers(small):
        if one.kind == "backup":
            assert one.is_usable


# --- the journal ------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["disk full", "disk broken"])
@pytest.mark.parametrize("verb", ["append", "replace"])
def test_a_record_that_could_not_be_written_is_not_there(tmp_path, monkeypatch, verb, code):
    journal = files.Journal(tmp_path / "a.journal")
    journal.append(b"first")
    faults = Faults(monkeypatch, code)
    whole = [b"first"]
    for n in range(1, 20):
        faults.after(n)
        record = b"%d" % n * 5000
        try:
            getattr(journal, verb)(record)
            whole = [*whole, record] if verb == "append" else [record]
        except LayerError as error:
            assert os.strerror(code) in str(error)
        faults.stop()
        found = files.Journal(journal.path).records()
        # A record is there or not; after a failed sync of the folder it may be.
        assert found in (whole, [record])
        whole = found
        if faults.hit is None:
            break
    assert faults.hit is None


def test_a_record_that_was_cut_off_is_not_seen_and_the_next_takes_its_place(tmp_path):
    journal = files.Journal(tmp_path / "a.journal")
    for record in (b"one", b"", b"\xff\n2 abc\n"):
        journal.append(record)
    whole = journal.path.read_bytes()
    for cut in range(len(whole)):
        journal.path.write_bytes(whole[:cut])
        found = files.Journal(journal.path)
        records = found.records()
        assert records == [b"one", b"", b"\xff\n2 abc\n"][: len(records)]
        found.append(b"next")
        assert files.Journal(journal.path).records() == [*records, b"next"]


def test_nothing_that_was_cut_off_comes_back_behind_a_later_record(tmp_path):
    ghost = files.Journal(tmp_path / "ghost.journal")
    ghost.append(b"ghost")
    journal = files.Journal(tmp_path / "a.journal")
    journal.append(b"next!")
    size = journal.path.stat().st_size
    journal.path.write_bytes(b"x" * size + ghost.path.read_bytes())
    files.Journal(journal.path).append(b"next!")
    assert files.Journal(journal.path).records() == [b"next!"]


def test_a_record_is_forced_to_the_disk_before_the_call_returns(tmp_path, monkeypatch):
    journal, forced, fsync = files.Journal(tmp_path / "a.journal"), [], os.fsync

    def watched(opened):
        if os.fstat(opened).st_ino == journal.path.stat().st_ino:
            forced.append(journal.path.read_bytes())
        fsync(opened)

    monkeypatch.setattr(os, "fsync", watched)
    journal.append(b"one")
    assert forced == [journal.path.read_bytes()]


def test_two_programs_write_one_journal(tmp_path):
    path = tmp_path / "a.journal"
    one, two = files.Journal(path), files.Journal(path)
    one.append(b"1")
    two.append(b"2")
    one.append(b"3")
    assert two.records() == [b"1", b"2", b"3"]
    two.replace(b"4")
    one.append(b"5")
    assert two.records() == [b"4", b"5"]
    one.clear()
    assert two.records() == []
    two.append(b"6")
    assert one.records() == [b"6"]


def test_a_journal_is_for_its_owner_and_no_link_is_followed(tmp_path):
    journal = files.Journal(tmp_path / "a.journal")
    journal.append(b"1")
    assert journal.path.stat().st_mode & 0o777 == 0o600
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "link.journal").symlink_to(target)
    with pytest.raises(LayerError):
        files.Journal(tmp_path / "link.journal").append(b"1")
    assert target.read_bytes() == b"precious"


def test_a_planted_private_folder_is_not_used(small, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (small / ".frontline").symlink_to(elsewhere)
    path = small / "places.geojson"
    data = path.read_bytes()
    with pytest.raises(LayerError, match="plain folder"):
        files.save_file(path, data + b"\n", expected=files.digest(data))
    assert path.read_bytes() == data
    assert not list(elsewhere.iterdir())
