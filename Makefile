# Everything starts here; `make help` lists it. Needs only python3 (3.11 or later), make and git.
.DELETE_ON_ERROR:
.PHONY: help setup package docs up down demo test campaign check bench layers synth deploy clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
STAGE ?= local
TESTS := pytest -n 3 --dist loadgroup --no-loadscope-reorder
unexport PYTHONDONTWRITEBYTECODE  # every process would compile all it imports anew
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:                ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(READY)      ## make the virtual environment with all pinned packages

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "EngHub needs Python 3.11 or later; name one: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@test -e $@ || ! test -e .venv || { echo "The environment was left unfinished: it is made anew."; rm -rf .venv; }
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing the pinned packages (a minute or two) ..."
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements-dev.txt > .venv/uv.txt
	@$(PIP) --require-hashes --requirement .venv/uv.txt
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --requirement requirements-dev.txt || \
	  $(PIP) --no-deps --require-hashes --requirement requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

package: $(READY)    ## build the enghub command for runners and the Python client, with the engine of flags, into .build/
	@rm -rf .build/cli .build/client && mkdir -p .build && cp -r cli .build/cli && cp -r clients/python .build/client
	@cp -r layers/settings/python/enghub_flags .build/client/enghub_flags
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir .build .build/cli .build/client
	@ls .build/enghub_cli-*.whl .build/enghub_client-*.whl

up: $(READY)         ## start the local cloud and deploy EngHub into it
	enghub up

down: $(READY)       ## stop the local cloud
	enghub down

demo: $(READY)       ## tell the story of a day at the factory
	enghub up
	enghub demo

test: $(READY)       ## run all tests; those of one context: make test CONTEXT=mes
	python -m tests.servers $(CONTEXT)
	$(TESTS) $(if $(CONTEXT),--context $(CONTEXT),)
	$(if $(CONTEXT),@echo "used permissions are compared when all tests run",python tools/iam_usage.py)

campaign: $(READY)   ## run whole what `make test` samples: kills and faults everywhere; a third: make campaign PART=1/3; SEED=2 draws others
	python -m tests.servers
	$(TESTS) --campaign --part $(or $(PART),1/1) --seed $(or $(SEED),1) tests/faults tests/functional/upgrade/steps tests/functional/upgrade/test_clickhouse.py tests/functional/golive/test_bus_away.py tests/e2e/core/test_matrix.py tests/e2e/mes/test_contention.py tests/e2e/mes/test_genealogy.py tests/e2e/settings/test_gray_release.py tests/functional/mes/test_clock_changes.py tests/functional/*/test_operations.py tests/functional/plm/test_large_sync.py
	$(TESTS) --campaign --part $(or $(PART),1/1) --hypothesis-seed $(or $(SEED),1) -m hypothesis tests

check: $(READY)      ## lint, format, types, import rules; the templates are among the tests
	ruff check .
	ruff format --check .
	mypy
	PYTHONPATH=$$(echo layers/*/python | tr ' ' ':') lint-imports

docs: $(READY)       ## write anew what is made from the code: API, rights, events, functions, steps
	@export PYTHONPATH=$$(echo layers/*/python | tr ' ' ':'); \
	for name in rights subscriptions event_schemas catalogue openapi upgrade_steps; do python -m tools.$$name || exit 1; done

bench: $(READY)      ## measure, and compare with the baselines
	python -m bench

layers: $(READY)     ## build the layers for AWS (arm64) in .build/layers
	python tools/build_layers.py

synth: $(READY)      ## make the templates of STAGE (default local) in cdk.out
	ENGHUB_STAGE=$(STAGE) CDK_OUTDIR=cdk.out python -m infra.app

deploy: $(READY)     ## deploy STAGE to AWS: make deploy STAGE=dev
	enghub deploy --stage $(STAGE)

clean:               ## remove what can be made again, but not the local cloud's data
	rm -rf .build cdk.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
