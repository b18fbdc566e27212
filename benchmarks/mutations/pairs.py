"""Two bugs at once, of which the second must not hide behind the first."""

from __future__ import annotations

from benchmarks.mutations.kinds import Mutation, pair
from benchmarks.mutations.layers import LAYERS
from benchmarks.mutations.training import TRAINING

_BY_NAME = {mutation.name: mutation for mutation in [*LAYERS, *TRAINING]}
_NAMES = [
    ("Tanh: 1 - y", "AvgPool2d: divided by k"),
    ("linear: dL/dW doubled", "schedule: step frozen"),
    ("CrossEntropyLoss: no smoothing on the way back", "SGD: Nesterov the wrong way round"),
    ("BatchNorm: momentum the wrong way round", "Dropout: no mask on the way back"),
    ("Normalize: no Jacobian", "MarginLoss: true class pulled once"),
    ("ReLU: gate open on the way back", "metrics: F1 plus 0.1"),
    ("data: other shuffling from epoch 2 on", "validation: accuracy always 0.99"),
    ("Conv2d: dL/dx upside down", "AdamW: decay not decoupled"),
    ("lightning: contrast without temperature", "DualTower: word tower not given to the optimizer"),
    ("linear: dL/db averaged", "history: more than patience"),
    ("BatchNorm: biased running variance", "evaluation: dropout and batch norm in training mode in the test"),
    ("weights: penalty's gradient without the 2", "probabilities: wrong, ranking right"),
    ("lightning Dropout: not scaled", "MaxPool2d: overlapping gradients overwritten"),
]

PAIRS: list[Mutation] = [pair(_BY_NAME[one], _BY_NAME[other]) for one, other in _NAMES]
