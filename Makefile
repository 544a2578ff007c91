# The two commands a newcomer needs are `make lab` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
NBVAL := $(BIN)/python -m pytest -p no:cacheprovider --nbval-current-env -n $(WORKERS) --dist loadscope

.PHONY: lab test notebooks release site pictures bench lint clean

lab: .venv/.lab
	$(BIN)/course start "$(CURDIR)" $(ARGS)

test: .venv/.test .venv/.nbgrader lint
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadgroup $(ARGS)
	$(NBVAL) --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg notebooks solutions
	$(NBVAL) --nbval-lax exercises

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebooks: .venv/.test
	$(BIN)/course authoring execute $(ONLY)

release: .venv/.lab
	$(BIN)/course release

site: .venv/.site
	$(BIN)/course authoring site $(ARGS)

pictures: .venv/.test
	$(BIN)/python -m pytest tests/browser/make_pictures.py

bench: .venv/.test
	$(BIN)/python -m tests.benchmarks

.venv/.lab: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@echo "Installing JupyterLab and the course into .venv. This takes a minute or two, once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lab,instructor]'
	@touch $@

.venv/.site: .venv/.lab
	@echo "Installing what the site is built with."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[site]'
	@touch $@

.venv/.test: .venv/.lab
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# In an environment of its own, because it puts extensions into the JupyterLab beside it.
.venv/.nbgrader: .venv/.test
	@echo "Installing nbgrader, which a test hands the sheets for it to."
	@$(BIN)/python -m venv .venv/nbgrader
	@.venv/nbgrader/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[nbgrader]'
	@touch $@

clean:
	rm -rf .venv build site *.egg-info .pytest_cache .ruff_cache .mypy_cache .progress.json .hypothesis
