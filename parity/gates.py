"""Gates: where a layer's derivative jumps, and so where two right answers may differ by more than rounding.

A ReLU lets a number through or not, a maximum is taken from one place or another. If the numbers that decide are
equal to within rounding, the tracks may decide differently, and a step of central differences may cross over.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from numpy_ref.layers import LeakyReLU, MaxPool2d, ReLU
from numpy_ref.losses import MarginLoss
from numpy_ref.models.classifier import Classifier
from numpy_ref.module import Layer, Module
from parity.capture import BatchRecord

GATED = (ReLU, LeakyReLU, MaxPool2d)


@dataclass(frozen=True)
class Flip:
    """A gate that the two tracks set differently."""

    step: int
    layer: str
    distance: float
    """How far the NumPy track was from setting it otherwise: |z| at a ReLU, the lead of the maximum in a pool."""


def gates_of(model: Classifier) -> bytes:
    """How all gates stand after a forward pass and its loss."""
    layers = [layer._gate.tobytes() for _, layer in model.named_layers() if isinstance(layer, GATED)]
    margins = [loss._violated.tobytes() for _, loss in model.losses().values() if isinstance(loss, MarginLoss)]
    return b"".join(layers + margins)


def find_flips(step: int, model: Module, one: BatchRecord, other: BatchRecord) -> list[Flip]:
    """The gates that stand differently in two records of the same batch."""
    flips = []
    for name, layer in model.named_layers():
        if isinstance(layer, GATED):
            ours, theirs = one.layers[name].x, other.layers[name].x
            gate, twin = _gate(layer, ours), _gate(layer, theirs)
            places = np.nonzero(gate != twin)
            if len(places[0]):
                flips += [Flip(step, name, float(size)) for size in _distances(layer, ours, gate, twin)[places]]
    return flips


def _gate(layer: Layer, x: np.ndarray) -> np.ndarray:
    alone = copy.copy(layer)
    alone.forward(x)
    gate: np.ndarray = vars(alone)["_gate"]
    return gate


def _distances(layer: Layer, x: np.ndarray, gate: np.ndarray, twin: np.ndarray) -> np.ndarray:
    if not isinstance(layer, MaxPool2d):
        return np.abs(x)
    return np.abs(layer.candidates(x, gate) - layer.candidates(x, twin))
