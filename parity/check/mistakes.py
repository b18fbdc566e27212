"""Which mistakes a network may hold, given its layers: lists of tweaks for the reference to try."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from parity.check.network import Net, Tweak

STALE = ("first", "previous", "first, masks too", "previous, masks too", "masks first", "masks previous")
TANH = ("1-a", "z", "twice", "(1-a)²", "1+a²", "z-squared")
"""What people take for tanh's derivative 1 - a²."""
PER_LAYER = ("grad_averaged_twice", "grad_not_averaged", "sign_flipped")


def output_tweaks(kind: str, net: Net, classes: int) -> list[Tweak]:
    """Ways of getting the gradient at the output wrong."""
    found = [Tweak("labels_off_by_one", o) for o in ("+1", "-1", "+1 lost", "-1 lost")] if classes > 1 else []
    found += [Tweak("x_shuffled_without_y"), Tweak("x_shuffled_without_y", "turned")]
    squashed = net.output in ("sigmoid", "tanh")
    if kind in ("ce", "ce of softmax"):
        found += [Tweak("softmax_derivative_elementwise", o) for o in ("p(1-p)", "true class")]
        found += [Tweak("mse_gradient_for_cross_entropy", o) for o in ("jacobian",)]
        found += [Tweak("sigmoid_instead_of_softmax_gradient"), Tweak("softmax_twice"), Tweak("softmax_wrong_axis")]
        found += [Tweak("softmax_derivative_missing"), Tweak("true_class_only")]
        applied = [t.option for t in net.tweaks if t.id == "activation_on_output"]
        found += [Tweak("activation_on_output", a) for a in dict.fromkeys(("relu", *applied))]
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
        found += [Tweak("tanh_derivative_wrong", f"output {o}") for o in TANH] if word == "tanh" else []
    if kind == "sse" and net.output == "softmax":
        found += [Tweak("softmax_derivative_missing", "sse"), Tweak("softmax_derivative_elementwise", "p(1-p)")]
    return found


def hidden_tweaks(net: Net, sizes: list[int]) -> Iterator[Tweak]:
    """Ways of getting a hidden activation's derivative wrong, in all layers at once and in each."""
    layers: list[int | None] = [None, *range(len(net.hidden))] if len(net.hidden) != 1 else [0]
    for layer in layers:
        kinds = set(net.hidden) if layer is None else {net.hidden[layer]}
        for kind in sorted(kinds):
            yield from (Tweak(id, option, layer) for id, option in derivative_mistakes(kind))
    if len(sizes) > 3 and sizes[1:-1] == sizes[-2:0:-1] and "linear" not in net.hidden:
        yield Tweak("relu_mask_other_layer", "reversed")
    if len(sizes) > 3 and len(set(sizes[1:-1])) == 1 and "linear" not in net.hidden:
        yield Tweak("relu_mask_other_layer", "next")
        yield Tweak("relu_mask_other_layer", "previous")
    for layer, width in enumerate(sizes[1:-1]):
        for other, other_width in enumerate(sizes[1:-1]):
            if other != layer and width == other_width and net.hidden[layer] != "linear":
                yield Tweak("relu_mask_other_layer", str(other), layer)
        if sizes[-1] == width:
            yield Tweak("relu_mask_other_layer", str(len(sizes) - 2), layer)


def between_tweaks(net: Net) -> Iterator[Tweak]:
    """Ways of getting batch norm or dropout wrong in the backward pass."""
    for layer in (None, *range(len(net.hidden))) if len(net.hidden) != 1 else (0,):
        here = range(len(net.hidden)) if layer is None else (layer,)
        if any(net.norm(k) for k in here):
            yield Tweak("bn_variance_term_missing", "", layer)
            yield Tweak("bn_mean_term_missing", "", layer)
        if any(net.hidden[k] == "unit length" for k in here):
            yield Tweak("cosine_without_norm_jacobian", "", layer)
            yield Tweak("cosine_without_norm_jacobian", "none", layer)
        if any(net.mask(k) for k in here):
            yield Tweak("dropout_mask_not_applied_backward", "", layer)
            yield Tweak("dropout_not_scaled", "backward", layer)


def dropped_tweaks(net: Net) -> Iterator[Tweak]:
    """Values from before dropout where those after it are right, and the other way round."""
    for layer in (k for k in range(len(net.hidden)) if net.mask(k)):
        yield Tweak("wrong_layer_input", f"h{layer + 1}", layer + 1)
        yield from (Tweak("relu_mask_other_layer", f"{layer} dropped", k) for k in range(len(net.hidden)) if k != layer)


def cosine_tweaks(net: Net) -> Iterator[Tweak]:
    """Ways of getting the gradient of a layer of cosines wrong."""
    if net.cosine:
        yield from (Tweak("cosine_without_norm_jacobian", option) for option in ("", "of inputs", "of weights", "none"))


UNBRACKETED = ("no brackets", "no brackets, mean")
"""`grad * 1 - a**2`; the second where the gradient is a mean already."""


def derivative_mistakes(activation: str) -> list[tuple[str, str]]:
    """(id, option) of the ways of getting this activation's derivative wrong."""
    wrong = [("wrong_activation_derivative", other) for other in ("relu", "tanh", "sigmoid") if other != activation]
    if activation.startswith("relu"):
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
        options += [("sigmoid_derivative_incomplete", o) for o in ("a", "1-a", *UNBRACKETED)]
        return [*options, *wrong]
    if activation == "tanh":
        return [*(("tanh_derivative_wrong", o) for o in (*TANH, *UNBRACKETED)), ("tanh_derivative_missing", ""), *wrong]
    if activation == "linear":
        return [("activation_missing_forward", o) for o in ("relu", "sigmoid", "tanh", "sigmoid of z")]
    return []


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
    if len(set(sizes)) == 1:  # what the layer gave instead of what it was given
        yield Tweak("wrong_layer_input", "own z")


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
    found = [
        (t,)
        for t in (
            *output,
            *hidden,
            *between_tweaks(net),
            *dropped_tweaks(net),
            *cosine_tweaks(net),
            *layer_tweaks(sizes, has_bias),
        )
    ]
    return list(dict.fromkeys([*found, *shared]))
