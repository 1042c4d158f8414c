# The doors into this project. `make demo` and `make test` work from a bare checkout with python 3.11 or
# newer, pip and make; everything is installed into .venv and .boot, nothing elsewhere.

PY ?= python3
UV := .boot/bin/uv
PYTHON := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS ?= 1
# Compiled once, when it is installed or first used: else every command would compile all that it imports, each time.
export UV_COMPILE_BYTECODE ?= 1
unexport PYTHONDONTWRITEBYTECODE

# pip knows these by itself: the machine's own certificates, and a mirror that its owner has named.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

DISTRIBUTIONS := protocol clients/python_sdk trustee hub
PROJECTS := $(DISTRIBUTIONS:=/pyproject.toml)
EDITABLE := $(UV) pip install -q --python $(PYTHON) --offline --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e %)
CODE := $(DISTRIBUTIONS) benchmarks local migrations tests

.PHONY: demo run stop env test test-parts test-town test-long acceptance bench lint wheels lock

demo: .venv/.app
	$(PYTHON) -m local.demo

run: .venv/.app
	$(PYTHON) -m local.run

stop: .venv/.app
	$(PYTHON) -m local.stop

env: .venv/.dev

# Tests of a whole Cairn share one and mostly wait; the others, and lint, fill what they leave of the machine.
test: .venv/.dev
	$(MAKE) -j 3 lint test-parts test-town

test-parts: .venv/.dev
	$(PYTHON) -m pytest -q -n 2 --dist loadfile -m "not long and not town"

test-town: .venv/.dev
	$(PYTHON) -m pytest -q -m "town and not long"

test-long: .venv/.dev
	$(PYTHON) -m pytest -q -m long

acceptance: .venv/.dev
	bash tests/acceptance/run.sh

bench: .venv/.dev
	$(PYTHON) -m benchmarks

lint: .venv/.dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports

wheels: .venv/.app
	for each in $(DISTRIBUTIONS); do (cd $$each && "$(CURDIR)/$(PYTHON)" -m hatchling build -t wheel -d "$(CURDIR)/dist") || exit 1; done

# pip --target needs no venv module and leaves a system's own Python alone (PEP 668).
$(UV): requirements/boot.txt
	@$(PY) -c 'import sys; sys.exit("Cairn needs Python 3.11 or newer; name one with make PY=...") if sys.version_info < (3, 11) else 0'
	rm -rf .boot
	PIP_ROOT_USER_ACTION=ignore $(PY) -m pip install -q --disable-pip-version-check --no-warn-script-location --target .boot --require-hashes -r requirements/boot.txt
	@touch $@

.venv/bin/python: | $(UV)
	$(UV) venv -q --python "$$($(PY) -c 'import sys; print(sys.executable)')" .venv

# .app is what the product needs, .dev all of it. Installing the one takes away what only the other has:
# so each says whether the other still holds.
.venv/.app: requirements/app.txt $(PROJECTS) $(UV) | .venv/bin/python
	rm -f .venv/.dev
	$(UV) pip sync -q --python $(PYTHON) --no-build requirements/app.txt
	$(EDITABLE)
	@touch $@

.venv/.dev: requirements/dev.txt requirements/app.txt $(PROJECTS) $(UV) | .venv/bin/python
	rm -f .venv/.app
	$(UV) pip sync -q --python $(PYTHON) --build-constraints requirements/boot.txt requirements/dev.txt
	$(EDITABLE)
	@touch $@ .venv/.app

# Keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest. The files name no
# registry, so that they install from whichever one a machine uses, by plain pip too.
LOCK = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-package cairn-protocol --custom-compile-command "make lock" $(UPGRADE)
lock: $(UV)
	$(LOCK) requirements/boot.in -o requirements/boot.txt
	$(LOCK) $(PROJECTS) requirements/app.in -o requirements/app.txt
	$(LOCK) $(PROJECTS) requirements/app.in requirements/dev.in --all-extras -c requirements/app.txt -o requirements/dev.txt
	$(LOCK) protocol/pyproject.toml clients/python_sdk/pyproject.toml -c requirements/app.txt -o requirements/sdk.txt
	$(LOCK) protocol/pyproject.toml trustee/pyproject.toml -c requirements/app.txt -o requirements/trustee.txt
	$(LOCK) protocol/pyproject.toml hub/pyproject.toml --all-extras -c requirements/dev.txt -o requirements/hub.txt
	$(LOCK) requirements/peers.in -c requirements/dev.txt --overrides requirements/peers-override.in -o requirements/peers.txt
