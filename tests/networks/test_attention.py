"""Attention, the transformer's block and residual sums: by PyTorch's own classes, with padding, and by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Experiment, Sequence
from experiment.positions import sinusoids
from lightning_models import trainer as lightning_track
from numpy_ref import layers
from numpy_ref import trainer as numpy_track
from numpy_ref.module import Module, Sequential
from tests.networks.numerical import DTYPES, TOLERANCE, numerical_gradient

SIZE, HEADS, LONGEST = 6, 2, 5


def filled(layer: Module) -> dict[str, torch.Tensor]:
    """Give a layer random weights; returns them for its twin."""
    random = np.random.default_rng(3)
    state = {key: random.normal(size=array.shape) * 0.5 for key, array in layer.state_dict().items()}
    state = {key: array.astype(layer.state_dict()[key].dtype) for key, array in state.items()}
    layer.load_state_dict(state)
    return {key: torch.from_numpy(array) for key, array in state.items()}


def padded_batch(dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences of every length from 1 to LONGEST, which of their points are padding, and dL/dy."""
    random = np.random.default_rng(5)
    x, grad = random.normal(size=(2, LONGEST, LONGEST, SIZE)).astype(dtype)
    padding = np.arange(LONGEST) > np.arange(LONGEST)[:, None]
    grad[padding] = 0  # nobody looks at what stands there
    return x, padding, grad


@pytest.mark.parametrize("dtype", DTYPES)
def test_attention_equals_torch_for_every_length(dtype: str) -> None:
    ours = layers.MultiheadAttention(SIZE, HEADS, dtype=np.dtype(dtype))
    theirs = torch.nn.MultiheadAttention(SIZE, HEADS, batch_first=True, dtype=getattr(torch, dtype))
    theirs.load_state_dict(filled(ours))
    assert list(theirs.state_dict()) == list(ours.state_dict())
    x, padding, grad = padded_batch(dtype)
    ours.note_padding(padding)
    y, dx = ours.forward(x), ours.backward(grad)
    given = torch.from_numpy(x).requires_grad_()
    y_torch, weights = theirs(
        given, given, given, key_padding_mask=torch.from_numpy(padding), average_attn_weights=False
    )
    y_torch.backward(torch.from_numpy(grad))
    assert given.grad is not None
    np.testing.assert_allclose(ours._weights, weights.detach().numpy(), **TOLERANCE[dtype])
    np.testing.assert_allclose(y, y_torch.detach().numpy(), **TOLERANCE[dtype])
    np.testing.assert_allclose(dx, given.grad.numpy(), **TOLERANCE[dtype])
    for name, parameter in theirs.named_parameters():
        assert parameter.grad is not None
        found = dict(ours.named_parameters())[name].grad
        limit = TOLERANCE[dtype]["rtol"] * float(parameter.grad.abs().max())
        np.testing.assert_allclose(found, parameter.grad.numpy(), rtol=0, atol=limit, err_msg=name)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_block_equals_torch_for_every_length(dtype: str, activation: str) -> None:
    arguments: dict[str, Any] = {"dim_feedforward": 7, "dropout": 0.0, "activation": activation}
    ours = layers.TransformerEncoderLayer(SIZE, HEADS, **arguments, dtype=np.dtype(dtype), seed=0, number=0)
    theirs = torch.nn.TransformerEncoderLayer(
        SIZE, HEADS, **arguments, batch_first=True, norm_first=True, dtype=getattr(torch, dtype)
    )
    theirs.load_state_dict(filled(ours))
    assert list(theirs.state_dict()) == list(ours.state_dict())
    x, padding, grad = padded_batch(dtype)
    ours.self_attn.note_padding(padding)
    y, dx = ours.forward(x), ours.backward(grad)
    given = torch.from_numpy(x).requires_grad_()
    y_torch = theirs(given, src_key_padding_mask=torch.from_numpy(padding))
    y_torch.backward(torch.from_numpy(grad))
    assert given.grad is not None
    limit = TOLERANCE[dtype]["rtol"] * 10
    np.testing.assert_allclose(y[~padding], y_torch.detach().numpy()[~padding], rtol=limit, atol=limit)
    np.testing.assert_allclose(dx[~padding], given.grad.numpy()[~padding], rtol=limit, atol=limit)


def test_masked_gradients_equal_central_differences() -> None:
    x, padding, grad = padded_batch("float64")
    network = Sequential(layers.MultiheadAttention(SIZE, HEADS, dtype=np.dtype("float64")), layers.MaskedMean())
    filled(network)
    for layer in network.layers:
        layer.note_padding(padding)  # type: ignore[attr-defined]
    weights = grad[:, 0]

    def loss() -> float:
        return float((weights * network.forward(x)).sum())

    loss()
    np.testing.assert_allclose(network.backward(weights), numerical_gradient(loss, x), rtol=1e-6, atol=1e-9)
    for name, parameter in network.named_parameters():
        expected = numerical_gradient(loss, parameter.data)
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_attention_by_hand() -> None:
    # One head of one number, W = (1, 1, 2) for q, k and v, no biases, Wₒ = 1. x = (0, ln 3): the scores of the second
    # point are ln 3 · (0, ln 3). The first point has q = 0, so it takes half of each v = 2 x: y = ln 3.
    layer = layers.MultiheadAttention(1, 1, dtype=np.dtype("float64"))
    layer.in_proj_weight.data[...], layer.out_proj.weight.data[...] = [[1], [1], [2]], 1
    three = np.log(3)
    y = layer.forward(np.array([[[0.0], [three]]]))
    share = np.exp(three**2) / (1 + np.exp(three**2))
    np.testing.assert_allclose(layer._weights[0, 0], [[0.5, 0.5], [1 - share, share]])
    np.testing.assert_allclose(y[0, :, 0], [three, 2 * three * share])
    layer.note_padding(np.array([[False, True]]))  # the second point is no longer looked at
    np.testing.assert_allclose(layer.forward(np.array([[[0.0], [three]]]))[0, :, 0], [0, 0])


def test_the_bias_of_the_keys_changes_nothing() -> None:
    layer = layers.MultiheadAttention(SIZE, HEADS, dtype=np.dtype("float64"))
    filled(layer)
    x, _, grad = padded_batch("float64")
    before = layer.forward(x)
    layer.backward(grad)
    np.testing.assert_array_equal(layer.in_proj_bias.grad[SIZE : 2 * SIZE], 0)
    layer.in_proj_bias.data[SIZE : 2 * SIZE] += 3
    np.testing.assert_allclose(layer.forward(x), before, rtol=1e-12)


def test_residual_by_hand() -> None:
    # y = x + 3 x, so dy/dx = 4; with a shortcut of 5 x it is 8.
    three, five = (layers.Linear(1, 1, bias=False, dtype=np.dtype("float64")) for _ in range(2))
    three.weight.data[...], five.weight.data[...] = 3, 5
    for layer, slope in (
        (layers.Residual(Sequential(three)), 4),
        (layers.Residual(Sequential(three), Sequential(five)), 8),
    ):
        assert layer.forward(np.array([[2.0]])) == [[2 * slope]] and layer.backward(np.array([[1.0]])) == [[slope]]


def test_sinusoids_are_those_of_the_paper() -> None:
    positions = sinusoids(3, 4)
    np.testing.assert_allclose(positions[2], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)])
    assert sinusoids(3, 5).shape == (3, 5)


@pytest.mark.parametrize("positions", ["learnt", "sinusoidal", "none"])
def test_padding_changes_no_score(positions: Any, small: Callable[..., Experiment]) -> None:
    experiment = small(model="sequence", sequence=Sequence(dim=8, heads=2, depth=2, positions=positions))
    data = QuickDrawDataModule(experiment)
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    short = next(data.batches("train"))[0]
    long = np.pad(short, ((0, 0), (0, data.shape[0] - short.shape[1]), (0, 0)))
    tracks: list[tuple[Any, Any]] = [(ours, np.asarray), (theirs, torch.from_numpy)]
    for model, give in tracks:
        model.eval()
        one, other = (np.asarray(model.forward(give(each)).tolist()) for each in (short, long))
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_both_tracks_look_at_the_same_points(small: Callable[..., Experiment]) -> None:
    experiment = small(model="sequence", sequence=Sequence(dim=8, heads=2, depth=2))
    data = QuickDrawDataModule(experiment)
    ours: Any = numpy_track.start_model(experiment, data)
    theirs: Any = lightning_track.start_model(experiment, data)
    images, _ = next(data.batches("test"))
    maps = ours.attention(images), [weights.detach().numpy() for weights in theirs.attention(torch.from_numpy(images))]
    assert len(maps[0]) == len(maps[1]) == 2
    for one, other in zip(*maps, strict=True):
        assert one.shape == (len(images), 2, images.shape[1], images.shape[1])
        np.testing.assert_allclose(one, other, atol=1e-5)
        np.testing.assert_allclose(one.sum(axis=-1), 1, rtol=1e-5)
