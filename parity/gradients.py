"""Check 1: the gradients of the first iteration, against autograd and against central differences.

Every layer and loss is also checked on its own: PyTorch's twin gets what the NumPy layer got, and must make the same
of it. So a bug is blamed on the layer in which it sits, and not on all before it.

Where a sum all but cancels, as under batch normalisation, rounding moves it by much more than one part in 10⁷ or 10¹⁶.
How much, PyTorch itself tells: its float32 gradients differ from its float64 ones by float32's rounding. So the limit
is the target or twice that, whichever is larger (for float64 scaled down to its precision). Where rounding sets a gate
differently (`parity/gates.py`), only the layers on their own can be compared.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from datamodules.images import Batch, ImageDataModule
from experiment.config import Experiment
from experiment.network import LayerSpec
from experiment.randomness import generator
from lightning_models import trainer as lightning_track
from lightning_models.classifier import Classifier as TorchClassifier
from numpy_ref import trainer as numpy_track
from numpy_ref.models.classifier import Classifier as NumpyClassifier
from parity.capture import BatchRecord, LayerRecord, record_numpy, record_torch
from parity.gates import find_flips, gates_of
from parity.measure import AUTOGRAD_TARGET, FLOOR, Difference, difference

STEP = 1e-6
"""Step of the central differences, in float64: truncation and rounding errors balance about there."""
SMALLER = (1e-6, 1e-7, 1e-8, 1e-9)
"""Steps along a direction of all weights, tried until no gate switches: a deep network has millions of gates."""
DIRECTIONS = 10
SMALL_BATCH = 8
SLACK = 2.0
"""NumPy may round so many times worse than PyTorch."""
OTHER = {"float32": "float64", "float64": "float32"}
OWN_SHARE = {"float32": 1.0, "float64": 1000 * float(np.finfo(np.float64).eps / np.finfo(np.float32).eps)}
"""A precision's own rounding as a share of the difference between the two, which is float32's rounding. PyTorch adds
float32 numbers up in float64, but float64 numbers in no wider type: of sums of 50,000 those keep three digits less."""


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
    rounding: float
    """How far rounding alone may move a gradient of this network, by PyTorch's in the other precision."""
    flips: int
    """Gates that the two tracks set differently."""
    blamed: list[str]
    """Layers and losses that do not do what PyTorch's do."""

    @property
    def worst(self) -> float:
        """Largest relative difference of any parameter's gradient."""
        return max(each.relative for each in self.by_parameter.values())


def compare_gradients(experiment: Experiment, data: ImageDataModule) -> Gradients:
    """NumPy's gradients of the first batch beside autograd's."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    batch, dtype = next(data.batches("train", 0)), experiment.trainer.dtype
    one, other = record_numpy(ours, batch), record_torch(theirs, batch)
    trained = {id(parameter) for parameter in ours.trained_parameters()}
    names = [name for name, parameter in ours.named_parameters() if id(parameter) in trained]
    by_parameter = {name: difference(one.gradients[name], other.gradients[name], one.scale) for name in names}
    rounded = record_torch(in_other_precision(theirs), (batch[0].astype(OTHER[dtype]), batch[1]))
    apart = [difference(other.gradients[name], rounded.gradients[name], one.scale).relative for name in names]
    rounding = OWN_SHARE[dtype] * max(apart)
    alone = layers_alone(ours, theirs, one, batch)
    target = AUTOGRAD_TARGET[dtype]
    blamed = [name for name, layer in alone.items() if layer.apart > max(target, SLACK * layer.rounding)]
    flips = len(find_flips(0, ours, one, other))
    too_far = max(each.relative for each in by_parameter.values()) > max(target, SLACK * rounding)
    if not blamed and too_far and not flips:
        blamed = [f"{type(ours).__name__}.backward (each layer on its own is right)"]
    return Gradients(by_parameter, {name: layer.apart for name, layer in alone.items()}, rounding, flips, blamed)


@dataclass(frozen=True)
class Alone:
    """One layer or loss by itself."""

    apart: float
    """Largest relative difference from PyTorch's, given the same inputs."""
    rounding: float
    """How far rounding alone may move it, by PyTorch's in the other precision."""


def layers_alone(ours: NumpyClassifier, theirs: TorchClassifier, record: BatchRecord, batch: Batch) -> dict[str, Alone]:
    """Each layer and loss by itself: the twin's outputs and gradients for the same inputs."""
    dtype = str(batch[0].dtype)
    modules, rounded = dict(theirs.named_modules()), dict(in_other_precision(theirs).named_modules())
    alone = {}
    for name, layer in record.layers.items():
        parameters = {key: record.gradients[f"{name}.{key}"] for key, _ in modules[name].named_parameters()}
        numpys = {"y": layer.y} | ({} if layer.grad_x is None else {"dL/dx": layer.grad_x}) | parameters
        torchs, others = _through(modules[name], layer), _through(rounded[name], layer)
        alone[name] = _alone(numpys, torchs, others, OWN_SHARE[dtype])
    scores = ours.forward(batch[0])
    for name, (_, loss) in ours.losses().items():
        numpys = {"loss": np.array([loss.forward(scores.copy(), batch[1])]), "dL/ds": loss.backward()}
        torchs = _through_loss(theirs.losses()[name][1], scores, batch[1])
        others = _through_loss(theirs.losses()[name][1], scores.astype(OTHER[dtype]), batch[1])
        alone[f"loss {name}"] = _alone(numpys, torchs, others, OWN_SHARE[dtype])
    return alone


def in_other_precision(model: TorchClassifier) -> TorchClassifier:
    """A copy of a float32 model in float64, or of a float64 model in float32."""
    twin = copy.deepcopy(model)
    return twin.double() if next(model.parameters()).dtype == torch.float32 else twin.float()


def _through(module: torch.nn.Module, layer: LayerRecord) -> dict[str, np.ndarray]:
    """What a module of PyTorch's makes of what a layer of ours got, in the module's precision."""
    module.zero_grad()
    dtype = next((p.dtype for p in [*module.parameters(), *module.buffers()]), None)
    dtype = dtype or getattr(torch, str(layer.x.dtype))
    x = torch.from_numpy(layer.x.copy()).to(dtype).requires_grad_()
    y = module(x)
    results = {"y": y.detach().numpy()}
    if layer.grad_y is not None:  # None within a frozen tower
        y.backward(torch.from_numpy(layer.grad_y.copy()).to(dtype))
        assert x.grad is not None
        results["dL/dx"] = x.grad.numpy()
    gradients = {key: p.grad.numpy().copy() for key, p in module.named_parameters() if p.grad is not None}
    return results | gradients


def _through_loss(loss: torch.nn.Module, scores: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    scores_torch = torch.from_numpy(scores.copy()).requires_grad_()
    value = loss(scores_torch, torch.from_numpy(labels))
    value.backward()
    assert scores_torch.grad is not None
    return {"loss": value.detach().numpy()[None], "dL/ds": scores_torch.grad.numpy()}


def _alone(
    numpys: dict[str, np.ndarray], torchs: dict[str, np.ndarray], others: dict[str, np.ndarray], share: float
) -> Alone:
    common = [name for name in numpys if name in torchs]
    apart = max(difference(numpys[name], torchs[name]).relative for name in common)
    return Alone(apart, share * max(difference(torchs[name], others[name]).relative for name in common))


def compare_numerically(experiment: Experiment, data: ImageDataModule) -> Numerical:
    """NumPy's gradients of a small net of the same kind beside central differences, at every coordinate."""
    small = replace(
        experiment,
        softmax=replace(
            experiment.softmax,
            hidden_dims=[4, 3][: len(experiment.softmax.hidden_dims)],
            layers=_narrow(experiment.softmax.layers),
        ),
        dual_tower=replace(
            experiment.dual_tower,
            image_dims=[4],
            image_layers=_narrow(experiment.dual_tower.image_layers),
            word_dims=[3],
            embedding_dim=3,
        ),
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


def _narrow(layers: list[LayerSpec] | None) -> list[LayerSpec] | None:
    """The same layers with at most three channels or features each."""
    if layers is None:
        return None
    return [layer if isinstance(layer, str) else {name: _few(name, layer[name]) for name in layer} for layer in layers]


def _few(name: str, arguments: Any) -> Any:
    if name == "Linear" and isinstance(arguments, int):
        return min(3, arguments)
    if name not in ("Linear", "Conv2d"):
        return arguments
    width = "out_features" if name == "Linear" else "out_channels"
    return arguments | {width: min(3, arguments[width])}


def compare_along_directions(experiment: Experiment, data: ImageDataModule) -> Numerical:
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
        slopes = (_slope(loss, model, moves, step) for step in SMALLER)
        slope = next((each for each in slopes if each is not None), None)
        if slope is None:
            kinks += 1
            continue
        checked += 1
        worst = max(worst, abs(slope - expected) / (abs(slope) + abs(expected)))
    return Numerical(checked, kinks, worst)


def _loss_of(model: NumpyClassifier, batch: Batch) -> Callable[[], float]:
    return lambda: model.loss_terms(model.forward(batch[0]), batch[1])["loss"]


def _slope(
    loss: Callable[[], float], model: NumpyClassifier, moves: list[tuple[np.ndarray, Any, Any]], step: float = STEP
) -> float | None:
    """(L(w + h d) - L(w - h d)) / 2h, or None where a gate switches between the two points."""
    before = [array.copy() for array, _, _ in moves]
    values, gates = [], []
    for sign in (1, -1):
        for (array, place, way), start in zip(moves, before, strict=True):
            array[...] = start
            array[place] += sign * step * way
        values.append(loss())
        gates.append(gates_of(model))
    for (array, _, _), start in zip(moves, before, strict=True):
        array[...] = start
    if gates[0] != gates[1]:
        return None
    return (values[0] - values[1]) / (2 * step)
