"""The reference network is right: PyTorch says so; and each of its mistakes changes something."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from parity.check.catalogue import CATALOGUE
from parity.check.mistakes import all_tweaks, between_tweaks
from parity.check.network import Extras, Net, Tweak, forward
from parity.check.normalization import Mask, Norm
from parity.check.reference import backward

SIZES = [12, 9, 9, 5]
LOSSES: dict[tuple[str, str], Any] = {
    ("softmax", "ce"): lambda z, t: -(t * torch.log_softmax(z, 1)).sum(),
    ("softmax", "sse"): lambda z, t: 0.5 * ((torch.softmax(z, 1) - t) ** 2).sum(),
    ("sigmoid", "bce"): lambda z, t: torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="sum"),
    ("sigmoid", "sse"): lambda z, t: 0.5 * ((torch.sigmoid(z) - t) ** 2).sum(),
    ("linear", "ce"): lambda z, t: -(t * torch.log_softmax(z, 1)).sum(),
    ("linear", "sse"): lambda z, t: 0.5 * ((z - t) ** 2).sum(),
    ("tanh", "sse"): lambda z, t: 0.5 * ((torch.tanh(z) - t) ** 2).sum(),
    ("softmax", "ce of softmax"): lambda z, t: -(t * torch.log_softmax(torch.softmax(z, 1), 1)).sum(),
}
HIDDEN: dict[str, Any] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky 0.01": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "softplus": torch.nn.functional.softplus,
}


def network() -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray, np.ndarray]:
    """Weights, biases, a batch and its targets."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.5, shape) for shape in itertools.pairwise(SIZES)]
    biases = [rng.normal(0, 0.5, width) for width in SIZES[1:]]
    return weights, biases, rng.normal(0, 1, (7, 12)), np.eye(5)[rng.integers(0, 5, 7)]


@pytest.mark.parametrize("activation", list(HIDDEN))
@pytest.mark.parametrize(("output", "kind"), list(LOSSES))
def test_gradients_are_those_of_pytorch(activation: str, output: str, kind: str) -> None:
    weights, biases, x, target = network()
    net = Net((activation, activation), output)
    trace = forward(net, x, weights, list(biases))
    dws, dbs = backward(kind, net, trace, target, weights)
    tensors = [torch.from_numpy(a).requires_grad_() for a in (*weights, *biases)]
    z = torch.from_numpy(x)
    for layer in range(3):
        z = z @ tensors[layer] + tensors[3 + layer]
        z = HIDDEN[activation](z) if layer < 2 else z
    LOSSES[output, kind](z, torch.from_numpy(target)).backward()
    for mine, tensor in zip((*dws, *dbs), tensors, strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)  # type: ignore[union-attr]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "leaky 0.01"])
def test_every_mistake_changes_the_gradients_and_is_in_the_catalogue(activation: str) -> None:
    weights, biases, x, target = network()
    net = Net((activation, activation), "softmax")
    trace = forward(net, x, weights, list(biases))
    right = np.concatenate([a.ravel() for part in backward("ce", net, trace, target, weights) for a in part])
    for tweaks in all_tweaks("ce", net, SIZES, True):
        assert all(tweak.id in CATALOGUE for tweak in tweaks)
        if tweaks[0].id in ("stale_cache",) or (tweaks[0].layer == 0 and "weights_not" in tweaks[0].id):
            continue  # needs an earlier batch; nothing is passed on below the first layer
        wrong = backward("ce", net, trace, target, weights, tweaks)
        flat = np.concatenate([a.ravel() for part in wrong for a in part])
        assert flat.shape != right.shape or not np.allclose(flat, right), tweaks


def layers_between() -> tuple[Net, Extras]:
    """Batch norm before the first activation and after the second one, and dropout after both."""
    rng = np.random.default_rng(1)
    arrays = {name: rng.uniform(0.5, 1.5, 9) for name in ("gamma1", "beta1", "gamma2", "beta2")}
    norms = (Norm(True, 1e-5, False, "gamma1", "beta1"), Norm(False, 1e-3, False, "gamma2", "beta2"))
    masks = (Mask(0, 0.7, True, 1 / 0.7), Mask(1, 0.4, False, 1 / 0.6))
    return Net(("tanh", "sigmoid"), "softmax", (), norms, masks), Extras(arrays, [rng.random((7, 9)) for _ in range(2)])


def test_batch_norm_and_dropout_are_those_of_pytorch() -> None:
    weights, biases, x, target = network()
    net, extras = layers_between()
    trace = forward(net, x, weights, list(biases), extras)
    dws, dbs = backward("ce", net, trace, target, weights)
    tensors = [torch.from_numpy(a).requires_grad_() for a in (*weights, *biases)]
    gammas = {name: torch.from_numpy(array) for name, array in extras.arrays.items()}
    draws = [torch.from_numpy(draw) for draw in extras.draws]

    def norm(z: torch.Tensor, number: int, eps: float) -> torch.Tensor:
        scale, shift = gammas[f"gamma{number}"], gammas[f"beta{number}"]
        return torch.nn.functional.batch_norm(z, None, None, scale, shift, training=True, eps=eps)

    z = torch.tanh(norm(torch.from_numpy(x) @ tensors[0] + tensors[3], 1, 1e-5)) * (draws[0] < 0.7) / 0.7
    z = norm(torch.sigmoid(z @ tensors[1] + tensors[4]), 2, 1e-3) * (draws[1] > 0.4) / 0.6
    z = z @ tensors[2] + tensors[5]
    np.testing.assert_allclose(trace.out, torch.softmax(z, 1).detach().numpy(), rtol=1e-12)
    LOSSES["softmax", "ce"](z, torch.from_numpy(target)).backward()
    for mine, tensor in zip((*dws, *dbs), tensors, strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)  # type: ignore[union-attr]


@pytest.mark.parametrize("tweak", list(between_tweaks(layers_between()[0])), ids=str)
def test_every_mistake_between_the_layers_changes_the_gradients(tweak: Tweak) -> None:
    weights, biases, x, target = network()
    net, extras = layers_between()
    trace = forward(net, x, weights, list(biases), extras)
    right, wrong = (backward("ce", net, trace, target, weights, tweaks)[0][0] for tweaks in ((), (tweak,)))
    assert tweak.id in CATALOGUE
    assert not np.allclose(right, wrong)
