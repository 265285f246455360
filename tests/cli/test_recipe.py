"""The recipe of the README, typed as it stands there, ends without errors and with a map."""

import re
import shlex
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
RECIPE = README[README.index("## Your own theatre") : README.index("## Licence")]
TABLE = re.search(r"`(\w+\.csv)`.*?```csv\n(.*?)```", RECIPE, re.DOTALL)
COMMANDS = re.findall(r"^frontline (.*)$", RECIPE, re.MULTILINE)


def test_it_is_a_table_and_three_commands():
    assert TABLE is not None
    assert [command.split()[0] for command in COMMANDS] == ["import", "estimate", "map"]


@pytest.fixture
def typed(tmp_path, monkeypatch, frontline):
    """A folder in which the recipe was typed."""
    monkeypatch.chdir(tmp_path)
    name, text = TABLE.groups()
    Path(name).write_text(text, encoding="utf-8")
    for command in COMMANDS:
        code, _, told = frontline(*shlex.split(command))
        assert code == 0, (command, told)
    return tmp_path


def test_the_recipe_ends_without_errors_and_with_a_map(typed, frontline):
    code, said, _ = frontline("check", "mine")
    assert code == 0
    assert re.search(r"\b0 errors", said)
    page = (typed / "mine.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Epsilon" in page


@pytest.mark.usefixtures("typed")
def test_the_steps_that_follow_can_be_taken_from_there(frontline):
    assert frontline("estimate", "2024-08-02", "--layers", "mine")[0] == 0
    days = ("2024-08-02", "2024-08-20")
    code, drafted, told = frontline("change", *days, "--ledger", "--layers", "mine")
    assert code == 0, told
    for name in ("theatre", "assessments", "changes"):
        code, columns, _ = frontline("schema", name)
        assert (code, columns[:1]) == (0, "{")
    assert drafted
