"""The network of a finished run, for programs that compare vectors."""

from __future__ import annotations

from pathlib import Path

from experiment.errors import UserError
from experiment.registry import MODELS
from experiment.trained_run import Trained, read_trained
from training.tracks import Predictor, load_track


def read_any(folder: Path, track: str) -> tuple[Trained, Predictor]:
    """A run, and its network."""
    trained = read_trained(folder)
    return trained, load_track(track).predictor(trained)


def read_dual_tower(folder: Path, track: str) -> tuple[Trained, Predictor]:
    """A run with a word tower, and its network; a classifier's run is a `UserError`."""
    trained, network = read_any(folder, track)
    if not MODELS[trained.experiment.model].needs_words:
        raise UserError(f"{folder}: a classifier knows no words; give the run of a dual tower.")
    return trained, network
