# Each target does all it needs from nothing. Another Python for .venv: make PYTHON=python3.12 setup

PYTHON = python3
python = .venv/bin/python

.PHONY: help setup demo test bench bench-reads soak screenshots stop packages development programs python

help:
	@echo "make setup   the packages into .venv, the key, the private PostgreSQL"
	@echo "make demo    a made-up Page, synced and served on 127.0.0.1:8000 (PORT=8001: there; SERVE=0: only synced)"
	@echo "make test    every check and test (POSTGRES=wheel or system: on that PostgreSQL alone; SEED=7: in that order)"
	@echo "make bench-reads   measure the lists over a million conversations (ROWS=100000: fewer)"
	@echo "make bench   measure it against what it replaces, and write docs/benchmarks.md (12 minutes; ALL=1: all of it;"
	@echo "             PROFILE=1: where its threads are; ONLY=\"sync write pace pages memory\": some of it)"
	@echo "make soak    200 syncs killed at random moments (SYNCS=1000: so many; SEED=7: these again)"
	@echo "make stop    stop what this checkout started"

setup: packages
	@$(python) -m inbox.postgres setup
	@$(python) -m inbox.postgres run inbox -- $(python) manage.py migrate --verbosity 0

demo: setup
	@exec $(python) -m inbox.postgres run inbox_demo -- $(python) manage.py demo

test: development programs
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@DATABASE_URL=postgresql:///unused SECRET_KEY=unused $(python) -m mypy .
	@$(python) -m tests.suite

bench-reads: development
	@$(python) -m tests.benchmarks_reads

bench: packages
	@exec $(python) -m tests.benchmarks $(if $(ALL),--all) $(if $(PROFILE),--profile) $(if $(ONLY),--only $(ONLY)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SIZES),--sizes $(SIZES)) $(if $(INTO),--into $(INTO))

soak: development
	@SYNCS=$(or $(SYNCS),200) SEED=$(SEED) $(python) -m pytest -q -s tests/murder

screenshots: setup development programs
	@$(python) -m inbox.postgres run inbox_demo -- $(python) -m tests.browser.screenshots

stop:
	@if [ -x $(python) ]; then $(python) -m inbox.postgres stop; else echo "No .venv here: nothing to stop."; fi

packages: python
	@$(PYTHON) inbox/install.py requirements.txt

development: python
	@$(PYTHON) inbox/install.py requirements-dev.txt

programs: python
	@$(PYTHON) tests/programs.py chromium:chromium node:nodejs

python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "inbox: $(PYTHON) is missing (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
