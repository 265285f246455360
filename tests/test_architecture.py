import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import geo
from geo import errors, model

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "geo").rglob("*.py"))
DOORS = sorted((ROOT / "geo").glob("*/__init__.pyi"))
ROOMS = [door.parent.name for door in DOORS]


@cache
def tree_of(path):
    """What a module is made of."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path):
    """Everything in a module, as a flat list: walking anew costs more than parsing."""
    return tuple(ast.walk(tree_of(path)))


def lint_imports(root):
    """Check the contracts of the package that lies in a folder."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )


def test_imports_point_down():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/nouns.py", "from geo.layers import read_folder", "Imports point down"),
        ("theatre.py", "from geo.edit import serve", "Imports point down"),
        ("draw/looks.py", "from geo.control.fronts import front_lines", "The door of control"),
        ("control/fronts.py", "from geo.control.points import nearness_to_fronts", "Inside a room"),
        ("evidence/ledger.py", "import click", "The library knows no command line"),
    ],
)
def test_an_import_that_points_up_or_past_a_door_breaks_a_contract(
    tmp_path, module, line, contract
):
    shutil.copytree(ROOT / "geo", tmp_path / "geo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "geo" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    assert re.search(rf"{contract}.* BROKEN", result.stdout), result.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_says_in_order_what_it_hands_out(room):
    tree = ast.parse((ROOT / "geo" / room / "__init__.pyi").read_text(encoding="utf-8"))
    handed = {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (listed,) = (ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign))
    assert sorted(listed) == sorted(handed)
    # Constants, then classes, then functions, as ruff sorts them.
    kinds = [(not name.isupper(), not name[0].isupper(), name) for name in listed]
    assert kinds == sorted(kinds)
    # Else the module would stand in the way of the name as soon as anybody has imported it.
    inside = {path.stem for path in (ROOT / "geo" / room).iterdir()}
    assert not inside & set(listed)


PUBLIC = {"exchange": {"series_areas"}}
"""What only people call, and no module of ours or page of documentation has."""


def names_asked_for(path):
    """Names that a module takes from doors: imported, or as attributes of a door."""
    doors = set()
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module == "geo":
            doors |= {alias.asname or alias.name for alias in node.names if alias.name in ROOMS}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("geo."):
            yield from ((node.module.split(".")[1], alias.name) for alias in node.names)
    for node in nodes_of(path):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in doors
        ):
            yield node.value.id, node.attr


def words_of_signatures(door):
    """The types that the functions, methods and records of a door are made of."""
    for name in door.__all__:
        thing = getattr(door, name)
        for made in (thing, *(vars(thing).values() if inspect.isclass(thing) else ())):
            made = getattr(made, "__func__", getattr(made, "fget", made))
            if inspect.isfunction(made) or inspect.isclass(made):
                yield from re.findall(
                    r"\w+", " ".join(map(str, inspect.get_annotations(made).values()))
                )


def test_a_door_hands_out_nothing_for_nobody():
    asked = defaultdict(set)
    told = ""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        told += text
        room = path.relative_to(ROOT / "geo").parts[0]
        for door, name in names_asked_for(path):
            if door != room:
                asked[door].add(name)
    told += "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "README.md", ROOT / "DESIGN.md", *(ROOT / "notebooks").glob("*.py"))
    )
    for door, name in re.findall(r"geo\.(\w+)\.(\w+)", told):
        asked[door].add(name)
    idle = {}
    for room in ROOMS:
        door = importlib.import_module(f"geo.{room}")
        used = asked[room] | PUBLIC.get(room, set()) | set(words_of_signatures(door))
        if left := set(door.__all__) - used:
            idle[room] = left
    assert not idle


def test_the_public_face_is_what_all_says():
    assert {name for name in geo.__all__ if not hasattr(geo, name)} == set()
    for module in (errors, model):
        assert set(module.__all__) <= set(dir(module))


def test_every_error_stands_in_the_tree_of_its_docstring():
    for name in errors.__all__:
        thing = getattr(errors, name)
        if isinstance(thing, type) and issubclass(thing, Exception):
            assert issubclass(thing, errors.GeoError)
            assert name in errors.__doc__


def test_nothing_in_the_package_prints():
    for path in MODULES:
        calls = (n.func for n in nodes_of(path) if isinstance(n, ast.Call))
        assert not [f for f in calls if isinstance(f, ast.Name) and f.id == "print"], path


STILL_LONG = {"draw/page/page.js", "draw/page/draw.js"}
"""Files that wait to be split; none may be added, and what is split goes from the list."""


def test_a_file_is_no_longer_than_somebody_reads():
    sizes = {".py": 600, ".js": 500}
    long = {
        path.relative_to(ROOT / "geo").as_posix()
        for path in (ROOT / "geo").rglob("*")
        if path.suffix in sizes
        and len(path.read_text(encoding="utf-8").splitlines()) > sizes[path.suffix]
    }
    assert long <= STILL_LONG


def body_of(function):
    """The statements of a function but its docstring."""
    first, *rest = function.body
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return rest if is_doc else function.body


def test_a_long_function_says_at_its_head_why_it_is_long():
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in nodes_of(path):
            if not isinstance(node, ast.FunctionDef) or not (body := body_of(node)):
                continue
            if body[-1].end_lineno - body[0].lineno + 1 > 60:
                # The line above the first statement, where the docstring ends or a reason stands.
                reason = lines[body[0].lineno - 2].lstrip()
                assert reason.startswith("#"), f"{path}: {node.name}"
