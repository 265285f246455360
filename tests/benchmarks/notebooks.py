"""
Executed notebooks as they are kept: with their pictures, small, and the same from run to run.

    python -m tests.benchmarks.notebooks notebooks/*.ipynb

Pictures get a palette of few colours, which a map hardly shows; times and versions of the run are
taken out. What is left changes only where a script or an answer does.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

COLOURS = 96
WIDEST = 1_200
_KEPT = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def shrink_picture(data: str) -> str:
    """Return a picture as base64 with few colours, no wider than a notebook shows."""
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        shown = picture.convert("RGB")
    if shown.width > WIDEST:
        height = round(shown.height * WIDEST / shown.width)
        shown = shown.resize((WIDEST, height), Image.Resampling.LANCZOS)
    sink = io.BytesIO()
    few = shown.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(sink, "PNG", optimize=True)
    return base64.b64encode(sink.getvalue()).decode()


def tidy(notebook: Any) -> None:
    """Take out of an executed notebook what differs from run to run, and shrink its pictures."""
    notebook.metadata = nbformat.from_dict(_KEPT)
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({})
        cell.id = f"cell-{number}"
        for output in cell.get("outputs", ()):
            output.pop("execution_count", None)
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = shrink_picture(data["image/png"])
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count


def main() -> None:
    """Rewrite each notebook that is named."""
    for name in sys.argv[1:]:
        notebook = nbformat.read(name, as_version=4)
        tidy(notebook)
        nbformat.write(notebook, Path(name))


if __name__ == "__main__":
    main()
