# Verbs of the project. `.ci/run` calls these and nothing else of its own.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The first interpreter that is new enough; `make PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$each; break; }; done)

VENV := .venv/bin
WORKERS ?= 2
PY := PYTHONPATH=layers/shared:. $(VENV)/python
# Says how long a command still takes; needs no package, so that the set-up has it too.
STEP := $(PYTHON) -m local.console.steps
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-west-1 $(VENV)/sam

.PHONY: help setup run status stop test test-fast test-deep fuzz check invoke replay drift bench bench-latency bench-history openapi lint format types imports migrations-lint validate build clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: .venv/.installed node_modules/.installed ## install everything into this folder

.local/.prerequisites: local/prerequisites.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt install python3, or https://www.python.org" >&2; exit 1; }
	@$(PYTHON) local/prerequisites.py
	@mkdir -p .local && touch $@

.venv/.installed: requirements/bootstrap.txt requirements/dev.txt | .local/.prerequisites
	@echo "Python: $$($(PYTHON) --version) in .venv"
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv
	@$(STEP) "make setup: pip" -- $(VENV)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@echo "Python: $$(grep -c == requirements/dev.txt) packages, locked by hash"
	@VIRTUAL_ENV=$(CURDIR)/.venv $(STEP) "make setup: Python packages" -- $(VENV)/uv pip sync --quiet --require-hashes requirements/dev.txt || { \
		echo "Python: uv could not install them, trying pip"; \
		$(STEP) "make setup: Python packages by pip" -- $(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt; }
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc | .local/.prerequisites
	@echo "Node: the chain, contract artifacts, the compiler and the venue's TypeScript client"
	@$(STEP) "make setup: Node packages" -- npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

run: setup ## the main job on the one-machine stack; KEEP=1 leaves it up
	@$(PY) -m local.run $(if $(KEEP),--keep) $(ARGS)

status: setup ## how the stack stands that is up: jobs, health, wallets, risk, alerts, addresses
	@$(PY) -m local.console.status $(ARGS)

stop: ## ends the stack that is up, wherever it was started; safe to repeat
	@if test -x $(VENV)/python; then $(PY) -m local.console.stop $(ARGS); else echo "Nothing is set up here, so no stack is up."; fi

test: setup ## pytest on two workers; ARGS="-m integration" passes arguments on
	@$(VENV)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-fast: setup ## the unit tests: no database, no chain, no exchange process
	@$(VENV)/pytest -n $(WORKERS) --dist worksteal --hypothesis-profile=fast tests/unit $(ARGS)

test-deep: setup ## what takes longer: new examples for every property, and a death at every effect
	@$(VENV)/pytest -n $(WORKERS) --dist worksteal --hypothesis-profile=deep tests/unit $(ARGS)
	@CRASH_POINTS=effects $(VENV)/pytest -n $(WORKERS) --dist worksteal tests/crashes tests/settlement $(ARGS)

fuzz: setup ## the API by its own document, other requests each time: FUZZ_EXAMPLES=40 of each kind, FUZZ_SEED=n again
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),40) FUZZ_SEED=$(or $(FUZZ_SEED),$(shell date +%s)) $(VENV)/pytest -s -m api_fuzz tests/api $(ARGS)

check: lint types imports migrations-lint validate ## what .ci/run asks before the tests

invoke: setup ## one function with one event on a stack that is up: FUNCTION=lt-execute [EVENT=events/lt-execute.json]
	@$(PY) -m local.invoke "$(FUNCTION)" $(if $(EVENT),--event "$(EVENT)")

replay: setup ## decisions over recorded real answers: DATA=../shared/data/polymarket-v1-samples
	@$(STEP) "make replay" -- env $(PY) -m local.replay "$(DATA)" $(ARGS)

drift: setup ## does the live venue still fit? LOCAL=1 asks a stack, DATA=folder reads recorded answers; sends no key
	@$(PY) -m local.drift $(if $(LOCAL),--local) $(if $(DATA),--data "$(DATA)") $(ARGS)

bench: setup ## an evaluation, many wallets at once, a warm lt-execute, orders a second, the kill switch, a thousand resolutions
	@$(STEP) "make bench, 1 of 6: evaluation" -- env $(PY) -m benchmarks.evaluation
	@$(STEP) "make bench, 2 of 6: wide" -- env $(PY) -m benchmarks.wide
	@$(STEP) "make bench, 3 of 6: lt_execute" -- env $(PY) -m benchmarks.lt_execute
	@$(STEP) "make bench, 4 of 6: order_rate" -- env $(PY) -m benchmarks.order_rate
	@$(STEP) "make bench, 5 of 6: kill_switch" -- env $(PY) -m benchmarks.kill_switch
	@$(STEP) "make bench, 6 of 6: settle" -- env $(PY) -m benchmarks.settle

bench-history: setup ## what a year of rows makes of runs, health and lists; a quarter of an hour
	@$(STEP) "make bench-history" -- env $(PY) -m benchmarks.history $(ARGS)

bench-latency: setup ## from a trader's fill to our order at the speed of real time; two minutes
	@$(STEP) "make bench-latency" -- env $(PY) -m benchmarks.latency

openapi: setup ## write the document of the API anew, after a change of its routes
	@$(PY) -m local.openapi

lint: setup ## ruff
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

format: setup ## rewrite to the house's format
	@$(VENV)/ruff format .

types: setup ## mypy, strict
	@MYPYPATH=layers/shared:. $(VENV)/mypy -p live_trading -p local -p functions -p benchmarks

imports: setup ## which room may import which
	@PYTHONPATH=layers/shared:. $(VENV)/lint-imports

migrations-lint: setup ## squawk over the migrations
	@$(VENV)/squawk migrations/*.sql

validate: setup ## the SAM template, offline
	@$(SAM) validate --lint

build: setup ## what `sam deploy` uploads; needs python3.13 on the PATH
	@rm -rf functions/migrate/migrations && cp -R migrations functions/migrate/migrations
	@rm -rf functions/health/migrations && cp -R migrations functions/health/migrations
	@$(STEP) "make build" -- env $(SAM) build

clean: ## remove what was installed and made
	@rm -rf .venv node_modules .local .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
