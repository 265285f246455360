# map: the before/after map of the shipped case. test: what a person runs; CI asks for all of it
# with MARKS= alone. check: style, rooms, types. bench: the figures.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MAP := frontline-map.html
MARKS ?= not slow and not qgis
# One worker more than there are cores: browsers and killed programs make a test wait.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")

.PHONY: map test check bench bench-bands bench-distributed bench-estimate bench-merges bench-names bench-page bench-reach bench-reports bench-series bench-siege docs notebooks pictures setup clean

map: $(VENV)/.map
	@$(BIN)/frontline map layers --output $(MAP)

setup: $(VENV)/.dev

# Commands that tests start need not compile the package, and pytest keeps the tests as it rewrites
# them, also where Python writes no bytecode: else each worker spends ten seconds on that. Nor does
# every worker need as many threads as there are cores: they wait for each other busily.
test: export OPENBLAS_NUM_THREADS ?= 1
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.dev
	@$(BIN)/python -m compileall -q geo
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "$(MARKS)" $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

bench: $(VENV)/.bench
	@$(BIN)/python -m tests.benchmarks.figures bench

bench-bands bench-distributed bench-estimate bench-merges bench-names bench-page bench-reach bench-reports bench-series bench-siege: bench-%: $(VENV)/.dev
	@$(BIN)/python -m tests.benchmarks.figures $*

notebooks: $(VENV)/.dev
	@$(BIN)/jupytext --quiet --to ipynb notebooks/*.py
	@$(BIN)/python -m pytest -q --nbmake --nbmake-timeout=1800 --overwrite -p no:cacheprovider notebooks/*.ipynb
	@$(BIN)/python -m tests.benchmarks.notebooks notebooks/*.ipynb
	@ls notebooks/*.ipynb

# The doors are lazy; what writes the reference must see all that stands behind them.
docs: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --group docs
	@EAGER_IMPORT=1 $(BIN)/pdoc --docformat numpy --output-directory build/docs \
		geo.theatre $(patsubst geo/%/__init__.pyi,geo.%,$(wildcard geo/*/__init__.pyi)) geo.crs geo.errors
	@ls build/docs/geo/theatre.html

pictures: $(VENV)/.dev
	@$(BIN)/python -m tests.benchmarks.pictures

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.map: $(VENV)/bin/python pyproject.toml
	@echo "Installing frontline and what it needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $(VENV)/.map $@

$(VENV)/.bench: $(VENV)/bin/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --editable . --group dev --group bench
	@touch $(VENV)/.map $(VENV)/.dev $@

clean:
	@rm -rf $(VENV) $(MAP)
