# Two commands set everything up, on Debian 12 or later or Raspberry Pi OS: make run, make test.

PORT ?= 8080
SPEED ?= 1
PLACE ?= sweden
VENV ?= .venv
BIN := $(VENV)/bin
SETUP := sh scripts/setup.sh
# A worker more than cores, for some tests wait on others; each file stays with one worker.
# Bytecode is kept, whatever the machine says: programs that tests start would each compile the product anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
WORKERS ?= -n $(shell expr $$(nproc) + 1) --dist loadgroup --no-loadscope-reorder

.PHONY: run test dev check bench fleet schema locales dashboards train clean help

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

run:  ## install what is missing and start the appliance on a virtual house: PLACE=sweden, india or canada
	@$(SETUP) run $(VENV)
	@exec $(BIN)/tallywatt demo --place $(PLACE) --port $(PORT) --speed $(SPEED)

test:  ## install what is missing and run the whole suite, browser tests included
	@$(SETUP) test $(VENV)
	$(PYTEST) $(WORKERS)

dev:  ## make .venv with the product (editable) and all tools
	@$(SETUP) dev $(VENV)

check: dev  ## what a change must pass: lint, format, types, import floors, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) $(WORKERS)

bench: dev  ## measure, and print a table
	$(BIN)/python -m bench

fleet: dev  ## 2000 appliances come back to one store at once: FLEET=2000 STORE=victoria_metrics
	$(BIN)/python -m bench.fleet

schema: dev  ## write config/schema.json anew
	$(BIN)/tallywatt schema -o config/schema.json

locales: dev  ## collect texts and compile the translations
	$(BIN)/python -m ui.catalogues

dashboards: dev  ## write config/grafana/*.json anew
	$(BIN)/python -m scripts.dashboards

train:  ## train the networks anew: make train DATA=folder
	@$(SETUP) train $(VENV)
	$(BIN)/python -m ocr.train --data $(DATA)

clean:  ## remove what was made here
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
