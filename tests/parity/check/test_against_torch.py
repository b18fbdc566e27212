"""check_layer, check_loss and check_optimizer: right ones pass, mistakes are named in the message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from parity.check import check_layer, check_loss, check_optimizer
from parity.check.inside.program import CannotCall


class MyLinear:
    def __init__(self, n_in: int, n_out: int) -> None:
        self.w, self.b = np.zeros((n_in, n_out)), np.zeros((1, n_out))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.w + self.b

    def backward(self, d: np.ndarray) -> np.ndarray:
        self.dw, self.db = self.x.T @ d, d.sum(0, keepdims=True)
        return d @ self.w.T


class WrongLinear(MyLinear):
    def backward(self, d: np.ndarray) -> np.ndarray:
        passed = super().backward(d)
        self.db = d.mean(0, keepdims=True)
        return passed


class MyPool:
    def __init__(self, size: int, step: int, assign: bool = False) -> None:
        self.size, self.step, self.assign = size, step, assign

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        rows, columns = ((n - self.size) // self.step + 1 for n in x.shape[2:])
        return np.array([[self._window(i, j).max((2, 3)) for j in range(columns)] for i in range(rows)]).transpose(
            2, 3, 0, 1
        )

    def _window(self, i: int, j: int) -> np.ndarray:
        return self.x[:, :, i * self.step : i * self.step + self.size, j * self.step : j * self.step + self.size]

    def backward(self, d: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(self.x)
        for n, c, i, j in np.ndindex(*d.shape):
            window = self._window(i, j)[n, c]
            u, v = np.unravel_index(window.argmax(), window.shape)
            at = n, c, i * self.step + u, j * self.step + v
            if self.assign:
                dx[n, c, i * self.step : i * self.step + self.size, j * self.step : j * self.step + self.size] = 0
                dx[at] = d[n, c, i, j]
            else:
                dx[at] += d[n, c, i, j]
        return dx


class Affine:
    """A layer that is handed its arrays."""

    def __init__(self, weight: np.ndarray, b: np.ndarray) -> None:
        self.W, self.b = weight, b

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.dW, self.db = np.dot(self.x.T, dout), np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Window(MyPool):
    """Its stride has a default of its own."""

    def __init__(self, pool_h: int, pool_w: int, stride: int = 1) -> None:
        super().__init__(pool_h, stride)


class BatchNorm:
    """Its running variance begins at 0."""

    def __init__(self, gamma: np.ndarray, beta: np.ndarray, momentum: float = 0.9) -> None:
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean = self.running_var = np.zeros(len(gamma))

    def forward(self, x: np.ndarray, train_flg: bool = True) -> np.ndarray:
        if not train_flg:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + 1e-5) + self.beta
        mean, self.std = x.mean(0), np.sqrt(x.var(0) + 1e-5)
        self.normed = (x - mean) / self.std
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * x.var(0, ddof=1)
        return self.gamma * self.normed + self.beta

    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.dbeta, self.dgamma = dout.sum(0), (dout * self.normed).sum(0)
        d = dout * self.gamma
        return (d - d.mean(0) - self.normed * (d * self.normed).mean(0)) / self.std


def affine_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Any]:
    return x @ w + b, (x, w, b)


def affine_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def one_by_one_forward(a_prev: np.ndarray, w: np.ndarray, b: np.ndarray, hparameters: Any) -> tuple[np.ndarray, Any]:
    """A convolution with channels last and kernels of size 1."""
    return np.einsum("bhwc,co->bhwo", a_prev, w[0, 0]) + b[0, 0, 0], (a_prev, w)


def one_by_one_backward(dz: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
    a_prev, w = cache
    dw = np.einsum("bhwc,bhwo->co", a_prev, dz)[None, None]
    return np.einsum("bhwo,co->bhwc", dz, w[0, 0]), dw, dz.sum((0, 1, 2))[None, None, None]


def test_functions() -> None:
    check_layer((affine_forward, affine_backward), torch.nn.Linear(4, 3))
    check_layer((affine_forward, affine_backward), torch.nn.Linear(3, 3))
    check_layer((one_by_one_forward, one_by_one_backward), torch.nn.Conv2d(2, 3, 1))


def test_what_it_cannot_call_is_one_line() -> None:
    with pytest.raises(CannotCall, match="torch's RNNCell cannot take it"):
        check_layer(Affine, torch.nn.RNNCell(4, 3))


def test_constructors() -> None:
    check_layer(Affine, torch.nn.Linear(4, 3))
    check_layer(Affine, torch.nn.Linear(3, 3))
    check_layer(Window, torch.nn.MaxPool2d(3, 2))
    check_layer(BatchNorm, torch.nn.BatchNorm1d(4))


def test_layers() -> None:
    check_layer(MyLinear, torch.nn.Linear(4, 3))
    check_layer(MyPool(3, 2), torch.nn.MaxPool2d(3, 2))
    with pytest.raises(AssertionError, match="bias_grad_averaged"):
        check_layer(WrongLinear, torch.nn.Linear(4, 3))
    with pytest.raises(AssertionError, match="conv_overlap_assigned"):
        check_layer(MyPool(3, 2, assign=True), torch.nn.MaxPool2d(3, 2))


def cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    e = np.exp(z - z.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    g = p.copy()
    g[np.arange(len(y)), y] -= 1
    return -np.log(p[np.arange(len(y)), y]).mean(), g / len(y)


def test_losses() -> None:
    check_loss(cross_entropy, torch.nn.CrossEntropyLoss())

    def wrong(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        loss, grad = cross_entropy(z, y)
        return loss, grad * len(y)

    with pytest.raises(AssertionError, match="grad_not_averaged"):
        check_loss(wrong, torch.nn.CrossEntropyLoss())


class MyAdam:
    def __init__(self, lr: float, inside: bool = False) -> None:
        self.lr, self.t, self.inside = lr, 0, inside
        self.m: dict[int, Any] = {}
        self.v: dict[int, Any] = {}

    def step(self, params: list[np.ndarray], grads: list[np.ndarray]) -> None:
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[i] = 0.9 * self.m.get(i, 0) + 0.1 * g
            self.v[i] = 0.999 * self.v.get(i, 0) + 0.001 * g * g
            m, v = self.m[i] / (1 - 0.9**self.t), self.v[i] / (1 - 0.999**self.t)
            p -= self.lr * m / (np.sqrt(v + 1e-8) if self.inside else np.sqrt(v) + 1e-8)


def test_optimizers() -> None:
    check_optimizer(MyAdam(0.01), lambda params: torch.optim.Adam(params, lr=0.01))
    with pytest.raises(AssertionError, match="adam_eps_inside_sqrt"):
        check_optimizer(MyAdam(0.01, inside=True), lambda params: torch.optim.Adam(params, lr=0.01))
