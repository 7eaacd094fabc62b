# Everything a checkout needs, with nothing but git, make and Python 3.11 or newer.
# `make demo` and `make test` set themselves up: a .venv here, in the locked versions of requirements/.

PYTHON ?=
WORKERS ?= 2
VENV := .venv/bin
LOCK := --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet
UV ?= uv

.DEFAULT_GOAL := help
.PHONY: help demo test lint types tests run-environment test-environment lock clean

help: ## Show these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: run-environment ## Plan a day of deliveries, verify it, and fly it on simulated vehicles.
	@$(VENV)/stork demo $(ARGS)

test: lint types tests ## Everything that must hold: style, types, import rules, and every test.

lint: test-environment ## Style, formatting and the direction of imports.
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports

types: test-environment ## Static types, strict.
	$(VENV)/mypy

tests: test-environment ## The tests alone, e.g. `make tests ARGS="tests/mission -k fence"`.
	STORK_HYPOTHESIS=$${STORK_HYPOTHESIS:-ci} $(VENV)/python -m pytest -n $(WORKERS) -q $(ARGS)

run-environment:
	@PYTHON='$(PYTHON)' sh .ci/environment run

test-environment:
	@PYTHON='$(PYTHON)' sh .ci/environment test

lock: ## Resolve the locked versions anew, from pyproject.toml (needs uv).
	$(UV) pip compile pyproject.toml requirements/build.in $(LOCK) --upgrade -o requirements/run.txt
	$(UV) pip compile pyproject.toml requirements/build.in --group dev -c requirements/run.txt $(LOCK) --upgrade \
	  -o requirements/test.txt
	$(UV) pip compile --group sitl -c requirements/run.txt $(LOCK) --upgrade -o requirements/sitl.txt

clean: ## Remove the environment and every cache; keeps runs/.
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
