"""A network as a list of layers in the YAML, worked out into what both tracks build.

    layers:
      - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
      - BatchNorm2d
      - ReLU
      - MaxPool2d: 2
      - Dropout: 0.3
      - Linear: 64

A layer without arguments is its name; one with a single argument may give it alone (`Linear: 64` is
`Linear: {out_features: 64}`). Names, arguments and defaults are PyTorch's; `experiment/layer_specs.py` has them all.
What follows from the shape of the input (in_features, in_channels, num_features) is filled in; a Flatten is put in
where a layer that takes features follows channels; and a Linear or Conv2d straight before a BatchNorm has no bias
unless told so, since the normalisation would take it away again, and its gradient would be nothing but rounding.
A Residual contains layers of its own: `Residual: {layers: [...]}`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from experiment.errors import UserError, did_you_mean
from experiment.layer_specs import CHANNELS, FEATURES, LAYERS, SEQUENCE, Shape

LayerEntry = str | dict[str, Any]
"""A layer as it stands in the YAML."""


@dataclass(frozen=True)
class LayerPlan:
    """One layer, with the arguments that the config gives and those that follow from the input's shape."""

    name: str
    arguments: dict[str, Any]


def check_layers(layers: Sequence[LayerEntry] | None, field: str) -> None:
    """Refuse unknown layers and arguments; `field` is the config's name of the list."""
    for number, entry in enumerate(layers or [], start=1):
        _read(entry, f"--{field}, layer {number}")


def hidden_layers(hidden_dims: Sequence[int], layers: Sequence[LayerEntry] | None = None) -> Sequence[LayerEntry]:
    """`layers`, or where there are none what `hidden_dims` is short for: a Linear and a ReLU each."""
    if layers is not None:
        return layers
    return [layer for dim in hidden_dims for layer in ({"Linear": dim}, "ReLU")]


def plan_network(layers: Sequence[LayerEntry], shape: Shape, outputs: int, field: str) -> list[LayerPlan]:
    """Work out the hidden `layers` for inputs of `shape`, and add a Linear with `outputs`.

    Raises:
        UserError: a layer does not fit what comes before it.
    """
    plan = plan_layers([*layers, {"Linear": outputs}], shape, f"--{field}, layer ")
    if len(output_shapes(plan, shape)[-1]) == SEQUENCE:
        raise UserError(f"--{field}: ends in a sequence of points; put a MaskedMean at its end.")
    return plan


def plan_layers(layers: Sequence[LayerEntry], shape: Shape, place: str) -> list[LayerPlan]:
    """Work out `layers` for inputs of `shape`; `place` and a number say where one of them stands."""
    wanted = [_read(entry, f"{place}{number}") for number, entry in enumerate(layers, start=1)]
    following = [LAYERS[layer.name] for layer in wanted[1:]]
    plan: list[LayerPlan] = []
    for number, layer in enumerate(wanted):
        spec, where = LAYERS[layer.name], f"{place}{number + 1} ({layer.name})"
        if spec.input_rank == FEATURES and len(shape) == CHANNELS:
            plan.append(LayerPlan("Flatten", {}))
            shape = (math.prod(shape),)
        _check_rank(layer, shape, where)
        arguments = spec.sizes(shape) | layer.arguments
        arguments |= {
            name: plan_layers(arguments[name], shape, f"{where}, {name}, layer ")
            for name in spec.lists
            if name in arguments
        }
        if "bias" in spec.arguments:
            arguments.setdefault("bias", not (number < len(following) and following[number].over_batch))
        plan.append(LayerPlan(layer.name, arguments))
        try:
            shape = shape_after(plan[-1], shape)
        except ValueError as error:
            raise UserError(f"{where}: {error}.") from error
    return plan


def _check_rank(layer: LayerPlan, shape: Shape, where: str) -> None:
    """Refuse a layer that takes something else than `shape`."""
    spec = LAYERS[layer.name]
    if spec.input_rank == CHANNELS and len(shape) != CHANNELS:
        got = f"{shape[0]} flat features" if len(shape) == FEATURES else "a sequence of points"
        raise UserError(f"{where}: needs channels, height and width, but gets {got}.")
    if spec.input_rank == SEQUENCE and len(shape) != SEQUENCE:
        raise UserError(f"{where}: needs a sequence of points (--data.form strokes, before any MaskedMean).")
    of_features = spec.input_rank == FEATURES and not spec.point_by_point
    if len(shape) == SEQUENCE and (of_features or layer.name == "Flatten"):
        raise UserError(f"{where}: needs features, but gets a sequence of points; put a MaskedMean before it.")


def shape_after(layer: LayerPlan, shape: Shape) -> Shape:
    """The shape that leaves a layer; a ValueError where the layer cannot take `shape`."""
    spec = LAYERS[layer.name]
    if not spec.lists:
        return spec.output_shape(shape, layer.arguments)
    ends = {output_shapes(layer.arguments[name], shape)[-1] for name in spec.lists if name in layer.arguments}
    ends |= {shape} if "shortcut" not in layer.arguments else set()
    if len(ends) > 1:
        added = " and ".join("x".join(map(str, end)) for end in sorted(ends))
        raise ValueError(f"adds {added}; give a shortcut that makes one shape of both")
    return ends.pop()


def output_shapes(plan: Sequence[LayerPlan], shape: Shape) -> list[Shape]:
    """The shape that leaves each layer of a plan, for inputs of `shape`."""
    shapes = []
    for layer in plan:
        shape = shape_after(layer, shape)
        shapes.append(shape)
    return shapes


def every_layer(plan: Sequence[LayerPlan], shape: Shape) -> Iterator[tuple[LayerPlan, Shape]]:
    """All layers of a plan with the shapes of their inputs, those within others as well."""
    for layer, given in zip(plan, [shape, *output_shapes(plan, shape)], strict=False):
        yield layer, given
        for name in LAYERS[layer.name].lists:
            yield from every_layer(layer.arguments.get(name, []), given)


def layer_over_batch(plan: Sequence[LayerPlan], shape: Shape) -> str | None:
    """The first layer of a plan that cannot be trained on a batch of one image, which has no variance there."""
    alone = (layer.name for layer, (_, *area) in every_layer(plan, shape) if math.prod(area) == 1)
    return next((name for name in alone if LAYERS[name].over_batch), None)


def _read(entry: LayerEntry, where: str) -> LayerPlan:
    if isinstance(entry, dict) and len(entry) != 1:
        raise UserError(f"{where}: must be one layer, a name or {{name: arguments}}, but is {entry!r}.")
    name, given = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    if name not in LAYERS:
        known_names = ", ".join(LAYERS)
        raise UserError(f"{where}: {name!r} is no layer.{did_you_mean(str(name), LAYERS)} There are {known_names}.")
    known = LAYERS[name].arguments
    arguments = dict(given) if isinstance(given, dict) else {next(iter(known), "argument"): given}
    for key, value in arguments.items():
        if key not in known:
            raise UserError(f"{where}: {name} has no argument {key!r}.{did_you_mean(str(key), known)}")
        if not known[key](value):
            raise UserError(f"{where}: {name}'s {key} cannot be {value!r}.")
    missing = [key for key in LAYERS[name].required if key not in arguments]
    if missing:
        raise UserError(f"{where}: {name} needs its {missing[0]}.")
    for key in LAYERS[name].lists:
        for number, inner in enumerate(arguments.get(key, []), start=1):
            _read(inner, f"{where} ({name}), {key}, layer {number}")
    return LayerPlan(name, dict(arguments))
