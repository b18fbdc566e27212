"""A network as a list of layers in the YAML, worked out into what both tracks build.

    layers:
      - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
      - BatchNorm2d
      - ReLU
      - MaxPool2d: 2
      - Dropout: 0.3
      - Linear: 64

A layer without arguments is its name; one with a single argument may give it alone (`Linear: 64` is
`Linear: {out_features: 64}`). Names, arguments and defaults are PyTorch's. What follows from the shape of the input
(in_features, in_channels, num_features) is filled in; a Flatten is put in where a Linear or BatchNorm1d follows
channels; and a Linear or Conv2d straight before a BatchNorm has no bias unless told so, since the normalisation
would take it away again, and its gradient would be nothing but rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from experiment.errors import UserError, did_you_mean

LayerSpec = str | dict[str, Any]
"""A layer as it stands in the YAML."""
Arguments = dict[str, Callable[[Any], bool]]
Shape = tuple[int, ...]
"""(features,) or (channels, height, width), without the batch."""


def _at_least(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and value >= least


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


_POOL: Arguments = {"kernel_size": _at_least(1), "stride": _at_least(1), "padding": _at_least(0)}
_NORM: Arguments = {"eps": _number, "momentum": _share}
ARGUMENTS: dict[str, Arguments] = {
    "Linear": {"out_features": _at_least(1), "bias": _yes_or_no},
    "Conv2d": {"out_channels": _at_least(1), **_POOL, "bias": _yes_or_no},
    "MaxPool2d": _POOL,
    "AvgPool2d": _POOL,
    "AdaptiveAvgPool2d": {"output_size": lambda value: value == 1},
    "Flatten": {},
    "BatchNorm1d": _NORM,
    "BatchNorm2d": _NORM,
    "Dropout": {"p": _share},
    "ReLU": {},
    "LeakyReLU": {"negative_slope": _number},
    "Tanh": {},
    "Sigmoid": {},
}
"""Each layer's arguments and what they must satisfy; the first ones, up to NEEDED, have no default."""
NEEDED = {"Linear": 1, "Conv2d": 2, "MaxPool2d": 1, "AvgPool2d": 1, "AdaptiveAvgPool2d": 1, "Dropout": 1}
FLAT = ("Linear", "BatchNorm1d")
"""Layers that take (features,)."""
SPATIAL = ("Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "BatchNorm2d")
"""Layers that take (channels, height, width)."""


@dataclass(frozen=True)
class LayerPlan:
    """One layer, with all that its constructor needs but the dtype."""

    name: str
    arguments: dict[str, Any]


def check_layers(layers: Sequence[LayerSpec] | None, field: str) -> None:
    """Refuse unknown layers and arguments; `field` is the config's name of the list."""
    for place, layer in enumerate(layers or []):
        _read(layer, f"--{field}, layer {place + 1}")


def hidden_layers(hidden_dims: Sequence[int], layers: Sequence[LayerSpec] | None = None) -> Sequence[LayerSpec]:
    """`layers`, or where there are none what `hidden_dims` is short for: a Linear and a ReLU each."""
    if layers is not None:
        return layers
    return [layer for dim in hidden_dims for layer in ({"Linear": dim}, "ReLU")]


def plan_network(layers: Sequence[LayerSpec], shape: Shape, outputs: int, field: str) -> list[LayerPlan]:
    """Work out the hidden `layers` for inputs of `shape`, and add a Linear with `outputs`.

    Raises:
        UserError: a layer does not fit what comes before it.
    """
    wanted = [_read(layer, f"--{field}, layer {place + 1}") for place, layer in enumerate(layers)]
    wanted.append(LayerPlan("Linear", {"out_features": outputs}))
    plan: list[LayerPlan] = []
    for place, layer in enumerate(wanted):
        where = f"--{field}, layer {place + 1} ({layer.name})"
        if layer.name in FLAT and len(shape) == 3:
            plan.append(LayerPlan("Flatten", {}))
            shape = (math.prod(shape),)
        if layer.name in SPATIAL and len(shape) == 1:
            raise UserError(f"{where}: needs channels, height and width, but gets {shape[0]} flat features.")
        following = wanted[place + 1].name if place + 1 < len(wanted) else ""
        plan.append(_with_sizes(layer, shape, normalised=following.startswith("BatchNorm")))
        shape = _output_shape(layer, shape, where)
    return plan


def output_shapes(plan: Sequence[LayerPlan], shape: Shape) -> list[Shape]:
    """The shape that leaves each layer of a plan, for inputs of `shape`."""
    shapes = []
    for layer in plan:
        shape = _output_shape(layer, shape, layer.name)
        shapes.append(shape)
    return shapes


def batch_needs_two(layers: Sequence[LayerSpec] | None) -> bool:
    """Whether a batch of one drawing cannot be trained on: BatchNorm1d would divide by a spread of 0."""
    return any(_read(layer, "").name == "BatchNorm1d" for layer in layers or [])


def _read(layer: LayerSpec, where: str) -> LayerPlan:
    if isinstance(layer, dict) and len(layer) != 1:
        raise UserError(f"{where}: must be one layer, a name or {{name: arguments}}, but is {layer!r}.")
    name, given = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
    if name not in ARGUMENTS:
        raise UserError(f"{where}: {name!r} is no layer.{did_you_mean(str(name), ARGUMENTS)} There are {_names()}.")
    known = ARGUMENTS[name]
    arguments = given if isinstance(given, dict) else {next(iter(known), "argument"): given}
    for key, value in arguments.items():
        if key not in known:
            raise UserError(f"{where}: {name} has no argument {key!r}.{did_you_mean(str(key), known)}")
        if not known[key](value):
            raise UserError(f"{where}: {name}'s {key} cannot be {value!r}.")
    missing = [key for key in list(known)[: NEEDED.get(name, 0)] if key not in arguments]
    if missing:
        raise UserError(f"{where}: {name} needs its {missing[0]}.")
    return LayerPlan(name, dict(arguments))


def _names() -> str:
    return ", ".join(ARGUMENTS)


def _with_sizes(layer: LayerPlan, shape: Shape, normalised: bool) -> LayerPlan:
    """Fill in what follows from the input's shape."""
    sizes: dict[str, Any] = {}
    if layer.name == "Linear":
        sizes = {"in_features": shape[0], "bias": not normalised}
    elif layer.name == "Conv2d":
        sizes = {"in_channels": shape[0], "bias": not normalised}
    elif layer.name in ("BatchNorm1d", "BatchNorm2d"):
        sizes = {"num_features": shape[0]}
    return LayerPlan(layer.name, sizes | layer.arguments)


def _output_shape(layer: LayerPlan, shape: Shape, where: str) -> Shape:
    arguments = layer.arguments
    if layer.name == "Linear":
        return (arguments["out_features"],)
    if layer.name == "Flatten":
        return (math.prod(shape),)
    if layer.name == "AdaptiveAvgPool2d":
        return (shape[0], 1, 1)
    if layer.name not in ("Conv2d", "MaxPool2d", "AvgPool2d"):
        return shape
    kernel, padding = arguments["kernel_size"], arguments.get("padding", 0)
    stride = arguments.get("stride", 1 if layer.name == "Conv2d" else kernel)
    if layer.name != "Conv2d" and padding > kernel // 2:
        raise UserError(f"{where}: padding {padding} is more than half the kernel of {kernel}.")
    height, width = ((size + 2 * padding - kernel) // stride + 1 for size in shape[1:])
    if height < 1 or width < 1:
        raise UserError(f"{where}: a kernel of {kernel} does not fit into {shape[1]}x{shape[2]}.")
    return arguments.get("out_channels", shape[0]), height, width
