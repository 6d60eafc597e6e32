# Two commands matter on a fresh machine: `make run` (a demo company in the browser) and `make test` (everything).
# Needs Python 3.11 or newer, git and make.

PYTHON ?= python3
JOBS ?= 2
TRUST_ROUNDS ?= 200
FUZZ ?= 100000
BIN := .venv/bin
TRANSLATIONS := backoffice/translations
PYTEST := $(BIN)/python -m pytest

.PHONY: help run test check trust crawl fuzz audit sbom lock install-locked format messages clean

help:
	@echo "make run       a demo company on http://127.0.0.1:8000/"
	@echo "make test      lint, types and every test"
	@echo "make check     lint, format, types, import contracts, templates, spelling"
	@echo "make trust     long runs that show what we promise: kills, races, backups, upgrades, fuzz"
	@echo "make crawl     every page as every account in a browser"
	@echo "make fuzz      100,000 made-up requests and every odd text (FUZZ=n for another number)"
	@echo "make audit     what is installed and locked against known advisories, without a network"
	@echo "make sbom      the bill of materials, dist/sbom.cdx.json"
	@echo "make lock      pin every dependency anew by its hash (needs uv)"
	@echo "make format    rewrite the code in the house format"
	@echo "make messages  bring the translations up to the texts of code and templates"
	@echo "make clean     remove what make made, except var/"

run: .venv/run.stamp
	$(BIN)/backoffice demo $(ARGS)

test: check
	$(PYTEST) -n $(JOBS) --dist worksteal

# The kills and races in one process, so that what is measured is the product's; then the fuzz; then the tests of each promise.
# TRUST_ROUNDS=20 FUZZ=5000 makes it short. Each run adds its lines to one file, which is printed at the end.
trust: .venv/test.stamp
	@lines=$$(mktemp) && export BACKOFFICE_PROMISES=$$lines BACKOFFICE_TRUST_ROUNDS=$(TRUST_ROUNDS) && failed=0; \
	$(PYTEST) -m trust tests/trust/test_trust.py || failed=1; \
	BACKOFFICE_FUZZ=$(FUZZ) $(PYTEST) -n $(JOBS) --dist worksteal tests/fuzz || failed=1; \
	$(PYTEST) -m trust tests/trust/test_promises.py || failed=1; \
	echo; echo "What we promise, with the figures of this run:"; sort -V -u $$lines; rm -f $$lines; exit $$failed

crawl: .venv/test.stamp
	$(PYTEST) -n $(JOBS) -m crawl

# Half of them on each database, at the same time.
fuzz: .venv/test.stamp
	BACKOFFICE_FUZZ=$(FUZZ) $(PYTEST) -n $(JOBS) --dist worksteal tests/fuzz

audit: .venv/test.stamp
	$(BIN)/python -m tools.supply audit --today $$(date +%F)

sbom: .venv/test.stamp
	$(BIN)/python -m tools.supply sbom

lock:
	uv pip compile pyproject.toml --extra test --extra postgres --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

# Exactly what is in the lock file, each file checked by its hash; the product itself from this directory.
install-locked: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/run.stamp .venv/test.stamp

check: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/codespell
	$(BIN)/python -m tools.supply audit

format: .venv/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# New texts come out untranslated; write their Chinese into the .po file and run it again.
messages: .venv/test.stamp
	pot=$$(mktemp) && \
	$(BIN)/pybabel --quiet extract --mapping=pyproject.toml --keywords=say --add-location=file --sort-output \
		--omit-header --width=120 --output=$$pot backoffice admin_views templates && \
	for po in $(TRANSLATIONS)/*/LC_MESSAGES/messages.po; do \
		$(BIN)/pybabel --quiet update --locale=$$(basename $${po%/LC_MESSAGES/messages.po}) --input-file=$$pot --output-file=$$po \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=120 && \
		$(BIN)/pybabel --quiet compile --input-file=$$po --output-file=$${po%.po}.mo || exit 1; \
	done && rm -f $$pot

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo "Python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,postgres]'
	@touch .venv/run.stamp $@
