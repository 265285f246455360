"""
Runs a benchmark and keeps its output in FIGURES.md: ``python -m tests.benchmarks.figures bands``.

The section of the benchmark is replaced whole: what it is about (the docstring of its module), on
what it ran, and its output as it was printed. A run that fails, or misses a bar, is kept too.
"""

import ast
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FIGURES = HERE / "FIGURES.md"
MEASURED_WITH = ("numpy", "shapely", "geopandas")


def intro(name):
    """What the benchmark is about, in the words of its module."""
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").strip()


def machine():
    """On what a run was made."""
    versions = ", ".join(f"{one} {importlib.metadata.version(one)}" for one in MEASURED_WITH)
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores, load {load:.1f}."
    )


def with_section(text, title, body):
    """The figures with one section replaced, or added at the end."""
    section = f"## {title}\n\n{body.strip()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(text):
        return pattern.sub(lambda _: section + "\n", text).rstrip() + "\n"
    return text.rstrip() + "\n\n" + section


def main():
    name = sys.argv[1]
    module, title = ("__main__", "bench") if name == "bench" else (name, f"bench-{name}")
    before = machine()
    words = ["tests.benchmarks"] if name == "bench" else [f"tests.benchmarks.{name}"]
    run = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True)
    said = []
    for line in run.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        said.append(line)
    status = run.wait()
    printed = "".join(said)
    shown = printed if "|---|" in printed else f"```\n{printed.rstrip()}\n```\n"
    end = "Every bar met." if status == 0 else f"**Exit code {status}: a bar was missed.**"
    body = f"{intro(module)}\n\n`make {title}`. {before} {end}\n\n{shown}"
    text = FIGURES.read_text(encoding="utf-8")
    FIGURES.write_text(with_section(text, title, body), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
