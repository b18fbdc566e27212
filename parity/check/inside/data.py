"""What a submission is given, and what is kept of a training step: batches in every form, outputs in one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array, Found, Layout
from parity.check.inside.masks import hand_out
from parity.check.inside.names import fits_role
from parity.check.inside.program import BATCHES, Program

RATE = 0.05
PENALTY = 0.1


@dataclass
class Step:
    """What was seen in one training step."""

    x: Array
    target: Array
    weights: list[Array]
    biases: list[Any]
    output: Array | None = None
    loss: float | None = None
    weight_gradients: list[Any] | None = None
    bias_gradients: list[Any] | None = None
    new_weights: list[Array] | None = None
    new_biases: list[Any] | None = None
    numeric: list[Array] = field(
        default_factory=list
    )  # per layer: rows (i, j, central difference of the loss); j = -1: bias
    changed: list[str] = field(default_factory=list)  # names of inputs that the program changed in place
    others: dict[str, Array] = field(default_factory=dict)  # arrays of hidden layers' widths that are no biases
    new_others: dict[str, Array] = field(default_factory=dict)
    draws: list[Array] = field(default_factory=list)  # random numbers that were drawn, samples as rows


@dataclass
class Evaluation:
    """What a function that evaluates gave: outputs, labels or the share of right ones."""

    name: str
    asked: bool  # whether the call said that this is no training
    switched: bool  # whether there is a switch between training and evaluation at all
    step: Step
    result: Array


@dataclass
class Form:
    """How the data are given: samples as rows or columns, and how labels are written."""

    columns: bool
    labels: str  # integers, one-hot, integers-2d
    single: bool = False
    stacked: bool = False  # (N, 1, D): each sample is a matrix of one row

    def __str__(self) -> str:
        if self.stacked:
            return f"one sample at a time as a row, labels {self.labels}"
        if self.single:
            return f"one sample at a time{' as a column' if self.columns else ''}, labels {self.labels}"
        return f"samples as {'columns' if self.columns else 'rows'}, labels {self.labels}"


@dataclass
class Session:
    """A few steps in one form of the data, with the names of the functions that were called."""

    form: Form
    steps: list[Step]
    calls: dict[str, str]
    layout: Layout
    style: str
    rate: float | None
    notes: list[str] = field(default_factory=list)
    extra: dict[str, float] = field(default_factory=dict)
    accuracy: dict[str, str] = field(default_factory=dict)
    evaluations: list[Evaluation] = field(default_factory=list)


def batches(
    sizes: list[int], rng: np.random.Generator, counts: tuple[int, ...] = BATCHES, complete: bool = False
) -> list[tuple[Array, Array]]:
    """Batches of different samples: x (N, D), one-hot targets (N, C) with the last class (`complete`: each) in them."""
    answer = []
    for count in counts:
        x = rng.normal(0, 1, (count, sizes[0]))
        classes = max(sizes[-1], 2)
        labels = rng.integers(0, classes, count)
        labels[-1] = classes - 1
        labels[0] = 0
        if complete and classes <= count:
            labels[:classes] = np.arange(classes)
        target = np.eye(classes)[labels] if sizes[-1] > 1 else labels[:, None].astype(float)
        answer.append((x, target))
    return answer


def give(program: Program, form: Form, x: Array, target: Array) -> None:
    """Put a batch where functions look for it."""
    labels = target.argmax(1) if target.shape[1] > 1 else target[:, 0].astype(int)
    y: Any = {"integers": labels, "one-hot": target, "integers-2d": labels[:, None]}[form.labels].copy()
    x = x.copy()
    if form.columns:
        x, y = x.T.copy(), (y.T.copy() if y.ndim == 2 else y)
    if form.stacked:
        x, y = x[:, None, :], y[:, None]
    elif form.single and not form.columns:
        x, y = x[0], y[0]
    roles = program.roles
    roles.update(
        x=x, y=y, x_other=x, y_other=y, count=len(target), batch_size=len(target), lr=RATE, epochs=1, verbose=False
    )
    roles["batch_size_2"] = len(target)
    samples = x.T if form.columns else np.atleast_2d(x)
    roles["x_alone"], roles["y_alone"] = [x], [y]
    pairs = list(zip(samples, target, strict=True))
    roles["pairs"] = [(one[:, None], t[:, None]) for one, t in pairs] if form.columns else pairs
    for name, value in list(program.globals.items()):
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and (name in ("m", "n_samples", "num_samples", "m_train") or fits_role(name, "batch_size"))
        ):
            program.globals[name] = len(target)
        elif isinstance(value, float) and fits_role(name, "lr") and not _is_slope(program, name):
            program.globals[name] = RATE
    for holder, name, role in program.slots:
        holder[name] = roles[role]
    hand_out(program, len(target), form.columns)
    for word in [w for w in program.known if re.match(r"^(m|one_hot_?y|onehot)$", w, re.I)]:
        program.known[word] = len(target) if word == "m" else target


def _is_slope(program: Program, name: str) -> bool:
    """Whether a global name such as ALPHA is read by an activation: it is a slope then, no learning rate."""
    reads = [n for n, f in program.functions.items() if name in getattr(getattr(f, "__code__", None), "co_names", ())]
    return any(re.search(r"relu|elu|leak|act", n, re.I) for n in reads)


def as_output(array: Any, count: int, classes: int, columns: bool) -> Array | None:
    """An array of shape (N, C) from one that may lie on its side; None where it has another shape."""
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return None
    if columns and array.shape == (classes, count):
        return array.T.copy()
    if not columns and array.shape == (count, classes):
        return array.copy()
    if array.shape == (count,) and classes == 1:
        return array[:, None].copy()
    if count == 1 and array.size == classes:
        return array.reshape(1, classes).copy()
    return None


def choose_output(found: list[Found], count: int, classes: int, columns: bool) -> Array | None:
    """Among the arrays that a forward call made: probabilities if there are any, else the last of the right shape."""
    fits = [(f, as_output(f.value, count, classes, columns)) for f in found]
    outputs = [o for f, o in fits if o is not None and not f.is_gradient]
    if not outputs:
        return None
    likely = [o for o in outputs if np.all(o >= 0) and (np.allclose(o.sum(1), 1) or np.allclose(o.sum(0), 1))]
    return likely[-1] if likely else outputs[-1]
