"""The network of a finished run in either track."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiment.errors import UserError
from experiment.trained import Trained, read_trained

TRACKS = {"numpy": "numpy_ref", "lightning": "lightning_models"}


class Predictor(Protocol):
    """A trained network of either track, ready for drawings: numpy_ref/predictor.py and its twin."""

    dtype: np.dtype
    model: Any

    def __init__(self, trained: Trained) -> None: ...

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...

    def saliency(self, image: np.ndarray, category: int) -> np.ndarray: ...

    def embed(self, images: np.ndarray) -> np.ndarray: ...

    def embed_words(self, vectors: np.ndarray) -> np.ndarray: ...


def import_predictor(track: str) -> type[Predictor]:
    """The predictor of a track; only Lightning's loads torch, and only when it is asked for."""
    found: type[Predictor] = import_module(f"{TRACKS[track]}.predictor").Predictor
    return found


def read_dual_tower(folder: Path, track: str) -> tuple[Trained, Predictor]:
    """A run that knows words, and its network; a classifier's run is a `UserError`."""
    trained = read_trained(folder)
    if trained.experiment.model != "dual_tower":
        raise UserError(f"{folder}: a classifier knows no words; give the run of a dual tower.")
    return trained, import_predictor(track)(trained)
