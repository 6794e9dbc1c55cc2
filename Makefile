# Everything a newcomer needs: `make demo`, `make test`, `make check`. `make help` lists the rest.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
unexport PYTHONDONTWRITEBYTECODE # so that the next run finds the tests as pytest has rewritten them
RUN := $(UV) run --no-sync --quiet
# One more than cores: many tests wait.
WORKERS = $(shell .venv/bin/python -c 'import os; print((os.cpu_count() or 1) + 1)')
LONG := tests/city tests/e2e tests/crash/test_cashier.py tests/integration/main/test_failing_disk.py::test_after_a_failed_fsync_nothing_is_confirmed_and_the_process_ends \
	$(addprefix tests/integration/main/,test_like_windows.py test_schema_upgrade.py) \
	$(addprefix tests/integration/features/,test_histories.py test_reconciliation.py test_wallet_service.py)

.DEFAULT_GOAL := help
WEBS := web/miniapp web/console
NPM := npm --no-audit --no-fund --silent run

.PHONY: help setup demo up test test-long test-connected test-deploy test-web test-browser check check-web web web-setup fmt docs migration golden fuzz fuzz-api city crash cluster-demo bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.ready: pyproject.toml uv.lock $(wildcard examples/*/pyproject.toml) | $(filter .tools/bin/uv,$(UV))
	@echo "setting up the environment in .venv …"
	@$(UV) sync --frozen --quiet --compile-bytecode --python $(PYTHON)
	@.venv/bin/python -m compileall -q src
	@touch $@

# What pytest makes of the tests, made once instead of by each worker of the first run; what is wrong with one, `make test` says.
.venv/.tests: .venv/.ready
	@$(RUN) pytest --collect-only -qq >/dev/null 2>&1 || true
	@touch $@

setup: .venv/.ready .venv/.tests ## make the environment (done by the others when needed)

demo: .venv/.ready ## the whole platform with simulated stations; Ctrl-C stops it
	@$(RUN) chargecloud demo

up: .venv/.ready ## the platform alone, on SQLite in ./var
	@$(RUN) chargecloud up

test: setup ## the test suite, offline and without any server; the house rules are tests of `make check`
	@$(RUN) pytest -n $(WORKERS) --dist worksteal --ignore tests/tidy

test-long: setup ## long forms of tests in `make test`, and the commands of a machine like Windows; no server needed
	@$(RUN) pytest -n $(WORKERS) --dist worksteal -m "slow and not connected" $(LONG)

test-connected: setup ## the tests that need MariaDB, Redis and RabbitMQ on 127.0.0.1; none is skipped
	@$(RUN) pytest -m connected tests

test-deploy: setup ## deploy/ at work: units, nginx, servers, a charge; needs nginx, systemd-analyze and the servers' programs
	@$(RUN) pytest -m slow tests/integration/deploy

check: setup ## lint, types, import contracts, house rules
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) pytest tests/tidy
	@if [ -e web/console/node_modules/.ready ]; then $(MAKE) --no-print-directory check-web; else echo "web: left out, \`make web-setup\` was not done (needs Node)"; fi

web-setup: ## the web apps: install their tools (needs Node 20.19 or newer)
	@for app in $(WEBS); do cmp -s $$app/package-lock.json $$app/node_modules/.ready || ( \
		cd $$app && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.ready ) || exit 1; done

check-web: web-setup ## the web apps: lint and types
	@$(NPM) types --prefix web/console
	@for app in $(WEBS); do $(NPM) lint --prefix $$app && $(NPM) check --prefix $$app || exit 1; done

test-web: web-setup ## the web apps: unit tests, and the drivers' app in WeChat's own compilers
	@$(NPM) types --prefix web/console
	@for app in $(WEBS); do $(NPM) test --prefix $$app || exit 1; done
	@$(NPM) build:mp --prefix web/miniapp
	@$(NPM) test:mp --prefix web/miniapp

test-browser: setup web-setup ## the web apps in a real browser, against the demo: make test-browser SHOTS=docs/manual makes the manual's pictures
	@for app in $(or $(APP),$(WEBS)); do SHOTS=$(if $(SHOTS),$(abspath $(SHOTS))) $(NPM) test:e2e --prefix $$app || exit 1; done

web: web-setup ## the web apps: build what / and /m/ serve, after a change in web/
	@$(NPM) types --prefix web/miniapp
	@$(NPM) build:h5 --prefix web/miniapp
	@$(NPM) types --prefix web/console
	@$(NPM) build --prefix web/console

fmt: setup ## format and mend what ruff can mend
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

docs: setup ## write the generated documents anew
	@$(RUN) python -m tools.generate

migration: setup ## write a migration for what changed in the tables: make migration NAME=add_something
	@$(RUN) python -m tools.new_migration $(NAME)

golden: setup ## golden file of a captured frame: make golden PROTOCOL=ykc16 HEX=68…
	@$(RUN) chargecloud decode --protocol $(or $(PROTOCOL),ykc16) --golden $(HEX)

FUZZED = $(firstword $(dir $(wildcard examples/*/tests/fuzz_$(PROTOCOL).py)))
fuzz: setup ## one million executions against a connection: make fuzz PROTOCOL=dny RUNS=… SEED=…
	@$(if $(FUZZED),PYTHONPATH=$(FUZZED)) $(RUN) python -m $(if $(FUZZED),,tests.fuzz.)fuzz_$(or $(PROTOCOL),ykc16) --runs $(or $(RUNS),1000000) --seed $(or $(SEED),1)

fuzz-api: setup ## every route, by every kind of caller, with what the document allows and what it does not: make fuzz-api EXAMPLES=… SEED=…
	@$(RUN) python -m tests.fuzz.fuzz_api --examples $(or $(EXAMPLES),40) --seed $(or $(SEED),1)

city: setup ## a simulated day of 200 charge points and 500 boards with every fault: make city SEED=…
	@$(RUN) python -m tests.city --seed $(or $(SEED),1)

crash: setup ## kill -9 of the running platform at named points and at random, 200 times: make crash KILLS=… SEED=…
	@$(RUN) python -m tests.crash --kills $(or $(KILLS),200) --seed $(or $(SEED),1)

cluster-demo: .venv/.ready ## six processes and their servers under load while they die: make cluster-demo FORM=--short SECONDS=…
	@$(RUN) python -m tests.cluster $(FORM) $(if $(SECONDS),--seconds $(SECONDS)) --seed $(or $(SEED),1)

bench: setup ## measure, and write docs/performance.md; only some anew: make bench NAMES="pace settle"
	@$(RUN) python -m tests.bench --write $(NAMES)

clean: ## remove what was built and set up
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis
