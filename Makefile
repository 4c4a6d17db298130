# What a person does with this project. Needs Python >= 3.11 and make; everything else is installed into .venv.
PYTHON ?= python3
UV_VERSION := 0.13.9
# uv does not read pip's own list of wheel folders: a folder given to pip (a CPU build of torch, say) counts for uv too.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)

VENV := .venv
INSTALL := $(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python -c constraints.txt -b constraints.txt

.PHONY: help demo test check format clean

help:
	@echo "make demo    train a net on real handwritten digits and write its report (sets itself up)"
	@echo "make test    run the whole test suite (sets itself up)"
	@echo "make check   style, types and walls"
	@echo "make format  put the files into the project's style"
	@echo "make clean   remove what make has made"

$(VENV)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit("brainwright needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/installed: $(VENV)/bin/uv pyproject.toml constraints.txt
	$(INSTALL) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/uv pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/installed

demo: $(VENV)/installed
	$(VENV)/bin/brainwright demo

# One process a core, one thread a process: the nets of tests are too small to share.
test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto --dist worksteal

check: $(VENV)/installed-dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
