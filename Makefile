# `make demo` and `make test` are all a fresh machine needs; `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Options for the programs behind the targets, e.g. make demo DEMO_ARGS="--port 9001"
DEMO_ARGS ?=
BENCH_ARGS ?=
FUZZ ?= 300
ATTACK ?= 10000
STORM ?= 2000
UPGRADE ?= 10
PYTEST_ARGS ?=
LOCK_ARGS ?=
SDK ?=

.DELETE_ON_ERROR:
.PHONY: help demo test lint format docs texts pictures fuzz attack storm upgrade vendor-suite postgres bench man build sbom audit lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/.runtime ## a sample shop, the checkout and simulated gateways, on this machine
	@exec $(BIN)/checkout demo $(DEMO_ARGS)

test: lint ## everything: style, types, imports, then the tests (installs browsers where it may)
	@CHECKOUT_CHROMIUM="$$(tools/chromium)" && export CHECKOUT_CHROMIUM && \
		CHECKOUT_POSTGRES="$$(tools/postgres)" && export CHECKOUT_POSTGRES && \
		tools/engines && tools/node && tools/php && tools/deployment && \
		$(BIN)/python -m pytest -n auto --dist loadfile -m "not browser and not engines and not bench" $(PYTEST_ARGS) && \
		$(BIN)/python -m pytest -n 2 --dist loadfile -m "(browser or engines) and not bench" $(PYTEST_ARGS) && \
		$(BIN)/python -m pytest -m bench $(PYTEST_ARGS)  # alone: it has a clock to keep

lint: $(VENV)/.dev ## style, types and the import chain
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.dev ## what is made from code and libraries: tables and pictures in the documents, addresses of countries
	$(BIN)/python -m tools.api_tables
	$(BIN)/python -m tools.postal_addresses
	$(BIN)/python -m tools.status_pictures

texts: $(VENV)/.dev ## the catalogues: new texts in, what nobody shows out, and what is left to translate or wrong
	$(BIN)/python -m tools.catalogues update
	$(BIN)/python -m tools.catalogues missing
	$(BIN)/python -m tools.catalogues check

pictures: $(VENV)/.dev ## pictures/: the pages in every language, wide and narrow, and what axe-core finds there
	$(BIN)/python -m tests.gallery --languages all --only several-methods,declined-retry,paid

fuzz: $(VENV)/.dev ## readers that are not linear in time and memory: FUZZ examples for each
	CHECKOUT_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/fuzz $(PYTEST_ARGS)

attack: $(VENV)/.dev ## cards are tested from one address and from thousands: ATTACK cards, what came of them
	CHECKOUT_ATTACK=$(ATTACK) $(BIN)/python -m pytest tests/web/test_card_testing.py -s $(PYTEST_ARGS)

storm: $(VENV)/.dev ## STORM payments through two servers with every fault, 30 times kill -9, and what came of them
	@CHECKOUT_POSTGRES="$$(tools/postgres)" && export CHECKOUT_POSTGRES && \
		CHECKOUT_STORM=$(STORM) $(BIN)/python -m pytest tests/storm -s -o faulthandler_timeout=3600 $(PYTEST_ARGS)

upgrade: $(VENV)/.dev ## to this release and back while customers pay, UPGRADE seconds a step, on SQLite and PostgreSQL
	@CHECKOUT_POSTGRES="$$(tools/postgres)" && export CHECKOUT_POSTGRES && \
		CHECKOUT_UPGRADE=$(UPGRADE) $(BIN)/python -m pytest tests/upgrade -s $(PYTEST_ARGS)

vendor-suite: $(VENV)/.dev ## the vendor's own PHP suite, of the checkout SDK=/path, against ours (needs phpunit)
	@exec $(BIN)/python -m tools.vendor_suite $(SDK)

postgres: $(VENV)/.dev ## what runs on PostgreSQL alone, over the newest one here, or CHECKOUT_POSTGRES=/folder/of/its/programs
	@CHECKOUT_POSTGRES="$$(tools/postgres)" && export CHECKOUT_POSTGRES && \
		$(BIN)/python -m pytest tests/ledger tests/payments -n auto --dist loadfile -k postgresql $(PYTEST_ARGS)

bench: $(VENV)/.dev ## speed, weight and memory, each beside a baseline of the same run
	@CHECKOUT_POSTGRES="$$(tools/postgres)" && export CHECKOUT_POSTGRES && \
		exec $(BIN)/python -m bench $(BENCH_ARGS)

man: $(VENV)/.dev ## the manual page, to read; the wheel has it as share/man/man1/checkout.1
	@$(BIN)/checkout man | man -l -

build: $(VENV)/.dev ## dist/: the source archive and the wheel
	$(BIN)/python -m build --no-isolation

sbom: build ## dist/: the wheel's bill of materials, as CycloneDX
	@set -e; for wheel in dist/*.whl; do \
		$(BIN)/python tools/sbom.py "$$wheel" > "$${wheel%.whl}.cdx.json"; echo "$${wheel%.whl}.cdx.json"; \
	done

# An environment of its own: what looks for weaknesses is no part of what is looked at.
audit: .venv-audit/bin/pip-audit ## known weaknesses of what is locked (asks the package registry)
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-postgresql.txt
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt

.venv-audit/bin/pip-audit:
	$(MAKE) --no-print-directory VENV=.venv-audit .venv-audit/bin/python
	.venv-audit/bin/python -m pip --disable-pip-version-check --quiet install pip-audit==2.10.1

# --- The environment: one folder, filled in two steps, from nothing but hashed locks ------------

$(VENV)/bin/python:
	@for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& echo "making $(VENV) with $$("$$python" --version)" \
			&& exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo "checkout needs Python 3.11 or newer with its venv module, and found none." >&2; \
	echo "Debian, Ubuntu: apt-get install python3 python3-venv. Or: make PYTHON=/path/to/python" >&2; \
	exit 1

# What `make demo` needs.
$(VENV)/.runtime: pyproject.toml requirements.txt requirements-build.txt | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.txt -r requirements-build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# What everything else needs besides.
$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# --- The locks ----------------------------------------------------------------------------------
# Every version, with the hashes of all its published files, so that one lock serves every platform.
# Keeps what is pinned and still fits; LOCK_ARGS=--upgrade takes the newest.

UV := .venv-lock/bin/uv
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-config --no-header --quiet $(LOCK_ARGS)

lock: $(UV) ## write the lock files anew
	$(COMPILE) -o requirements.txt
	$(COMPILE) --constraints requirements.txt --extra postgresql -o requirements-postgresql.txt
	$(COMPILE) --constraints requirements-postgresql.txt --extra postgresql --extra opentelemetry --group build --group test \
		-o requirements-dev.txt
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-config --no-header --quiet \
		--group build --constraints requirements-dev.txt $(LOCK_ARGS) -o requirements-build.txt

$(UV):
	$(MAKE) --no-print-directory VENV=.venv-lock .venv-lock/bin/python
	.venv-lock/bin/python -m pip --disable-pip-version-check --quiet install uv==0.13.9

clean: ## away with all that can be made again
	rm -rf $(VENV) .venv-lock .venv-audit dist tests/node/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
