# Everything happens in .venv, made on first use and again when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests start phones by the hundred: each module is compiled once, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE
WORKERS := --numprocesses=auto --dist=worksteal
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := run
.PHONY: run test lint bench proof interop peers clean

run: $(VENV)/.installed  ## three phones that call each other
	@exec $(BIN)/offhook farm 3

test: lint peers
	@$(BIN)/pytest $(WORKERS)

lint: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

proof: lint peers $(VENV)/.proof  ## as test, with Hypothesis and a fuzzer searching for minutes
	@$(BIN)/pytest -m '' $(WORKERS) --hypothesis-profile=proof
	@$(BIN)/python -m tests.fuzz

interop: $(VENV)/.dev peers  ## tries every peer in every row, and writes docs/interop.md
	@$(BIN)/python -m tests.peers.matrix

bench: $(VENV)/.dev peers
	@$(BIN)/python -m benchmarks

peers:
	@sh tests/install-peers.sh

clean:
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml | $(VENV)/.made
	@echo "Installing offhook in $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.installed
	@echo "Installing what the tests need in $(VENV)"
	@$(PIP) --editable '.[dev]'
	@touch $@

$(VENV)/.proof: pyproject.toml $(VENV)/.dev
	@echo "Installing the fuzzer in $(VENV)"
	@$(PIP) --editable '.[proof]'
	@touch $@

# A virtual environment that was begun and not finished has no stamp, and is begun again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "offhook needs Python 3.11 or newer; make PYTHON=/path/to/python3.11 takes another than $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh tests/install-venv.sh
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@
