# make demo   everything from nothing to counts on the screen
# make test   everything from nothing to passed tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIPS ?= ../shared/data/clips-nl
FUZZ := var/fuzz/venv
RUNS ?= 10000000
EXAMPLES ?= 10000
PHOTOS ?= ../shared/data/photos-nl ../shared/data/frames-nl

.PHONY: help setup broker demo test check attack canary soak bench bench-register fuzz lock models clean

help:
	@echo "make demo    set up, render two hours of street, count them through a real broker, show the result"
	@echo "make test    set up, check and test"
	@echo "make check   formatter, linter, types, imports"
	@echo "make attack  attacks on what leaves a camera, and EXAMPLES=$(EXAMPLES) random streets, nights and games for each rule (an hour)"
	@echo "make canary  known plates pass, then memory, files, messages and packets are searched for them (an hour; root)"
	@echo "make soak    1,000 reports on their way while gate, uplink, broker and collectors are killed at random (a minute)"
	@echo "make bench   measurements: real clips where there are any and photographs (CLIPS=, PHOTOS=), raw counts of the rendered street, a register, delivery"
	@echo "make bench-register  the register at full size, 16.6 million vehicles (some minutes, 14 GB of disk)"
	@echo "make fuzz    fuzz the wall's decoder and the policy parser, RUNS=$(RUNS) times each (ten million: three hours); what leads on is kept in var/fuzz"
	@echo "make models  train detector and reader from nothing (hours)"
	@echo "make lock    renew the pinned requirements"
	@echo "make clean   remove what the above made"

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || (echo "python3 -m venv failed; on Debian: apt-get install python3-venv" && exit 1)
	@echo "installing the pinned requirements into $(VENV) (a minute or two)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

broker:
	@./hil/get_mosquitto.sh

demo: setup broker
	@$(BIN)/python -m hil.demo

test: setup broker check
	@$(BIN)/python -m pytest

check: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

attack: setup
	@EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/attack --hypothesis-profile attack --timeout 0
	@EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -m hypothesis tests/gate tests/counting tests/test_wall.py tests/test_windows.py --hypothesis-profile attack --timeout 0

canary: setup broker
	@test -f var/scene/street.mkv || $(BIN)/python -m hil.scenes --out var/scene
	@$(BIN)/python -m hil.canary var/scene $(wildcard $(CLIPS))

soak: setup broker
	@$(BIN)/python -m tests.uplink.soak --reports 1000

bench: setup broker
	@if [ -d $(CLIPS) ]; then $(BIN)/python -m benchmarks.clips $(CLIPS) --json; else echo "no real clips at $(CLIPS); make bench CLIPS=FOLDER"; fi
	@for folder in $(PHOTOS); do if [ -d $$folder ]; then $(BIN)/python -m benchmarks.plates $$folder --json; fi; done
	@test -f var/scene/street.mkv || $(BIN)/python -m hil.scenes --out var/scene
	@$(BIN)/python -m benchmarks.scene var/scene --json
	@$(BIN)/python -m benchmarks.positive_rate --json
	@$(BIN)/python -m benchmarks.registry --json
	@$(BIN)/python -m benchmarks.release --days 35 --json
	@$(BIN)/python -m benchmarks.delivery --json
	@$(BIN)/python -m benchmarks.collect --json

bench-register: setup
	@$(BIN)/python -m benchmarks.registry --rows 16600000 --json

fuzz: $(FUZZ)/.ready
	@mkdir -p var/fuzz/found var/fuzz/corpus/decoder var/fuzz/corpus/policy
	@for target in decoder policy; do $(FUZZ)/bin/python -m tests.fuzz.$$target -runs=$(RUNS) -max_len=512 -artifact_prefix=var/fuzz/found/$$target- var/fuzz/corpus/$$target \
		|| { echo "$$target: found something; it lies in var/fuzz/found"; exit 1; }; done
	@echo "nothing found in $(RUNS) runs each of decoder and policy; finds would lie in var/fuzz/found"

$(FUZZ)/.ready: requirements/runtime.txt Makefile
	@$(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/runtime.txt
	@$(FUZZ)/bin/python -m pip install -qq --disable-pip-version-check --no-deps atheris==3.0.0 tomli==2.2.1
	@touch $@

models:
	@./models/training/train.sh

lock: setup
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --output-file requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra central --extra registry --extra hil --extra dev pyproject.toml --output-file requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra train --override requirements/without-torch.txt pyproject.toml --output-file requirements/train.txt

clean:
	rm -rf $(VENV) build dist var *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
