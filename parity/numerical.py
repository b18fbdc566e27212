"""NumPy's gradients beside central differences: the one check that needs no second implementation.

(L(w + h d) - L(w - h d)) / 2h is taken for steps h from large to small, each extrapolated to h = 0 (Richardson 1911).
Where two neighbouring steps agree best is the derivative, and by how much they differ is its error: no step has to be
chosen. All is done in float64.

Where a ReLU's input is 0, or two inputs of a maximum are equal, there is no derivative. So the point is chosen where
there is one: layers by themselves get random inputs, and the whole network gets weights a little off their start, with
no bias at 0 (at the start a black background makes inputs of exactly 0). Nothing then has to be left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from datamodules.images import Batch, ImageDataModule
from experiment.config import Experiment
from experiment.randomness import generator
from numpy_ref import trainer as numpy_track
from numpy_ref.classifier import Classifier
from numpy_ref.module import Layer
from parity.ledger import Finding, Ledger, code_of
from parity.records import StepRecord, one_step

STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Steps that are tried, relative to the size of what is moved."""
CLOSE = (2e-6, 1e-6, 5e-7, 2e-7)
"""Steps that decide where those differ from the gradient."""
EPS = float(np.finfo(np.float64).eps)
CLEAR = 1e-3
"""A derivative known to this share of the gradient's length tells a right gradient from a wrong one."""
ENOUGH = 1e-8
"""An error below this share of the gradient's length needs no further step."""
SAFETY = 20.0
"""A difference may be this many times the extrapolation's own estimate of its error."""
ROUNDING = 1e-8
"""Share of the gradient's length that rounding of the loss can make at the smallest steps."""
SAMPLES = 4
"""Images of the batch that are used: the gradient of a mean over few shows as much."""
EVERY = 4
"""Of the points of strokes one in four is taken: gradients of short sequences show as much."""
COORDINATES = 6
"""Single numbers of each of a layer's arrays that are tried, besides directions of all."""
AMONG = 1
"""The same of each parameter of a block or of the whole network, whose layers have been tried by themselves."""
DIRECTIONS = 2


def compare_numerically(experiment: Experiment, data: ImageDataModule, ledger: Ledger) -> None:
    """Every layer and loss by itself, then the whole network's gradient by each of its parameters."""
    double = replace(experiment, trainer=replace(experiment.trainer, dtype="float64"))
    model = numpy_track.start_model(double, data)
    images, labels = next(data.batches("train", 0))
    if data.as_strokes:
        images = images[:, ::EVERY]
    batch = images[:SAMPLES].astype(np.float64), labels[:SAMPLES]
    if len(labels) == 1:
        batch = np.concatenate([batch[0]] * 2), np.concatenate([batch[1]] * 2)
    random = generator(experiment.seed, "directions")
    ledger.expect("numerical")
    _move_off_kinks(model, random)
    record = one_step(model, batch)
    tried: set[str] = set()
    for name, layer in [*model.named_layers(), *model.named_blocks()]:
        if name in record.layers:
            _check_layer(ledger, name, layer, record.layers[name][0].x.shape, random, tried)
    for name, (_, loss) in model.losses().items():
        _check_loss(ledger, name, loss, record, random)
    _check_network(ledger, model, batch, record, random)


def derivative(function: Callable[[float], float], size: float, enough: float = 0.0) -> tuple[float, float]:
    """f'(0) by central differences with steps from large to small, and an estimate of the error.

    Each step gives a Richardson extrapolation of h and h / 2. Two neighbouring steps that agree are right to their
    difference and to rounding: large steps suffer from curvature and kinks, small ones from rounding. An error of
    `enough` ends the search.
    """
    best, error, before = float("nan"), float("inf"), float("nan")
    for share in STEPS:
        h = share * size
        values = [function(step) for step in (h, -h, h / 2, -h / 2)]
        coarse, fine = (values[0] - values[1]) / (2 * h), (values[2] - values[3]) / h
        found = (4 * fine - coarse) / 3
        spread = abs(found - before) + 8 * EPS * max(map(abs, values)) / h
        if spread < error:
            best, error = found, spread
        if error <= enough:
            break
        before = found
    return best, error


def derivative_close_by(function: Callable[[float], float], size: float) -> tuple[float, float]:
    """f'(0) by the smallest steps alone, which cross few kinks, and an error with all of their rounding."""
    found, rounding = [], 0.0
    for share in CLOSE:
        h = share * size
        values = function(h), function(-h)
        found.append((values[0] - values[1]) / (2 * h))
        rounding = max(rounding, 8 * EPS * max(map(abs, values)) / h)
    return float(np.median(found)), max(found) - min(found) + rounding


def _move_off_kinks(model: Classifier, random: np.random.Generator) -> None:
    for parameter in model.parameters():
        if parameter.data.ndim == 1:
            signs = random.integers(0, 2, parameter.data.shape) * 2 - 1
            parameter.data += signs * random.uniform(0.02, 0.12, parameter.data.shape)
        else:
            size = float(np.abs(parameter.data).mean())
            parameter.data += 0.3 * size * random.standard_normal(parameter.data.shape)
            if size < 1e-3:  # weights that start near 0 leave nothing to measure
                parameter.data += 0.1 * random.standard_normal(parameter.data.shape)


def _check_layer(
    ledger: Ledger, name: str, original: Layer, shape: tuple[int, ...], random: np.random.Generator, tried: set[str]
) -> None:
    """dL/dx and each parameter's gradient of L = Σ c y, for random x and c; `tried`: parameters of inner layers."""
    layer = copy.deepcopy(original)
    x = random.standard_normal(shape)
    cotangent = random.standard_normal(layer.forward(x).shape)
    grad_x = layer.backward(cotangent.copy())
    gradients = {key: parameter.grad.copy() for key, parameter in layer.named_parameters()}
    where = f"{name} ({type(layer).__name__})"
    code = code_of(getattr(type(layer), "backward", None))

    def loss() -> float:
        return float((layer.forward(x) * cotangent).sum())

    _compare(ledger, "dL/dx against central differences", where, loss, x, grad_x, random, code)
    for key, parameter in layer.named_parameters():
        what, full = f"dL/d{key} against central differences", f"{name}.{key}"
        coordinates = AMONG if full in tried else COORDINATES
        _compare(ledger, what, where, loss, parameter.data, gradients[key], random, code, coordinates)
        tried.add(full)


def _check_loss(ledger: Ledger, name: str, loss: Any, record: StepRecord, random: np.random.Generator) -> None:
    """dL/dscores of a loss by itself, at random scores."""
    scores = random.standard_normal(record.scores.shape)
    loss.forward(scores, record.labels)
    grad = np.array(loss.backward())
    code = code_of(type(loss).backward)
    _compare(
        ledger, "dL/dscores against central differences", f"loss {name} ({type(loss).__name__})",
        lambda: float(loss.forward(scores, record.labels)), scores, grad, random, code,
    )  # fmt: skip


def _check_network(
    ledger: Ledger, model: Classifier, batch: Batch, record: StepRecord, random: np.random.Generator
) -> None:
    """The loss that is trained, by each parameter."""
    trained = {id(parameter) for parameter in model.trained_parameters()}
    code = code_of(type(model).training_step, type(model).backward)
    largest = max((float(np.linalg.norm(gradient)) for gradient in record.gradients.values()), default=0.0)

    def loss() -> float:
        model.reset_sums()
        return float(model.loss_terms(model.forward(batch[0]), batch[1])["loss"])

    for name, parameter in model.named_parameters():
        if id(parameter) in trained:
            what = f"total gradient of {name} against central differences"
            _compare(ledger, what, "", loss, parameter.data, record.gradients[name], random, code, AMONG, largest)


def _compare(
    ledger: Ledger, what: str, where: str, loss: Callable[[], float], array: np.ndarray, gradient: np.ndarray,
    random: np.random.Generator, code: tuple[str, ...], coordinates: int = COORDINATES, among: float = 0.0,
) -> None:  # fmt: skip
    """A gradient beside derivatives along some directions and coordinates of `array`.

    `among`: the length of the largest gradient beside it, of which a share says what is 0.
    """
    if gradient.shape != array.shape:
        ledger.add(
            Finding("numerical", what, where, code=code, hint=f"shape {gradient.shape} instead of {array.shape}")
        )
        return
    start = array.copy()
    length = float(np.linalg.norm(gradient))
    clear, worst = 0, 0.0
    for direction in _directions(gradient, random, coordinates):

        def moved(step: float, direction: np.ndarray = direction) -> float:
            array[...] = start + step * direction
            value = loss()
            array[...] = start
            return value

        expected = float((gradient * direction).sum())
        size = max(length, 1e-3 * among, 1e-12) * float(np.linalg.norm(direction))
        reach = max(1e-3, float(np.abs(start).max())) / float(np.abs(direction).max())
        found, error = derivative(moved, reach, ENOUGH * size)
        if not np.isfinite(found) or error > CLEAR * size:
            continue
        clear += 1
        off, limit = abs(found - expected), max(SAFETY * error, ROUNDING * size)
        if off > limit:  # two large steps may agree by chance, both wrong by the same kinks
            found, error = derivative_close_by(moved, reach)
            off, limit = abs(found - expected), max(SAFETY * error, ROUNDING * size)
        worst = max(worst, off / limit)
        if off > limit and off > 1e-6 * size:
            ratio = f", {expected / found:.6g} times" if abs(found) > CLEAR * size else ""
            hint = f"the gradient says {expected:.6g}, central differences {found:.6g}{ratio}"
            ledger.add(Finding("numerical", what, where, None, None, off, limit, code, hint))
            return
    if clear:
        ledger.passed("numerical", min(worst, 1.0), 0.0, clear)
    else:
        ledger.checks["numerical"].note = f"{what}{f' of {where}' if where else ''}: too many kinks to tell"
        ledger.checks["numerical"].limited = True


def _directions(gradient: np.ndarray, random: np.random.Generator, coordinates: int) -> list[np.ndarray]:
    """Directions along the gradient with some noise, and single coordinates, the steepest ones first."""
    length = float(np.linalg.norm(gradient))
    ways = []
    for _ in range(DIRECTIONS):
        noise = random.standard_normal(gradient.shape)
        noise /= np.linalg.norm(noise)
        way = gradient / length + noise if length else noise
        ways.append(way if np.abs(way).max() > 0.1 * np.abs(noise).max() else noise)
    steepest = np.argsort(-np.abs(gradient), axis=None, kind="stable")[: coordinates // 2]
    others = random.integers(0, gradient.size, coordinates - len(steepest))
    for place in dict.fromkeys([*steepest.tolist(), *others.tolist()]):
        way = np.zeros(gradient.size)
        way[place] = 1.0
        ways.append(way.reshape(gradient.shape))
    return ways
