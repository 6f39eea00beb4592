# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Needs Python 3.11 or newer, make, and a network to the Python package index.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-browser screenshots check bench bench-peers bench-divisions bench-startup lock clean

demo: $(VENV)/.installed
	$(BIN)/exact-sync demo

# Compiled once, whatever the shell says: a hundred processes of their own would compile us anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.installed-dev
	$(BIN)/pytest -n 3 --dist worksteal  # more than two cores need: some wait for processes of their own

# Stories told before a real browser: Debian's own, never one that is downloaded.
test-browser: $(VENV)/.installed-dev chromium
	$(BIN)/pytest -n 3 tests/browser  # mostly they wait for a page that refreshes itself

# The pictures in docs/screenshots, taken of the same stories. Look at them.
screenshots: $(VENV)/.installed-dev chromium
	$(BIN)/pytest tests/browser/take_screenshots.py

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qqy --no-install-recommends chromium fonts-dejavu-core; } \
	  || { echo "the browser tests need chromium; as root: apt-get install chromium fonts-dejavu-core"; exit 1; }

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Under ten minutes. As Markdown, for docs/performance.md: make bench BENCH=--markdown
BENCH ?=
bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(BENCH)

# The loaders that ours is measured beside, each in a virtual environment of its own.
PEERS := bench/peers/.venvs
bench-peers: $(PEERS)/dlt/.installed $(PEERS)/singer/.installed

$(PEERS)/%/.installed: bench/peers/%.txt | $(BIN)/python
	$(PYTHON) -m venv $(PEERS)/$*
	$(PEERS)/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench-startup: $(VENV)/.installed-dev
	$(BIN)/python -m bench.startup

# In real time: some minutes. Others: make bench-divisions DIVISIONS="30 300 2000"
DIVISIONS ?= 30 300
bench-divisions: $(VENV)/.installed-dev
	$(BIN)/python -m bench.divisions $(DIVISIONS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "exact-sync needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }  # half of one would not be made again

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.txt -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q exact_sync migrations  # an installed package is compiled too
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Refreshes the locked requirements (needs uv, which comes with the development requirements).
lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  --custom-compile-command "make lock" --group build -o requirements-build.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  --custom-compile-command "make lock" --extra otel -c requirements.txt pyproject.toml -o requirements-otel.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	  --custom-compile-command "make lock" --extra dev -c requirements.txt -c requirements-otel.txt pyproject.toml -o requirements-dev.txt
	for peer in dlt singer; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(UPGRADE) \
	    --custom-compile-command "make lock" bench/peers/$$peer.in -o bench/peers/$$peer.txt || exit 1; done

clean:
	rm -rf $(VENV) $(PEERS) dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
