"""Every layer, loss and optimiser of the NumPy track beside PyTorch's, and beside central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from experiment.initial_weights import initial_weights, kaiming_normal
from lightning_models import losses as torch_losses
from numpy_ref import optim, products
from numpy_ref.layers import Linear, Normalize, ReLU
from numpy_ref.losses import CosineLoss, CrossEntropyLoss, MarginLoss, softmax
from numpy_ref.module import Layer, Parameter, Sequential
from numpy_ref.optim import SGD
from tests.numerical import numerical_gradient, relative_difference

TOLERANCE: dict[str, Any] = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-14}}
DTYPES = list(TOLERANCE)


def linear(sizes: tuple[int, int], dtype: str) -> tuple[Layer, Any]:
    """A Linear layer in both frameworks, with the same random weights."""
    ours = Linear(*sizes, np.dtype(dtype))
    theirs = torch.nn.Linear(*sizes, dtype=getattr(torch, dtype))
    random = np.random.default_rng(3)
    state = {name: random.normal(size=p.data.shape).astype(dtype) for name, p in ours.named_parameters()}
    ours.load_state_dict(state)
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return ours, theirs


class TorchNormalize(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.normalize(x, dim=1)


LAYERS: dict[str, Callable[[str], tuple[Layer, Any]]] = {
    "Linear 5 → 3": lambda dtype: linear((5, 3), dtype),
    "Linear 5 → 1": lambda dtype: linear((5, 1), dtype),
    "ReLU": lambda _: (ReLU(), torch.nn.ReLU()),
    "Normalize": lambda _: (Normalize(), TorchNormalize()),
}
LOSSES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "CrossEntropyLoss": (CrossEntropyLoss, torch.nn.CrossEntropyLoss),
    "CrossEntropyLoss at 0.1": (lambda: CrossEntropyLoss(0.1), lambda: torch_losses.CrossEntropyLoss(0.1)),
    "CosineLoss": (CosineLoss, torch_losses.CosineLoss),
    "MarginLoss 0.3": (lambda: MarginLoss(0.3), lambda: torch_losses.MarginLoss(0.3)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 2, 33])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name: str, batch: int, dtype: str) -> None:
    ours, theirs = LAYERS[name](dtype)
    random = np.random.default_rng(batch)
    x = random.normal(size=(batch, 5)).astype(dtype)
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
        np.testing.assert_allclose(parameter.grad, gradients[key], **TOLERANCE[dtype])


@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_central_differences(name: str) -> None:
    layer, _ = LAYERS[name]("float64")
    random = np.random.default_rng(7)
    x = random.normal(size=(4, 5))
    weights = random.normal(size=layer.forward(x).shape)  # L = Σ weights · y, so dL/dy = weights

    def loss() -> float:
        return float((weights * layer.forward(x)).sum())

    loss()
    dx = layer.backward(weights)
    assert relative_difference(dx, numerical_gradient(loss, x)) < 1e-6
    for _, parameter in layer.named_parameters():
        assert relative_difference(parameter.grad, numerical_gradient(loss, parameter.data)) < 1e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("batch", "classes"), [(1, 2), (3, 5), (64, 5), (7, 345)])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_equals_torch(name: str, batch: int, classes: int, dtype: str) -> None:
    ours, theirs = (make() for make in LOSSES[name])
    random = np.random.default_rng(batch)
    scores = random.normal(size=(batch, classes)).astype(dtype)
    labels = random.integers(0, classes, batch)
    loss, grad = ours.forward(scores.copy(), labels), ours.backward()
    scores_torch = torch.from_numpy(scores).requires_grad_()
    expected = theirs(scores_torch, torch.from_numpy(labels))
    expected.backward()
    assert grad.dtype == np.dtype(dtype)
    np.testing.assert_allclose(loss, expected.item(), **TOLERANCE[dtype])
    assert scores_torch.grad is not None
    np.testing.assert_allclose(grad, scores_torch.grad.numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("name", LOSSES)
def test_loss_equals_central_differences(name: str) -> None:
    loss = LOSSES[name][0]()
    random = np.random.default_rng(5)
    scores, labels = random.normal(size=(4, 3)), np.array([0, 2, 1, 2])
    loss.forward(scores, labels)
    grad = loss.backward()
    numerical = numerical_gradient(lambda: loss.forward(scores, labels), scores)
    np.testing.assert_allclose(grad, numerical, atol=1e-8)


def test_cross_entropy_by_hand() -> None:
    # One drawing with logits (0, ln 3): p = (1, 3) / (1 + 3) = (1/4, 3/4).
    # True class 0: L = -ln(1/4) = ln 4, and dL/dz = p - onehot = (1/4 - 1, 3/4).
    loss = CrossEntropyLoss()
    assert loss.forward(np.array([[0.0, np.log(3)]]), np.array([0])) == pytest.approx(np.log(4))
    np.testing.assert_allclose(loss.backward(), [[-0.75, 0.75]])


def test_normalize_by_hand() -> None:
    # x = (3, 4) has length 5, so y = (0.6, 0.8). With dL/dy = (1, 0): y · grad = 0.6, and
    # dL/dx = ((1, 0) - 0.6 (0.6, 0.8)) / 5 = (0.64, -0.48) / 5 = (0.128, -0.096).
    layer = Normalize()
    np.testing.assert_allclose(layer.forward(np.array([[3.0, 4.0]])), [[0.6, 0.8]])
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 0.0]])), [[0.128, -0.096]])


def test_margin_by_hand() -> None:
    # Scores (0.5, 0.4, -0.9), true class 0, margin 0.3: class 1 trails by only 0.1 and costs 0.3 - 0.5 + 0.4 = 0.2,
    # class 2 trails by 1.4 and costs nothing. L = 0.2 / 3; dL/ds = (-1, 1, 0) / 3.
    loss = MarginLoss(0.3)
    assert loss.forward(np.array([[0.5, 0.4, -0.9]]), np.array([0])) == pytest.approx(0.2 / 3)
    np.testing.assert_allclose(loss.backward(), [[-1 / 3, 1 / 3, 0]])


def test_losses_survive_huge_scores() -> None:
    loss = CrossEntropyLoss()
    assert loss.forward(np.array([[1e4, -1e4]]), np.array([1])) == pytest.approx(2e4)
    np.testing.assert_allclose(loss.backward(), [[1, -1]])
    np.testing.assert_allclose(softmax(np.array([[1e30, 0.0]])), [[1, 0]])


def test_normalize_of_zero_is_finite() -> None:
    layer = Normalize()
    x = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    functional.normalize(x, dim=1).backward(torch.ones(1, 3, dtype=torch.float64))
    assert x.grad is not None
    np.testing.assert_array_equal(layer.forward(np.zeros((1, 3))), np.zeros((1, 3)))
    np.testing.assert_allclose(layer.backward(np.ones((1, 3))), x.grad.numpy())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lr", [0.5, 0.01])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("steps", [1, 10])
def test_sgd_equals_torch(
    steps: int, momentum: float, nesterov: bool, weight_decay: float, lr: float, dtype: str
) -> None:
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape).astype(dtype) for shape in ((3, 4), (4,))]
    ours = [Parameter(array.copy()) for array in arrays]
    theirs = [torch.nn.Parameter(torch.from_numpy(array.copy())) for array in arrays]
    options = {"lr": lr, "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    sgd, sgd_torch = SGD(ours, **options), torch.optim.SGD(theirs, **options)  # type: ignore[arg-type]
    for _ in range(steps):
        for parameter, twin in zip(ours, theirs, strict=True):
            gradient = random.normal(size=parameter.data.shape).astype(dtype)
            parameter.grad[...] = gradient
            twin.grad = torch.from_numpy(gradient)
        sgd.step()
        sgd_torch.step()
    for parameter, twin in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, twin.detach().numpy(), **TOLERANCE[dtype])


def test_sgd_by_hand() -> None:
    # w = 1, gradient 2 twice, lr 0.1, momentum 0.5: v = 2, w = 0.8; then v = 0.5 · 2 + 2 = 3, w = 0.5.
    parameter = Parameter(np.array([1.0]))
    sgd = SGD([parameter], lr=0.1, momentum=0.5)
    for expected in (0.8, 0.5):
        parameter.grad[...] = 2
        sgd.step()
        np.testing.assert_allclose(parameter.data, [expected])


def test_sgd_steps_the_layers_that_made_the_parameters() -> None:
    network = Sequential(Linear(3, 2, np.dtype("float64")), ReLU(), Linear(2, 2, np.dtype("float64")))
    sgd = SGD(network.parameters(), lr=1.0)
    network.forward(np.ones((1, 3)))
    network.backward(np.ones((1, 2)))
    sgd.step()
    np.testing.assert_array_equal(network.state_dict()["2.bias"], [-1, -1])
    assert network.layers[0].weight.data.flags.f_contiguous  # type: ignore[attr-defined]


def test_large_products_and_updates_are_those_of_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, grad = random.normal(size=(64, 700)), random.normal(size=(64, 600))
    results = []
    for alone in (False, True):
        if alone:
            monkeypatch.setattr(products, "_helper", lambda: None)
        layer = Linear(700, 600, np.dtype("float64"))
        layer.weight.data[...] = np.random.default_rng(1).normal(size=(600, 700))
        sgd = SGD(layer.parameters(), lr=0.1, momentum=0.9)
        assert sgd._data.size > optim.LARGE and products.LARGE < 64 * 700 * 600
        y, dx = layer.forward(x), layer.backward(grad)
        layer.backward(grad, input_grad=False)
        sgd.step()
        results.append([y, dx, layer.weight.grad, layer.bias.grad, layer.weight.data, layer.bias.data])
    for shared, whole in zip(*results, strict=True):
        np.testing.assert_array_equal(shared, whole)  # to the last bit: halves are cut alike
    np.testing.assert_allclose(results[0][2], grad.T @ x, rtol=1e-11, atol=1e-12)


def test_helper_passes_errors_on() -> None:
    def fail() -> None:
        raise ValueError("in the helper")

    with pytest.raises(ValueError, match="in the helper"):
        products.side_by_side(fail, lambda: None)
    products.side_by_side(lambda: None, lambda: None)  # and goes on working


def test_kaiming_normal_has_torchs_spread() -> None:
    ours = kaiming_normal((400, 300), np.random.default_rng(0))
    theirs = torch.nn.init.kaiming_normal_(
        torch.empty(400, 300), nonlinearity="relu", generator=torch.Generator().manual_seed(0)
    )
    assert ours.std() == pytest.approx(float(theirs.std()), rel=0.01)
    assert ours.std() == pytest.approx(np.sqrt(2 / 300), rel=0.01)


def test_initial_weights_start_alike_in_both_dtypes() -> None:
    shapes = [("weight", (4, 3)), ("bias", (4,))]
    single, double = (initial_weights(shapes, 5, np.dtype(dtype)) for dtype in DTYPES)
    np.testing.assert_array_equal(single["weight"], double["weight"].astype("float32"))
    np.testing.assert_array_equal(double["bias"], np.zeros(4))
