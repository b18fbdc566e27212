"""Single layers in NumPy with the known mistakes: each variant gives the same named arrays as an observation does.

Keys: "forward", "input gradient", "weight gradient", "bias gradient", "running_mean", "running_var", "evaluation".
Weights are in torch's layout. Convolutions and pooling of one dimension are those of images one row high.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from parity.check.mistakes import derivative_mistakes
from parity.check.network import Net, Trace, Tweak, softmax
from parity.check.reference import tweaked_slope

Array = np.ndarray
Arrays = dict[str, Array]
Variant = tuple[str, Arrays]


def _pair(value: Any, dims: int) -> tuple[int, int]:
    numbers = tuple(value) if isinstance(value, tuple | list) else (value,) * dims
    return (0 if dims == 1 else numbers[0], numbers[-1]) if dims == 2 else (0, numbers[0])


def _images(a: Array) -> Array:
    return a[:, :, None, :] if a.ndim == 3 else a


class Windows:
    """The geometry of a convolution or a pooling on images (N, C, H, W)."""

    def __init__(self, kernel: tuple[int, int], stride: tuple[int, int], shape: tuple[int, ...]) -> None:
        self.kernel, self.stride = kernel, stride
        self.out = tuple((size - k) // s + 1 for size, k, s in zip(shape[2:], kernel, stride, strict=True))

    def places(self, stride: tuple[int, int] | None = None) -> Iterator[tuple[int, int, slice, slice]]:
        """(row, column, window rows, window columns) of every window."""
        rows, columns = stride or self.stride
        for i in range(self.out[0]):
            for j in range(self.out[1]):
                yield i, j, slice(i * rows, i * rows + self.kernel[0]), slice(j * columns, j * columns + self.kernel[1])


def convolution(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """Conv1d and Conv2d."""
    flat = x.ndim == 3
    dims = x.ndim - 2
    w, x, g = params["weight"], _images(x), _images(g)
    w = w[:, :, None, :] if flat else w
    stride = (1, module.stride[0]) if dims == 1 else tuple(module.stride)
    p = (0, module.padding[0]) if dims == 1 else tuple(module.padding)
    b = params.get("bias")

    def run(tweak: str = "", option: str = "") -> Arrays:
        pads = [p[0], p[0], p[1], p[1]]
        if tweak == "conv_padding_off_by_one" and option in ("end", "start", "more", "less"):
            change = {"end": (-1, 1), "start": (1, -1), "more": (1, 1), "less": (-1, -1)}[option]
            if option in ("end", "start"):
                pads = [0, 2 * p[0], 0, 2 * p[1]] if option == "end" else [2 * p[0], 0, 2 * p[1], 0]
            else:
                pads = [max(n + c, 0) for n, c in zip(pads, change * 2, strict=True)]
        top, bottom, left, right = pads
        xp = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
        windows = Windows(w.shape[2:], stride, xp.shape)
        kernel = w[:, :, ::-1, ::-1] if tweak == "conv_kernel_flipped_forward" else w
        y = np.zeros((len(x), len(w), *windows.out))
        for i, j, rows, columns in windows.places():
            y[:, :, i, j] = np.einsum("ncuv,ocuv->no", xp[:, :, rows, columns], kernel)
        if b is not None and tweak != "bias_missing_forward":
            y = y + b[:, None, None]
        if tweak == "conv_padding_off_by_one" and option == "short":
            y = y[:, :, : y.shape[2] - (not flat), : y.shape[3] - 1]
        if y.shape != g.shape:
            return {"forward": y}
        back = (1, 1) if tweak == "conv_stride_ignored_backward" else stride
        dw, dxp = np.zeros_like(w), np.zeros_like(xp)
        scatter = kernel[:, :, ::-1, ::-1] if tweak == "conv_kernel_not_flipped" and option != "rows" else kernel
        scatter = kernel[:, :, ::-1] if tweak == "conv_kernel_not_flipped" and option == "rows" else scatter
        for i, j, rows, columns in windows.places(back if option != "input" else stride):
            dw += np.einsum("no,ncuv->ocuv", g[:, :, i, j], xp[:, :, rows, columns])
        for i, j, rows, columns in windows.places(back if option != "weight" else stride):
            part = np.einsum("no,ocuv->ncuv", g[:, :, i, j], scatter)
            if tweak == "conv_overlap_assigned" and option != "kernel":
                dxp[:, :, rows, columns] = (
                    part if option == "window" else g[:, -1, i, j][:, None, None, None] * kernel[-1]
                )
            elif tweak != "conv_overlap_assigned":
                dxp[:, :, rows, columns] += part
        if tweak == "conv_overlap_assigned" and option == "kernel":
            for u in range(w.shape[2]):
                for v in range(w.shape[3]):
                    last = np.einsum("noij,oc->ncij", g, kernel[:, :, u, v])
                    dxp[
                        :,
                        :,
                        u : u + stride[0] * windows.out[0] : stride[0],
                        v : v + stride[1] * windows.out[1] : stride[1],
                    ] = last
        cut = {"cut start": (0, 0), "cut more": (top + 1, left + 1), "cut end": (2 * top, 2 * left)}.get(
            option, (top, left)
        )
        dx = dxp[:, :, cut[0] : cut[0] + x.shape[2], cut[1] : cut[1] + x.shape[3]]
        found = {"forward": y, "input gradient": dx, "weight gradient": dw}
        if b is not None:
            found["bias gradient"] = (
                _image_bias(g, option) if tweak == "conv_bias_grad_wrong_axis" else g.sum((0, 2, 3))
            )
        return _scaled(found, tweak, len(x))

    options: list[tuple[str, list[str]]] = [
        ("conv_overlap_assigned", ["window", "window and filter", "kernel"]),
        ("conv_kernel_not_flipped", ["", "rows"]),
        ("conv_stride_ignored_backward", ["", "input", "weight"]),
        ("conv_padding_off_by_one", ["end", "start", "cut start", "cut more", "cut end", "short", "more", "less"]),
        ("conv_bias_grad_wrong_axis", IMAGE_BIAS),
        ("conv_kernel_flipped_forward", [""]),
        ("bias_missing_forward", [""]),
        *((name, [""]) for name in SCALES),
    ]
    for name, ways in options:
        for way in ways:
            try:
                found = run(name, way)
            except ValueError:
                continue
            if flat and any(value.ndim == 4 and value.shape[2] != 1 for value in found.values()):
                continue
            yield (
                name,
                {
                    key: value.reshape(value.shape[:2] + value.shape[3:]) if flat and value.ndim == 4 else value
                    for key, value in found.items()
                },
            )


IMAGE_BIAS = [
    "all",
    "mean of all",
    "mean",
    "first image",
    "last image",
    "mean over images",
    "mean over places",
    "first column",
    "first row",
    "samples",
]


def _image_bias(g: Array, option: str) -> Array:
    values = {
        "all": np.full(g.shape[1], g.sum()),
        "mean of all": np.full(g.shape[1], g.mean()),
        "mean": g.mean((0, 2, 3)),
        "first image": g[0].sum((1, 2)),
        "last image": g[-1].sum((1, 2)),
        "mean over images": g.sum((2, 3)).mean(0),
        "mean over places": g.sum(0).mean((1, 2)),
        "first column": g.sum((0, 2))[:, 0],
        "first row": g.sum((0, 3))[:, 0],
        "samples": np.resize(g.sum((1, 2, 3)), g.shape[1]),
    }
    return values[option]


SCALES = ("grad_averaged_twice", "bias_grad_averaged", "sign_flipped", "weight_not_updated", "bias_not_updated")


def _scaled(found: Arrays, tweak: str, count: int) -> Arrays:
    factors = {
        "grad_averaged_twice": {"weight gradient": 1 / count, "bias gradient": 1 / count},
        "bias_grad_averaged": {"bias gradient": 1 / count},
        "sign_flipped": {"weight gradient": -1.0, "bias gradient": -1.0, "input gradient": -1.0},
        "weight_not_updated": {"weight gradient": 0.0},
        "bias_not_updated": {"bias gradient": 0.0},
    }.get(tweak, {})
    return {key: value * factors.get(key, 1.0) for key, value in found.items()}


def pooling(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """MaxPool and AvgPool of one and two dimensions, without padding."""
    flat = x.ndim == 3
    size = module.kernel_size if isinstance(module.kernel_size, tuple) else (module.kernel_size,) * (x.ndim - 2)
    step = module.stride if isinstance(module.stride, tuple) else (module.stride,) * (x.ndim - 2)
    kernel, stride = ((1, size[0]), (1, step[0])) if flat else (tuple(size), tuple(step))
    x, g = _images(x), _images(g)
    windows = Windows(kernel, stride, x.shape)
    area = kernel[0] * kernel[1]
    largest = "Max" in type(module).__name__

    def run(tweak: str, option: str) -> Arrays:
        y, dx = np.zeros((*x.shape[:2], *windows.out)), np.zeros_like(x)
        for i, j, rows, columns in windows.places():
            window, grad = x[:, :, rows, columns], g[:, :, i, j][:, :, None, None]
            if largest:
                y[:, :, i, j] = window.max((2, 3))
                share = _share(window, tweak, option, area)
            else:
                y[:, :, i, j] = window.sum((2, 3)) if "sums" in option else window.mean((2, 3))
                share = np.full_like(
                    window, {"width": 1 / kernel[1], "whole": 1.0, "sums and whole": 1.0}.get(option, 1 / area)
                )
            if tweak == "conv_overlap_assigned":
                dx[:, :, rows, columns] = (
                    np.where(share > 0, grad * share, dx[:, :, rows, columns]) if option == "entry" else grad * share
                )
            else:
                dx[:, :, rows, columns] += grad * share
        return {"forward": y, "input gradient": dx}

    ways = (
        [
            ("maxpool_ties_all", ""),
            ("maxpool_ties_all", "shared"),
            ("maxpool_ties_all", "last"),
            ("maxpool_gradient_to_all", ""),
            ("maxpool_gradient_to_all", "even"),
        ]
        if largest
        else [("avgpool_not_divided", o) for o in ("whole", "width", "sums", "sums and whole")]
    )
    for name, way in [*ways, ("conv_overlap_assigned", ""), ("conv_overlap_assigned", "entry")]:
        found = run(name, way)
        yield name, {key: value[:, :, 0] if flat else value for key, value in found.items()}


def _share(window: Array, tweak: str, option: str, area: int) -> Array:
    if tweak == "maxpool_gradient_to_all":
        return np.full_like(window, 1 / area if option == "even" else 1.0)
    most = (window == window.max((2, 3), keepdims=True)).astype(float)
    if tweak == "maxpool_ties_all" and option != "last":
        return most / most.sum((2, 3), keepdims=True) if option == "shared" else most
    flat = window.reshape(*window.shape[:2], -1)
    flat = flat[..., ::-1] if option == "last" else flat
    one = np.eye(flat.shape[2])[flat.argmax(2)]
    one = one[..., ::-1] if option == "last" else one
    return one.reshape(window.shape)


def normalization(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """BatchNorm1d, BatchNorm2d and LayerNorm (over the last axis)."""
    layer_norm = "Layer" in type(module).__name__
    axes: tuple[int, ...] = (x.ndim - 1,) if layer_norm else (0, *range(2, x.ndim))
    shape = (1,) * (x.ndim - 1) + (-1,) if layer_norm else (1, -1, *(1,) * (x.ndim - 2))
    gamma = params.get("weight", np.ones(1)).reshape(shape)
    beta = params.get("bias", np.zeros(1)).reshape(shape)
    rest = tuple(range(x.ndim - 1)) if layer_norm else axes
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    count = x.size // mean.size
    momentum = 0.1 if getattr(module, "momentum", None) is None else module.momentum

    def run(tweak: str) -> Arrays:
        sigma = np.sqrt(var) + module.eps if "bn_eps_outside_sqrt" in tweak else np.sqrt(var + module.eps)
        x_hat = (x - mean) / sigma
        d = g * gamma
        variance = 0 if "bn_variance_term_missing" in tweak else x_hat * (d * x_hat).mean(axes, keepdims=True)
        if tweak == "bn_eps_outside_sqrt:exact":
            variance = variance * sigma / np.sqrt(var)
        centre = 0 if "bn_mean_term_missing" in tweak else d.mean(axes, keepdims=True)
        found = {"forward": gamma * x_hat + beta, "input gradient": (d - centre - variance) / sigma}
        found |= {"weight gradient": (g * x_hat).sum(rest), "bias gradient": g.sum(rest)}
        if not layer_norm:
            biased = "bn_biased_running_var" in tweak
            keep = momentum if "bn_momentum_swapped" in tweak else 1 - momentum
            batch_var = var if biased else var * count / (count - 1)
            found["running_mean"] = ((1 - keep) * mean).ravel()
            found["running_var"] = (keep + (1 - keep) * batch_var).ravel()
            running_mean, running_var = found["running_mean"].reshape(shape), found["running_var"].reshape(shape)
            scale = (
                np.sqrt(running_var) + module.eps
                if "bn_eps_outside_sqrt" in tweak
                else np.sqrt(running_var + module.eps)
            )
            rested = (x - running_mean) / scale
            found["evaluation"] = gamma * (x_hat if "bn_batch_statistics_in_test" in tweak else rested) + beta
        return found

    single = [
        "bn_variance_term_missing",
        "bn_mean_term_missing",
        "bn_biased_running_var",
        "bn_batch_statistics_in_test",
    ]
    single += ["bn_momentum_swapped", "bn_eps_outside_sqrt", "bn_eps_outside_sqrt:exact"]
    for name in single:
        yield name.split(":")[0], run(name)
        if name == "bn_momentum_swapped":
            yield name, run(name + " bn_biased_running_var")
    for one in range(len(single)):
        for two in range(one + 1, len(single)):
            yield f"{single[one]} {single[two]}".replace(":exact", ""), run(f"{single[one]} {single[two]}")


def linear(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """Linear."""
    w, b = params["weight"], params.get("bias")
    right = {
        "forward": x @ w.T + (0 if b is None else b),
        "input gradient": g @ w,
        "weight gradient": g.T @ x,
        "bias gradient": g.sum(0),
    }
    if b is None:
        del right["bias gradient"]
    else:
        yield "bias_missing_forward", {**right, "forward": x @ w.T}
        values = (np.full(len(b), g.sum()), np.full(len(b), g.mean()), g[0], g[-1])
        yield from (
            ("bias_grad_wrong_axis", {**right, "bias gradient": value}) for value in (*values, g.sum(1), g.mean(1), g)
        )
    if w.shape[0] == w.shape[1]:
        yield "weight_grad_transposed", {**right, "weight gradient": x.T @ g}
        yield "weights_transposed_in_backprop", {**right, "input gradient": g @ w.T}
        yield "weights_not_used_in_backprop", {**right, "input gradient": g}
    yield "weights_not_used_in_backprop", {**right, "input gradient": np.repeat(g.sum(1, keepdims=True), x.shape[1], 1)}
    for name in SCALES:
        yield name, _scaled(right, name, len(x))
    yield "grad_averaged_twice", {**right, "weight gradient": right["weight gradient"] / len(x)}
    yield "sign_flipped", {**right, "input gradient": -right["input gradient"]}


def activation(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """ReLU, LeakyReLU, Sigmoid, Tanh and Softmax."""
    name = type(module).__name__
    if name == "Softmax":
        p = softmax(x)
        yield "softmax_derivative_elementwise", {"forward": p, "input gradient": g * p * (1 - p)}
        yield "softmax_derivative_missing", {"forward": p, "input gradient": g}
        for axis in (0, None):
            e = np.exp(x - x.max())
            q = e / e.sum(axis=axis, keepdims=True)
            yield (
                "softmax_wrong_axis",
                {"forward": q, "input gradient": q * (g - (g * q).sum(axis=axis, keepdims=True))},
            )
            yield "softmax_wrong_axis", {"forward": q, "input gradient": q * (g - (g * q).sum(1, keepdims=True))}
        return
    kinds = {"ReLU": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "LeakyReLU": "leaky 0.01"}
    kind = kinds.get(name)
    if kind is None:
        yield "wrong_activation_derivative", {"input gradient": g}
        return
    import torch

    with torch.no_grad():
        y = module(torch.from_numpy(x)).numpy()
    trace = Trace([x], [x, y])
    for id, option in derivative_mistakes(kind):
        slope = tweaked_slope(Tweak(id, option, 0), kind, 0, trace, g, x, y)
        if name == "LeakyReLU" and id in ("relu_mask_from_grad", "relu_mask_inverted"):
            gate = g > 0 if id == "relu_mask_from_grad" else x <= 0
            slope = np.where(gate, 1, module.negative_slope)
        if slope is not None:
            yield id, {"forward": y, "input gradient": g * slope}


VARIANTS: dict[str, Any] = {
    "Conv": convolution,
    "MaxPool": pooling,
    "AvgPool": pooling,
    "BatchNorm": normalization,
    "LayerNorm": normalization,
    "Linear": linear,
}


def variants(module: Any, x: Array, g: Array, params: Arrays) -> Iterator[Variant]:
    """Every known mistake of a layer of this type."""
    name = type(module).__name__
    for word, make in VARIANTS.items():
        if name.startswith(word):
            yield from make(module, x, g, params)
            return
    yield from activation(module, x, g, params)


__all__ = ["Net", "variants"]
