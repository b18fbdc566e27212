"""A dense network in float64 NumPy in which every mistake of the catalogue is a small change.

Samples are rows, weights are (in, out): z = a W + b. Gradients are sums over the batch of each sample's gradient; the
loss's factor (1/N for a mean) is applied by the caller. A change is a `Tweak`: the mistake's id, which of its ways of
being made, and the layer (None: all of them).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
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


def _through_softmax(p: Array, grad: Array) -> Array:
    return p * (grad - (grad * p).sum(1, keepdims=True))


def output_gradient(kind: str, net: Net, trace: Trace, target: Array) -> Array:
    """d(loss)/d(last z) for each sample, without the loss's factor: sums for ce, bce and hinge, ½Σ(p-t)² for sse."""
    z, p = trace.z[-1], trace.out
    if kind == "ce":
        if net.output == "softmax":
            return p - target
        if net.output in ("linear", "relu", "log-softmax"):
            return softmax(p) - target
        return -target * (1 - p) if net.output == "sigmoid" else p - target
    if kind == "ce of softmax":
        inner = softmax(p) - target
        return _through_softmax(p, inner) if net.output == "softmax" else inner * derivative(net.output, z, p)
    if kind == "bce":
        if net.output == "linear":
            return sigmoid(p) - target
        if net.output == "softmax":
            return _through_softmax(p, -target / p + (1 - target) / (1 - p))
        return p - target
    if kind == "hinge":
        margins = ((p - (p * target).sum(1, keepdims=True) + 1) > 0) * (1 - target)
        return margins - target * margins.sum(1, keepdims=True)
    grad = p - target
    return _through_softmax(p, grad) if net.output == "softmax" else grad * derivative(net.output, z, p)


def output_tweaks(kind: str, net: Net, classes: int) -> list[Tweak]:
    """Ways of getting the gradient at the output wrong."""
    found = [Tweak("labels_off_by_one", o) for o in ("+1", "-1", "+1 lost", "-1 lost")] if classes > 1 else []
    found += [Tweak("x_shuffled_without_y"), Tweak("x_shuffled_without_y", "turned")]
    squashed = net.output in ("sigmoid", "tanh")
    if kind in ("ce", "ce of softmax"):
        found += [Tweak("softmax_derivative_elementwise", o) for o in ("p(1-p)", "true class")]
        found += [Tweak("mse_gradient_for_cross_entropy", o) for o in ("jacobian",)]
        found += [Tweak("sigmoid_instead_of_softmax_gradient"), Tweak("softmax_twice"), Tweak("softmax_wrong_axis")]
        found += [Tweak("softmax_derivative_missing"), Tweak("activation_on_output", "relu"), Tweak("true_class_only")]
        found += [Tweak("target_not_subtracted")]
    if kind == "bce":
        found += [Tweak("mse_gradient_for_cross_entropy", "p(1-p)"), Tweak("sigmoid_derivative_missing", "output")]
    if kind == "sse" and squashed:
        word = net.output
        found += [Tweak(f"{word}_derivative_missing", "output")]
        found += (
            [Tweak("sigmoid_derivative_twice", "output"), Tweak("sigmoid_derivative_of_z", "output")]
            if word == "sigmoid"
            else []
        )
        found += (
            [Tweak("tanh_derivative_wrong", f"output {o}") for o in ("1-a", "z", "twice")] if word == "tanh" else []
        )
    if kind == "sse" and net.output == "softmax":
        found += [Tweak("softmax_derivative_missing", "sse"), Tweak("softmax_derivative_elementwise", "p(1-p)")]
    return found


def _tweaked_output(tweak: Tweak, kind: str, net: Net, trace: Trace, target: Array) -> Array:
    z, p = trace.z[-1], trace.out
    probabilities = p if net.output not in ("linear", "relu", "log-softmax") else softmax(p)
    if tweak.id == "labels_off_by_one":
        shift = 1 if tweak.option[0] == "+" else -1
        moved = np.roll(target, shift, 1)
        if tweak.option.endswith("lost"):
            moved[:, 0 if shift == 1 else -1] = 0
        return output_gradient(kind, net, trace, moved)
    if tweak.id == "x_shuffled_without_y":
        moved = np.roll(target, -2, 0) if tweak.option == "turned" else target[::-1]
        return output_gradient(kind, net, trace, moved)
    if tweak.id == "softmax_derivative_elementwise":
        start = -target / p if tweak.option == "true class" else probabilities - target
        return start * probabilities * (1 - probabilities)
    if tweak.id == "mse_gradient_for_cross_entropy":
        wrong = probabilities - target
        return _through_softmax(probabilities, wrong) if tweak.option == "jacobian" else wrong * p * (1 - p)
    if tweak.id == "softmax_derivative_missing":
        return p - target if tweak.option == "sse" else -target / probabilities
    if tweak.id == "sigmoid_instead_of_softmax_gradient":
        return sigmoid(z) - target
    if tweak.id == "softmax_twice":
        return softmax(probabilities) - target
    if tweak.id == "softmax_wrong_axis":
        return softmax(z, 0) - target
    if tweak.id == "activation_on_output":
        return (probabilities - target) * (z > 0)
    if tweak.id == "true_class_only":
        return (probabilities - target) * target
    if tweak.id == "target_not_subtracted":
        return probabilities.copy()
    wrong = p - target
    if tweak.id.endswith("derivative_missing"):
        return -target / p + (1 - target) / (1 - p) if kind == "bce" else wrong
    if tweak.id == "sigmoid_derivative_twice":
        return wrong * sigmoid(p) * (1 - sigmoid(p))
    if tweak.id == "sigmoid_derivative_of_z":
        return wrong * z * (1 - z)
    return wrong * _wrong_tanh(tweak.option.split()[-1], z, p)


def _wrong_tanh(option: str, z: Array, a: Array) -> Array:
    return {"1-a": 1 - a, "z": 1 - z**2, "twice": 1 - np.tanh(a) ** 2}[option]


def hidden_tweaks(net: Net, sizes: list[int]) -> Iterator[Tweak]:
    """Ways of getting a hidden activation's derivative wrong, in all layers at once and in each."""
    layers: list[int | None] = [None, *range(len(net.hidden))] if len(net.hidden) != 1 else [0]
    for layer in layers:
        kinds = set(net.hidden) if layer is None else {net.hidden[layer]}
        for kind in sorted(kinds):
            yield from (Tweak(id, option, layer) for id, option in _derivative_mistakes(kind))
    for layer, width in enumerate(sizes[1:-1]):
        for other, other_width in enumerate(sizes[1:-1]):
            if other != layer and width == other_width and net.hidden[layer] != "linear":
                yield Tweak("relu_mask_other_layer", str(other), layer)
        if sizes[-1] == width:
            yield Tweak("relu_mask_other_layer", str(len(sizes) - 2), layer)


def _derivative_mistakes(activation: str) -> list[tuple[str, str]]:
    wrong = [("wrong_activation_derivative", other) for other in ("relu", "tanh", "sigmoid") if other != activation]
    if activation == "relu":
        return [
            ("relu_mask_missing", ""),
            ("relu_mask_from_grad", ""),
            ("sigmoid_derivative_for_relu", "a"),
            ("sigmoid_derivative_for_relu", "z"),
            ("relu_value_for_derivative", ""),
            ("relu_value_for_derivative", "z"),
            ("relu_mask_inverted", ""),
            ("wrong_activation_derivative", "tanh"),
            ("wrong_activation_derivative", "tanh of z"),
        ]
    if activation.startswith("leaky"):
        return [
            ("leaky_slope_missing_backward", ""),
            ("relu_mask_missing", ""),
            ("relu_mask_from_grad", ""),
            ("relu_mask_inverted", ""),
        ]
    if activation == "sigmoid":
        options = [
            ("sigmoid_derivative_missing", ""),
            ("sigmoid_derivative_twice", ""),
            ("sigmoid_derivative_of_z", ""),
        ]
        return [*options, ("sigmoid_derivative_incomplete", "a"), ("sigmoid_derivative_incomplete", "1-a"), *wrong]
    if activation == "tanh":
        return [*(("tanh_derivative_wrong", o) for o in ("1-a", "z", "twice")), ("tanh_derivative_missing", ""), *wrong]
    if activation == "linear":
        return [("activation_missing_forward", o) for o in ("relu", "sigmoid", "tanh", "sigmoid of z")]
    return []


def _slope(net: Net, layer: int, trace: Trace, grad: Array, tweaks: list[Tweak]) -> Array:
    activation, z, a = net.hidden[layer], trace.z[layer], trace.a[layer + 1]
    for tweak in tweaks:
        value = _tweaked_slope(tweak, activation, layer, trace, grad, z, a)
        if value is not None:
            return value
    return derivative(activation, z, a)


def _tweaked_slope(
    tweak: Tweak, activation: str, layer: int, trace: Trace, grad: Array, z: Array, a: Array
) -> Array | None:
    if tweak.layer not in (None, layer) or tweak.option.startswith("output"):
        return None
    id, option = tweak.id, tweak.option
    if id == "relu_mask_other_layer":
        return derivative(activation, trace.z[int(option)], trace.a[int(option) + 1])
    if (id, option) not in _derivative_mistakes(activation):
        return None
    if id in ("relu_mask_missing", "sigmoid_derivative_missing", "tanh_derivative_missing"):
        return np.ones_like(z)
    if id == "relu_mask_from_grad":
        slope = derivative(activation, np.array([-1.0]), np.array([-1.0]))[0]
        return np.where(grad > 0, 1, slope)
    if id == "sigmoid_derivative_for_relu":
        return a * (1 - a) if option == "a" else sigmoid(z) * (1 - sigmoid(z))
    if id == "relu_value_for_derivative":
        return z if option == "z" else a
    if id == "relu_mask_inverted":
        return derivative(activation, -z, a)
    if id == "leaky_slope_missing_backward":
        return (z > 0).astype(float)
    if id == "sigmoid_derivative_twice":
        return sigmoid(a) * (1 - sigmoid(a))
    if id == "sigmoid_derivative_of_z":
        return z * (1 - z)
    if id == "sigmoid_derivative_incomplete":
        return a if option == "a" else 1 - a
    if id == "tanh_derivative_wrong":
        return _wrong_tanh(option, z, a)
    if option == "sigmoid of z":
        return sigmoid(z) * (1 - sigmoid(z))
    if option == "tanh of z":
        return 1 - np.tanh(z) ** 2
    return derivative(option, z, a)


STALE = ("first", "previous", "first, masks too", "previous, masks too")
PER_LAYER = ("grad_averaged_twice", "grad_not_averaged", "sign_flipped")


def layer_tweaks(sizes: list[int], has_bias: bool) -> Iterator[Tweak]:
    """Ways of getting a dense layer's own gradients, or the gradient passed on, wrong."""
    layers: list[int | None] = [None, *range(len(sizes) - 1)] if len(sizes) > 2 else [0]
    for layer in layers:
        if has_bias:
            yield Tweak("bias_grad_averaged", "", layer)
            yield from (
                Tweak("bias_grad_wrong_axis", o, layer)
                for o in ("all", "mean of all", "features", "mean of features", "none", "one", "last")
            )
            yield Tweak("bias_not_updated", "", layer)
        yield Tweak("weight_not_updated", "", layer)
        yield from (Tweak("stale_cache", o, layer) for o in STALE)
        yield from (Tweak(id, "weights", layer) for id in PER_LAYER)
        yield from (Tweak(id, "biases", layer) for id in PER_LAYER[1:])
        if layer == 0:  # nothing is passed on below the first layer
            continue
        yield Tweak("update_before_backprop", "", layer)
        yield from (Tweak("weights_not_used_in_backprop", o, layer) for o in ("sum", "mean"))
        if layer is None or sizes[layer] == sizes[layer + 1]:
            yield Tweak("weights_not_used_in_backprop", "identity", layer)
        yield from (Tweak(id, "passed on", layer) for id in PER_LAYER)
    yield from (Tweak("stale_cache", o) for o in ("whole first", "whole previous"))
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        if inputs == outputs:
            yield Tweak("weight_grad_transposed", "", layer)
            if layer:
                yield Tweak("weights_transposed_in_backprop", "", layer)
        for other in range(1, len(sizes) - 1):
            if other != layer and sizes[other] == inputs and layer:
                yield Tweak("wrong_layer_input", f"a{other}", layer)
            if sizes[other] == inputs:
                yield Tweak("wrong_layer_input", f"z{other}", layer)
        if layer and sizes[0] == inputs:
            yield Tweak("wrong_layer_input", "a0", layer)
        for other in range(1, len(sizes) - 1):
            if layer and other != layer and sizes[other] == inputs and sizes[other + 1] == outputs:
                yield Tweak("wrong_layer_weights", str(other), layer)
    if len(set(sizes[1:-1])) == 1 and len(sizes) > 3:
        yield Tweak("wrong_layer_input", "z")
    yield Tweak("wrong_layer_input", "all z")


def backward(
    kind: str,
    net: Net,
    trace: Trace,
    target: Array,
    weights: list[Array],
    tweaks: tuple[Tweak, ...] = (),
    context: Context | None = None,
) -> tuple[list[Array], list[Array]]:
    """Sums over the batch of dL/dW and dL/db, with these mistakes."""
    context = context or Context()
    dws: list[Array] = [np.empty(0)] * len(weights)
    dbs: list[Array] = [np.empty(0)] * len(weights)
    output = [t for t in tweaks if _is_output(t, kind, net, target.shape[1])]
    mine = list(tweaks) + list(net.tweaks)
    stale = _stale(tweaks, context, len(target))
    trace = stale if stale is not None else trace
    dz = _tweaked_output(output[0], kind, net, trace, target) if output else output_gradient(kind, net, trace, target)
    for layer in reversed(range(len(weights))):
        here = [t for t in tweaks if t.layer in (None, layer)]
        old = _old_trace(here, context, len(target))
        a = _input(layer, trace if old is None else old, here)
        dws[layer], dbs[layer] = _parameters(a, dz, here)
        if layer:
            grad = _pass_on(dz, layer, weights, dws[layer], here, context)
            source = old if old is not None and any("masks" in t.option for t in here) else trace
            dz = grad * _slope(net, layer - 1, source, grad, mine)
    return dws, dbs


def _is_output(tweak: Tweak, kind: str, net: Net, classes: int) -> bool:
    return tweak.layer is None and tweak in output_tweaks(kind, net, classes)


def _old_trace(tweaks: list[Tweak], context: Context, count: int) -> Trace | None:
    for tweak in tweaks:
        if tweak.id == "stale_cache" and not tweak.option.startswith("whole") and context.earlier:
            old = context.earlier[0 if tweak.option.startswith("first") else -1]
            return old if len(old.a[0]) == count else None
    return None


def _stale(tweaks: tuple[Tweak, ...], context: Context, count: int) -> Trace | None:
    for tweak in tweaks:
        if tweak.id == "stale_cache" and tweak.option.startswith("whole") and context.earlier:
            old = context.earlier[0 if tweak.option.endswith("first") else -1]
            return old if len(old.a[0]) == count else None
    return None


def _input(layer: int, trace: Trace, tweaks: list[Tweak]) -> Array:
    for tweak in tweaks:
        if tweak.id == "wrong_layer_input":
            if tweak.option in ("all z", "z"):
                return trace.z[layer - 1] if layer else trace.a[0]
            source, number = tweak.option[0], int(tweak.option[1:])
            return trace.a[number] if source == "a" else trace.z[number - 1]
    return trace.a[layer]


def _parameters(a: Array, dz: Array, tweaks: list[Tweak]) -> tuple[Array, Array]:
    dw, db = a.T @ dz, dz.sum(0)
    for tweak in tweaks:
        if tweak.id == "weight_grad_transposed":
            dw = dw.T
        elif tweak.id == "weight_not_updated":
            dw = np.zeros_like(dw)
        elif tweak.id == "bias_grad_averaged":
            db = dz.mean(0)
        elif tweak.id == "bias_not_updated":
            db = np.zeros_like(db)
        elif tweak.option == "weights":
            dw = dw * _scales(tweak, len(dz))
        elif tweak.option == "biases":
            db = db * _scales(tweak, len(dz))
        elif tweak.id == "bias_grad_wrong_axis":
            db = _wrong_axis(dz, tweak.option)
    return dw, db


def _scales(tweak: Tweak, count: int) -> float:
    return {"sign_flipped": -1.0, "grad_not_averaged": float(count), "grad_averaged_twice": 1 / count}[tweak.id]


def _wrong_axis(dz: Array, option: str) -> Array:
    if option == "all":
        return np.full(dz.shape[1], dz.sum())
    if option == "mean of all":
        return np.full(dz.shape[1], dz.mean())
    if option == "none":
        return dz
    if option in ("one", "last"):
        return dz[0 if option == "one" else -1]
    return dz.sum(1) if option == "features" else dz.mean(1)


def _pass_on(dz: Array, layer: int, weights: list[Array], dw: Array, tweaks: list[Tweak], context: Context) -> Array:
    weight = weights[layer]
    for tweak in tweaks:
        if tweak.id == "update_before_backprop" and dw.shape == weight.shape:
            return dz @ (weight - context.rate * context.scale * dw).T
        if tweak.id == "weights_not_used_in_backprop":
            if tweak.option == "identity" and weight.shape[0] == weight.shape[1]:
                return dz
            if tweak.option in ("sum", "mean"):
                one = dz.sum(1, keepdims=True) if tweak.option == "sum" else dz.mean(1, keepdims=True)
                return np.repeat(one, weight.shape[0], 1)
        if tweak.id == "weights_transposed_in_backprop":
            return dz @ weight
        if tweak.id == "wrong_layer_weights":
            return dz @ weights[int(tweak.option)].T
        if tweak.option == "passed on":
            return dz @ weight.T * _scales(tweak, len(dz))
    return dz @ weight.T


def all_tweaks(kind: str, net: Net, sizes: list[int], has_bias: bool) -> list[tuple[Tweak, ...]]:
    """Every single mistake of a backward pass, those that are simplest to make first.

    A wrong derivative in a function that hidden layers and the output share is one mistake at two places.
    """
    output, hidden = output_tweaks(kind, net, sizes[-1]), list(hidden_tweaks(net, sizes))
    everywhere = [t for t in hidden if t.layer is None or len(net.hidden) == 1]
    shared = [
        (o, h)
        for o in output
        for h in everywhere
        if o.id == h.id and o.option.removeprefix("output").strip() == h.option
    ]
    found = [(t,) for t in (*output, *hidden, *layer_tweaks(sizes, has_bias))]
    return list(dict.fromkeys([*found, *shared]))
