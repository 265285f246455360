import importlib
import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import validate

from geo import __version__
from geo.cli import command

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (frontline .*)$", README, re.MULTILINE)
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


ROOMS = ["layers", "coverage", "control", "evidence", "draw", "exchange", "check", "desk", "edit"]
UNASKED = {"ES01", "EX01", "GL01", "GL08", "PR04", "RT02", "SA01"}
"""What numpydoc would like and we do not: summaries of two parts, examples and types everywhere."""


def exported(room):
    """The functions of a door, and the methods of its classes, by dotted name."""
    door = importlib.import_module(f"geo.{room}")
    for name in door.__all__:
        thing = getattr(door, name)
        if inspect.isfunction(thing):
            yield f"{thing.__module__}.{name}"
        elif inspect.isclass(thing):
            for method, made in vars(thing).items():
                callable_ = inspect.isfunction(made) or isinstance(made, classmethod | staticmethod)
                if callable_ and not method.startswith("_"):
                    yield f"{thing.__module__}.{name}.{method}"


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_door_exports_says_all_that_a_caller_needs(room):
    faults = {
        name: told
        for name in exported(room)
        if (told := {code for code, _ in validate(name)["errors"]} - UNASKED)
    }
    assert not faults


@pytest.fixture
def checkout(tmp_path):
    """A folder that looks like the checkout, so that examples write nothing into the real one."""
    (tmp_path / "layers").symlink_to(ROOT / "layers")
    return tmp_path


OWN_PROCESS = {"check", "map"}
"""Commands that are started as a person starts them; the others run in this process."""


DEAR = ("isolation", "--after 2017-08-31")
"""What takes many draws, or bands of two dates that nobody drew before."""


def marked(line):
    """A command of the README; what is dear is for the whole check."""
    return pytest.param(line, marks=[pytest.mark.slow] * any(word in line for word in DEAR))


@pytest.mark.parametrize("line", [marked(line) for line in COMMANDS])
def test_a_command_of_the_readme_runs(line, checkout, frontline, monkeypatch):
    words = shlex.split(line)[1:]
    if words[0] in OWN_PROCESS:
        command = [sys.executable, "-m", "geo", *words]
        result = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
        status, out, err = result.returncode, result.stdout, result.stderr
    else:
        monkeypatch.chdir(checkout)
        status, out, err = frontline(*words)
    assert status == 0, err
    assert out or err


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_a_python_block_of_the_readme_runs(block, checkout):
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    words = [sys.executable, "-c", block]
    result = subprocess.run(words, cwd=checkout, capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stderr


def test_every_command_stands_in_the_readme_and_has_help():
    for name, one in command.commands.items():
        assert f"frontline {name}" in README, name
        assert one.help


def test_the_readme_names_only_commands_that_exist():
    named = set(re.findall(r"(?:^\$ |`)frontline (?!-)(\w[\w-]*)", README, re.MULTILINE))
    assert named <= set(command.commands)


def test_the_changelog_is_about_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[([0-9.]+)\]", text, re.MULTILINE).group(1) == __version__


def test_every_dependency_is_argued_in_the_design():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    design = (ROOT / "DESIGN.md").read_text(encoding="utf-8").lower()
    for line in project["project"]["dependencies"]:
        name = re.match(r"[A-Za-z0-9-]+", line).group().lower()
        assert name in design, name


def test_the_project_speaks_of_itself_alone():
    forbidden = "/work/|pypi[.]org|registry[.]npmjs|deb[.]debian|files[.]pythonhosted"
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git")
    # Of what git keeps; pictures count as binary. It reads the large layers faster than we do.
    words = ["git", "grep", "--extended-regexp", "--ignore-case", "-I", "--line-number", forbidden]
    found = subprocess.run(
        [*words, "--", ".", f":!{Path(__file__).relative_to(ROOT)}"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode <= 1, found.stderr
    assert not found.stdout
