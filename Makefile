# Everything from a fresh clone: `make train`, `make test`, `make lint`. Needs Python 3.11 or newer, and nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test lint benchmark clean

train: .venv/ready  ## Train both models in both tracks, and say where the curves are
	$(BIN)/python numpy_ref/train.py --config configs/softmax.yaml
	$(BIN)/python train_lightning.py --config configs/softmax.yaml
	$(BIN)/python numpy_ref/train.py --config configs/dual_tower.yaml
	$(BIN)/python train_lightning.py --config configs/dual_tower.yaml
	@echo "All curves: $(BIN)/tensorboard --logdir logs"

test: .venv/ready-dev  ## Run the tests
	$(BIN)/python -m pytest

lint: .venv/ready-dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: .venv/ready  ## Measure training speed
	$(BIN)/python benchmarks/training_speed.py

clean:  ## Remove the virtual environment (not the runs)
	rm -rf .venv

.venv/ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
