# Everything runs in environments that this file makes: .venv for the project, .tools for its tools.
# `make` lists the targets.

SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; assert sys.version_info >= (3, 11); print(sys.executable)' 2>/dev/null && break; done)
BUILD_TARGET ?= aws

UV := .tools/uv/bin/uv
RUN := .venv/bin/python -m
SAM := .tools/sam/bin/sam
MODULES := frontend/node_modules/.locked
ENVIRONMENTS := .tools/uv/.locked .venv/.locked .tools/sam/.locked .tools/ministack/.locked $(MODULES)
UI := frontend/dist/index.html
UI_SOURCES := $(shell find frontend/src frontend/public -type f ! -name element-plus.d.ts) \
	$(addprefix frontend/,index.html package.json vite.config.ts tsconfig.json)
E2E := .local/e2e

MAKEFLAGS += --no-print-directory
export PYTHONPATH := $(CURDIR)/shared:$(CURDIR)
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/.tools/sam-settings

.PHONY: help environments demo up down logs clean test lint openapi format unit integration e2e bench \
	bench-backtest soak build-aws bundle upload-candles lock ui screenshots

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Local stack

demo: environments ui ## Bring the local stack up with a trading bot and watch it; Ctrl-C stops it.
	@$(RUN) scripts.demo

up: environments ui ## Bring the local stack up; its addresses go to .local/stack.json.
	@$(RUN) scripts.stack up

down: .venv/.locked ## Stop the local stack; its state is kept.
	@$(RUN) scripts.stack down

logs: .venv/.locked ## Follow a function's log on the local stack: FUNCTION=tick, exchange, api, socket, push …
	@$(RUN) scripts.logs $(or $(FUNCTION),tick)

clean: ## Stop the local stack, remove its state, all builds and environments.
	@if [ -x .venv/bin/python ]; then $(RUN) scripts.stack down; fi
	rm -rf .local .build .aws-sam .venv .tools .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf frontend/node_modules frontend/dist

upload-candles: .venv/.locked ## Upload recorded candles for replays: NAME=dataset FILES="a.csv b.csv.gz".
	@$(RUN) scripts.upload_candles $(if $(BUCKET),--bucket "$(BUCKET)") "$(NAME)" $(FILES)

# Checks

test: lint unit integration e2e ## Everything that CI runs.

lint: .venv/.locked .tools/sam/.locked $(MODULES) ## Static checks of code and templates.
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	.venv/bin/lint-imports
	@$(RUN) scripts.openapi --check
	.venv/bin/cfn-lint template.yaml infra/*.yaml
	$(SAM) validate --lint --region us-east-1
	cd frontend && npm run --silent lint
	@cd frontend && npx openapi-typescript ../openapi.json 2>/dev/null | cmp -s - src/api/schema.ts || \
		{ echo "frontend/src/api/schema.ts is not what openapi.json says: npm run types"; exit 1; }

openapi: .venv/.locked ## Write the description of the API to openapi.json.
	@$(RUN) scripts.openapi

format: .venv/.locked ## Format the code.
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

unit: .venv/.locked $(MODULES) ## Tests without sockets.
	$(RUN) pytest -n 2 -m "not soak" tests/unit $(ARGS)
	cd frontend && npm test --silent

integration: environments ## Tests on loopback, some on a bare emulator.
	$(RUN) pytest tests/integration $(ARGS)

e2e: environments ui ## Tests of a stack deployed for them, the web UI in Chromium among them.
	$(call on-a-stack-of-its-own,not soak)

soak: environments ui ## The long tests: histories and months over the wire, then a deployed stack.
	$(RUN) pytest -n 2 -m soak tests/unit $(ARGS)
	$(call on-a-stack-of-its-own,soak)

# The stack looks for all exchanges at one loopback port, where tests play them.
define on-a-stack-of-its-own
	@rm -rf $(E2E)
	@port=$$($(RUN) scripts.free_port); \
	export PAIRTRADER_EXCHANGE_PORT=$$port LOCAL_DIR=$(E2E) LOCAL_PORT=0 UI_PORT=0; \
	host="http://127.0.0.1:$$port"; \
	export EXCHANGE_HOSTS="{\"okx\":\"$$host\",\"binance\":\"$$host\",\"bybit\":\"$$host\"}"; \
	trap '$(RUN) scripts.stack down' EXIT; \
	$(RUN) scripts.stack up && \
	PAIRTRADER_STACK=$(CURDIR)/$(E2E)/stack.json $(RUN) pytest -m "$(1)" tests/e2e $(ARGS)
endef

bench: environments ## Benchmarks, but for the backtest's.
	$(RUN) pytest -s --ignore tests/benchmarks/backtest tests/benchmarks $(ARGS)
	@echo "The backtest beside other libraries, which are installed for that: make bench-backtest"

PEERS := .tools/peers/.locked .tools/nautilus/.locked

bench-backtest: .venv/.locked $(PEERS) ## The backtest beside other libraries, 10 minutes.
	$(RUN) pytest -s tests/benchmarks/backtest $(ARGS)

# Web UI

ui: $(UI) ## Build the web UI into frontend/dist.

$(UI): $(MODULES) $(UI_SOURCES)
	cd frontend && npx vite build --logLevel warn

$(MODULES): frontend/package-lock.json frontend/.npmrc
	@command -v npm >/dev/null || { echo "The web UI needs Node 20.19 or newer, with npm."; exit 1; }
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

screenshots: environments ui ## Take docs/screenshots anew, of bots that trade for MINUTES (8).
	@$(RUN) scripts.screenshots

# Bundles

bundle: .tools/uv/.locked
	@.tools/uv/bin/python -m scripts.bundle $(FUNCTION) --into "$(ARTIFACTS_DIR)" --target $(BUILD_TARGET)

build-aws: .tools/sam/.locked ## Build for AWS; needs python3.13.
	BUILD_TARGET=aws $(SAM) build

# Environments

environments: $(ENVIRONMENTS) ## Install everything that the other targets need.

.tools/uv/.locked: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv --clear .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.locked: requirements/dev.txt .tools/uv/.locked
	$(UV) venv --quiet --clear --python .tools/uv/bin/python .venv
	$(UV) pip sync --quiet --require-hashes --python .venv $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv --editable .
	@touch $@

.tools/%/.locked: requirements/%.txt .tools/uv/.locked
	$(UV) venv --quiet --clear --python .tools/uv/bin/python .tools/$*
	$(UV) pip sync --quiet --require-hashes --python .tools/$* $<
	@touch $@

LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links

lock: .tools/uv/.locked ## Resolve requirements anew; UPGRADE=--upgrade takes the newest versions.
	$(LOCK) $(UPGRADE) --override requirements/overrides.txt requirements/dev.in -o requirements/dev.txt
	for f in tick exchange api socket push notify deliver publish research; do \
		$(LOCK) $(UPGRADE) --override requirements/overrides.txt -c requirements/dev.txt \
			functions/$$f/requirements.in -o functions/$$f/requirements.txt || exit 1; done
	for t in sam ministack uv peers nautilus; do $(LOCK) $(UPGRADE) requirements/$$t.in -o requirements/$$t.txt || exit 1; done
