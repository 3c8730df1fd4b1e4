# Everything runs in a virtual environment of its own; the only network it needs is the Python package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-crates test-long docs clean cargo

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf 'make %-12s %s\n' "$$name" "$$text"; done

demo: $(VENV)/installed cargo ## tune examples/crossings; the report is also written to report.html
	@CARGO_NET_OFFLINE=true $(BIN)/burnish tune examples/crossings --export report.html

test: $(VENV)/installed-test cargo ## ruff, mypy and all tests but those of make test-crates
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@CARGO_NET_OFFLINE=true $(BIN)/pytest -m 'not crates' -n auto --dist worksteal --durations 20

test-crates: $(VENV)/installed-test cargo ## try programs of the registry (network, minutes)
	@$(BIN)/pytest -m 'crates and not long' -n auto --dist worksteal

test-long: $(VENV)/installed-test cargo ## tune large programs of the registry (network, half an hour)
	@$(BIN)/pytest -m 'crates and long' -n auto --dist worksteal

docs: $(VENV)/installed-test ## the documentation as a site in target/site, warnings are errors
	@$(BIN)/mkdocs build --strict --quiet

clean: ## remove the virtual environment, caches and what make demo wrote
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist report.html target examples/crossings/target
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

cargo:
	@command -v cargo >/dev/null || { echo 'cargo was not found: install Rust with rustup (https://rustup.rs)' >&2; exit 1; }

# An editable install: only pyproject.toml decides what is in it. The old environment goes first, so that what the
# file no longer asks for is not there by accident.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " \
		+ sys.version.split()[0] + ": make PYTHON=python3.12, or another newer one")'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@$(PIP) install --editable '.[test]'
	@touch $@
