"""Every layer of the NumPy track beside PyTorch's, beside central differences, in a network and in a training.

The layers are those of `layer_table.py`; what can be worked out by hand stands below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from datamodules.quickdraw import QuickDrawDataModule
from experiment.architecture import LayerEntry, plan_network, shape_after
from experiment.config import Data, Experiment, Optimizer, Sequence, Softmax, Trainer
from experiment.layer_specs import CHANNELS, LAYERS, SEQUENCE
from lightning_models import trainer as lightning_track
from lightning_models.network import network as torch_network
from numpy_ref import layers
from numpy_ref import trainer as numpy_track
from numpy_ref.layers import Normalize
from numpy_ref.module import Module
from numpy_ref.network import network
from tests.networks.layer_table import CASES, Case
from tests.networks.numerical import DTYPES, TOLERANCE, numerical_gradient
from training.program import begin

all_cases = pytest.mark.parametrize("case", CASES, ids=str)
FIRST_CASES = list({case.name: case for case in reversed(CASES)}.values())
"""One for each layer."""


def pair(case: Case, dtype: str) -> tuple[Any, Any]:
    """A layer in both tracks, with the same random weights."""
    (ours,) = network([case.plan], np.dtype(dtype), seed=1).layers
    (theirs,) = torch_network([case.plan], getattr(torch, dtype), seed=1)
    with_random_weights(ours, theirs)
    if case.evaluation:
        ours.eval()
        theirs.eval()
    return ours, theirs


def with_random_weights(ours: Module, theirs: torch.nn.Module) -> None:
    """Vectors are positive: a running variance is no other. Matrices are small enough not to saturate a softmax."""
    random = np.random.default_rng(3)
    state = {key: random.normal(size=array.shape) for key, array in ours.state_dict().items()}
    state = {
        key: np.asarray(array / array[0].size ** 0.5 if array.ndim > 1 else np.abs(array), ours.state_dict()[key].dtype)
        for key, array in state.items()
    }
    ours.load_state_dict(state)
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})


def assert_same_as_torch(ours: Any, theirs: Any, input_shape: tuple[int, ...], dtype: str) -> None:
    """Output, dL/dx, gradients and running statistics agree to within rounding, for a random input and dL/dy."""
    random = np.random.default_rng(input_shape[0])
    x = random.normal(size=input_shape).astype(dtype)
    y = ours.forward(x)
    grad = random.normal(size=y.shape).astype(dtype)
    dx = ours.backward(grad)

    x_torch = torch.from_numpy(x.copy()).requires_grad_()
    y_torch = theirs(x_torch)
    y_torch.backward(torch.from_numpy(grad))
    assert y.dtype == dx.dtype == np.dtype(dtype)
    assert_near(y, y_torch.detach().numpy(), dtype)
    assert x_torch.grad is not None
    assert_near(dx, x_torch.grad.numpy(), dtype)
    gradients = {key: parameter.grad.numpy() for key, parameter in theirs.named_parameters()}
    for key, parameter in ours.named_parameters():
        of_sums = {"rtol": 0, "atol": TOLERANCE[dtype]["rtol"] * np.abs(gradients[key]).max()}  # of up to 1,386 numbers
        np.testing.assert_allclose(parameter.grad, gradients[key], **of_sums)
    state = theirs.state_dict()  # running statistics, too
    assert list(ours.state_dict()) == list(state)
    for key, array in ours.state_dict().items():
        np.testing.assert_allclose(array, state[key].numpy(), **TOLERANCE[dtype])


def assert_near(ours: np.ndarray, theirs: np.ndarray, dtype: str) -> None:
    """Equal to within rounding; a sum that cancels has that of its terms, which are as large as other results."""
    limits = TOLERANCE[dtype]
    np.testing.assert_allclose(
        ours, theirs, **limits | {"atol": limits["atol"] * max(1.0, float(np.abs(theirs).max()))}
    )


def test_every_layer_has_a_case_and_a_class_in_both_tracks() -> None:
    assert {case.name for case in CASES} == set(LAYERS)
    assert {name for name in dir(layers) if isinstance(getattr(layers, name), type)} == set(LAYERS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 2, 33])
@all_cases
def test_layer_equals_torch(case: Case, batch: int, dtype: str) -> None:
    ours, theirs = pair(case, dtype)
    shape = (batch, *case.shape)
    if batch < case.smallest_batch:
        for refused in (lambda: ours.forward(np.ones(shape, dtype)), lambda: theirs(torch.ones(shape))):
            with pytest.raises(ValueError, match=r"more than (one|1)"):
                refused()
        return
    assert_same_as_torch(ours, theirs, shape, dtype)


@all_cases
def test_layer_equals_central_differences(case: Case) -> None:
    layer, _ = pair(case, "float64")
    random = np.random.default_rng(7)
    x = random.normal(size=(4, *case.shape))
    weights = random.normal(size=layer.forward(x).shape)  # L = Σ weights · y, so dL/dy = weights

    def loss() -> float:
        return float((weights * layer.forward(x)).sum())

    loss()
    dx = layer.backward(weights)
    np.testing.assert_allclose(dx, numerical_gradient(loss, x), rtol=1e-6, atol=1e-7)
    for _, parameter in layer.named_parameters():
        np.testing.assert_allclose(parameter.grad, numerical_gradient(loss, parameter.data), rtol=1e-6, atol=1e-7)


@all_cases
def test_backward_parameters_sets_the_same_gradients(case: Case) -> None:
    layer, _ = pair(case, "float64")
    y = layer.forward(np.random.default_rng(0).normal(size=(3, *case.shape)))
    layer.backward(np.ones_like(y))
    expected = [parameter.grad.copy() for parameter in layer.parameters()]
    for parameter in layer.parameters():
        parameter.grad[...] = np.nan
    layer.backward_parameters(np.ones_like(y))
    for parameter, gradient in zip(layer.parameters(), expected, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


@all_cases
def test_output_shape_is_what_the_spec_says(case: Case) -> None:
    layer, _ = pair(case, "float64")
    y = layer.forward(np.zeros((2, *case.shape)))
    assert y.shape[1:] == shape_after(case.plan, case.shape)


@all_cases
def test_layers_with_weights_are_those_that_take_a_dtype(case: Case) -> None:
    layer, _ = pair(case, "float32")
    assert bool(layer.parameters()) == (LAYERS[case.name].has_weights or case.name == "Residual")
    assert {str(parameter.data.dtype) for parameter in layer.parameters()} <= {"float32"}


@all_cases
def test_layer_within_a_network_equals_torch(case: Case) -> None:
    before: list[LayerEntry] = [{"Linear": 6}] if len(case.shape) < CHANNELS else []
    after: list[LayerEntry] = ["MaskedMean"] if len(case.shape) == SEQUENCE and case.name != "MaskedMean" else []
    plan = plan_network(
        [*before, {case.name: case.arguments}, {"Dropout": 0.1}, *after, {"Linear": 4}], case.shape, 3, "layers"
    )
    ours, theirs = network(plan, np.dtype("float64"), 5), torch_network(plan, torch.float64, 5)
    with_random_weights(ours, theirs)
    assert_same_as_torch(ours, theirs, (6, *case.shape), "float64")


@pytest.mark.parametrize("case", FIRST_CASES, ids=lambda case: case.name)
def test_layer_trains_alike_in_both_tracks(case: Case, small: Callable[..., Experiment]) -> None:
    before: list[LayerEntry] = [] if LAYERS[case.name].input_rank == CHANNELS else [{"Linear": 6}]
    hidden: list[LayerEntry] = [*before, {case.name: case.arguments}]
    kind: dict[str, Any] = {"softmax": Softmax(layers=hidden)}
    if len(case.shape) == SEQUENCE:
        after: list[LayerEntry] = [] if case.name == "MaskedMean" else ["MaskedMean"]
        drawings = Data(form="strokes", source="doodles", train_per_category=30, test_per_category=10)
        kind = {"model": "sequence", "sequence": Sequence(layers=[*hidden, *after]), "data": drawings}
    experiment = small(
        **kind,
        optimizer=Optimizer(lr=0.05),
        trainer=Trainer(max_epochs=2, dtype="float64"),
    )
    data = QuickDrawDataModule(experiment)
    histories = []
    for name, track in (("numpy", numpy_track), ("lightning", lightning_track)):
        run = begin(experiment, name, data, data.metadata())
        histories.append(track.Trainer(experiment, data, run).fit())
    for row, twin in zip(*histories, strict=True):
        assert row["train/loss"] == pytest.approx(twin["train/loss"], rel=1e-9)
        assert row["val/loss"] == pytest.approx(twin["val/loss"], rel=1e-9)
    assert histories[0][-1]["train/loss"] < histories[0][0]["train/loss"]


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


def test_dropout_keeps_the_mean_and_depends_on_the_step() -> None:
    layer = layers.Dropout(0.3, seed=5, number=1)
    x = np.ones((200, 200))
    y = layer.forward(x)
    assert set(np.unique(y)) == {0.0, 1 / 0.7} and y.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer.forward(x), y)
    layer.step = (0, 1)
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


def test_layernorm_by_hand() -> None:
    # A row (1, 3): mean 2, variance 1, so x̂ = (-1, 1) up to ε, and y = 2 x̂ + 5 = (3, 7). With dL/dy = (1, 0) the
    # gradients are x̂ · (1, 0) = (-1, 0) and (1, 0); a row of two is always (-1, 1): nothing reaches x.
    layer = layers.LayerNorm(2, eps=1e-12, dtype=np.dtype("float64"))
    layer.weight.data[...], layer.bias.data[...] = 2, 5
    np.testing.assert_allclose(layer.forward(np.array([[1.0, 3.0]])), [[3, 7]])
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 0.0]])), [[0, 0]], atol=1e-11)
    np.testing.assert_allclose([layer.weight.grad, layer.bias.grad], [[-1, 0], [1, 0]])


def test_smooth_activations_by_hand() -> None:
    # Φ(1) = 0.8413447460685429 is the share of a normal distribution below one standard deviation, φ(0) = 1 / √(2π).
    # GELU: y(1) = Φ(1), y(0) = 0, y'(0) = Φ(0) = 1/2. SiLU: y(ln 3) = ln 3 · 3 / (1 + 3), y(0) = 0, y'(0) = σ(0) = 1/2.
    gelu, silu = layers.GELU(), layers.SiLU()
    np.testing.assert_allclose(gelu.forward(np.array([[0.0, 1.0]])), [[0, 0.8413447460685429]])
    np.testing.assert_allclose(silu.forward(np.array([[0.0, np.log(3)]])), [[0, 0.75 * np.log(3)]])
    for layer in (gelu, silu):
        assert layer.backward(np.ones((1, 2)))[0, 0] == 0.5


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
