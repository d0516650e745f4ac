# make demo    the main job on the embedded sandbox (IMAGES=folder for your own images)
# make test    everything that needs nothing but the install
# make test-real  what needs a JDK and Maven: real servers, started here
# make test-long  every fault at every request; writes its figures into docs/long-tests.md (an hour on two quiet cores; MINUTES=10 for a part)
# make setup   the virtual environment only
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: setup demo test test-real test-long clean

setup: .venv/.done

.venv/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "esctl needs Python 3.11 to 3.13, this is %s; try: make PYTHON=python3.12" % sys.version.split()[0])'
	@echo "Installing into .venv: about 2.4 GB, a minute or two"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@$(BIN)/python -c 'from esctl.viewer import vega_bundle; vega_bundle()'
	@touch $@

demo: setup
	$(BIN)/esctl demo $(if $(IMAGES),--images "$(IMAGES)")

test: setup
	$(BIN)/ruff check tooling tests scripts benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not real" -rs -n $(WORKERS) --dist loadfile

test-real: setup
	ESCTL_REQUIRE_REAL=1 $(BIN)/python -m pytest -m real

test-long: setup
	$(BIN)/python tests/faults/long.py --workers $(WORKERS) $(if $(MINUTES),--minutes $(MINUTES)) --page docs/long-tests.md

clean:
	rm -rf .venv .esctl build dist
