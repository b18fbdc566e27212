"""Check 1: the gradients of the first iteration, against autograd and against central differences.

Where a gradient differs, every layer and loss is also checked on its own: PyTorch's twin gets what the NumPy layer
got, and must make the same of it. So a bug is blamed on the layer in which it sits, and not on all before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from datamodules.quickdraw import Batch, QuickDrawDataModule
from experiment.config import Experiment
from experiment.randomness import generator
from lightning_models import trainer as lightning_track
from lightning_models.classifier import Classifier as TorchClassifier
from numpy_ref import trainer as numpy_track
from numpy_ref.layers import ReLU
from numpy_ref.losses import MarginLoss
from numpy_ref.models.classifier import Classifier as NumpyClassifier
from parity.capture import BatchRecord, record_numpy, record_torch
from parity.measure import AUTOGRAD_TARGET, FLOOR, Difference, difference

STEP = 1e-6
"""Step of the central differences, in float64: truncation and rounding errors balance about there."""
DIRECTIONS = 10
SMALL_BATCH = 8


@dataclass(frozen=True)
class Numerical:
    """The outcome of a comparison with central differences."""

    checked: int
    at_kinks: int
    """Places left out, since a ReLU or a margin switched between the two points: there is no derivative."""
    worst: float
    """Largest relative difference."""


@dataclass(frozen=True)
class Gradients:
    """The outcome of check 1 in one dtype."""

    by_parameter: dict[str, Difference]
    by_layer: dict[str, float]
    """Largest relative difference of each layer and loss on its own."""
    blamed: list[str]
    """Layers and losses that do not do what PyTorch's do."""

    @property
    def worst(self) -> float:
        """Largest relative difference of any parameter's gradient."""
        return max(each.relative for each in self.by_parameter.values())


def compare_gradients(experiment: Experiment, data: QuickDrawDataModule) -> Gradients:
    """NumPy's gradients of the first batch beside autograd's."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    batch = next(data.batches("train", 0))
    one, other = record_numpy(ours, batch), record_torch(theirs, batch)
    trained = {id(parameter) for parameter in ours.trained_parameters()}
    by_parameter = {
        name: difference(one.gradients[name], other.gradients[name])
        for name, parameter in ours.named_parameters()
        if id(parameter) in trained
    }
    by_layer = _alone(ours, theirs, one, batch)
    target = AUTOGRAD_TARGET[experiment.trainer.dtype]
    blamed = [name for name, worst in by_layer.items() if worst > target]
    if not blamed and max(each.relative for each in by_parameter.values()) > target:
        blamed = [f"{type(ours).__name__}.backward (each layer on its own is right)"]
    return Gradients(by_parameter, by_layer, blamed)


def _alone(ours: NumpyClassifier, theirs: TorchClassifier, record: BatchRecord, batch: Batch) -> dict[str, float]:
    """Each layer and loss by itself: the twin's outputs and gradients for the same inputs."""
    modules = dict(theirs.named_modules())
    worst = {}
    for name, layer in record.layers.items():
        twin = modules[name]
        twin.zero_grad()
        x = torch.from_numpy(layer.x).requires_grad_()
        y = twin(x)
        pairs = [(layer.y, y.detach().numpy())]
        if layer.grad_y is not None:  # None within a frozen tower
            y.backward(torch.from_numpy(layer.grad_y))
        if layer.grad_x is not None and x.grad is not None:
            pairs.append((layer.grad_x, x.grad.numpy()))
        for key, parameter in twin.named_parameters():
            if parameter.grad is not None:
                pairs.append((record.gradients[f"{name}.{key}"], parameter.grad.numpy()))
        worst[name] = max(difference(a, b).relative for a, b in pairs)
    scores = ours.forward(batch[0])
    for name, (_, loss) in ours.losses().items():
        scores_torch = torch.from_numpy(scores.copy()).requires_grad_()
        value = loss.forward(scores.copy(), batch[1])
        expected = theirs.losses()[name][1](scores_torch, torch.from_numpy(batch[1]))
        expected.backward()
        assert scores_torch.grad is not None
        by_gradient = difference(loss.backward(), scores_torch.grad.numpy())
        by_value = difference(np.array([value]), expected.detach().numpy()[None])
        worst[f"loss {name}"] = max(by_gradient.relative, by_value.relative)
    return worst


def compare_numerically(experiment: Experiment, data: QuickDrawDataModule) -> Numerical:
    """NumPy's gradients of a small net of the same kind beside central differences, at every coordinate."""
    small = replace(
        experiment,
        softmax=replace(experiment.softmax, hidden_dims=[4, 3][: len(experiment.softmax.hidden_dims)]),
        dual_tower=replace(experiment.dual_tower, image_dims=[4], word_dims=[3], embedding_dim=3),
        trainer=replace(experiment.trainer, dtype="float64"),
    )
    model = numpy_track.start_model(small, data)
    images, labels = next(data.batches("train", 0))
    batch = images[:SMALL_BATCH].astype(np.float64), labels[:SMALL_BATCH]
    loss = _loss_of(model, batch)
    model.training_step(batch)
    gradients = [parameter.grad.copy() for parameter in model.trained_parameters()]
    checked, kinks, worst = 0, 0, 0.0
    for parameter, gradient in zip(model.trained_parameters(), gradients, strict=True):
        floor = FLOOR * np.abs(gradient).max() + 1e-9  # rounding alone makes 1e-10 of error at this step
        for place in np.ndindex(*gradient.shape):
            slope = _slope(loss, model, [(parameter.data, place, 1.0)])
            if slope is None:
                kinks += 1
                continue
            checked += 1
            worst = max(worst, abs(slope - gradient[place]) / max(floor, abs(slope) + abs(gradient[place])))
    return Numerical(checked, kinks, worst)


def compare_along_directions(experiment: Experiment, data: QuickDrawDataModule) -> Numerical:
    """The real net's gradient in float64 beside central differences along random directions of all weights."""
    double = replace(experiment, trainer=replace(experiment.trainer, dtype="float64"))
    model = numpy_track.start_model(double, data)
    images, labels = next(data.batches("train", 0))
    batch = images.astype(np.float64), labels
    loss = _loss_of(model, batch)
    model.training_step(batch)
    parameters = model.trained_parameters()
    gradients = [parameter.grad.copy() for parameter in parameters]
    random = generator(experiment.seed, "directions")
    checked, kinks, worst = 0, 0, 0.0
    for _ in range(DIRECTIONS):
        # Along the gradient with some noise: straight noise is all but orthogonal to it and leaves nothing to measure.
        ways = [g / np.linalg.norm(g) + random.standard_normal(g.shape) / np.sqrt(g.size) for g in gradients]
        expected = sum(float((g * way).sum()) for g, way in zip(gradients, ways, strict=True))
        moves = [(p.data, (...,), way) for p, way in zip(parameters, ways, strict=True)]
        slope = _slope(loss, model, moves)
        if slope is None:
            kinks += 1
            continue
        checked += 1
        worst = max(worst, abs(slope - expected) / (abs(slope) + abs(expected)))
    return Numerical(checked, kinks, worst)


def _loss_of(model: NumpyClassifier, batch: Batch) -> Callable[[], float]:
    return lambda: model.loss_terms(model.forward(batch[0]), batch[1])["loss"]


def _slope(loss: Callable[[], float], model: NumpyClassifier, moves: list[tuple[np.ndarray, Any, Any]]) -> float | None:
    """(L(w + h d) - L(w - h d)) / 2h, or None where a gate switches between the two points."""
    before = [array.copy() for array, _, _ in moves]
    values, gates = [], []
    for sign in (1, -1):
        for (array, place, way), start in zip(moves, before, strict=True):
            array[...] = start
            array[place] += sign * STEP * way
        values.append(loss())
        gates.append(_gates(model))
    for (array, _, _), start in zip(moves, before, strict=True):
        array[...] = start
    if gates[0] != gates[1]:
        return None
    return (values[0] - values[1]) / (2 * STEP)


def _gates(model: NumpyClassifier) -> bytes:
    """Which ReLUs let through and which margins are violated, after a forward pass."""
    open_relus = [(layer._y > 0).tobytes() for _, layer in model.named_layers() if isinstance(layer, ReLU)]
    violated = [loss._violated.tobytes() for _, loss in model.losses().values() if isinstance(loss, MarginLoss)]
    return b"".join(open_relus + violated)
