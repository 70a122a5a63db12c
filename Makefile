# Two commands do everything on a machine that has Python 3.11 and make:
#   make demo   shows the main job against a real authorization server on this machine (ARGS=--picture: as a picture)
#   make test   runs lint, types and all tests
# Both first set up .venv and the npm packages of that server, once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
READY := .venv/.ready

.PHONY: setup demo test lint types tests coverage docs fuzz package lowest pythons bench constraints clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt devkit/authorization_server/package-lock.json devkit/mcp_conformance/package-lock.json
	$(PYTHON) -m venv .venv
	$(PIP) install --constraint constraints.txt pip
	$(PIP) install --constraint constraints.txt --editable '.[all]' --group dev
	$(BIN)/python -m devkit.node
	touch $@

demo: setup
	$(BIN)/python -m demo $(ARGS)

test: lint types tests

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: setup
	$(BIN)/mypy
	$(BIN)/python -m devkit.stubs --sources
	$(BIN)/python -m devkit.stubs --stubtest
	$(BIN)/pyright

tests: setup
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal

# Which lines no test runs; it takes half as long again as the tests alone.
coverage: setup
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal --cov --cov-report=term

# The site, from docs/, into build/site; a warning is an error.
docs: setup
	$(BIN)/python -m devkit.site $(ARGS)

# Random bytes for whatever parses bytes from outside; only documented errors may come out.
fuzz: setup
	$(PIP) install --constraint constraints.txt --group fuzz
	$(BIN)/python -m fuzz --seconds 60 $(ARGS)

# What is published: built, looked into, installed where nothing else is, and used there.
package: setup
	$(BIN)/python -m devkit.packaging package

# Each extra once, with the lowest versions that pyproject.toml allows.
lowest: setup
	$(BIN)/python -m devkit.packaging lowest

# The same with each further Python that pyproject.toml claims, where this machine has it.
pythons: setup
	$(BIN)/python -m devkit.packaging pythons

# What it costs; writes docs/benchmarks.md and its picture.
bench: setup
	$(BIN)/python -m benchmarks --page docs/benchmarks.md $(ARGS)

# The newest of everything, pinned: what `setup` installs until this is run again.
constraints:
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --upgrade pip
	$(PIP) install --editable '.[all]' --group dev
	$(PIP) freeze --all --exclude-editable > constraints.txt

clean:
	rm -rf .venv .bench dist devkit/authorization_server/node_modules devkit/mcp_conformance/node_modules
