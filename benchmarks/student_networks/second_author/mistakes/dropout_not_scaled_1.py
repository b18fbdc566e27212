from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Cache:
    x: Array
    pre: Array
    hidden: Array
    keep: Array | None
    probs: Array


@dataclass
class DropoutMLP:
    in_dim: int
    hidden_dim: int
    out_dim: int
    drop_rate: float = 0.3
    seed: int = 0
    params: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.params = {
            "w_in": self.rng.standard_normal((self.in_dim, self.hidden_dim)) * np.sqrt(2.0 / self.in_dim),
            "b_in": np.zeros(self.hidden_dim),
            "w_out": self.rng.standard_normal((self.hidden_dim, self.out_dim)) * np.sqrt(1.0 / self.hidden_dim),
            "b_out": np.zeros(self.out_dim),
        }

    def forward(self, x: Array, *, training: bool = False) -> Cache:
        p = self.params
        pre = x @ p["w_in"] + p["b_in"]
        hidden = np.maximum(pre, 0.0)
        keep = None
        if training:
            keep = (self.rng.random(hidden.shape) >= self.drop_rate).astype(float)
            hidden = hidden * keep
        logits = hidden @ p["w_out"] + p["b_out"]
        logits = logits - logits.max(axis=1, keepdims=True)
        probs = np.exp(logits)
        probs /= probs.sum(axis=1, keepdims=True)
        return Cache(x, pre, hidden, keep, probs)

    def gradients(self, c: Cache, labels: NDArray[np.int64]) -> dict[str, Array]:
        n = labels.size
        d_logits = c.probs.copy()
        d_logits[np.arange(n), labels] -= 1.0
        d_logits /= n
        d_hidden = d_logits @ self.params["w_out"].T
        if c.keep is not None:
            d_hidden *= c.keep
        d_pre = np.where(c.pre > 0, d_hidden, 0.0)
        return {
            "w_in": c.x.T @ d_pre,
            "b_in": d_pre.sum(axis=0),
            "w_out": c.hidden.T @ d_logits,
            "b_out": d_logits.sum(axis=0),
        }

    def train_step(self, x: Array, labels: NDArray[np.int64], lr: float = 0.1) -> float:
        self.last = self.forward(x, training=True)
        for name, grad in self.gradients(self.last, labels).items():
            self.params[name] -= lr * grad
        return float(-np.log(self.last.probs[np.arange(labels.size), labels]).mean())

    def predict_proba(self, x: Array) -> Array:
        return self.forward(x).probs


def batches(n: int, size: int) -> Iterator[slice]:
    for start in range(0, n, size):
        yield slice(start, start + size)
