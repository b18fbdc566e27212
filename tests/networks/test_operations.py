"""Every loss, optimiser, schedule and initialiser beside PyTorch's, and beside central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from experiment.config import Optimizer
from experiment.initial_weights import initial_weights
from lightning_models import losses as torch_losses
from lightning_models import optim as torch_optim
from lightning_models import schedules as torch_schedules
from numpy_ref import optim, parallel, schedules
from numpy_ref.layers import Linear, ReLU
from numpy_ref.losses import BinaryCrossEntropyLoss, CosineLoss, CrossEntropyLoss, MarginLoss, softmax
from numpy_ref.module import Parameter, Sequential
from numpy_ref.optim import SGD
from tests.networks.numerical import DTYPES, TOLERANCE, numerical_gradient

LOSSES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "CrossEntropyLoss": (CrossEntropyLoss, torch.nn.CrossEntropyLoss),
    "CrossEntropyLoss at 0.1": (lambda: CrossEntropyLoss(0.1), lambda: torch_losses.CrossEntropyLoss(0.1)),
    "CrossEntropyLoss, smoothed": (
        lambda: CrossEntropyLoss(label_smoothing=0.2),
        lambda: torch.nn.CrossEntropyLoss(label_smoothing=0.2),
    ),
    "CrossEntropyLoss, smoothed, at 0.1": (
        lambda: CrossEntropyLoss(0.1, 0.2),
        lambda: torch_losses.CrossEntropyLoss(0.1, 0.2),
    ),
    "BinaryCrossEntropyLoss": (BinaryCrossEntropyLoss, torch_losses.BinaryCrossEntropyLoss),
    "CosineLoss": (CosineLoss, torch_losses.CosineLoss),
    "MarginLoss 0.3": (lambda: MarginLoss(0.3), lambda: torch_losses.MarginLoss(0.3)),
}


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
    options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    sgd = SGD(ours, lambda _: lr, **options)  # type: ignore[arg-type]
    sgd_torch = torch.optim.SGD(theirs, lr, **options)  # type: ignore[arg-type]
    for _ in range(steps):
        for parameter, twin in zip(ours, theirs, strict=True):
            gradient = random.normal(size=parameter.data.shape).astype(dtype)
            parameter.grad[...] = gradient
            twin.grad = torch.from_numpy(gradient)
        sgd.step()
        sgd_torch.step()
    for parameter, twin in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, twin.detach().numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("steps", [1, 10])
def test_adam_equals_torch(steps: int, weight_decay: float, name: Any, dtype: str) -> None:
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape).astype(dtype) for shape in ((3, 4), (4, 3, 2, 2), (4,))]
    ours = [Parameter(array.copy()) for array in arrays]
    theirs = [torch.nn.Parameter(torch.from_numpy(array.copy())) for array in arrays]
    config = Optimizer(name=name, lr=0.03, beta1=0.8, beta2=0.95, eps=1e-6, weight_decay=weight_decay)
    adam, adam_torch = optim.make_optimizer(config, ours, lambda _: 0.03), torch_optim.make_optimizer(config, theirs)
    for _ in range(steps):
        for parameter, twin in zip(ours, theirs, strict=True):
            gradient = random.normal(size=parameter.data.shape).astype(dtype)
            parameter.grad[...] = gradient
            twin.grad = torch.from_numpy(gradient)
        adam.step()
        adam_torch.step()
    for parameter, twin in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, twin.detach().numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_denormal_momentum_becomes_zero(dtype: str) -> None:
    smallest = np.finfo(dtype).smallest_normal
    parameter = Parameter(np.zeros(4, dtype))
    sgd = SGD([parameter], lambda _: 0.1, momentum=0.5)
    parameter.grad[...] = smallest, -smallest, 2 * smallest, 1
    sgd.step()
    parameter.grad[...] = 0
    sgd.step()  # halves all four
    sgd.flush_denormals()
    assert sgd.state["momentum_buffer"].tolist() == [0, 0, smallest, 0.5]


def test_adam_by_hand() -> None:
    # At the first step m / (1 - β₁) = g and v / (1 - β₂) = g², so the step is lr · g / |g| = lr, whatever the gradient.
    parameter = Parameter(np.array([1.0, 1.0]))
    adam = optim.Adam([parameter], lambda _: 0.1)
    parameter.grad[...] = 1000, -0.001
    adam.step()
    np.testing.assert_allclose(parameter.data, [0.9, 1.1], rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "step", "decay_every": 2, "decay_factor": 0.1},
        {"schedule": "cosine"},
        {"schedule": "one_cycle", "warmup": 0.25},
        {"schedule": "one_cycle", "warmup": 0.01},
        {"schedule": "one_cycle", "warmup": 1 / 42},  # a warm-up of a single step
    ],
)
def test_schedule_equals_torch(options: Any) -> None:
    config, per_epoch, epochs = Optimizer(lr=0.3, **options), 7, 6
    ours = schedules.make_schedule(config, per_epoch, epochs)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=config.lr)
    theirs = torch_schedules.make_schedule(config, optimizer, per_epoch, epochs)
    assert theirs is not None
    for step in range(per_epoch * epochs):
        assert ours(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12, abs=1e-15), step
        optimizer.step()
        if step < per_epoch * epochs - 1:
            theirs.step()


def test_sgd_by_hand() -> None:
    # w = 1, gradient 2 twice, lr 0.1, momentum 0.5: v = 2, w = 0.8; then v = 0.5 · 2 + 2 = 3, w = 0.5.
    parameter = Parameter(np.array([1.0]))
    sgd = SGD([parameter], lambda _: 0.1, momentum=0.5)
    for expected in (0.8, 0.5):
        parameter.grad[...] = 2
        sgd.step()
        np.testing.assert_allclose(parameter.data, [expected])


def test_sgd_steps_the_layers_that_made_the_parameters() -> None:
    network = Sequential(Linear(3, 2, dtype=np.dtype("float64")), ReLU(), Linear(2, 2, dtype=np.dtype("float64")))
    sgd = SGD(network.parameters(), lambda _: 1.0)
    network.forward(np.ones((1, 3)))
    network.backward(np.ones((1, 2)))
    sgd.step()
    np.testing.assert_array_equal(network.state_dict()["2.bias"], [-1, -1])
    weight = network.layers[0].weight  # type: ignore[attr-defined]
    assert weight.data.flags.f_contiguous


def test_large_products_and_updates_are_those_of_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, grad = random.normal(size=(64, 700)), random.normal(size=(64, 600))
    results = []
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert parallel._helper() is not None
    for alone in (False, True):
        if alone:
            monkeypatch.setattr(parallel, "_helper", lambda: None)
        layer = Linear(700, 600, dtype=np.dtype("float64"))
        layer.weight.data[...] = np.random.default_rng(1).normal(size=(600, 700))
        sgd = SGD(layer.parameters(), lambda _: 0.1, momentum=0.9)
        assert sgd._w.size > parallel.MANY and parallel.LARGE < 64 * 700 * 600
        y, dx = layer.forward(x), layer.backward(grad)
        layer.backward_parameters(grad)
        sgd.step()
        results.append([y, dx, *(array for p in layer.parameters() for array in (p.grad, p.data))])
    for shared, whole in zip(*results, strict=True):
        np.testing.assert_array_equal(shared, whole)  # to the last bit: halves are cut alike
    np.testing.assert_allclose(results[0][2], grad.T @ x, rtol=1e-11, atol=1e-12)


def test_helper_passes_errors_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError("in the helper")

    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    with pytest.raises(ValueError, match="in the helper"):
        parallel.run_in_parallel(fail, lambda: None)
    parallel.run_in_parallel(lambda: None, lambda: None)  # and goes on working


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (4, 3, 2, 2)])
def test_orthogonal_weights_are_orthogonal(shape: tuple[int, ...]) -> None:
    weight = initial_weights([("layer.weight", shape)], 3, np.dtype("float64"), "orthogonal")["layer.weight"]
    assert weight.shape == shape
    flat = weight.reshape(shape[0], -1)
    product = flat @ flat.T if len(flat) <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(product, 2 * np.eye(len(product)), atol=1e-12)
    twin = torch.nn.init.orthogonal_(torch.empty(shape, dtype=torch.float64), gain=2**0.5).numpy().reshape(flat.shape)
    np.testing.assert_allclose(np.linalg.norm(flat), np.linalg.norm(twin))


@pytest.mark.parametrize("shape", [(400, 300), (40, 30, 3, 3)])
@pytest.mark.parametrize(
    ("name", "fill"),
    [
        ("kaiming", lambda w, g: torch.nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g)),
        ("xavier", lambda w, g: torch.nn.init.xavier_normal_(w, generator=g)),
        ("normal", lambda w, g: torch.nn.init.normal_(w, std=0.01, generator=g)),
    ],
)
def test_initializers_have_torchs_spread(name: str, fill: Any, shape: tuple[int, ...]) -> None:
    theirs = fill(torch.empty(shape), torch.Generator().manual_seed(0))
    ours = initial_weights([("weight", shape), ("bias", shape[:1])], 0, np.dtype("float64"), name)
    assert ours["weight"].std() == pytest.approx(float(theirs.std()), rel=0.02)
    assert not ours["bias"].any()


def test_initial_weights_start_alike_in_both_dtypes() -> None:
    shapes = [("weight", (4, 3)), ("bias", (4,))]
    single, double = (initial_weights(shapes, 5, np.dtype(dtype)) for dtype in DTYPES)
    np.testing.assert_array_equal(single["weight"], double["weight"].astype("float32"))
    np.testing.assert_array_equal(double["bias"], np.zeros(4))
