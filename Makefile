# Every target sets up what it needs: only make and Python 3.11+ have to be there. `make help` lists them.
SHELL := /bin/bash
PROFILE ?= full
SEED ?= 1
RANK ?= P0
MINUTES ?= 60
EXTRA ?= cpu
PACKAGES := system fake_sendgrid loadtests chaos slo_reports stack
T ?=
# One process a file at a time: what a file's tests share is made once.
SIDE_BY_SIDE := -n auto --dist loadfile

# A Python that is there, never a downloaded one; an environment that was made keeps the Python it was made with.
export UV_PYTHON_DOWNLOADS := never
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON := $(shell for p in .venv/bin/python python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p $(IS_NEW_ENOUGH) 2>/dev/null && { command -v $$p; break; }; done)
UV := $(shell command -v uv || echo .tools/bin/uv)
UV_VERSION := 0.13.8
# Every run starts hundreds of processes; without its cache each would compile for seconds what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test unit lint audit sbom types slo-test chaos mutants soak toxiproxy locust stack-up stack-down clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# Debian's Python comes without the module that makes environments; its pip can take the place.
.tools/bin/uv:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer on PATH. Install one" >&2; exit 1; }
	@{ $(PYTHON) -m venv .tools && .tools/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); } >/dev/null 2>&1 || { \
		rm -rf .tools && mkdir -p .tools/bin && \
		$(PYTHON) -m pip install -q --disable-pip-version-check --target .tools/lib uv==$(UV_VERSION) && \
		ln -s ../lib/bin/uv .tools/bin/uv; } || { \
		rm -rf .tools; \
		echo "error: $(PYTHON) can make no environment and has no pip that could install uv (reason above)." >&2; \
		echo "Put uv on PATH, or give Python its missing parts (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

setup: $(UV)  ## Build the locked environment in .venv (EXTRA=cpu|gpu)
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer on PATH. Install one" >&2; exit 1; }
	@$(UV) sync --frozen --quiet --python "$(PYTHON)" --extra $(EXTRA) --extra stack --extra proof

ifdef T
test: setup
	.venv/bin/pytest $(T)
else
# Acceptance tests measure a whole system, so they run alone, once all others have passed.
test: setup  ## All tests, or those in T=path; Postgres and Redis are started as needed
	.venv/bin/pytest $(SIDE_BY_SIDE) --ignore=tests/acceptance
	.venv/bin/pytest tests/acceptance
endif

unit: setup  ## The tests that need no service
	.venv/bin/pytest $(SIDE_BY_SIDE) -m unit

lint: setup  ## Style, import borders, dangerous calls
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES) deploy

audit: $(UV)  ## Known weaknesses of the locked dependencies, by OSV; 75 when it can't be asked
	@.ci/audit

sbom: $(UV)  ## What the production image is made of, as CycloneDX, in build/sbom.json
	@mkdir -p build && $(UV) export --frozen --quiet --no-default-groups --extra $(EXTRA) --extra flower \
		--format cyclonedx1.5 --preview-features sbom-export --output-file build/sbom.json >/dev/null && \
		echo build/sbom.json

types: setup  ## Types, strictly
	.venv/bin/mypy

slo-test: setup  ## A campaign with an outage on the whole stack, judged and reported (PROFILE=smoke|ci|full)
	.venv/bin/steadypost slo-test --profile $(PROFILE) --seed $(SEED)

# Ctrl-C ends the load; what it recorded stays in .stack/default/webhook-load.
locust: setup  ## Webhook load on the running stack by hand, with Locust's web UI
	@.venv/bin/steadypost stack status >/dev/null || { echo "error: no whole stack is running. Start it: make stack-up" >&2; exit 1; }
	@eval "$$(.venv/bin/steadypost stack env)" && run=.stack/default/webhook-load && mkdir -p $$run && \
	.venv/bin/python -m loadtests.past_campaign --targets $$run/targets.jsonl && \
	exec .venv/bin/python -m loadtests.webhook_run --ui --run $$run --targets $$run/targets.jsonl \
		--url "$$STEADYPOST_PUBLIC_URL" --signing-key .stack/default/signing-key.pem

chaos: setup  ## Break the system in every way that each change must survive, and judge it (RANK=P0|P1|P2)
	.venv/bin/steadypost chaos run --rank $(RANK) --seed $(SEED) $(if $(WITHIN_MINUTES),--within-minutes $(WITHIN_MINUTES))

mutants: setup  ## Make known mistakes in a copy of the product: each must turn exactly its rules red
	.venv/bin/steadypost chaos mutants --seed $(SEED)

soak: setup  ## Random faults, campaign after campaign (MINUTES=60 SEED=1)
	.venv/bin/steadypost chaos soak --minutes $(MINUTES) --seed $(SEED)

toxiproxy: setup  ## Get the server that network faults go through: from PATH, by Go, or from its image
	.venv/bin/python -m chaos.toxiproxy

stack-up: setup  ## Start the whole system on this machine
	.venv/bin/steadypost stack up

stack-down: setup  ## Stop it
	.venv/bin/steadypost stack down

clean:  ## Remove stacks (after stopping them), environments and caches
	@for stack in .stack/*/stack.json; do \
		test ! -e "$$stack" || .venv/bin/steadypost stack down --remove --name "$$(basename "$$(dirname "$$stack")")"; done
	rm -rf .venv .tools .stack .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
