# make run [BRAND="…"]   installs what is needed and listens       make test   everything that CI checks
# make bench             the benchmarks, each prints a table       make lock   pin the newest dependencies
# make servers           the real servers that tests/real/ talks to, as far as this machine can have them
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test servers lint bench lock example clean
export BRAND

VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := bots streams classifiers config
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar on

run: $(VENV)/.run
	@exec $(BIN)/tertulia up $${BRAND:+--brand "$$BRAND"}

# The last line is pytest's own.
test: lint
	$(BIN)/python -m pytest $(PYTEST)

# Never fails for want of one: the tests that need it are then skipped, and say why.
servers: $(VENV)/.dev
	@$(BIN)/python -m tests.real.servers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES) tests $(wildcard benchmarks)
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH)

# Universal: one file for Linux, macOS and Windows and every supported Python. It names no host.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: $(VENV)/.dev
	$(COMPILE) pyproject.toml --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE) requirements/build.in --output-file requirements/build.txt

# config/example.yaml, from the schemas.
example: $(VENV)/.dev
	$(BIN)/python -m bots.example

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Installed anew only when the pins or the package's description change.
$(VENV)/.run: requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) --requirement requirements/build.txt --requirement requirements/run.txt
	$(PIP) --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) --quiet --requirement requirements/build.txt --requirement requirements/dev.txt
	$(PIP) --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/python:
	@python=
	for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do
	    if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi
	done
	if [ -z "$$python" ]; then
	    echo "Tertulia needs Python 3.11 or newer, and none was found. Install one (python.org, your package manager)," >&2
	    echo "or name it: make $(or $(MAKECMDGOALS),run) PYTHON=/path/to/python3.12" >&2
	    exit 1
	fi
	if ! "$$python" -m venv $(VENV); then
	    rm -rf $(VENV)
	    echo "$$python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2
	    exit 1
	fi
