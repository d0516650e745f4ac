# make demo    the main job on the embedded sandbox      make test       everything that needs nothing but the install
# make setup   the virtual environment only              make test-real  what needs a JDK and Maven
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test test-real clean

setup: .venv/.done

.venv/.done: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "esctl needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@
