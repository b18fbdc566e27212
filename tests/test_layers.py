"""Every layer of the NumPy track beside PyTorch's, and beside central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from lightning_models import layers as torch_layers
from numpy_ref import layers
from numpy_ref.layers import Normalize
from numpy_ref.module import Layer
from tests.numerical import DTYPES, TOLERANCE, numerical_gradient

Pair = tuple[Layer, Any]
"""A layer of ours, and PyTorch's of the same name."""


def pair(name: str, dtype: str, **arguments: Any) -> Pair:
    """A layer by its name in both frameworks, with the same random weights."""
    learns = name in ("Linear", "Conv2d", "BatchNorm1d", "BatchNorm2d")
    ours = getattr(layers, name)(**arguments, **({"dtype": np.dtype(dtype)} if learns else {}))
    theirs = getattr(torch_layers, name)(**arguments, **({"dtype": getattr(torch, dtype)} if learns else {}))
    random = np.random.default_rng(3)
    state = {
        key: np.asarray(np.abs(random.normal(size=array.shape)), array.dtype)
        for key, array in ours.state_dict().items()
    }
    ours.load_state_dict(state)
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})
    return ours, theirs


def evaluating(both: Pair) -> Pair:
    """The pair, switched to evaluation."""
    for layer in both:
        layer.eval()
    return both


FLAT, SPATIAL = (5,), (3, 7, 6)
"""Shapes of inputs without the batch."""
LAYERS: dict[str, tuple[tuple[int, ...], Callable[[str], Pair]]] = {
    "Linear 5 → 3": (FLAT, lambda dtype: pair("Linear", dtype, in_features=5, out_features=3)),
    "Linear 5 → 1": (FLAT, lambda dtype: pair("Linear", dtype, in_features=5, out_features=1)),
    "Linear without bias": (FLAT, lambda dtype: pair("Linear", dtype, in_features=5, out_features=3, bias=False)),
    "ReLU": (FLAT, lambda dtype: pair("ReLU", dtype)),
    "LeakyReLU": (FLAT, lambda dtype: pair("LeakyReLU", dtype, negative_slope=0.2)),
    "Tanh": (FLAT, lambda dtype: pair("Tanh", dtype)),
    "Sigmoid": (FLAT, lambda dtype: pair("Sigmoid", dtype)),
    "Normalize": (FLAT, lambda dtype: pair("Normalize", dtype)),
    "Flatten": (SPATIAL, lambda dtype: pair("Flatten", dtype)),
    "Dropout": (FLAT, lambda dtype: pair("Dropout", dtype, p=0.3, seed=1, number=2)),
    "Dropout over channels": (SPATIAL, lambda dtype: pair("Dropout", dtype, p=0.3, seed=1, number=2)),
    "Dropout, evaluation": (FLAT, lambda dtype: evaluating(pair("Dropout", dtype, p=0.3, seed=1, number=2))),
    "BatchNorm1d": (FLAT, lambda dtype: pair("BatchNorm1d", dtype, num_features=5)),
    "BatchNorm1d, evaluation": (FLAT, lambda dtype: evaluating(pair("BatchNorm1d", dtype, num_features=5))),
    "BatchNorm2d": (SPATIAL, lambda dtype: pair("BatchNorm2d", dtype, num_features=3, momentum=0.3, eps=1e-3)),
    "BatchNorm2d, evaluation": (SPATIAL, lambda dtype: evaluating(pair("BatchNorm2d", dtype, num_features=3))),
    "MaxPool2d 2": (SPATIAL, lambda dtype: pair("MaxPool2d", dtype, kernel_size=2)),
    "MaxPool2d 3, stride 2, padding 1": (
        SPATIAL,
        lambda dtype: pair("MaxPool2d", dtype, kernel_size=3, stride=2, padding=1),
    ),
    "AvgPool2d 2": (SPATIAL, lambda dtype: pair("AvgPool2d", dtype, kernel_size=2)),
    "AvgPool2d 3, stride 2, padding 1": (
        SPATIAL,
        lambda dtype: pair("AvgPool2d", dtype, kernel_size=3, stride=2, padding=1),
    ),
    "AdaptiveAvgPool2d": (SPATIAL, lambda dtype: pair("AdaptiveAvgPool2d", dtype, output_size=1)),
} | {
    f"Conv2d {kernel}, stride {stride}, padding {padding}, bias {bias}": (
        SPATIAL,
        lambda dtype, k=kernel, s=stride, p=padding, b=bias: pair(
            "Conv2d", dtype, in_channels=3, out_channels=4, kernel_size=k, stride=s, padding=p, bias=b
        ),
    )
    for kernel, stride, padding, bias in [
        (1, 1, 0, True),
        (3, 1, 1, True),
        (3, 1, 1, False),
        (3, 2, 0, True),
        (2, 3, 2, True),
        (5, 2, 3, True),
        (3, 1, 4, True),
    ]
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 2, 33])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name: str, batch: int, dtype: str) -> None:
    if name == "BatchNorm1d" and batch == 1:
        pytest.skip("one row has no spread; both refuse it")
    shape, make = LAYERS[name]
    ours, theirs = make(dtype)
    random = np.random.default_rng(batch)
    x = random.normal(size=(batch, *shape)).astype(dtype)
    y = ours.forward(x)
    grad = random.normal(size=y.shape).astype(dtype)
    dx = ours.backward(grad)

    x_torch = torch.from_numpy(x.copy()).requires_grad_()
    y_torch = theirs(x_torch)
    y_torch.backward(torch.from_numpy(grad))
    assert y.dtype == dx.dtype == np.dtype(dtype)
    np.testing.assert_allclose(y, y_torch.detach().numpy(), **TOLERANCE[dtype])
    assert x_torch.grad is not None
    np.testing.assert_allclose(dx, x_torch.grad.numpy(), **TOLERANCE[dtype])
    gradients = {key: parameter.grad.numpy() for key, parameter in theirs.named_parameters()}
    for key, parameter in ours.named_parameters():
        of_sums = {"rtol": 0, "atol": TOLERANCE[dtype]["rtol"] * np.abs(gradients[key]).max()}  # of up to 1,386 numbers
        np.testing.assert_allclose(parameter.grad, gradients[key], **of_sums)
    state = theirs.state_dict()  # running statistics, too
    assert list(ours.state_dict()) == list(state)
    for key, array in ours.state_dict().items():
        np.testing.assert_allclose(array, state[key].numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_central_differences(name: str) -> None:
    shape, make = LAYERS[name]
    layer, _ = make("float64")
    random = np.random.default_rng(7)
    x = random.normal(size=(4, *shape))
    weights = random.normal(size=layer.forward(x).shape)  # L = Σ weights · y, so dL/dy = weights

    def loss() -> float:
        return float((weights * layer.forward(x)).sum())

    loss()
    dx = layer.backward(weights)
    np.testing.assert_allclose(dx, numerical_gradient(loss, x), rtol=1e-6, atol=1e-7)
    for _, parameter in layer.named_parameters():
        np.testing.assert_allclose(parameter.grad, numerical_gradient(loss, parameter.data), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["Linear 5 → 3", "Conv2d 3, stride 1, padding 1, bias True"])
def test_layer_may_leave_out_the_inputs_gradient(name: str) -> None:
    shape, make = LAYERS[name]
    layer, _ = make("float64")
    y = layer.forward(np.random.default_rng(0).normal(size=(3, *shape)))
    layer.backward(np.ones_like(y))
    whole = [parameter.grad.copy() for parameter in layer.parameters()]
    layer.backward(np.ones_like(y), input_grad=False)
    for parameter, expected in zip(layer.parameters(), whole, strict=True):
        np.testing.assert_array_equal(parameter.grad, expected)


def test_batchnorm_refuses_to_train_on_one_row() -> None:
    with pytest.raises(ValueError, match="more than one"):
        layers.BatchNorm1d(2, dtype=np.dtype("float64")).forward(np.ones((1, 2)))


def test_maximum_of_equals_is_the_first_as_in_torch() -> None:
    x = np.zeros((1, 1, 4, 4))  # what a ReLU leaves where all is dark
    layer, x_torch = layers.MaxPool2d(2), torch.zeros(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    layer.forward(x)
    torch.nn.MaxPool2d(2)(x_torch).sum().backward()
    assert x_torch.grad is not None
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 2, 2))), x_torch.grad.numpy())


def test_dropout_keeps_the_mean_and_depends_on_the_place() -> None:
    layer = layers.Dropout(0.3, seed=5, number=1)
    x = np.ones((200, 200))
    y = layer.forward(x)
    assert set(np.unique(y)) == {0.0, 1 / 0.7} and y.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer.forward(x), y)
    layer.place = (0, 1)
    assert not np.array_equal(layer.forward(x), y)


def test_convolution_by_hand() -> None:
    # A 3x3 picture 0..8, kernel (1, 2; 3, 4), no padding: the first output is 0·1 + 1·2 + 3·3 + 4·4 = 27, one step to
    # the right each number is larger by 1, so the output by 1 + 2 + 3 + 4 = 10; one step down by 3 · 10.
    # With grad = 1 everywhere, dL/dW sums the four pictures under each kernel place: 0+1+3+4 = 8, then 12, 20, 24.
    layer = layers.Conv2d(1, 1, 2, bias=False, dtype=np.dtype("float64"))
    layer.weight.data[...] = np.array([[1, 2], [3, 4]])
    y = layer.forward(np.arange(9.0).reshape(1, 1, 3, 3))
    np.testing.assert_array_equal(y[0, 0], [[27, 37], [57, 67]])
    dx = layer.backward(np.ones_like(y))
    np.testing.assert_array_equal(layer.weight.grad[0, 0], [[8, 12], [20, 24]])
    np.testing.assert_array_equal(dx[0, 0], [[1, 3, 2], [4, 10, 6], [3, 7, 4]])


def test_batchnorm_by_hand() -> None:
    # x = (1, 3): mean 2, variance 1, so x̂ = (-1, 1) up to ε, and y = 2 x̂ + 5 = (3, 7). The running mean moves a tenth
    # of the way from 0 to 2, the running variance from 1 to the unbiased 2: 0.2 and 1.1.
    layer = layers.BatchNorm1d(1, eps=1e-12, dtype=np.dtype("float64"))
    layer.weight.data[...], layer.bias.data[...] = 2, 5
    np.testing.assert_allclose(layer.forward(np.array([[1.0], [3.0]])), [[3], [7]])
    np.testing.assert_allclose([layer.running_mean[0], layer.running_var[0]], [0.2, 1.1])
    layer.backward(np.array([[1.0], [0.0]]))  # with two rows x̂ is always (-1, 1): nothing reaches x
    np.testing.assert_allclose([layer.weight.grad[0], layer.bias.grad[0]], [-1, 1])


def test_normalize_by_hand() -> None:
    # x = (3, 4) has length 5, so y = (0.6, 0.8). With dL/dy = (1, 0): y · grad = 0.6, and
    # dL/dx = ((1, 0) - 0.6 (0.6, 0.8)) / 5 = (0.64, -0.48) / 5 = (0.128, -0.096).
    layer = Normalize()
    np.testing.assert_allclose(layer.forward(np.array([[3.0, 4.0]])), [[0.6, 0.8]])
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 0.0]])), [[0.128, -0.096]])


def test_normalize_of_zero_is_finite() -> None:
    layer = Normalize()
    x = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    functional.normalize(x, dim=1).backward(torch.ones(1, 3, dtype=torch.float64))
    assert x.grad is not None
    np.testing.assert_array_equal(layer.forward(np.zeros((1, 3))), np.zeros((1, 3)))
    np.testing.assert_allclose(layer.backward(np.ones((1, 3))), x.grad.numpy())
