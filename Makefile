# Every target sets up what it needs; `make help` lists them.
SHELL := /bin/bash
PROFILE ?= full
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --extra cpu --extra stack --no-sync

.DEFAULT_GOAL := help
.PHONY: help setup test unit lint types slo-test stack-up stack-down clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv==0.13.8'

setup: $(if $(findstring .tools,$(UV)),.tools/bin/uv)  ## Build the locked environment in .venv
	@$(UV) sync --frozen --quiet --extra cpu --extra stack

test: setup  ## All tests; Postgres and Redis are started as needed
	$(RUN) pytest

unit: setup  ## The tests that need no service
	$(RUN) pytest -m unit

lint: setup  ## Style and import borders
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) lint-imports

types: setup  ## Types, strictly
	$(RUN) mypy

slo-test: setup  ## A campaign at the provider's rate on the whole stack, judged (PROFILE=smoke|ci|full)
	$(RUN) steadypost slo-test --profile $(PROFILE)

stack-up: setup  ## Start the whole system on this machine
	$(RUN) steadypost stack up

stack-down: setup  ## Stop it
	$(RUN) steadypost stack down

clean:  ## Remove environments and stacks (stop them first)
	rm -rf .venv .tools .stack .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
