"""Losses over scores: `forward(scores, labels)` is a mean over the batch, `backward()` its derivative by the scores.

Scores are (B, C): logits of the softmax classifier, or cosine similarities of the dual tower. Labels are (B,).
"""

from __future__ import annotations

import numpy as np

from numpy_ref.layers.activations import sigmoid


def softmax(scores: np.ndarray) -> np.ndarray:
    """p_c = exp(s_c) / Σ_k exp(s_k) for each row; the largest score is subtracted first, so nothing overflows."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


class CrossEntropyLoss:
    """L = mean of -Σ_c t_c log softmax(s / T)_c, the categorical cross-entropy at temperature T.

    The target t is onehot(y); with label smoothing ε it is (1 - ε) onehot(y) + ε / C, so that no score has to grow
    without bound (Szegedy et al. 2016, section 7). -log softmax(z)_c = log Σ_k exp(z_k) - z_c, and
    dL/ds = (softmax(s / T) - t) / (B T).
    """

    def __init__(self, temperature: float = 1.0, label_smoothing: float = 0.0) -> None:
        self.temperature, self.label_smoothing = temperature, label_smoothing

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss; log-sum-exp with the largest score subtracted first."""
        shifted = scores - scores.max(axis=1, keepdims=True)
        if self.temperature != 1:
            shifted /= self.temperature
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=1, keepdims=True)
        self._true = np.arange(len(labels)), labels
        self._probabilities = np.divide(exponentials, total, out=exponentials)
        targeted = shifted[self._true]
        if self.label_smoothing:
            targeted = (1 - self.label_smoothing) * targeted + self.label_smoothing * shifted.mean(axis=1)
        return float((np.log(total[:, 0]) - targeted).sum() / len(labels))

    def backward(self) -> np.ndarray:
        """dL/ds (B, C)."""
        grad = self._probabilities
        grad[self._true] -= 1 - self.label_smoothing
        if self.label_smoothing:
            grad -= self.label_smoothing / grad.shape[1]
        grad /= len(grad) * self.temperature
        return grad


class BinaryCrossEntropyLoss:
    """L = mean over batch and categories of -[t log σ(s) + (1 - t) log(1 - σ(s))]: a yes or no for each category.

    σ is the sigmoid and t = onehot(y). The summand is max(s, 0) - t s + log(1 + exp(-|s|)), which cannot overflow
    (`torch.nn.BCEWithLogitsLoss`), and dL/ds = (σ(s) - t) / (B C).
    """

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss."""
        self._scores, self._true = scores, (np.arange(len(labels)), labels)
        without_target = np.maximum(scores, 0) + np.log1p(np.exp(-np.abs(scores)))
        return float((without_target.sum() - scores[self._true].sum()) / scores.size)

    def backward(self) -> np.ndarray:
        """dL/ds (B, C)."""
        grad = sigmoid(self._scores)
        grad[self._true] -= 1
        grad /= grad.size
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
