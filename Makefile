# Two commands: `make demo` tries it, `make test` checks it. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo page test test-long lint types bench lock js clean

demo: .venv page
	$(BIN)/integra demo

test: .venv js lint types
	$(BIN)/python -m pytest --numprocesses 3

test-long: .venv js
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

# The page in the browser. Where it cannot be built, the demo runs in the terminal alone; page/dist may be copied from elsewhere.
page: page/dist/index.html
page/dist/index.html: $(shell find page guidance/content -path page/node_modules -prune -o -path page/dist -prune -o -type f -print 2>/dev/null)
	@if [ ! -f page/package.json ]; then echo "THERE IS NO page/ HERE: the page is not built" >&2; \
	elif node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then \
		(cd page && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build) \
		|| echo "THE PAGE COULD NOT BE BUILT: the rest works without it" >&2; \
	else \
		echo "NODE 20 OR NEWER IS MISSING: the page is not built, the rest works without it" >&2; \
	fi

# Needs uv, a tool of whoever changes dependencies; nobody else runs this.
LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra semantic pyproject.toml -o requirements-semantic.lock
	$(LOCK) --extra dev --extra semantic pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv tests/js/node_modules page/node_modules page/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
