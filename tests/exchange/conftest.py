"""Theatres to export, and files of others to import."""

import pytest

from tests.exports import made


@pytest.fixture
def little(small):
    return made(small)


@pytest.fixture(scope="module")
def case(shipped):
    return made(shipped)


@pytest.fixture
def put(tmp_path):
    """Write a file of theirs, and say where it is."""
    folder = tmp_path / "theirs"
    folder.mkdir()

    def write(name, content):
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def data(shared):
    return shared / "data"
