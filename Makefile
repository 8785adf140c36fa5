# Everything that people and CI run. `make certify` and `make test` need only Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: certify test check lint types unit bench bench-load strength coverage lock clean help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) scripts/setup.py $(VENV)
	@touch $@

certify: $(VENV)/.installed ## set up, certify the embedded reference endpoint, write and announce the reports
	$(BIN)/kms-conformance run --results results/certify

test: check unit ## set up, then lint, type-check and run the suite's own tests

check: lint types

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed
	$(BIN)/mypy

# A failure counts when it repeats: what failed is run once more, alone.
unit: $(VENV)/.installed
	$(BIN)/pytest --numprocesses=3 --dist=loadfile || $(BIN)/pytest --last-failed --last-failed-no-failures=none

bench: $(VENV)/.installed ## ratios of the endpoint and the runner against their baselines
	$(BIN)/python -m tests.bench

bench-load: $(VENV)/.installed ## ratios of the load generator; needs two free cores for about a quarter of an hour
	$(BIN)/python -m load.bench

strength: $(VENV)/.installed ## the kill score: every seeded fault against the rules that must report it
	$(BIN)/python -m tests.faults.strength

coverage: $(VENV)/.installed ## renew the record of which rule tests which promise, and show it
	$(BIN)/kms-conformance coverage --update
	$(BIN)/kms-conformance coverage

lock: ## renew the lock files from pyproject.toml
	$(BIN)/python scripts/lock.py

clean:
	rm -rf results dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
