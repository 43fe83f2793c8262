# Two commands: `make demo` tries it, `make test` checks it. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long lint types bench lock clean

demo: .venv
	$(BIN)/integra demo

test: .venv lint types
	$(BIN)/python -m pytest

test-long: .venv
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

# Needs uv, a tool of whoever changes dependencies; nobody else runs this.
LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
