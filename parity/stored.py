"""What a batch shows, as the data set keeps it: so a check can tell whether each drawing was seen, and as it is."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np

from datamodules.sequences import POINTS, as_points


def as_stored(inputs: np.ndarray) -> tuple[np.ndarray, float]:
    """A batch's drawings as the data set keeps them, uint8, and how far its numbers are from such whole numbers.

    Images (B, C, H, W) become (B, H, W) or (B, H, W, 3), sequences of points (B, T, 6) become (B, POINTS, 3).
    """
    if inputs.ndim == len(("batch", "points", "numbers")):
        points = as_points(inputs)
        levels = np.zeros((len(points), POINTS, points.shape[2]))
        levels[:, : points.shape[1]] = points
    else:
        levels = inputs.astype(np.float64) * 255
        levels = levels[:, 0] if levels.shape[1] == 1 else np.ascontiguousarray(levels.transpose(0, 2, 3, 1))
    stored = np.clip(np.rint(levels), 0, 255)
    return stored.astype(np.uint8), float(np.abs(levels - stored).max(initial=0))


def identities(images: np.ndarray, labels: np.ndarray) -> Counter[bytes]:
    """How often each image occurs with each label."""
    return Counter(
        hashlib.blake2b(image.tobytes() + int(label).to_bytes(4, "little"), digest_size=8).digest()
        for image, label in zip(images, labels, strict=True)
    )
