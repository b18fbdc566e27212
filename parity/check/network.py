"""A dense network in float64 NumPy and its forward pass, in which every mistake is a small change.

Samples are rows, weights are (in, out): z = a W + b. Gradients are sums over the batch of each sample's gradient; the
loss's factor (1/N for a mean) is applied by the caller. A change is a `Tweak`: the mistake's id, which of its ways of
being made, and the layer (None: all of them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

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


@dataclass
class Trace:
    """The values of a forward pass: a[0] is the input, z[l] and a[l + 1] belong to layer l."""

    z: list[Array]
    a: list[Array]

    @property
    def out(self) -> Array:
        """The output."""
        return self.a[-1]


@dataclass
class Context:
    """What a backward pass may take from elsewhere: earlier traces, weights after the step, the meant activation."""

    earlier: list[Trace] = field(default_factory=list)
    rate: float = 0.05
    scale: float = 1.0


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
    "leaky 0.01": lambda z: np.where(z > 0, z, 0.01 * z),
    "leaky 0.1": lambda z: np.where(z > 0, z, 0.1 * z),
    "leaky 0.2": lambda z: np.where(z > 0, z, 0.2 * z),
    "linear": lambda z: z,
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


def derivative(activation: str, z: Array, a: Array) -> Array:
    """The activation's derivative at z, where a is its value."""
    if activation == "relu":
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


def forward(net: Net, x: Array, weights: list[Array], biases: list[Array | None]) -> Trace:
    """All values of a forward pass."""
    a, zs = [np.asarray(x, float)], []
    tweaks = {(t.id, t.layer): t for t in net.tweaks}
    last = len(weights) - 1
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        z = a[-1] @ weight
        missing = ("bias_missing_forward", layer) in tweaks or ("bias_missing_forward", None) in tweaks
        if bias is not None and not missing:
            z = z + (
                bias
                if bias.ndim == 1 or bias.shape == z.shape
                else bias.T
                if bias.T.shape == z.shape
                else bias.reshape(1, -1)
            )
        zs.append(z)
        if layer < last:
            a.append(ACTIVATIONS[net.hidden[layer]](z))
        else:
            a.append(_output(net, z))
    return Trace(zs, a)


def _output(net: Net, z: Array) -> Array:
    for tweak in net.tweaks:
        if tweak.id == "softmax_wrong_axis":
            shift, _, over = tweak.option.partition(" / ")
            e = np.exp(z - {"classes": z.max(1, keepdims=True), "batch": z.max(0, keepdims=True)}.get(shift, z.max()))
            return e / (e.sum() if over == "all" else e.sum(0, keepdims=True))
        if tweak.id == "softmax_twice":
            return softmax(softmax(z))
        if tweak.id == "activation_on_output":
            return OUTPUTS[net.output](ACTIVATIONS[tweak.option](z))
    return OUTPUTS[net.output](z)


def through_softmax(p: Array, grad: Array) -> Array:
    """The gradient before a softmax with outputs p."""
    return p * (grad - (grad * p).sum(1, keepdims=True))
