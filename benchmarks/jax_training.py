"""JAX as a contestant of benchmarks/training_speed.py, in a process of its own: pip install jax

It trains the network that the benchmark left in a folder in the two ways that JAX's documentation shows: `jit` of one
step, called from Python for each batch, and `jit` of a `lax.scan` over all batches of an epoch. Images are on the
device from the start, weights are donated, and the loop waits for the last result before the clock is read.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Array = Any
State = dict[str, dict[str, Array]]
"""Layer's number → its weights or buffers by name."""


def main() -> None:
    """Train in both ways, in turns; print the images per second of each round as JSON."""
    folder, epochs, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    speeds: dict[str, list[float]] = {"JAX, jit of a step": [], "JAX, scan of an epoch": []}
    trainer = JaxTrainer(folder)
    for number in range(rounds + 1):
        for name, train in zip(speeds, (trainer.train_by_steps, trainer.train_by_scan), strict=True):
            speed = train(epochs)
            if number:  # the first round compiles
                speeds[name].append(speed)
    print(json.dumps(speeds))


class JaxTrainer:
    """SGD with momentum on the network, images and labels in `folder` (see `leave_network` of the benchmark)."""

    def __init__(self, folder: Path) -> None:
        self.settings = json.loads((folder / "network.json").read_text())
        with np.load(folder / "arrays.npz") as arrays:
            self.images, self.labels = jnp.asarray(arrays["images"]), jnp.asarray(arrays["labels"], jnp.int32)
            self.words = jnp.asarray(arrays["words"]) if "words" in arrays else None
            stored = {name: arrays[name] for name in arrays.files if name[0].isdigit()}
        self.start: tuple[State, State] = ({}, {})
        for name, array in stored.items():
            number, _, key = name.partition(".")
            if key != "num_batches_tracked":
                self.start[key.startswith("running")].setdefault(number, {})[key] = array
        self.step = jax.jit(self._step, donate_argnums=0)
        self.scan = jax.jit(lambda carry, rows: lax.scan(self._step, carry, rows), donate_argnums=0)

    def train_by_steps(self, epochs: int) -> float:
        """Images per second of a Python loop over batches."""
        carry, start = self._begin()
        for rows in self._orders(epochs):
            for batch in rows:
                carry, _ = self.step(carry, batch)
        return self._speed(carry, epochs, start)

    def train_by_scan(self, epochs: int) -> float:
        """Images per second of one call an epoch; a short last batch is a step of its own."""
        carry, start = self._begin()
        size = self.settings["batch_size"]
        whole = len(self.images) // size * size
        for order in self._permutations(epochs):
            carry, _ = self.scan(carry, order[:whole].reshape(-1, size))
            if whole < len(order):
                carry, _ = self.step(carry, order[whole:])
        return self._speed(carry, epochs, start)

    def _begin(self) -> tuple[Any, float]:
        weights, buffers = jax.tree.map(jnp.array, self.start)
        velocity = jax.tree.map(jnp.zeros_like, weights)
        carry = jax.block_until_ready((weights, velocity, buffers, jax.random.key(0)))
        return carry, time.perf_counter()

    def _speed(self, carry: Any, epochs: int, start: float) -> float:
        jax.block_until_ready(carry)
        return float(epochs * len(self.images) / (time.perf_counter() - start))

    def _permutations(self, epochs: int) -> list[np.ndarray]:
        random = np.random.default_rng(0)
        return [random.permutation(len(self.images)).astype(np.int32) for _ in range(epochs)]

    def _orders(self, epochs: int) -> list[list[np.ndarray]]:
        size = self.settings["batch_size"]
        return [[o[first : first + size] for first in range(0, len(o), size)] for o in self._permutations(epochs)]

    def _step(self, carry: Any, rows: Array) -> tuple[Any, Array]:
        weights, velocity, buffers, key = carry
        key, used = jax.random.split(key)
        loss_of = jax.value_and_grad(self._loss, has_aux=True)
        (loss, buffers), grads = loss_of(weights, buffers, used, self.images[rows], self.labels[rows])
        lr, momentum = self.settings["lr"], self.settings["momentum"]
        velocity = jax.tree.map(lambda v, g: momentum * v + g, velocity, grads)
        weights = jax.tree.map(lambda w, v: w - lr * v, weights, velocity)
        return (weights, velocity, buffers, key), loss

    def _loss(self, weights: State, buffers: State, key: Array, x: Array, labels: Array) -> tuple[Array, State]:
        followed = dict(buffers)
        for number, (name, options) in enumerate(self.settings["layers"]):
            at = str(number)
            if name.startswith("BatchNorm"):
                x, followed[at] = batch_norm(weights[at], buffers[at], x, **options)
            elif name == "Dropout":
                key, used = jax.random.split(key)
                x = dropout(used, x, **options)
            else:
                x = LAYERS[name](weights.get(at), x, **options)
        if self.words is None:
            return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1).mean(), followed
        cosines = x / jnp.linalg.norm(x, axis=1, keepdims=True) @ self.words.T
        return (1 - jnp.take_along_axis(cosines, labels[:, None], 1)).mean(), followed


def linear(weights: dict[str, Array], x: Array) -> Array:
    """y = x Wᵀ + b, or without b."""
    y = x @ weights["weight"].T
    return y + weights["bias"] if "bias" in weights else y


def convolution(weights: dict[str, Array], x: Array, stride: int, padding: int) -> Array:
    """Cross-correlation of x (B, C, H, W), as PyTorch's Conv2d; before batch norm it has no bias."""
    y = lax.conv_general_dilated(x, weights["weight"], (stride, stride), [(padding, padding)] * 2)
    return y + weights["bias"][:, None, None] if "bias" in weights else y


def max_pool(_: None, x: Array, kernel_size: int, stride: int) -> Array:
    """The maximum of each window."""
    window, strides = (1, 1, kernel_size, kernel_size), (1, 1, stride, stride)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "VALID")


def batch_norm(
    weights: dict[str, Array], buffers: dict[str, Array], x: Array, eps: float, momentum: float
) -> tuple[Array, dict[str, Array]]:
    """Batch norm in training, and its running statistics."""
    axes = (0, *range(2, x.ndim))
    mean, variance = x.mean(axes), x.var(axes)
    rows = x.size // x.shape[1]
    followed = {
        "running_mean": (1 - momentum) * buffers["running_mean"] + momentum * mean,
        "running_var": (1 - momentum) * buffers["running_var"] + momentum * variance * rows / (rows - 1),
    }
    shape = (1, -1, *[1] * (x.ndim - 2))
    scale = weights["weight"] * lax.rsqrt(variance + eps)
    return (x - mean.reshape(shape)) * scale.reshape(shape) + weights["bias"].reshape(shape), followed


def dropout(key: Array, x: Array, p: float) -> Array:
    """0 with probability p, else x / (1 - p)."""
    return jnp.where(jax.random.bernoulli(key, 1 - p, x.shape), x / (1 - p), 0)


LAYERS: dict[str, Any] = {
    "Linear": linear,
    "Conv2d": convolution,
    "MaxPool2d": max_pool,
    "ReLU": lambda _, x: jnp.maximum(x, 0),
    "Flatten": lambda _, x: x.reshape(len(x), -1),
    "AdaptiveAvgPool2d": lambda _, x: x.mean((2, 3), keepdims=True),
}


if __name__ == "__main__":
    main()
