"""Theatres to export."""

import pytest

from tests.exports import made


@pytest.fixture
def little(small):
    return made(small)


@pytest.fixture(scope="module")
def case(shipped):
    return made(shipped)
