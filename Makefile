# Everything here sets up what it needs in $(VENV) first and does nothing the second time.
# A machine needs Python 3.11 or newer, make and git; where packages come from is pip's own configuration.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
CONFIG ?= config.toml
PYTEST_ARGS ?= -n 3

BOTAPI ?= ../shared/tools/fakebotapi.py
CONTRACT_ARGS ?= --rounds 1 --anywhere 0
BOT_BENCH_ARGS ?= --short
GOLD ?= ../shared/data/headlines/dev.jsonl

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
CODE := bot watchers storage tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help demo run test test-long trust trust-long telegram-checks contract-thread bot-bench accuracy texts transcript lint types lock audit wheel-test clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## run the sample week through the real pipeline, alerts on the terminal
	@$(VENV)/bin/contractwatch demo

run: $(VENV)/.runtime $(CONFIG)  ## start the daemon with config.toml, written from the example where there is none
	@$(VENV)/bin/contractwatch run --config $(CONFIG)

test: $(VENV)/.dev  ## run the test suite
	@$(PY) -m pytest $(PYTEST_ARGS)

test-long: $(VENV)/.dev  ## run the long tests: random sequences, growth with 200,000 entries
	@$(PY) -m pytest -m slow -n 2

# The fake server is strict and not a part of the project: BOTAPI names its program. TRUST_ARGS names single checks: TRUST_ARGS="D1 D5".
trust: $(VENV)/.dev  ## try out what is promised about durability and safety, ten minutes (BOTAPI=program of a fake Telegram server)
	@$(PY) -m benchmarks.trust --botapi $(BOTAPI) $(TRUST_ARGS)

trust-long: $(VENV)/.dev  ## the same at full length, which takes hours
	@$(PY) -m benchmarks.trust --long --botapi $(BOTAPI) $(TRUST_ARGS)

# The full form: make telegram-checks TELEGRAM_ARGS=--long.
telegram-checks: $(VENV)/.dev  ## try out the Telegram side with real daemons: ten checks, three minutes (BOTAPI as above)
	@$(PY) -m benchmarks.telegram_checks --botapi $(BOTAPI) $(TELEGRAM_ARGS)

# One round with a kill after each event; the full run: make contract-thread CONTRACT_ARGS='--rounds 3 --anywhere 3 --edits'.
contract-thread: $(VENV)/.dev  ## publish a contract of eight events, kill the daemon between them, and count what a subscriber received
	@$(PY) -m benchmarks.contract --botapi $(BOTAPI) $(CONTRACT_ARGS)

# Without arguments it is the whole: 2,000 feeds and 10,000 alerts, a quarter of an hour: make bot-bench BOT_BENCH_ARGS=
bot-bench: $(VENV)/.dev  ## measure how long people wait for answers while alerts are delivered and feeds polled, a minute
	@$(PY) -m benchmarks.bot --botapi $(BOTAPI) $(BOT_BENCH_ARGS)

# The labelled headlines are not a part of the project: GOLD names their file. The project's own sentences are measured everywhere.
accuracy: $(VENV)/.dev  ## measure understanding, and fail when a figure fell by more than a point (ACCURACY_ARGS=--update keeps new ones)
	@$(PY) -m benchmarks.accuracy $(GOLD) $(ACCURACY_ARGS)

texts: $(VENV)/.dev  ## bring the catalogues of all languages up to date, and list what is to be translated
	@$(PY) -m bot.locale

transcript: $(VENV)/.dev  ## play a week with the bot, and write docs/transcript.md and its pictures anew
	@$(PY) -m benchmarks.transcript

lint: $(VENV)/.dev  ## check style and format
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(VENV)/.dev  ## check types
	@$(PY) -m mypy

wheel-test: $(VENV)/.dev  ## build the wheel, install it elsewhere and test it there
	@PYTHON=$(PY) .ci/wheel-test

# The hashes of every file of a version are locked, so that one lock serves Linux and macOS, Python 3.11 to 3.13.
# LOCK_ARGS=--upgrade takes newer versions; without it only what pyproject.toml asks for changes.
PIP_COMPILE = $(PY) -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-build-isolation \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --extra postgres $(LOCK_ARGS)
READ_PYPROJECT = $(PY) -c 'import sys, tomllib; t = tomllib.load(open("pyproject.toml", "rb")); print(*t[sys.argv[1]][sys.argv[2]], sep="\n")'

lock: $(VENV)/.dev  ## write the lock files anew from pyproject.toml
	$(READ_PYPROJECT) build-system requires | $(PIP_COMPILE) --output-file requirements.lock pyproject.toml -
	$(READ_PYPROJECT) dependency-groups dev | $(PIP_COMPILE) --output-file requirements-dev.lock pyproject.toml -

# No part of what is installed to develop: it asks a service on the internet, so it is neither a test nor in CI.
audit: $(VENV)/.dev  ## ask whether the locked packages have known holes (needs the network)
	@$(PIP) install --quiet 'pip-audit>=2.9,<3'
	@$(PY) -m pip_audit --require-hashes --disable-pip -r requirements.lock
	@$(PY) -m pip_audit --require-hashes --disable-pip -r requirements-dev.lock

clean:  ## remove the environment and everything that was built; keeps config.toml and the database
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An example with feeds and without a token: alerts go to the terminal until there is one.
$(CONFIG): | config.example.toml
	cp config.example.toml $@
	@echo "wrote $@ from config.example.toml: look at its watchlists, and at docs/configuration.md"

# Running venv on an environment that is there already mends it and loses nothing.
$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.created
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements.lock pyproject.toml | $(VENV)/.created
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	@touch $(VENV)/.runtime $@
