import ast
import subprocess
import sys
from pathlib import Path

import pytest

import geo
from geo import errors, model

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "geo").rglob("*.py"))


def test_imports_point_down():
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(
    ("library", "door"),
    [
        ("pyproj", "crs.py"),
        ("folium", "draw/page/"),
        ("branca", "draw/page/"),
        ("click", "cli/"),
        ("csv", "layers/tables.py"),
        ("filelock", "layers/files/disk.py"),
        ("subprocess", "edit/git.py"),
        ("matplotlib", "draw/still/paper.py"),
        ("starlette", "edit/editor/"),
        ("uvicorn", "edit/editor/"),
    ],
)
def test_an_outside_library_has_one_door(library, door):
    inside = {p.relative_to(ROOT / "geo").as_posix() for p in MODULES if library in imported(p)}
    assert all(name.startswith(door) for name in inside), inside


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
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
        assert not [f for f in calls if isinstance(f, ast.Name) and f.id == "print"], path
