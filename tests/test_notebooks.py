import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
jupytext = pytest.importorskip("jupytext")
pytest.importorskip("nbmake")

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_asks_a_question_and_uses_only_the_public_face(script):
    text = script.read_text(encoding="utf-8")
    assert re.match(r"# %% \[markdown\]\n# # .+", text)
    assert re.findall(r"(?:from|import) geo\S*", text) == ["from geo"]
    assert "geo." not in text
    cells = re.split(r"^# %%.*$", text, flags=re.MULTILINE)
    for cell in cells:
        code = [line for line in cell.splitlines() if line and not line.startswith("#")]
        assert len(code) <= 10, "a longer cell belongs in the package"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Every notebook run from its own folder, as `make notebooks` does; by name, its cells."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "layers").symlink_to(ROOT / "layers")
    folder = root / "notebooks"
    folder.mkdir()
    for table in (ROOT / "notebooks").glob("*.csv"):
        (folder / table.name).write_bytes(table.read_bytes())
    for script in SCRIPTS:
        jupytext.write(jupytext.read(script), folder / f"{script.stem}.ipynb")
    words = [sys.executable, "-m", "pytest", "-q", "--nbmake", "--overwrite", "--rootdir", root]
    words += ["-p", "no:cacheprovider", "-p", "no:xdist", folder]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    env["PYTHONWARNINGS"] = "error::UserWarning,error::FutureWarning"
    result = subprocess.run(words, cwd=root, capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stdout[-4000:]
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["cells"]
        for path in folder.glob("*.ipynb")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [script.stem for script in SCRIPTS])
def test_a_notebook_runs_in_peace_and_has_a_picture(rendered, name):
    outputs = [one for cell in rendered[name] for one in cell.get("outputs", ())]
    streams = [one for one in outputs if one["output_type"] == "stream"]
    assert [one["text"] for one in streams if one["name"] == "stderr"] == []
    pictures = [one for one in outputs if "image/png" in one.get("data", {})]
    drawn = [c for c in rendered[name] if re.search(r"\.(plot|still)\b", "".join(c["source"]))]
    assert len(pictures) == len(drawn) >= 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_executed_notebook_is_the_script(script):
    kept = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    written = jupytext.read(script)["cells"]
    assert [(c["cell_type"], "".join(c["source"])) for c in kept] == [
        (c["cell_type"], c["source"]) for c in written
    ], "run `make notebooks`"
    code = [cell for cell in kept if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [one for cell in code for one in cell["outputs"]]
    assert not [one for one in outputs if one["output_type"] == "error"]
    assert any("image/png" in one.get("data", {}) for one in outputs)


def test_executed_notebooks_are_small_enough_to_be_kept():
    sizes = [script.with_suffix(".ipynb").stat().st_size for script in SCRIPTS]
    assert sum(sizes) < 1_500_000


def test_a_notebook_is_tidied_to_the_same_from_run_to_run():
    from benchmarks.notebooks import shrink_picture, tidy

    script = SCRIPTS[0].with_suffix(".ipynb")
    notebook = nbformat.read(script, as_version=4)
    before = nbformat.writes(notebook)
    for cell in notebook.cells:
        cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    notebook.metadata["language_info"] = {"version": "3.99"}
    tidy(notebook)
    once = nbformat.writes(notebook)
    assert "3.99" not in once
    assert "2026-01-01" not in once
    assert len(once) <= len(before) * 1.02
    picture = next(
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    )
    assert shrink_picture(picture) == picture


def test_there_are_notebooks():
    assert len(SCRIPTS) >= 6
