"""The backward pass of the dense network, and what each mistake changes in it."""

from __future__ import annotations

import numpy as np

from parity.check.mistakes import derivative_mistakes, output_tweaks
from parity.check.network import (
    Array,
    Context,
    Net,
    Trace,
    Tweak,
    activate,
    derivative,
    sigmoid,
    softmax,
    through_softmax,
)
from parity.check.normalization import masked


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
        return through_softmax(p, inner) if net.output == "softmax" else inner * derivative(net.output, z, p)
    if kind == "bce":
        if net.output == "linear":
            return sigmoid(p) - target
        if net.output == "softmax":
            return through_softmax(p, -target / p + (1 - target) / (1 - p))
        return p - target
    if kind == "hinge":
        margins = ((p - (p * target).sum(1, keepdims=True) + 1) > 0) * (1 - target)
        return margins - target * margins.sum(1, keepdims=True)
    grad = p - target
    return through_softmax(p, grad) if net.output == "softmax" else grad * derivative(net.output, z, p)


def tweaked_output(tweak: Tweak, kind: str, net: Net, trace: Trace, target: Array) -> Array:
    """Like `output_gradient`, with a mistake."""
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
        start = -target / probabilities if tweak.option == "true class" else probabilities - target
        return start * probabilities * (1 - probabilities)
    if tweak.id == "mse_gradient_for_cross_entropy":
        wrong = probabilities - target
        return through_softmax(probabilities, wrong) if tweak.option == "jacobian" else wrong * p * (1 - p)
    if tweak.id == "softmax_derivative_missing":
        return p - target if tweak.option == "sse" else -target / probabilities
    if tweak.id == "sigmoid_instead_of_softmax_gradient":
        return sigmoid(z) - target
    if tweak.id == "softmax_twice":
        return softmax(probabilities) - target
    if tweak.id == "softmax_wrong_axis":
        return softmax(z, 0) - target
    if tweak.id == "activation_on_output":
        return (probabilities - target) * derivative(tweak.option, z, activate(tweak.option, z))
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
    return {
        "1-a": 1 - a,
        "z": 1 - z**2,
        "twice": 1 - np.tanh(a) ** 2,
        "(1-a)²": (1 - a) ** 2,
        "1+a²": 1 + a**2,
        "z-squared": 1 - np.tanh(z**2),
    }[option]


def _slope(net: Net, layer: int, trace: Trace, grad: Array, tweaks: list[Tweak]) -> Array:
    activation, z, a = net.hidden[layer], trace.z[layer], trace.h[layer]
    for tweak in tweaks:
        value = tweaked_slope(tweak, activation, layer, trace, grad, z, a)
        if value is not None:
            return value
    return derivative(activation, z, a)


def tweaked_slope(
    tweak: Tweak, activation: str, layer: int, trace: Trace, grad: Array, z: Array, a: Array
) -> Array | None:
    """The factor that a hidden activation passes the gradient on with, with a mistake; None where it is none of its."""
    if tweak.layer not in (None, layer) or tweak.option.startswith("output"):
        return None
    id, option = tweak.id, tweak.option
    if id == "relu_mask_other_layer":
        last = len(trace.h) - 1
        ways = {"reversed": last - layer, "next": min(layer + 1, last), "previous": max(layer - 1, 0)}
        other = ways[option] if option in ways else int(option.split()[0])
        kept = trace.masks[other] if option.endswith("dropped") else None
        slope = derivative(activation, trace.z[other], (*trace.h, trace.out)[other])
        return slope if kept is None else slope * (kept != 0)
    if (id, option) not in derivative_mistakes(activation):
        return None
    if option.startswith("no brackets"):
        arrived = grad / len(grad) if option.endswith("mean") else grad
        with np.errstate(all="ignore"):
            return 1 - a**2 / arrived if activation == "tanh" else a - a / arrived
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


def backward(
    kind: str,
    net: Net,
    trace: Trace,
    target: Array,
    weights: list[Array],
    tweaks: tuple[Tweak, ...] = (),
    context: Context | None = None,
    lowest: int = 0,
) -> tuple[list[Array], list[Array]]:
    """Sums over the batch of dL/dW and dL/db, with these mistakes; empty below the layer `lowest`."""
    context = context or Context()
    dws: list[Array] = [np.empty(0)] * len(weights)
    dbs: list[Array] = [np.empty(0)] * len(weights)
    shifts: dict[int, Array] = {}
    output = [t for t in tweaks if _is_output(t, kind, net, target.shape[1])]
    mine = list(tweaks) + list(net.tweaks)
    stale = _stale(tweaks, context, len(target))
    trace = stale if stale is not None else trace
    dz = tweaked_output(output[0], kind, net, trace, target) if output else output_gradient(kind, net, trace, target)
    for layer in reversed(range(lowest, len(weights))):
        here = [t for t in tweaks if t.layer in (None, layer)]
        old = _old_trace(here, context, len(target))
        only_masks = any(t.option.startswith("masks") for t in here)
        a = _input(layer, trace if old is None or only_masks else old, here)
        dws[layer], dbs[layer] = _parameters(a, dz, here)
        head = net.cosine > 0 and layer == len(weights) - 1
        if head:
            dws[layer], passed_on = _through_cosines(net.cosine, a, weights[layer], dz, here)
        if layer > lowest:
            grad = passed_on if head else _pass_on(dz, layer, weights, dws[layer], here, context)
            source = old if old is not None and any("masks" in t.option for t in here) else trace
            dz, shift = through_hidden(net, layer - 1, source, grad, mine)
            if shift is not None:
                shifts[layer - 1] = shift.sum(0)
    return dws, [shifts.get(layer, db) for layer, db in enumerate(dbs)]


def through_hidden(net: Net, layer: int, trace: Trace, grad: Array, tweaks: list[Tweak]) -> tuple[Array, Array | None]:
    """The gradient before dropout, activation and batch norm, and the one at the norm's output if it adds the bias."""
    here = [t for t in tweaks if t.layer in (None, layer)]
    norm, normed, mask = net.norm(layer), trace.normed[layer], trace.masks[layer]
    wrong = {t.id for t in here}
    shift = None
    if mask is not None:
        grad = masked(grad, mask, {(t.id, t.option) for t in here})
    if norm and normed and not norm.before:
        shift, grad = grad, normed.backward(grad, wrong)
    if net.hidden[layer] == "unit length":
        grad = _through_unit_length(trace.z[layer], trace.h[layer], grad, here)
    else:
        grad = grad * _slope(net, layer, trace, grad, tweaks)
    if norm and normed and norm.before:
        shift, grad = grad, normed.backward(grad, wrong)
    return grad, shift if norm and norm.shift == "bias" else None


def _through_unit_length(z: Array, h: Array, grad: Array, tweaks: list[Tweak]) -> Array:
    """d/dz of h = z / ‖z‖: (dh - h (h · dh)) / ‖z‖."""
    length = np.linalg.norm(z, axis=1, keepdims=True)
    for tweak in tweaks:
        if tweak.id == "cosine_without_norm_jacobian":
            return grad if tweak.option == "none" else grad / length
    return (grad - h * (h * grad).sum(1, keepdims=True)) / length


def _through_cosines(scale: float, a: Array, weight: Array, dz: Array, tweaks: list[Tweak]) -> tuple[Array, Array]:
    """(dW, da) of a layer of cosines: (dv̂ - v̂ (v̂ · dv̂)) / ‖v‖ for the rows of a and the columns of W."""
    wrong = next((t.option or "both" for t in tweaks if t.id == "cosine_without_norm_jacobian"), "")
    grads = []
    lengths = np.linalg.norm(a, axis=1, keepdims=True), np.linalg.norm(weight, axis=0, keepdims=True)
    units = a / lengths[0], weight / lengths[1]
    parts = scale * dz @ units[1].T, scale * units[0].T @ dz
    for word, axis, length, unit, grad in zip(("of inputs", "of weights"), (1, 0), lengths, units, parts, strict=True):
        along = 0 if wrong in ("both", "none", word) else unit * (unit * grad).sum(axis, keepdims=True)
        grads.append(grad if wrong == "none" else (grad - along) / length)
    return grads[1], grads[0]


def _is_output(tweak: Tweak, kind: str, net: Net, classes: int) -> bool:
    return tweak.layer is None and tweak in output_tweaks(kind, net, classes)


def _old_trace(tweaks: list[Tweak], context: Context, count: int) -> Trace | None:
    for tweak in tweaks:
        if tweak.id == "stale_cache" and not tweak.option.startswith("whole") and context.earlier:
            old = context.earlier[0 if "first" in tweak.option else -1]
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
            if tweak.option == "own z":
                return trace.z[layer]
            source, number = tweak.option[0], int(tweak.option[1:])
            if source == "h":  # before dropout
                return trace.h[number - 1]
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
        if tweak.id == "update_before_backprop" and context.after is not None:
            return dz @ context.after[layer].T
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
