import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from geo.errors import LayerError, LayerNotFoundError, SchemaError, StaleLayerError
from geo.layers import files
from geo.layers.files import saving

OLD = b"old\n" * 50_000
NEW = b"new!\n" * 50_000


@pytest.fixture
def layer(tmp_path):
    path = tmp_path / "layer.geojson"
    path.write_bytes(OLD)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def codes(error):
    return [issue.code for issue in error.value.issues]


# --- reading ----------------------------------------------------------------


def test_a_file_below_the_folder_is_read(layer, tmp_path):
    assert files.read_bytes(layer, root=tmp_path) == OLD


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LayerNotFoundError, match=r"nowhere\.csv: error: file\.missing"):
        files.read_bytes(tmp_path / "nowhere.csv", root=tmp_path)


def test_a_path_through_a_file_is_a_missing_file(layer, tmp_path):
    with pytest.raises(LayerNotFoundError):
        files.read_bytes(layer / "below", root=tmp_path)


@pytest.mark.parametrize(
    "name", ["/vsicurl/http://example.org/a", '{"type":"Point","coordinates":[0,0]}', "a\0b"]
)
def test_a_path_that_is_data_or_an_address_is_not_followed(name, tmp_path):
    with pytest.raises(LayerError):
        files.read_bytes(tmp_path / name, root=tmp_path)


def test_a_file_outside_the_folder_is_refused(layer, tmp_path):
    inner = tmp_path / "layers"
    inner.mkdir()
    with pytest.raises(SchemaError) as error:
        files.read_bytes(inner / ".." / layer.name, root=inner)
    assert codes(error) == ["file.outside"]


def test_a_folder_with_the_same_beginning_is_outside(tmp_path):
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers-old").mkdir()
    (tmp_path / "layers-old" / "a").write_bytes(b"a")
    with pytest.raises(SchemaError) as error:
        files.read_bytes(tmp_path / "layers-old" / "a", root=tmp_path / "layers")
    assert codes(error) == ["file.outside"]


def test_a_link_is_followed_inside_and_refused_outside(layer, tmp_path):
    inner = tmp_path / "layers"
    inner.mkdir()
    (inner / "real").write_bytes(b"inside")
    (inner / "inside").symlink_to("real")
    (inner / "outside").symlink_to(layer)
    (inner / "round").symlink_to("round")
    assert files.read_bytes(inner / "inside", root=inner) == b"inside"
    with pytest.raises(SchemaError) as error:
        files.read_bytes(inner / "outside", root=inner)
    assert codes(error) == ["file.outside"]
    with pytest.raises(SchemaError) as error:
        files.read_bytes(inner / "round", root=inner)
    assert codes(error) == ["file.unreadable"]


def test_only_regular_files_are_read_and_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(SchemaError) as error:
            files.read_bytes(tmp_path / name, root=tmp_path)
        assert codes(error) == ["file.kind"]
    with pytest.raises(SchemaError) as error:
        files.read_bytes(Path("/dev/zero"), root=Path("/dev"))
    assert codes(error) == ["file.kind"]


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.geojson"
    with path.open("wb") as file:
        file.truncate(10 * files.MAX_BYTES)
    with pytest.raises(SchemaError, match="the limit is 50000000") as error:
        files.read_bytes(path, root=tmp_path)
    assert codes(error) == ["file.size"]


def test_the_limit_itself_is_allowed(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert files.read_bytes(path, root=tmp_path, max_bytes=5) == b"12345"
    with pytest.raises(SchemaError):
        files.read_bytes(path, root=tmp_path, max_bytes=4)


# --- telling bytes apart ----------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.empty"),
        (b" \r\n\t", "json.empty"),
        (b"\xef\xbb\xbf", "json.empty"),
        (b"\x1f\x8b\x08rest", "json.binary"),
        (b"PK\x03\x04rest", "json.binary"),
        (b"\x80\x04\x95rest", "json.binary"),
        (b"SQLite format 3\x00", "json.binary"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git.lfs"),
        (b"\xff\xfe{\x00", "json.encoding"),
        (b"{\x00}\x00", "json.encoding"),
        (b'{"a": "\xe1"}', "json.encoding"),
        (b'{"a": "\xed\xa0\x80"}', "json.encoding"),
        (b"\0" * 512, "json.syntax"),
        (b"<!DOCTYPE html><html>", "json.html"),
        (b"\n <html lang='en'>", "json.html"),
        (b"<?xml version='1.0'?><kml/>", "json.xml"),
        (b"<OGRVRTDataSource/>", "json.xml"),
        (b"<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n", "git.conflict"),
        (b"{\n<<<<<<< HEAD\r\n}\n>>>>>>> b\n", "git.conflict"),
    ],
)
def test_what_is_no_text_of_ours_is_named_by_its_bytes(data, code):
    text, issues = files.decode_text(data, kind="json")
    assert text == ""
    assert [issue.code for issue in issues if issue.severity == "error"] == [code]


def test_a_conflict_is_shown_with_its_lines_and_branches():
    data = b"{\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> feature/x\n}\n"
    _, (issue,) = files.decode_text(data, kind="json")
    assert issue.line == 2
    assert "lines 2 to 6, between HEAD and feature/x" in issue.message


def test_the_line_of_a_wrong_byte_is_told():
    _, (issue,) = files.decode_text(b'{\n"a":\n"\xff"}', kind="json")
    assert (issue.code, issue.line) == ("json.encoding", 3)


def test_a_byte_order_mark_and_carriage_returns_only_warn():
    text, issues = files.decode_text(b"\xef\xbb\xbf{\r\n}", kind="json")
    assert text == "{\r\n}"
    assert [(i.code, i.severity, i.fixable) for i in issues] == [
        ("json.bom", "warning", True),
        ("json.crlf", "warning", True),
    ]


# --- saving -----------------------------------------------------------------


def test_a_save_replaces_the_content_it_was_told_of(layer, tmp_path):
    files.save_file(layer, NEW, expected=files.digest(OLD))
    assert layer.read_bytes() == NEW
    assert names(tmp_path) == ["layer.geojson"]


def test_a_new_file_has_the_rights_that_the_system_gives(tmp_path):
    before = os.umask(0o027)
    try:
        files.save_file(tmp_path / "a", NEW, expected=None)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_the_rights_of_a_file_stay(layer):
    layer.chmod(0o604)
    files.save_file(layer, NEW, expected=files.digest(OLD))
    assert layer.stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize("change", ["changed", "deleted", "there"])
def test_a_change_that_was_not_read_is_not_overwritten(layer, tmp_path, change):
    expected = files.digest(OLD)
    if change == "changed":
        layer.write_bytes(b"theirs")
    elif change == "deleted":
        layer.unlink()
    else:
        expected = None
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(StaleLayerError, match="nothing was written"):
        files.save_file(layer, NEW, expected=expected)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_change_in_the_last_moment_is_not_overwritten(layer, tmp_path, monkeypatch):
    fsync = os.fsync

    def meanwhile(descriptor):
        layer.write_bytes(b"theirs")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(StaleLayerError):
        files.save_file(layer, NEW, expected=files.digest(OLD))
    assert layer.read_bytes() == b"theirs"
    assert names(tmp_path) == ["layer.geojson"]


def test_all_is_forced_to_the_disk_before_the_old_file_goes(layer, tmp_path, monkeypatch):
    fsync, seen = os.fsync, []

    def watched(descriptor):
        beside = list(tmp_path.glob(".frontline-*.tmp"))
        seen.append((layer.read_bytes() == NEW, [path.read_bytes() == NEW for path in beside]))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    files.save_file(layer, NEW, expected=files.digest(OLD))
    assert seen == [(False, [True]), (True, [])]


def test_the_same_content_is_not_written_again(layer):
    before = layer.stat()
    files.save_file(layer, OLD, expected=files.digest(OLD))
    after = layer.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_link_stays_a_link_and_its_target_is_replaced(layer, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(layer)
    files.save_file(link, NEW, expected=files.digest(OLD), root=tmp_path)
    assert link.is_symlink()
    assert layer.read_bytes() == NEW


def test_a_link_out_of_the_folder_is_not_written_through(layer, tmp_path):
    inner = tmp_path / "layers"
    inner.mkdir()
    (inner / "link").symlink_to(layer)
    with pytest.raises(SchemaError) as error:
        files.save_file(inner / "link", NEW, expected=files.digest(OLD), root=inner)
    assert codes(error) == ["file.outside"]
    assert layer.read_bytes() == OLD


def test_a_folder_or_a_pipe_is_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(SchemaError) as error:
            files.save_file(tmp_path / name, NEW, expected=None)
        assert codes(error) == ["file.kind"]


def test_a_write_protected_file_is_not_replaced(layer):
    layer.chmod(0o444)
    with pytest.raises(LayerError, match="write-protected"):
        files.save_file(layer, NEW, expected=files.digest(OLD))
    assert layer.read_bytes() == OLD


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(layer, tmp_path, monkeypatch, call):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    with pytest.raises(LayerError, match=r"file\.write.*No space left on device"):
        files.save_file(layer, NEW, expected=files.digest(OLD))
    assert layer.read_bytes() == OLD
    assert names(tmp_path) == ["layer.geojson"]


def test_what_a_killed_save_left_behind_is_removed_by_the_next(layer, tmp_path):
    (tmp_path / ".frontline-0123.tmp").write_bytes(b"half")
    (tmp_path / "layer.geojson.tmp").write_bytes(b"not ours: perhaps the only copy of an edit")
    files.save_file(layer, NEW, expected=files.digest(OLD))
    assert names(tmp_path) == ["layer.geojson", "layer.geojson.tmp"]


def test_many_new_files_are_written_and_the_first_that_is_there_stops_them(tmp_path):
    contents = [("a/1", b"one"), ("a/2", b"two"), ("b/3", b"three"), ("4", b"four")]
    assert list(files.add_files(tmp_path, contents)) == [tmp_path / name for name, _ in contents]
    assert {name: (tmp_path / name).read_bytes() for name, _ in contents} == dict(contents)
    with pytest.raises(StaleLayerError) as caught:
        list(files.add_files(tmp_path, [("a/0", b"zero"), ("a/2", b"more"), ("a/5", b"five")]))
    assert codes(caught) == ["file.stale"]
    assert names(tmp_path / "a") == ["0", "1", "2"]
    assert (tmp_path / "a" / "2").read_bytes() == b"two"


def test_new_files_are_on_the_disk_before_those_of_the_next_folder(tmp_path, monkeypatch):
    steps = []
    real = os.fsync

    def forced(opened):
        steps.append(Path(f"/proc/self/fd/{opened}").resolve().name)
        real(opened)

    monkeypatch.setattr(os, "fsync", forced)
    list(files.add_files(tmp_path, [("a/1", b"one"), ("a/2", b"two"), ("last", b"three")]))
    steps = ["file" if name.startswith(".frontline") else name for name in steps]
    assert steps == ["file", "file", "a", "file", tmp_path.name]


def test_a_failing_disk_leaves_no_part_of_a_new_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write_all", full)
    with pytest.raises(LayerError, match="No space left"):
        list(files.add_files(tmp_path, [("a/1", b"one")]))
    assert names(tmp_path / "a") == []


def test_a_planted_lock_folder_is_not_used(layer, tmp_path, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(temporary))
    (temporary / f"frontline-locks-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(LayerError) as error:
        files.save_file(layer, NEW, expected=files.digest(OLD))
    assert codes(error) == ["file.locked"]
    assert layer.read_bytes() == OLD


def run(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
    )


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_content(tmp_path):
    path = tmp_path / "layer.geojson"
    contents = [b"0" * 300_000, b"1" * 300_000]
    path.write_bytes(contents[0])
    child = """
        import sys
        from pathlib import Path
        from geo.layers import files
        path, contents = Path(sys.argv[1]), [b"0" * 300_000, b"1" * 300_000]
        print("ready", flush=True)
        while True:
            now = path.read_bytes()
            files.save_file(path, contents[now == contents[0]], expected=files.digest(now))
    """
    for n in range(20):
        with run(child, path) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.001 + 0.0013 * n)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        assert path.read_bytes() in contents
    files.save_file(path, b"end", expected=files.digest(path.read_bytes()))
    assert names(tmp_path) == ["layer.geojson"]


def test_no_append_of_three_writers_is_lost(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"")
    child = """
        import sys
        from pathlib import Path
        from geo.layers import files
        from geo.errors import StaleLayerError
        path, name = Path(sys.argv[1]), sys.argv[2].encode()
        for n in range(30):
            while True:
                now = path.read_bytes()
                try:
                    files.save_file(path, now + name + b"%d\\n" % n, expected=files.digest(now))
                    break
                except StaleLayerError:
                    pass
    """
    processes = [run(child, path, name) for name in "abc"]
    for process in processes:
        with process:
            assert process.wait(timeout=60) == 0
    lines = path.read_text().split()
    assert sorted(lines) == sorted(f"{name}{n}" for name in "abc" for n in range(30))
