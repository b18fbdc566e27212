# Everything from a fresh clone: `make train`, `make test`, `make lint`, `make docs`. Needs Python 3.11, 3.12 or 3.13.
PYTHON ?= python3
BIN := .venv/bin
# A quarter of the drawings and half of the epochs in the configs: results in seconds, to look at, not to report.
QUICK := --data.train_per_category 1000 --data.test_per_category 250 --trainer.max_epochs 10 --trainer.dtype float64

.PHONY: train test lint docs benchmark clean

train: .venv/ready  ## Train both models in both tracks, and say where the curves are
	$(BIN)/python numpy_ref/train.py --config configs/softmax.yaml $(QUICK)
	$(BIN)/python train_lightning.py --config configs/softmax.yaml $(QUICK)
	$(BIN)/python numpy_ref/train.py --config configs/dual_tower.yaml $(QUICK)
	$(BIN)/python train_lightning.py --config configs/dual_tower.yaml $(QUICK)
	@echo "All curves: $(BIN)/tensorboard --logdir logs"

test: .venv/ready-dev  ## Run the tests
	$(BIN)/python -m pytest

lint: .venv/ready-dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/ready-docs  ## Build the website of docs/ into site/; a broken link fails
	rm -rf site .cache
	$(BIN)/zensical build --strict
	@echo "Open site/index.html in a browser."

benchmark: .venv/ready  ## Measure training speed
	$(BIN)/python benchmarks/training_speed.py

clean:  ## Remove the virtual environment and the website (not the runs)
	rm -rf .venv site .cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11, 3.12 or 3.13 is needed, \
	but $(PYTHON) is " + sys.version.split()[0] + "; name another: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv .venv

.venv/ready: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

.venv/ready-docs: requirements-docs.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements-docs.txt
	touch $@
