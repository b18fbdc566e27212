"""A network as a list of layers: what is worked out, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datamodules.quickdraw import QuickDrawDataModule
from experiment.architecture import hidden_layers, plan_network
from experiment.config import DualTower, Experiment, Softmax
from experiment.errors import UserError
from training.program import check_network

IMAGE = (1, 28, 28)


def names(layers: list[Any], shape: tuple[int, ...] = IMAGE) -> list[str]:
    return [layer.name for layer in plan_network(layers, shape, 5, "softmax.layers")]


def test_sizes_by_hand() -> None:
    # 28x28 → stride 2, padding 1, kernel 3: ⌊(28 + 2 - 3) / 2⌋ + 1 = 14; pooled by 2: 7; 6 · 7 · 7 = 294 features.
    layers: list[Any] = [
        {"Conv2d": {"out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1}},
        "ReLU",
        {"MaxPool2d": 2},
    ]
    plan = plan_network(layers, IMAGE, 5, "softmax.layers")
    assert [layer.name for layer in plan] == ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"]
    assert plan[0].arguments["in_channels"] == 1
    assert plan[-1].arguments == {"in_features": 294, "bias": True, "out_features": 5}


def test_hidden_dims_are_short_for_layers() -> None:
    short = hidden_layers([7, 3])
    assert short == [{"Linear": 7}, "ReLU", {"Linear": 3}, "ReLU"]
    assert names(list(short)) == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert names([], (9,)) == ["Linear"]


def test_no_bias_before_a_batchnorm_unless_told() -> None:
    layers: list[Any] = [
        {"Linear": 4},
        "BatchNorm1d",
        {"Linear": {"out_features": 4, "bias": True}},
        "BatchNorm1d",
        {"Linear": 4},
    ]
    plan = plan_network(layers, (9,), 5, "softmax.layers")
    assert [layer.arguments["bias"] for layer in plan if layer.name == "Linear"] == [False, True, True, True]


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["Liner"], "'Liner' is no layer. Did you mean 'Linear'?"),
        ([{"Linear": {"out": 3}}], "Linear has no argument 'out'"),
        ([{"Linear": 0}], "Linear's out_features cannot be 0"),
        ([{"Linear": "many"}], "Linear's out_features cannot be 'many'"),
        ([{"Linear": True}], "cannot be True"),
        (["Linear"], "Linear needs its out_features"),
        ([{"Conv2d": 8}], "Conv2d needs its kernel_size"),
        ([{"Dropout": 1.0}], "Dropout's p cannot be 1.0"),
        ([{"ReLU": 3}], "ReLU has no argument"),
        ([{"Linear": 3, "ReLU": {}}], "must be one layer"),
        ([{"AdaptiveAvgPool2d": 7}], "output_size cannot be 7"),
    ],
)
def test_bad_layers_are_refused_by_the_config(layers: list[Any], words: str) -> None:
    tables: list[tuple[Any, str]] = [(Softmax, "softmax.layers"), (DualTower, "dual_tower.image_layers")]
    for make, field in tables:
        with pytest.raises(UserError) as refusal:
            make(**{field.split(".")[1]: ["ReLU", *layers]})
        assert words in str(refusal.value) and f"--{field}, layer 2" in str(refusal.value)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([{"Linear": 3}, {"MaxPool2d": 2}], "layer 2 (MaxPool2d): needs channels, height and width"),
        ([{"MaxPool2d": 29}], "a kernel of 29 does not fit into 28x28"),
        ([{"MaxPool2d": {"kernel_size": 2, "padding": 2}}], "more than half the kernel"),
        (["Flatten", "BatchNorm2d"], "needs channels"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: list[Any], words: str) -> None:
    with pytest.raises(UserError) as refusal:
        plan_network(layers, IMAGE, 5, "softmax.layers")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("layers", "refused_by"),
    [
        ([{"Linear": 3}, "BatchNorm1d"], "BatchNorm1d"),
        ([{"MaxPool2d": 28}, "BatchNorm2d"], "BatchNorm2d"),  # maps of 1x1: a number per image and channel
        ([{"MaxPool2d": 14}, "BatchNorm2d"], None),
        ([{"Linear": 3}, "LayerNorm"], None),
    ],
)
@pytest.mark.parametrize("model", ["softmax", "dual_tower"])
def test_batches_of_one_are_refused_where_they_have_no_variance(
    model: str, layers: list[Any], refused_by: str | None, small: Callable[..., Experiment]
) -> None:
    config = {"softmax": Softmax(layers=layers), "dual_tower": DualTower(image_layers=layers)}
    experiment = small(model=model, **config)
    data = QuickDrawDataModule(experiment)
    assert len(data.rows["train"]) == 270
    check_network(experiment, data)
    for batch_size in (1, 269):
        small_batches = replace(experiment, data=replace(experiment.data, batch_size=batch_size))
        if refused_by is None:
            check_network(small_batches, data)
            continue
        with pytest.raises(UserError) as refusal:
            check_network(small_batches, data)
        assert f"--data.batch_size {batch_size}:" in str(refusal.value) and f"{refused_by} in" in str(refusal.value)
