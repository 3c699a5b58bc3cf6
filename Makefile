# make run: start it. make test: prove it. The rest serves those who change it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q install --require-hashes

.PHONY: run test test-again heavy coverage check bench soak generated setup setup-dev lock image-check clean

run: setup
	$(BIN)/python main.py serve

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Goldcrest needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt requirements-cli.txt requirements-impersonate.txt requirements-ffmpeg.txt | $(VENV)/bin/python
	$(PIP) -r requirements.txt -r requirements-cli.txt
	$(PIP) -r requirements-impersonate.txt || echo "no curl_cffi for this machine: identities can't impersonate browsers" >&2
	command -v ffmpeg >/dev/null || $(PIP) -r requirements-ffmpeg.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(PIP) -r requirements-bench.txt
	@touch $@

test: setup-dev
	sh tests/provision.sh
	$(BIN)/python -m pytest -n 2 || { test $$? -eq 1 && $(MAKE) --no-print-directory test-again; }

# What failed beside others, once more and alone: a busy machine may be too slow for a test, a broken program is broken.
test-again:
	$(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none

# What needs the machine for itself, and root or a group of one's own: real memory limits of the kernel.
heavy: setup-dev
	HEAVY_TESTS=1 $(BIN)/python -m pytest -n 0 tests/end_to_end/test_memory.py

# Every branch of the folders that all others rest on is walked by their own tests.
coverage: setup-dev
	sh tests/provision.sh
	$(BIN)/python -m pytest -n 2 tests/utils tests/core --cov=utils --cov=core --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bench.generated --check

bench: $(VENV)/.bench
	$(BIN)/python -m bench

# 20,000 jobs; takes an hour.
soak: setup-dev
	$(BIN)/python -m bench.soak --jobs 20000

# Files made from other files: message catalogues, the settings table of the README.
generated: setup-dev
	$(BIN)/python -m bench.generated

lock: setup-dev
	for name in requirements requirements-cli requirements-impersonate requirements-ffmpeg requirements-redis requirements-dev requirements-bench; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-strip-extras $$name.in -o $$name.txt || exit 1; \
	done

# As root, on Debian or Ubuntu with debootstrap: builds the image in folders and runs it under 200 MB.
image-check: setup-dev
	$(BIN)/python -m bench.image_check

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
