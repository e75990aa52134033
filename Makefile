# Each target installs what it needs. To use another Python for .venv: make PYTHON=python3.12 setup

PYTHON = python3
python = .venv/bin/python

.PHONY: help setup demo run test lint format audit attack bench bench-reads bench-size load explore machines soak screenshots stop texts wheel image image-test packages \
	development programs python

help:
	@echo "make setup        install the packages into .venv, create the secret key and the private PostgreSQL"
	@echo "make demo         sync a sample Page and serve it on 127.0.0.1:8000 (PORT=8001: another port; SERVE=0: only sync)"
	@echo "make run          serve the site of this checkout and reload it when code changes (PORT=8001: another port)"
	@echo "make test         all checks and tests (FAST=1: a first answer within 90 seconds;"
	@echo "                  POSTGRES=wheel or system: only on that PostgreSQL; SEED=7: in that order of files, with that data)"
	@echo "make lint         check the style of Python (ruff), and style and types of the browser code (Biome and tsc, by npm)"
	@echo "make format       format Python and the browser code"
	@echo "make texts        write the catalogues of all texts in locale/ (LANGUAGE=de: begin that language)"
	@echo "make audit        look for known vulnerabilities of the locked packages (needs the network)"
	@echo "make attack       try every address as every kind of person, and press on the server (ONLY=matrix or pressure)"
	@echo "make bench        measure syncs and write docs/benchmarks.md (18 minutes; ALL=1: with the long cases;"
	@echo "                  PROFILE=1: with a profile; ONLY=\"process start sync write speed calls pages live memory\": some of the"
	@echo "                  cases, of which only live writes its part; ONLY=calls BEFORE=main: also that commit)"
	@echo "make bench-reads  measure lists of two million conversations (ROWS=100000: fewer; BEFORE=main: the requests"
	@echo "                  per second of that commit, too; ROWS=10000000 COMPARE=1000000: both, for docs/scale.md)"
	@echo "make bench-size   measure the bytes of a message in each table and index (MESSAGES=200000: fewer)"
	@echo "make load         50 staff, 5 first syncs, webhooks and 200 streams for ten minutes (MINUTES=1: shorter;"
	@echo "                  CONVERSATIONS=20000 STAFF=10 STREAMS=50 SYNCS=2 WEBHOOKS=10: another size)"
	@echo "make explore      compare syncs and webhooks in 20 times as many random orders (EXAMPLES=50: more; SEED=7: repeat)"
	@echo "make machines     sync 12 Pages on six machines (network namespaces; root) that are killed and cut off, then with 1, 2 and 4 workers"
	@echo "                  (PAGES=, CONVERSATIONS=, WORKERS=1,2,4; PAGES=200 writes into docs/scale.md)"
	@echo "make soak         kill 200 syncs at random moments and compare the result (SYNCS=1000: more; SEED=7: repeat)"
	@echo "make screenshots  take the pictures of the README"
	@echo "make wheel        build the package dist/inbox-….whl, which gives the command inbox"
	@echo "make image        build the container image inbox (buildah)"
	@echo "make image-test   build and start the image, and sync a Page in it (root; buildah, podman, mmdebstrap)"
	@echo "make stop         stop what this checkout started"

setup: packages
	@$(python) -m inbox.postgres setup
	@$(python) -m inbox.postgres run inbox -- $(python) manage.py migrate --verbosity 0

demo: setup
	@exec $(python) -m inbox.postgres run inbox_demo -- $(python) manage.py demo

run: setup
	@exec $(python) -m inbox.postgres run inbox -- .venv/bin/uvicorn inbox.asgi:application --reload \
		--port $(or $(PORT),8000)

test: development programs lint
	@$(python) -m tests.suite

lint: development
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) tests/biome.py check --error-on-warnings
	@$(python) tests/biome.py types

format: development
	@$(python) -m ruff check --fix-only --quiet
	@$(python) -m ruff format
	@$(python) tests/biome.py check --write

texts: development
	@$(python) -m tests.texts $(LANGUAGE)

audit: python
	@$(PYTHON) inbox/install.py requirements-audit.txt
	@.venv-audit/bin/python tests/audit.py

attack: development
	@exec $(python) -m tests.attack

bench-reads: development
	@exec $(python) -m tests.benchmarks_reads

bench-size: development
	@$(python) -m tests.benchmarks_reads.sizes

load: development
	@exec $(python) -m tests.load

bench: packages
	@exec $(python) -m tests.benchmarks $(if $(ALL),--all) $(if $(PROFILE),--profile) $(if $(ONLY),--only $(ONLY)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SIZES),--sizes $(SIZES)) $(if $(INTO),--into $(INTO))

machines: development programs
	@$(PYTHON) tests/programs.py tcpdump:tcpdump
	@$(python) -m tests.machines

explore: development
	@SEED=$(SEED) EXAMPLES=$(or $(EXAMPLES),20) $(python) -m pytest -q -n 2 --dist load \
		tests/conversations/sync/test_any_interleaving.py tests/conversations/webhooks/test_with_sync.py

soak: development
	@SYNCS=$(or $(SYNCS),200) SEED=$(SEED) $(python) -m pytest -q -s tests/crash

screenshots: setup development programs
	@$(python) -m inbox.postgres run inbox_demo -- $(python) -m tests.browser.screenshots

wheel: development
	@$(python) -m hatchling build --clean --target wheel

image: wheel
	@buildah bud --format docker --layers --target inbox --file deploy/Containerfile --tag inbox .

image-test: wheel
	@$(PYTHON) tests/programs.py buildah:buildah podman:podman crun:crun mmdebstrap:mmdebstrap
	@$(python) -m pytest -q tests/deploy/image_walk.py

stop:
	@if [ -x $(python) ]; then $(python) -m inbox.postgres stop; else echo "No .venv here: nothing to stop."; fi

packages: python
	@$(PYTHON) inbox/install.py requirements.txt

development: python
	@$(PYTHON) inbox/install.py requirements-dev.txt
	@$(PYTHON) inbox/install.py requirements-sdk.txt
	@$(PYTHON) inbox/install.py requirements-load.txt

programs: python
	@$(PYTHON) tests/programs.py chromium-headless-shell:chromium-headless-shell node:nodejs npm:npm \
		nginx:nginx-light caddy:caddy age:age systemd-analyze:systemd docker-compose:docker-compose \
		pgbouncer:pgbouncer ip:iproute2 faketime:faketime

python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "inbox: $(PYTHON) is missing (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
