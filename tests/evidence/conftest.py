import pytest
from ledgers import composite_of

from geo.layers import read_folder


@pytest.fixture(scope="module")
def case(shipped):
    folder = read_folder(shipped)
    return folder, composite_of(folder)


@pytest.fixture
def little(small):
    folder = read_folder(small)
    return folder, composite_of(folder)
