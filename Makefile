# Each target sets up what it needs: a virtual environment, and by apt what the machine lacks.
SHELL := /bin/bash
PORT ?= 8000
CATALOGUE ?=
OPENSEARCH_PORT ?= 9250
N ?= 10000,200000
PRODUCTS ?= ../shared/data/products
BENCH ?=
PY := .venv/bin/python

.PHONY: help demo test coverage test-engines lint opensearch opensearch-stop bench servers runtime dev

help:            ## what there is to make
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 18

demo: runtime    ## the page (PORT=8000), and /shop with the widget, on a drawn catalogue or on CATALOGUE=feed.csv
	@.venv/bin/houndstooth demo --port "$(PORT)" $(if $(CATALOGUE),--catalogue "$(CATALOGUE)")

test: lint servers  ## everything: lint, types, and all tests against real servers and a real browser
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile

coverage: servers  ## the same tests one after another, and which lines they ran
	@$(PY) -m pytest --cov --cov-report=term

test-engines: dev ## engines' contract on every release of both; writes the table of docs/engines.md
	@$(PY) -m tests.engines

lint: dev        ## ruff and mypy strict
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

opensearch: runtime  ## a real local OpenSearch node on OPENSEARCH_PORT (9250)
	@.ci/engines/node start --port $(OPENSEARCH_PORT)

opensearch-stop: ## stop it
	@.ci/engines/node stop --port $(OPENSEARCH_PORT)

bench:           ## time at N=10000,200000 products beside the rivals; needs the photos in PRODUCTS
	@.ci/setup bench
	@$(PY) -m tests.benchmarks.scale.run --sizes "$(N)" --products "$(PRODUCTS)" $(BENCH)

servers: dev     ## what tests start: Chromium, Redis, Node, PHP and what the containers' checks call
	@.ci/setup browser
	@.ci/setup redis
	@.ci/setup containers
	@.ci/setup examples

runtime:         ## the virtual environment .venv, to serve and ingest
	@.ci/setup runtime

dev:             ## the same with what training and tests need
	@.ci/setup dev
