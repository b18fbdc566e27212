"""Losses over scores: `forward(scores, labels)` is a mean over the batch, `backward()` its derivative by the scores.

Scores are (B, C): logits of the softmax classifier, or cosine similarities of the dual tower. Labels are (B,).
"""

from __future__ import annotations

import numpy as np


def softmax(scores: np.ndarray) -> np.ndarray:
    """p_c = exp(s_c) / Σ_k exp(s_k) for each row; the largest score is taken off first, so nothing overflows."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


class CrossEntropyLoss:
    """L = mean of -log softmax(s / T)_y, the categorical cross-entropy at temperature T.

    -log softmax(z)_y = log Σ_k exp(z_k) - z_y, and dL/ds = (softmax(s / T) - onehot(y)) / (B T).
    """

    def __init__(self, temperature: float = 1.0) -> None:
        self.temperature = temperature

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss; log-sum-exp with the largest score taken off first."""
        shifted = scores - scores.max(axis=1, keepdims=True)
        if self.temperature != 1:
            shifted /= self.temperature
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=1, keepdims=True)
        self._true = np.arange(len(labels)), labels
        self._probabilities = np.divide(exponentials, total, out=exponentials)
        return float((np.log(total[:, 0]) - shifted[self._true]).sum() / len(labels))

    def backward(self) -> np.ndarray:
        """dL/ds (B, C)."""
        grad = self._probabilities
        grad[self._true] -= 1
        grad /= len(grad) * self.temperature
        return grad


class CosineLoss:
    """L = mean of 1 - s_y: pulls a drawing towards its category. dL/ds is -1/B at the true category, else 0."""

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss."""
        self._scores, self._true = scores, (np.arange(len(labels)), labels)
        return float((1 - scores[self._true]).mean())

    def backward(self) -> np.ndarray:
        """dL/ds (B, C)."""
        grad = np.zeros_like(self._scores)
        grad[self._true] = -1 / len(grad)
        return grad


class MarginLoss:
    """L = mean over the batch of Σ_{c≠y} max(0, m - s_y + s_c) / C: pushes other categories away.

    The mean over classes is that of `torch.nn.MultiMarginLoss`. A category that trails the true one by less than
    the margin m has dL/ds_c = 1 / (B C); the true one has minus the sum of those.
    """

    def __init__(self, margin: float) -> None:
        self.margin = margin

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss."""
        self._true = np.arange(len(labels)), labels
        excess = self.margin - scores[self._true][:, None] + scores
        excess[self._true] = 0
        self._violated = (excess > 0).astype(scores.dtype)
        return float((excess * self._violated).mean())

    def backward(self) -> np.ndarray:
        """dL/ds (B, C)."""
        grad = self._violated / self._violated.size
        grad[self._true] = -grad.sum(axis=1)
        return grad
