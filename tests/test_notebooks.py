import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_there_are_notebooks():
    assert len(SCRIPTS) >= 6
