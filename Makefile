# Two commands: `make demo` tries it, `make test` checks it. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin

# What was compiled is kept, also where that is switched off: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-postgres test-long lint types bench lock js page screenshots clean

demo: .venv page
	$(BIN)/integra demo

test: .venv js page lint types
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal

# What `make test` ran on SQLite alone, on PostgreSQL; and several processes on one server.
test-postgres: .venv js page
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal -m "second_engine and not long"

test-long: .venv js page
	$(BIN)/python -m pytest -m long

lint: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv
	$(BIN)/mypy

bench: .venv
	$(BIN)/python tests/bench

.venv: .venv/ready
.venv/ready: pyproject.toml requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# The second reader of sealed notes. Where it cannot be set up, its tests are skipped and say so; in CI they fail.
js: tests/js/node_modules/ready
tests/js/node_modules/ready: tests/js/package.json tests/js/package-lock.json
	@if node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then \
		(cd tests/js && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules/ready) \
		|| echo "THE PACKAGES OF tests/js COULD NOT BE INSTALLED: the second reader will not be tested" >&2; \
	else \
		echo "NODE 20 OR NEWER IS MISSING: the second reader will not be tested" >&2; \
	fi

# The page in the browser. Where it cannot be built the server serves its interface alone; tests of the page are skipped
# and say so, and in CI they fail.
page: page/node_modules/ready
	@if [ -e page/node_modules/ready ]; then cd page && npm run --silent check && npm run --silent build; fi
page/node_modules/ready: page/package.json page/package-lock.json
	@if node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then \
		(cd page && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules/ready) \
		|| echo "THE PACKAGES OF page COULD NOT BE INSTALLED: the page is not built and will not be tested" >&2; \
	else \
		echo "NODE 20 OR NEWER IS MISSING: the page is not built and will not be tested" >&2; \
	fi

# Every screen of the page into screenshots/, and the three of the README into docs/screenshots/. Needs Chromium.
screenshots: .venv page
	PYTHONPATH=tests $(BIN)/python tests/page_screens.py screenshots

# Needs uv, a tool of whoever changes dependencies; nobody else runs this.
LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra semantic pyproject.toml -o requirements-semantic.lock
	$(LOCK) --extra dev --extra semantic pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv tests/js/node_modules page/node_modules page/dist screenshots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
