"""A dense network in float64 NumPy and its forward pass, in which every mistake is a small change.

Between two dense layers lie an activation and, where there are, batch norm (before or after it) and dropout (after it).

Samples are rows, weights are (in, out): z = a W + b. Gradients are sums over the batch of each sample's gradient; the
loss's factor (1/N for a mean) is applied by the caller. A change is a `Tweak`: the mistake's id, which of its ways of
being made, and the layer (None: all of them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from parity.check.normalization import Mask, Norm, Normed

Array = np.ndarray


class Tweak(NamedTuple):
    """One mistake at one place."""

    id: str
    option: str = ""
    layer: int | None = None


@dataclass(frozen=True)
class Net:
    """What is computed: hidden activations, output activation and what is wrong in the forward pass."""

    hidden: tuple[str, ...]
    output: str
    tweaks: tuple[Tweak, ...] = ()
    norms: tuple[Norm | None, ...] = ()
    masks: tuple[Mask | None, ...] = ()
    inputs: str = ""
    """What is done to the samples before the first layer: a key of INPUTS."""

    cosine: float = 0.0
    """The last layer gives this number times the cosines between its inputs and its columns; 0: a dense layer."""

    def norm(self, layer: int) -> Norm | None:
        """The batch norm after a dense layer."""
        return self.norms[layer] if layer < len(self.norms) else None

    def mask(self, layer: int) -> Mask | None:
        """The dropout after a hidden layer."""
        return self.masks[layer] if layer < len(self.masks) else None


@dataclass
class Trace:
    """The values of a forward pass: a[0] is the input, z[l] and a[l + 1] belong to layer l.

    z[l] is the activation's input, h[l] its output before dropout, and dense[l] what the dense layer gave.
    """

    z: list[Array]
    a: list[Array]
    h: list[Array] = field(default_factory=list)
    dense: list[Array] = field(default_factory=list)
    normed: list[Normed | None] = field(default_factory=list)
    masks: list[Array | None] = field(default_factory=list)

    @property
    def out(self) -> Array:
        """The output."""
        return self.a[-1]


@dataclass
class Extras:
    """What a forward pass depends on beside weights and biases: arrays by name, and the random numbers drawn."""

    arrays: dict[str, Array] = field(default_factory=dict)
    draws: list[Array] = field(default_factory=list)


@dataclass
class Context:
    """What a backward pass may take from elsewhere: earlier traces, weights after the step, the meant activation."""

    earlier: list[Trace] = field(default_factory=list)
    rate: float = 0.05
    scale: float = 1.0
    after: list[Array] | None = None  # the weights after the step, where they were seen


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def softmax(z: Array, axis: int = 1) -> Array:
    """exp(z) over its sum, shifted by the maximum."""
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "linear": lambda z: z,
    "unit length": lambda z: z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "softplus": lambda z: np.logaddexp(0, z),
    "swish": lambda z: z * sigmoid(z),
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
}
OUTPUTS: dict[str, Callable[[Array], Array]] = {
    "softmax": softmax,
    "sigmoid": sigmoid,
    "linear": lambda z: z,
    "tanh": np.tanh,
    "relu": ACTIVATIONS["relu"],
    "log-softmax": lambda z: np.log(softmax(z)),
}


INPUTS: dict[str, Callable[[Array], Array]] = {
    "standardised": lambda x: (x - x.mean(0)) / x.std(0),
    "standardised, N-1": lambda x: (x - x.mean(0)) / x.std(0, ddof=1),
    "centred": lambda x: x - x.mean(0),
    "between 0 and 1": lambda x: (x - x.min(0)) / (x.max(0) - x.min(0)),
    "rows standardised": lambda x: (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True),
    "rows of length 1": lambda x: x / np.linalg.norm(x, axis=1, keepdims=True),
    "divided by 255": lambda x: x / 255,
}


def activate(activation: str, z: Array) -> Array:
    """The activation's value at z; "leaky 0.2" has the slope 0.2 below zero, "relu + 0.1" adds 0.1."""
    if activation.startswith("leaky"):
        return np.where(z > 0, z, float(activation.split()[1]) * z)
    if activation.startswith("relu +"):  # so that no length is 0
        return np.maximum(z, 0) + float(activation.split()[2])
    return ACTIVATIONS[activation](z)


def derivative(activation: str, z: Array, a: Array) -> Array:
    """The activation's derivative at z, where a is its value."""
    if activation.startswith("relu"):
        return (z > 0).astype(float)
    if activation == "sigmoid":
        return a * (1 - a)
    if activation == "tanh":
        return 1 - a**2
    if activation == "linear":
        return np.ones_like(z)
    if activation.startswith("leaky"):
        return np.where(z > 0, 1, float(activation.split()[1]))
    if activation == "elu":
        return np.where(z > 0, 1, np.exp(np.minimum(z, 0)))
    if activation == "softplus":
        return sigmoid(z)
    step = 1e-6
    function = ACTIVATIONS[activation]
    return (function(z + step) - function(z - step)) / (2 * step)


def forward(
    net: Net, x: Array, weights: list[Array], biases: list[Array | None], extras: Extras | None = None
) -> Trace:
    """All values of a forward pass."""
    extras = extras or Extras()
    x = np.asarray(x, float)
    trace = Trace([], [INPUTS[net.inputs](x) if net.inputs else x])
    tweaks = {(t.id, t.layer) for t in net.tweaks}
    last = len(weights) - 1
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        z = cosines(trace.a[-1], weight) * net.cosine if net.cosine and layer == last else trace.a[-1] @ weight
        norm = net.norm(layer)
        missing = ("bias_missing_forward", layer) in tweaks or ("bias_missing_forward", None) in tweaks
        if bias is not None and not missing and not (norm and norm.shift == "bias"):
            z = z + _row(bias, z)
        trace.dense.append(z)
        if layer == last:
            trace.z.append(z)
            trace.a.append(_output(net, z))
            break
        _hidden(net, layer, trace, z, bias, extras)
    return trace


def cosines(a: Array, weight: Array) -> Array:
    """The cosine of each row of a with each column of the weight."""
    return (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (weight / np.linalg.norm(weight, axis=0))


def _row(bias: Array, z: Array) -> Array:
    if bias.ndim == 1 or bias.shape == z.shape:
        return bias
    return bias.T if bias.T.shape == z.shape else bias.reshape(1, -1)


def _hidden(net: Net, layer: int, trace: Trace, z: Array, bias: Array | None, extras: Extras) -> None:
    """Batch norm, activation and dropout of a hidden layer, in their order."""
    norm, mask, normed = net.norm(layer), net.mask(layer), None
    if norm and norm.before:
        normed = norm.apply(z, bias, extras.arrays)
        z = normed.out
    h = activate(net.hidden[layer], z)
    trace.z.append(z)
    trace.h.append(h)
    if norm and not norm.before:
        normed = norm.apply(h, bias, extras.arrays)
        h = normed.out
    kept = mask.factors(extras.draws[mask.draw]) if mask else None
    trace.normed.append(normed)
    trace.masks.append(kept)
    trace.a.append(h if kept is None else h * kept)


def _output(net: Net, z: Array) -> Array:
    for tweak in net.tweaks:
        if tweak.id == "softmax_wrong_axis":
            shift, _, over = tweak.option.partition(" / ")
            e = np.exp(z - {"classes": z.max(1, keepdims=True), "batch": z.max(0, keepdims=True)}.get(shift, z.max()))
            return e / (e.sum() if over == "all" else e.sum(0, keepdims=True))
        if tweak.id == "softmax_twice":
            return softmax(softmax(z))
        if tweak.id == "activation_on_output":
            return OUTPUTS[net.output](activate(tweak.option, z))
    return OUTPUTS[net.output](z)


def through_softmax(p: Array, grad: Array) -> Array:
    """The gradient before a softmax with outputs p."""
    return p * (grad - (grad * p).sum(1, keepdims=True))
