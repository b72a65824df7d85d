# `make help` lists what there is to do.

PYTHON ?= $(call newest_python)
WORKERS ?= 2
VENV := .venv
BEAM := .venv-beam
DEMO := runs/demo
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup beam demo docs test test-slow test-exhaustive lint clean FORCE
# An interrupted `make` would delete it, and with it the training so far.
.PRECIOUS: $(DEMO)/model.keras

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-15s %s\n", $$1, $$2}' Makefile

# The version of a Python, such as 3.12. It is run, because the shim of a version
# manager may be on PATH and start nothing.
version = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])' \
	2>/dev/null)
is_supported = $(filter 3.13 3.12 3.11,$(call version,$(1)))
newest_python = $(or \
	$(if $(call is_supported,python3.13),python3.13), \
	$(if $(call is_supported,python3.12),python3.12), \
	$(if $(call is_supported,python3.11),python3.11), \
	$(if $(call is_supported,python3),python3), \
	$(error Python 3.13, 3.12 or 3.11 is needed, as python3.13, python3.12, \
	python3.11 or python3. Found: python3 \
	$(or $(call version,python3),is missing or does not start)))

# An environment keeps the Python that made it. It is made anew (FORCE) when that
# Python does not start any more, or PYTHON was given and is another version.
given := $(if $(filter file,$(origin PYTHON)),3.%,$(or \
	$(call version,$(PYTHON)),missing))
other_python = $(if $(wildcard $(1)/.runtime),$(if \
	$(filter $(given),$(call version,$(1)/bin/python)),,FORCE))

setup: $(VENV)/.runtime ## Create .venv with the pinned requirements

# The stamps record which requirements are installed; --clear takes the
# environment back to empty, so that nothing outlives the file that named it.
$(VENV)/.runtime: requirements.txt $(call other_python,$(VENV))
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	touch $@

beam: $(BEAM)/.runtime ## Create .venv-beam, where export.encode_beam runs

$(BEAM)/.runtime: requirements-beam.txt $(call other_python,$(BEAM))
	$(PYTHON) -m venv --clear $(BEAM)
	$(BEAM)/bin/python -m pip install --quiet --requirement $<
	touch $@

demo: $(DEMO)/export/encoder/1 $(DEMO)/export/decoder/1 ## Train, score, export

# Always asked, because only the program knows whether training is finished;
# the export follows when this made the file newer.
$(DEMO)/model.keras: FORCE $(VENV)/.runtime
	$(VENV)/bin/python -m tools.train --dataset=mnist_5k \
		--data_dir=runs/data --preset=mnist --workdir=$(DEMO)

# Always measured and printed, and before the export, whose model card has it.
$(DEMO)/metrics.json: FORCE $(DEMO)/model.keras
	$(VENV)/bin/python -m tools.evaluate --workdir=$(DEMO)

# One recipe makes both folders; `%` is the version, which the program would
# not overwrite.
$(DEMO)/export/encoder/% $(DEMO)/export/decoder/%: $(DEMO)/model.keras | \
		$(DEMO)/metrics.json
	rm -rf $(DEMO)/export/encoder/$* $(DEMO)/export/decoder/$*
	$(VENV)/bin/python -m export.saved_model --workdir=$(DEMO) \
		--output=$(DEMO)/export --version=$*

docs: $(VENV)/.runtime ## Write the tables and figures of the documents
	$(VENV)/bin/python -m tools.documents

lint: $(VENV)/.dev ## Check style, formatting and who imports whom
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-cache

# A file's tests stay in one process, which trains its fixtures only once.
in_processes = --numprocesses=$(WORKERS) --dist=loadfile

test: lint ## Lint, then run all tests but the slow and the exhaustive ones
	$(VENV)/bin/python -m pytest -m "not slow and not exhaustive" $(in_processes)

test-slow: $(VENV)/.dev $(BEAM)/.runtime ## Run the slow tests
	$(VENV)/bin/python -m pytest -m "slow and not exhaustive" $(in_processes)

test-exhaustive: $(VENV)/.dev $(BEAM)/.runtime ## Run the longest tests
	$(VENV)/bin/python -m pytest -m exhaustive $(in_processes)

clean: ## Remove build outputs and caches; keep .venv and runs
	rm -rf build dist ./*.egg-info .pytest_cache .ruff_cache
	find . -path './.*' -prune -o -name __pycache__ -prune -exec rm -rf {} +

FORCE:
