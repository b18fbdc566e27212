"""The two tracks by name. Whoever needs one calls `load_track`; nothing else chooses between them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiment.files import PROJECT
from experiment.trained_run import Trained


class Predictor(Protocol):
    """A trained network of either track, ready for images: numpy_ref/predictor.py and its twin."""

    shape: tuple[int, ...]
    dtype: np.dtype
    model: Any

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...

    def saliency(self, image: np.ndarray, category: int) -> np.ndarray: ...

    def embed(self, images: np.ndarray) -> np.ndarray: ...

    def embed_words(self, vectors: np.ndarray) -> np.ndarray: ...

    def activations(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]: ...


@dataclass(frozen=True)
class Track:
    """One of the two implementations. Its modules are imported when they are first used: torch takes seconds."""

    name: str
    package: str
    script: Path

    @property
    def trainer(self) -> Any:
        """The module with `check_settings`, `start_model` and `train`."""
        return self._module("trainer")

    def predictor(self, trained: Trained) -> Predictor:
        """The network of a finished run; the run may be of the other track."""
        found: Predictor = self._module("predictor").Predictor(trained)
        return found

    def _module(self, name: str) -> Any:
        name = f"{self.package}.{name}"
        if name not in sys.modules:
            with _garbage_collection_paused():
                import_module(name)
        return sys.modules[name]


TRACKS = {
    "numpy": Track("numpy", "numpy_ref", PROJECT / "numpy_ref" / "train.py"),
    "lightning": Track("lightning", "lightning_models", PROJECT / "train_lightning.py"),
}


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """For large imports, of which nothing is garbage: looking for it all the same takes a sixth of torch's time.

    Nor is it looked for among what has been imported later, during the training.
    """
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if wanted:
            gc.enable()


def load_track(name: str) -> Track:
    """The track called `name`: "numpy" or "lightning"."""
    return TRACKS[name]
