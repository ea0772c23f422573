# `make help` lists the targets. A new computer needs only make and Python 3.11 or newer.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python that is new enough and can create virtual environments. `make PYTHON=/path/to/python run` uses another.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python3.14 python; do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := .venv/bin
# Each program that the tests start would compile the whole code again.
unexport PYTHONDONTWRITEBYTECODE
TESTS ?=
# Test processes: two for each processor, because each waits for PostgreSQL and browsers at times.
TESTERS ?= $(shell "$(PYTHON)" -c 'import os; print(min(8, (os.cpu_count() or 1) * 2))')
FAULT_ROUNDS ?=
FAULT_SEED ?=
BENCH ?=
BENCH_LARGE ?=

.PHONY: help run test faults bench check lint format wheel dist clean set-up-run set-up-test

help: ## List the targets
	@echo 'Voyagent'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

run: set-up-run ## Set up, then start the program and its own database on http://127.0.0.1:$PORT (5000)
	@VOYAGENT_END_WITH=$$PPID exec $(BIN)/python app.py

test: set-up-test ## Set up, then run every test on the real database (TESTS=tests/http for some)
	@exec $(BIN)/python -m pytest -q -n $(TESTERS) --dist loadfile --no-loadscope-reorder --ignore=tests/faults $(TESTS)

faults: set-up-test ## Test the program while its database, Redis and processes fail (FAULT_ROUNDS=full for every round)
	@FAULT_ROUNDS='$(FAULT_ROUNDS)' FAULT_SEED='$(FAULT_SEED)' exec $(BIN)/python -m pytest -q -n0 tests/faults

bench: set-up-test ## Measure speed and compare it with targets (BENCH=audit for one part)
	@BENCH='$(BENCH)' BENCH_LARGE='$(BENCH_LARGE)' exec $(BIN)/python -m tools.bench

check: set-up-test lint ## Check format, lint rules, types, imports between packages, templates, docstrings and commit subjects
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.lint_commits

lint: set-up-test ## Check only format, lint rules, templates and docstrings; change nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/djlint --lint --quiet templates
	@$(BIN)/python -m tools.lint_docstrings

format: set-up-test ## Format the code, apply automatic lint fixes, draw docs/img/architecture.svg
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.architecture

wheel: set-up-test ## Build the wheel of this version in dist/
	rm -rf dist
	trap 'rm -f voyagent/commit' EXIT; git rev-parse HEAD > voyagent/commit; $(BIN)/hatchling build -t wheel

dist: wheel ## Also fetch the locked packages of a server, for the Python and the system of this computer
	$(BIN)/pip download --quiet --require-hashes --only-binary :all: -d dist -r requirements-server.txt

clean: ## Remove everything that the set-up and the tools made; the data in var/ stays
	rm -rf .venv node_modules static/vendor dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up-run set-up-test:
	@test -n '$(PYTHON)' || { echo 'Voyagent needs Python 3.11 or newer with venv (on Debian: python3 and python3-venv).' >&2; exit 1; }
	@'$(PYTHON)' tools/set_up.py $(@:set-up-%=%)
