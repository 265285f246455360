"""The benchmark itself runs, and what it compares is the same thing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from geo.control.composite import Composite
from tests.benchmarks import figures, peers, synthetic

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_benchmark_prints_a_table_and_passes_at_a_small_size():
    command = [sys.executable, "-m", "tests.benchmarks", "--size", "S", "--rounds", "1"]
    run = subprocess.run(
        [*command, "--only", "time"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "| what | ours | peer |" in run.stdout
    assert "history of 5,000 places" in run.stdout


def test_the_synthetic_cells_are_a_coverage_and_the_same_each_time():
    one, two = (synthetic.theatre(60, 8, 3, 2) for _ in range(2))
    assert shapely.coverage_is_valid(one.cells)
    assert shapely.to_wkb(one.cells).tolist() == shapely.to_wkb(two.cells).tolist()
    assert (one.held == two.held).all()


@pytest.mark.slow
def test_ours_and_theirs_answer_the_same():
    theatre = synthetic.theatre(200, 16, 6, 4)
    composite = Composite.build(theatre.area, theatre.snapshots)
    first, last = theatre.days[0], theatre.days[-1]
    ours = composite.control(last, by="holder").set_index("holder").geometry
    theirs = peers.coverage_union(peers.cells_frame(theatre, len(theatre.days) - 1))
    for holder, shape in theirs.items():
        assert shapely.equals(ours[holder], shape)
    one, two = (
        peers.cells_frame(theatre, i).dissolve("holder", method="coverage").reset_index()
        for i in (0, len(theatre.days) - 1)
    )
    moved = peers.overlay_change(one, two)
    total = composite.change(first, last)["area_km2"].sum()
    assert total == pytest.approx(moved["area_km2"].sum(), rel=1e-6)


def test_a_run_replaces_its_own_section_of_the_figures_and_no_other():
    text = "# Figures\n\nWhat this is.\n\n## bench\n\nold\n\n## bench-bands\n\nkept\n"
    once = figures.with_section(text, "bench", "new \\1\n")
    assert once == "# Figures\n\nWhat this is.\n\n## bench\n\nnew \\1\n\n## bench-bands\n\nkept\n"
    assert figures.with_section(once, "bench", "new \\1") == once
    assert figures.with_section(once, "bench-page", "more").endswith(
        "kept\n\n## bench-page\n\nmore\n"
    )


def test_every_figure_names_a_command_that_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    titles = re.findall(r"^## (bench[\w-]*)$", figures.FIGURES.read_text("utf-8"), re.MULTILINE)
    assert titles
    assert all(
        re.search(rf"^[\w -]*\b{title}\b[\w -]*:", makefile, re.MULTILINE) for title in titles
    )
