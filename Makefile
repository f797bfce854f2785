# Everything that one does with a checkout, one line for each; `make` lists them.
# Needs Python 3.11 or newer (`make PYTHON=python3.12 …` to choose one), make and git. Installs into .venv only.

PYTHON ?= python3
PYTEST_ARGS ?=
BIN := .venv/bin
READY := .venv/installed
# Tests write and sync databases by the thousand: in memory, where a machine has room for it there.
IN_MEMORY := $(shell [ -z "$$TMPDIR" ] && [ $$(df -k --output=avail /dev/shm 2>/dev/null | tail -1 || echo 0) -gt 8000000 ] 2>/dev/null \
	&& ! grep -q ' /dev/shm .*noexec' /proc/mounts && echo TMPDIR=/dev/shm)

export DAGSTER_DISABLE_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start processes by the dozen: each would compile all modules again where Python may not keep them.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo demo-feedback serve ui stack test test-long check bench bench-learning bench-service lock audit release clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

install: $(READY) ## make .venv, or bring it up to date; the others do so by themselves

demo: $(READY) ## raw data to a deployed plant model, in one command, into .rul/
	@$(BIN)/rul demo

demo-feedback: $(READY) ## weeks at a plant in minutes: satisfaction falls, the model improves, a bad one goes back
	@$(BIN)/rul demo-feedback

serve: $(READY) ## predictions and feedback over HTTP for .rul/ on http://127.0.0.1:8050; Ctrl-C stops it
	@$(BIN)/rul serve

ui: $(READY) ## Dagster's web pages for .rul/ on http://127.0.0.1:3000
	@$(BIN)/rul ui

stack: $(READY) ## all services of docker-compose.yml without Docker, until Ctrl-C (docs/deployment.md)
	@$(BIN)/python -m rul_platform_tests.stack up

test: $(READY) ## all tests; real data too where RUL_TEST_DATA names its folder
	$(IN_MEMORY) $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-long: $(READY) ## the tests that take minutes each, one after the other
	$(BIN)/pytest -m long $(PYTEST_ARGS)

check: $(READY) ## format, lint, types, layers and Dagster's own validation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	@mkdir -p .venv/dagster && cp rul_platform/orchestration/embedded_dagster.yaml .venv/dagster/dagster.yaml
	DAGSTER_HOME=$(CURDIR)/.venv/dagster $(BIN)/dagster definitions validate

bench: $(READY) ## our windows beside those of the public package rul-datasets; needs RUL_TEST_DATA
	$(BIN)/python -m rul_platform_tests.benches.bench_windows

bench-learning: $(READY) ## speed of learning and answering beside their targets; needs RUL_TEST_DATA
	$(BIN)/python -m rul_platform_tests.benches.bench_learning

bench-service: $(READY) ## answers, ratings and exchanged models per CPU second, beside a bare echo and pgbench
	$(BIN)/python -m rul_platform_tests.benches.bench_service
	$(BIN)/python -m rul_platform_tests.benches.bench_ratings
	$(BIN)/python -m rul_platform_tests.benches.bench_swaps --requests 20000 --swaps 20

lock: $(READY) ## requirements*.lock: every dependency with its hashes, under constraints.txt
	$(BIN)/python -m deploy.release.lock

audit: $(READY) ## known weaknesses of what is locked; fails where nobody can be asked
	$(BIN)/python -m deploy.release.audit $(AUDIT_ARGS)

release: $(READY) ## dist/: wheel, source, locks, bill of materials, checksums, signed; KEY=PATH
	$(BIN)/python -m deploy.release.build $(KEY)

clean: ## remove caches and build output; keeps .venv and .rul, which may hold your plants
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find rul_platform rul_platform_tests -name __pycache__ -prune -exec rm -rf {} +

# pip takes up an interrupted install where it stopped: only the last step names it complete. The mark carries
# the time of the beginning, so that what changes in the meantime is installed by the next call.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version)'
	@echo "Installing into .venv: some minutes the first time, seconds later."
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@touch .venv/installing
	$(BIN)/pip install --no-compile -c constraints.txt -e '.[dev]'  # modules are compiled as they are used
	@mv .venv/installing $@
