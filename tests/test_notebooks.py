import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_uses_only_the_public_face(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]")
    assert "from geo import open_layers" in text
    assert "geo." not in text
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    words = [sys.executable, str(notebook)]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stderr


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 4
