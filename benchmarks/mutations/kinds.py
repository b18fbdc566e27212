"""What a planted bug is, and the experiments that bugs are tried on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DATA = {"source": "doodles", "train_per_category": 40, "test_per_category": 12, "val_fraction": 0.25, "batch_size": 32}
MLP: dict[str, Any] = {
    "experiment": "mlp", "data": DATA, "softmax": {"hidden_dims": [12, 8], "label_smoothing": 0.1},
    "optimizer": {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "l2": 1e-3, "schedule": "step",
                  "decay_every": 2, "decay_factor": 0.5},
    "trainer": {"max_epochs": 6, "patience": 2},
}  # fmt: skip
"""A multilayer perceptron with penalty, decay, Nesterov momentum and a step schedule."""
CNN: dict[str, Any] = {
    "experiment": "cnn", "data": DATA | {"augmentation": {"rotation": 10.0}},
    "softmax": {"layers": [
        {"Conv2d": {"out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1}}, "BatchNorm2d", "LeakyReLU",
        {"MaxPool2d": {"kernel_size": 3, "stride": 2}}, {"Conv2d": {"out_channels": 4, "kernel_size": 3}}, "Tanh",
        {"AvgPool2d": 2}, {"Dropout": 0.2}, {"Linear": 12}, "BatchNorm1d", "Sigmoid", {"Linear": 8}, "ReLU",
    ]},
    "optimizer": {"name": "adamw", "lr": 0.01, "weight_decay": 0.02, "schedule": "one_cycle"},
    "trainer": {"max_epochs": 4, "patience": 3},
}  # fmt: skip
"""A convolutional network with nearly every layer, AdamW and a one-cycle schedule."""
POOLED: dict[str, Any] = {
    "experiment": "pooled", "data": DATA,
    "softmax": {"loss": "binary_cross_entropy", "layers": [
        {"Conv2d": {"out_channels": 3, "kernel_size": 3, "padding": 1}}, "ReLU",
        {"Conv2d": {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1}}, "Tanh", {"AdaptiveAvgPool2d": 1},
        {"Linear": 6}, "ReLU",
    ]},
    "optimizer": {"name": "adam", "lr": 0.01, "weight_decay": 0.01}, "trainer": {"max_epochs": 3, "patience": 2},
}  # fmt: skip
"""Two convolutions, of which the second has a stride, a global average, and binary cross-entropy."""
TOWERS: dict[str, Any] = {
    "experiment": "towers", "model": "dual_tower", "data": DATA,
    "dual_tower": {"image_dims": [16], "word_dims": [8], "embedding_dim": 6, "train_word_tower": True, "margin_weight": 1.0,
                   "contrast_weight": 0.5, "label_smoothing": 0.1},
    "optimizer": {"name": "adam", "lr": 0.01, "schedule": "cosine"}, "trainer": {"max_epochs": 4, "patience": 2},
}  # fmt: skip
"""A dual tower with all terms of its loss, Adam and a cosine schedule."""
FROZEN: dict[str, Any] = TOWERS | {"dual_tower": TOWERS["dual_tower"] | {"train_word_tower": False}}
"""The same with a word tower that stays as it is."""


@dataclass(frozen=True)
class Change:
    """`old` stands once in `file` and becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """One bug, or two."""

    name: str
    experiment: dict[str, Any]
    changes: tuple[Change, ...]
    stages: tuple[str, ...]
    """Stages (parity/ledger.py) of which the first difference must have one; of a pair, both must be found."""
    places: tuple[str, ...]
    """Words of which the first difference or its code must have one: a layer, a parameter, a file, a method."""
    dtypes: list[str] = field(default_factory=lambda: ["float64"])
    both_tracks: bool = False
    """The same bug in both tracks: only central differences can tell."""
    equivalent: str = ""
    """Why the change makes no difference, if it makes none."""


BOTH_DTYPES = {"dtypes": ["float64", "float32"]}
FLOAT32 = {"dtypes": ["float32"]}


def bug(
    name: str, experiment: dict[str, Any], file: str, old: str, new: str, stages: str, places: str, **more: Any
) -> Mutation:
    """A bug in one place; alternatives of `stages` and `places` stand between bars."""
    return Mutation(
        name, experiment, (Change(file, old, new),), tuple(stages.split("|")), tuple(places.split("|")), **more
    )


def pair(first: Mutation, second: Mutation) -> Mutation:
    """Two bugs at once, both of which must be found: by the first stage and the first place of each."""
    names, stages, places = (
        tuple(getattr(each, name) for each in (first, second)) for name in ("name", "stages", "places")
    )
    return Mutation(
        f"pair: {names[0]} + {names[1]}", first.experiment, (*first.changes, *second.changes),
        tuple(each[0] for each in stages), tuple(each[0] for each in places),
    )  # fmt: skip


def in_both(name: str, experiment: dict[str, Any], ours: Change, theirs: Change, places: str) -> Mutation:
    """The same mistake in both tracks."""
    return Mutation(name, experiment, (ours, theirs), ("numerical",), tuple(places.split("|")), both_tracks=True)


def same(name: str, experiment: dict[str, Any], file: str, old: str, new: str, reason: str, **more: Any) -> Mutation:
    """A change that makes no difference."""
    return Mutation(name, experiment, (Change(file, old, new),), (), (), equivalent=reason, **more)
