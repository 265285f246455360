"""The package as others meet it: built, installed, typed, and what it says of itself."""

import datetime as dt
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from geo import __version__, open_layers
from geo.cli import command
from geo.exchange import run_import

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

DAYS = {
    "text": "2017-08-02",
    "date": dt.date(2017, 8, 2),
    "datetime": dt.datetime.fromisoformat("2017-08-02T06:00"),
    "datetime with a zone": dt.datetime(2017, 8, 1, 22, 30, tzinfo=dt.UTC),
    "timestamp": pd.Timestamp("2017-08-02 05:00"),
    "timestamp with a zone": pd.Timestamp("2017-08-01 22:30", tz="UTC"),
    "datetime64": np.datetime64("2017-08-02"),
    "period": pd.Period("2017-08-02", freq="D"),
}
"""The same day of the theatre, which lives in Damascus, in each kind that Python has."""

TYPES = ("str", "dt.date", "dt.datetime", "pd.Timestamp", "np.datetime64", "pd.Period")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of an environment that has the built wheel, and what it needs from this one."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("package")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    venv.create(folder / "env", symlinks=os.name != "nt")
    scheme = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "rest.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return Path(sysconfig.get_path("scripts", "venv", vars=scheme)) / "python"


def run(*words, cwd, **more):
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        list(map(str, words)), cwd=cwd, capture_output=True, text=True, env={**env, **more}
    )


@pytest.mark.slow
def test_the_wheel_draws_its_case_and_lends_it(installed, tmp_path):
    done = run(installed, "-m", "geo", "demo", "--into", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["frontline-map.html"]
    page = (tmp_path / "frontline-map.html").read_text(encoding="utf-8")
    assert "Bir Mahruthah" in page
    done = run(installed, "-m", "geo", "check", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\n0 errors" in done.stdout
    where = run(installed, "-c", "import geo; print(geo.__file__)", cwd=tmp_path)
    assert str(ROOT) not in where.stdout


def typed_script():
    """Each call of the README's Python, once for each type that a day may have."""
    block = next(b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "rif.wh" in b)
    asked = [line for line in block.splitlines() if line.startswith("rif.")]
    assert len(asked) >= 20
    asked = [re.sub('"20[0-9-]+"', "day", line) for line in asked]
    lines = ["import datetime as dt", "import numpy as np", "import pandas as pd"]
    lines += ["from geo import open_layers", 'rif = open_layers("layers")']
    for n, kind in enumerate(TYPES):
        lines += [f"def ask_{n}(day: {kind}) -> None:"]
        lines += [f"    {line}" for line in asked]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_a_type_checker_is_silent_on_every_call_of_the_readme(installed, tmp_path):
    (tmp_path / "script.py").write_text(typed_script(), encoding="utf-8")
    words = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed]
    words += ["--cache-dir", tmp_path / "cache", "script.py"]
    done = run(*words, cwd=tmp_path)
    assert done.stdout.startswith("Success"), done.stdout
    (tmp_path / "wrong.py").write_text(
        "from geo import open_layers\nopen_layers('layers').control(20170802)\n", encoding="utf-8"
    )
    wrong = run(*words[:-1], "wrong.py", cwd=tmp_path)
    assert "arg-type" in wrong.stdout


@pytest.fixture(scope="module")
def rif():
    return open_layers(ROOT / "layers")


@pytest.mark.parametrize("kind", DAYS)
def test_every_kind_of_day_is_the_same_day(kind, rif):
    day = DAYS[kind]

    def answers(day):
        yield rif.as_of(day)
        yield rif.control(day).drop(columns="geometry").to_csv()
        yield rif.transfers("2017-07-31", day).to_csv()
        yield rif.change("2017-07-31", day, bands=False).drop(columns="geometry").to_csv()
        yield rif.front_totals(day).to_csv()
        yield rif.disagreement(day).drop(columns="geometry").to_csv()
        yield str(rif.why("bir_mahruthah", day))
        yield rif.holder(*rif.position("bir_mahruthah"), day)

    assert list(answers(day)) == list(answers("2017-08-02"))


def test_what_is_printed_of_a_theatre_is_short(rif):
    why = rif.why("bir_mahruthah", "2017-08-02")
    draft = rif.estimate("2017-08-02")
    imported = run_import("statements-csv", [ROOT / "notebooks" / "western-front.csv"])
    for thing in (rif, why, draft, imported, rif.folder, rif.composite):
        assert 20 < len(repr(thing)) < 300, type(thing)
        assert "\n" not in repr(thing)
    assert "<script" not in why._repr_html_()
    assert why._repr_html_().startswith("<pre>Bir Mahruthah")
    assert "assessed" in draft._repr_html_()


def test_the_citation_and_the_project_say_the_same():
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (said["version"], said["license"]) == (__version__, PROJECT["project"]["license"])
    assert {"cff-version", "message", "title", "authors"} <= set(said)


def test_hooks_for_other_repositories_run_commands_that_exist():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks} == {"frontline-check", "frontline-fmt"}
    for hook in hooks:
        assert hook["entry"].split()[1] in command.commands
        assert not hook["pass_filenames"]
        assert re.search(hook["files"], "layers/control/2017-08-02.geojson")


def test_a_team_is_told_how_to_check_its_own_layers():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    job = yaml.safe_load(text)
    steps = [step["run"] for one in job["jobs"].values() for step in one["steps"] if "run" in step]
    asked = [w for step in steps for w in re.findall(r"^frontline ([\w-]+)", step, re.MULTILINE)]
    assert asked == ["check", "fmt"]
    assert set(asked) <= set(command.commands)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_as_the_readme_says(shell, tmp_path):
    assert f"{shell}_source" in README
    more = {"_FRONTLINE_COMPLETE": f"{shell}_source", "PYTHONPATH": str(ROOT)}
    code = "import sys; sys.argv = ['frontline']; from geo.cli import main; main()"
    done = run(sys.executable, "-c", code, cwd=tmp_path, **more)
    assert "_FRONTLINE_COMPLETE" in done.stdout


def test_every_python_that_is_named_is_one_that_is_asked_for():
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert named[0] == PROJECT["project"]["requires-python"].removeprefix(">=")
