# Every target makes what it needs: a fresh machine with Python 3.11 or newer and make is enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
STAMP  := $(VENV)/.made

# The tests of the rooms that decide things, and those that reach them through a client.
MEASURED := $(addprefix tests/,core wire policies drivers client lib shared credentials drill test_pagination.py)

# Test processes import the package by the hundred; compile it once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage check mutants gen bench rivals soak tour-python tour-js docs live clean
.DELETE_ON_ERROR:

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

$(STAMP)-run: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[emulator,realtime]'
	@touch $@

$(STAMP)-dev: pyproject.toml $(STAMP)-run
	$(PIP) install --group dev
	@touch $@

$(STAMP)-bench: pyproject.toml $(STAMP)-run
	$(PIP) install --group bench
	@touch $@

$(STAMP)-docs: pyproject.toml $(STAMP)-dev
	$(PIP) install --group docs
	@touch $@

demo: $(STAMP)-run
	@$(BIN)/python examples/demo.py

test: $(STAMP)-dev
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: $(STAMP)-dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal $(MEASURED) $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/python .ci/floor.py

check: $(STAMP)-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python -m codegen --check

mutants: $(STAMP)-dev
	$(BIN)/python -m mutation $(ARGS)

gen: $(STAMP)-dev
	$(BIN)/python -m codegen

bench: $(STAMP)-bench
	$(BIN)/python -m bench $(ARGS)
	$(BIN)/python -m bench.emulator $(ARGS)
	$(BIN)/python -m bench.policies $(ARGS)

# In an environment of their own: one of them brings a great deal along.
rivals: $(STAMP)-run
	$(PYTHON) -m venv $(VENV)/rivals
	$(VENV)/rivals/bin/python -m pip --disable-pip-version-check --quiet install --editable . --group rivals
	$(VENV)/rivals/bin/python -m bench.rivals $(ARGS)

soak: $(STAMP)-bench
	$(BIN)/python -m soak $(ARGS)
	$(BIN)/python -m soak.kill

tour-python: $(STAMP)-dev
	$(BIN)/python -m tours.python $(ARGS)

tour-js: $(STAMP)-run
	@command -v npm >/dev/null || { echo 'make tour-js needs Node.js 20 or newer, with npm: there is none here.' >&2; exit 1; }
	cd tours/js && npm ci --silent --no-audit --no-fund
	ANTIPHON=$(abspath $(BIN)/antiphon) node tours/js/tour.mjs $(ARGS)

docs: $(STAMP)-docs
	$(BIN)/mkdocs build --strict --quiet
	$(BIN)/python -m pytest tests/docs -n 2 -q

live: $(STAMP)-dev
	$(BIN)/python -m pytest -p no:xdist -o python_files='live_*.py' tests/live

clean:
	rm -rf $(VENV) build dist site .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache
