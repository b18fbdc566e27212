"""All that is known of each layer beside its formulas: one `LayerSpec` per layer, for both tracks and for the tests.

To add a layer that `torch.nn` has: a class of that name in `numpy_ref/layers/`, its spec here, a row in
`tests/networks/layer_table.py`, a line in `docs/layers.md`. The Lightning track takes `torch.nn`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]
"""(features,), (points, features) or (channels, height, width), without the batch."""
Arguments = dict[str, Any]
Check = Callable[[Any], bool]

FEATURES, SEQUENCE, CHANNELS = 1, 2, 3
"""Input ranks: (features,), (points, features), and (channels, height, width)."""


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """What a layer takes, what it makes of a shape, and how it behaves."""

    arguments: dict[str, Check] = field(default_factory=dict)
    """The arguments that a config may give, and what each must satisfy. The first may be given alone: `Linear: 64`."""
    required: tuple[str, ...] = ()
    """Arguments without a default."""
    input_rank: int | None = None
    """FEATURES, SEQUENCE, CHANNELS, or None for any input."""
    point_by_point: bool = False
    """Whether a layer of features also takes a sequence of points: each point by itself."""
    sizes: Callable[[Shape], Arguments] = lambda shape: {}
    """Constructor arguments that follow from the input's shape."""
    output_shape: Callable[[Shape, Arguments], Shape] = lambda shape, arguments: shape
    """The output's shape, from the input's and the arguments; a ValueError where the two do not fit."""
    has_weights: bool = False
    """Whether it has parameters, and so takes a dtype."""
    derivative_jumps: bool = False
    """Whether its derivative jumps, as ReLU's at 0: there rounding may decide between two right gradients."""
    activation: bool = False
    """Whether it is a nonlinear function of each number by itself: figures show what it gives."""
    over_batch: bool = False
    """Whether it normalises over the batch: a bias before it has no effect, and one row has no variance."""
    draws_masks: bool = False
    """Whether it draws random masks, and so takes the seed and its number in the network."""
    lists: tuple[str, ...] = ()
    """Arguments that are lists of layers, which it contains."""


def at_least(least: int) -> Check:
    """A whole number from `least` on."""
    return lambda value: type(value) is int and value >= least


def fraction(value: Any) -> bool:
    """A number from 0 to below 1."""
    return _is_number(value) and 0 <= value < 1


def positive(value: Any) -> bool:
    """A number above 0 with which float32 can calculate: from 1e-30 to 1,000."""
    return _is_number(value) and 1e-30 <= value <= 1000


def boolean(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _window(shape: Shape, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """Height and width after a window of `kernel` has gone over (channels, height, width)."""
    height, width = ((size + 2 * padding - kernel) // stride + 1 for size in shape[1:])
    if height < 1 or width < 1:
        raise ValueError(f"a kernel of {kernel} does not fit into {shape[1]}x{shape[2]}")
    return height, width


def _convolved(shape: Shape, arguments: Arguments) -> Shape:
    kernel, stride, padding = arguments["kernel_size"], arguments.get("stride", 1), arguments.get("padding", 0)
    return arguments["out_channels"], *_window(shape, kernel, stride, padding)


def _pooled(shape: Shape, arguments: Arguments) -> Shape:
    kernel: int = arguments["kernel_size"]
    stride: int = arguments.get("stride", kernel)
    padding: int = arguments.get("padding", 0)
    if padding > kernel // 2:
        raise ValueError(f"padding {padding} is more than half the kernel of {kernel}")
    return shape[0], *_window(shape, kernel, stride, padding)


def _in_heads(shape: Shape, heads: int) -> Shape:
    """The shape of attention's output, which is the input's."""
    if shape[1] % heads:
        raise ValueError(f"{shape[1]} features cannot be shared by {heads} heads")
    return shape


def _some_layers(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


_WINDOW: dict[str, Check] = {"kernel_size": at_least(1), "stride": at_least(1), "padding": at_least(0)}
_BATCH_NORM: dict[str, Check] = {"eps": positive, "momentum": fraction}

LAYERS: dict[str, LayerSpec] = {
    "Linear": LayerSpec(
        arguments={"out_features": at_least(1), "bias": boolean},
        required=("out_features",),
        input_rank=FEATURES,
        point_by_point=True,
        sizes=lambda shape: {"in_features": shape[-1]},
        output_shape=lambda shape, arguments: (*shape[:-1], arguments["out_features"]),
        has_weights=True,
    ),
    "Conv2d": LayerSpec(
        arguments={"out_channels": at_least(1), **_WINDOW, "bias": boolean},
        required=("out_channels", "kernel_size"),
        input_rank=CHANNELS,
        sizes=lambda shape: {"in_channels": shape[0]},
        output_shape=_convolved,
        has_weights=True,
    ),
    "MaxPool2d": LayerSpec(
        arguments=_WINDOW,
        required=("kernel_size",),
        input_rank=CHANNELS,
        output_shape=_pooled,
        derivative_jumps=True,
    ),
    "AvgPool2d": LayerSpec(arguments=_WINDOW, required=("kernel_size",), input_rank=CHANNELS, output_shape=_pooled),
    "AdaptiveAvgPool2d": LayerSpec(
        arguments={"output_size": lambda value: value == 1},
        required=("output_size",),
        input_rank=CHANNELS,
        output_shape=lambda shape, arguments: (shape[0], 1, 1),
    ),
    "Flatten": LayerSpec(output_shape=lambda shape, arguments: (math.prod(shape),)),
    "BatchNorm1d": LayerSpec(
        arguments=_BATCH_NORM,
        input_rank=FEATURES,
        sizes=lambda shape: {"num_features": shape[0]},
        has_weights=True,
        over_batch=True,
    ),
    "BatchNorm2d": LayerSpec(
        arguments=_BATCH_NORM,
        input_rank=CHANNELS,
        sizes=lambda shape: {"num_features": shape[0]},
        has_weights=True,
        over_batch=True,
    ),
    "LayerNorm": LayerSpec(
        arguments={"eps": positive},
        input_rank=FEATURES,
        point_by_point=True,
        sizes=lambda shape: {"normalized_shape": shape[-1]},
        has_weights=True,
    ),
    "Dropout": LayerSpec(arguments={"p": fraction}, required=("p",), draws_masks=True),
    "Normalize": LayerSpec(input_rank=FEATURES),
    "ReLU": LayerSpec(derivative_jumps=True, activation=True),
    "LeakyReLU": LayerSpec(arguments={"negative_slope": positive}, derivative_jumps=True, activation=True),
    "Tanh": LayerSpec(activation=True),
    "Sigmoid": LayerSpec(activation=True),
    "GELU": LayerSpec(activation=True),
    "SiLU": LayerSpec(activation=True),
    "MultiheadAttention": LayerSpec(
        arguments={"num_heads": at_least(1)},
        required=("num_heads",),
        input_rank=SEQUENCE,
        sizes=lambda shape: {"embed_dim": shape[1]},
        output_shape=lambda shape, arguments: _in_heads(shape, arguments["num_heads"]),
        has_weights=True,
    ),
    "TransformerEncoderLayer": LayerSpec(
        arguments={
            "nhead": at_least(1),
            "dim_feedforward": at_least(1),
            "dropout": fraction,
            "activation": lambda value: value in ("relu", "gelu"),
        },
        required=("nhead",),
        input_rank=SEQUENCE,
        sizes=lambda shape: {"d_model": shape[1]},
        output_shape=lambda shape, arguments: _in_heads(shape, arguments["nhead"]),
        has_weights=True,
        draws_masks=True,
    ),
    "LearntPositions": LayerSpec(
        input_rank=SEQUENCE, sizes=lambda shape: {"longest": shape[0], "size": shape[1]}, has_weights=True
    ),
    "SinusoidalPositions": LayerSpec(input_rank=SEQUENCE, sizes=lambda shape: {"longest": shape[0], "size": shape[1]}),
    "MaskedMean": LayerSpec(input_rank=SEQUENCE, output_shape=lambda shape, arguments: shape[1:]),
    "Residual": LayerSpec(
        arguments={"layers": _some_layers, "shortcut": _some_layers}, required=("layers",), lists=("layers", "shortcut")
    ),
}
"""The layers by name. All but Normalize, LearntPositions, SinusoidalPositions, MaskedMean and Residual are PyTorch's,
with its arguments and defaults."""
