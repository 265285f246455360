"""What DESIGN.md and CONTRIBUTING.md say of the house is how the house is."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]
ROOMS = sorted(path.parent.name for path in (ROOT / "geo").glob("*/__init__.py"))

IMPORTED_AS = {
    "shapely (GEOS)": ["shapely"],
    "XStatic-Leaflet": [],  # read as a distribution, not imported
    "pysimdjson": ["simdjson"],
    "pyogrio (GDAL)": ["pyogrio"],
    "python-calamine": ["python_calamine"],
    "XlsxWriter": ["xlsxwriter"],
    "python-docx": ["docx"],
    "git, the program": [],  # a process, as what reads files of others is
    "lazy-loader": ["lazy_loader"],
}
"""Under which names a library of the table is imported, where it is not its own."""


NAMED = {"defusedxml", "xlsxwriter", "pyogrio", "pyarrow", "python_calamine", "duckdb"}
"""Libraries that may be imported by a call with their name."""


WATCHED = {
    "subprocess": {"edit/versions/git.py", "exchange/reading/outside.py"},
    "csv": {"layers/tables.py"},
}
"""Of the standard library, what has few doors too."""


def rows(heading):
    """The cells of the first table after a heading."""
    table = re.search(rf"{heading}.*?\n\n(\|.*?)\n\n", DESIGN, re.DOTALL).group(1)
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]
    ]


def libraries():
    """From the name of an import to its door, as the table has them."""
    found = {}
    for names, door, _ in rows("one door; a test"):
        parts = [names] if names in IMPORTED_AS else names.split(", ")
        for name in parts:
            for one in IMPORTED_AS.get(name, [name]):
                found[one] = "" if door == "everywhere" else door.strip("`")
    return found


@cache
def imports():
    """Each outside library with the files that import it, or name it to be imported."""
    found = {}
    for path in (ROOT / "geo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            elif isinstance(node, ast.Call) and node.args:
                # Libraries of an extra are looked for by name.
                first = node.args[0]
                if isinstance(first, ast.Constant) and str(first.value).partition(".")[0] in NAMED:
                    names = [first.value]
            for name in {name.partition(".")[0] for name in names} - {"geo", "__future__"}:
                if name not in sys.stdlib_module_names or name in WATCHED:
                    found.setdefault(name, set()).add(path.relative_to(ROOT / "geo").as_posix())
    return found


def test_the_picture_of_the_rooms_is_the_contract():
    picture = re.search(r"## The rooms.*?```\n(.*?)```", DESIGN, re.DOTALL).group(1)
    floors = [re.split(r"\s{2,}", line)[0] for line in picture.splitlines()]
    contract = next(c for c in CONTRACTS if c["name"] == "Imports point down")
    assert contract["exhaustive"]
    assert "exhaustive_ignores" not in contract
    assert "ignore_imports" not in contract
    assert floors == [floor for floor in contract["layers"] if not floor.startswith("_")]


def test_every_room_has_a_protected_door_and_no_contract_an_exemption():
    doors = [c for c in CONTRACTS if c["type"] == "protected"]
    guarded = {c["protected_modules"][0] for c in doors}
    assert {f"geo.{room}.*" for room in ROOMS} - {"geo.cli.*"} <= guarded
    for contract in doors:
        assert contract["allowed_importers"] == [contract["protected_modules"][0][:-2]]
    assert not any("ignore_imports" in contract for contract in CONTRACTS)


@pytest.mark.parametrize("library", sorted(libraries()))
def test_a_library_of_the_table_is_used_behind_its_door(library):
    users = imports().get(library)
    assert users, f"nothing imports {library}"
    door = libraries()[library]
    assert all(user.startswith((f"{door}/", f"{door}.py")) or not door for user in users), users


def test_every_library_that_is_imported_stands_in_the_table():
    assert set(imports()) <= set(libraries()) | set(WATCHED)


@pytest.mark.parametrize("library", WATCHED)
def test_of_the_standard_library_too_some_have_few_doors(library):
    assert imports()[library] == WATCHED[library]


def test_the_design_is_short_enough_to_be_read():
    assert len(DESIGN.encode()) < 12_000


def test_every_file_that_contributors_are_sent_to_is_there():
    table = re.search(r"\| change \|.*?\n\n", CONTRIBUTING, re.DOTALL).group()
    lines = table.strip().splitlines()[2:]
    assert len(lines) >= 17
    for line in lines:
        named = re.findall(r"`([\w./-]+)`", line.split("|")[2])
        assert 1 <= len(named) <= 2, line
        assert [name for name in named if not (ROOT / name).exists()] == [], line
        rooms = {name.split("/")[1] for name in named if name.startswith("geo/")}
        assert len(rooms - {"draw"}) <= 1, line
