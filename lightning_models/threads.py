"""How fast torch runs a model: with how many threads, and compiled or not. The numbers stay, up to rounding."""

from __future__ import annotations

import torch

from experiment.architecture import Shape
from experiment.config import Experiment
from experiment.cores import usable_cores
from lightning_models.classifier import Classifier
from lightning_models.layers import Dropout

SMALL = 1_000_000
"""Multiplications per image below which torch uses one thread: more of them cost more than they bring, since they fall
asleep between two steps."""


def prepare(model: Classifier, experiment: Experiment, shape: Shape) -> None:
    """Choose torch's threads, and compile the layers where the experiment asks for it."""
    use_threads(model, shape)
    if experiment.compile:
        compile_layers(model)


def use_threads(model: Classifier, shape: Shape) -> None:
    """Let torch use one thread for a small model, and all cores for others; torch overlooks a container's quota."""
    cores = 1 if multiplications(model, shape) < SMALL else usable_cores()
    torch.set_num_threads(min(cores, torch.get_num_threads()))


def compile_layers(model: Classifier) -> None:
    """Compile the layers through which images pass; the names of their weights stay.

    Dropout asks NumPy for another mask at each step, for each of which PyTorch would compile anew: it is left out.
    """
    layers = model.image_layers()
    for layer in layers:
        if isinstance(layer, Dropout):
            layer.forward = torch.compiler.disable(layer.forward)  # type: ignore[method-assign]
    layers.forward = torch.compile(layers.forward)  # type: ignore[method-assign]


@torch.inference_mode()
def multiplications(model: Classifier, shape: Shape) -> int:
    """How many multiplications an input of `shape` costs: each weight's, at each pixel or point of the output."""
    x, count = torch.ones(1, *shape, dtype=next(model.parameters()).dtype), 0
    model.eval()
    model.note_batch(x)
    for layer in model.image_layers():
        x = layer(x)
        places = x.shape[1] if x.ndim == len(("batch", "points", "features")) else x[0, 0].numel()
        count += sum(weight.numel() for weight in layer.parameters() if weight.ndim > 1) * places
    model.train()
    return count
