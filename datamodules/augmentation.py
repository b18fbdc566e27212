"""Random affine changes and left-right flips of a batch of drawings, warped by OpenCV.

About the middle of the drawing, a point moves by A p + t with A = R(rotation) . scale . shear . flip, the
parameters drawn independently and uniformly for each drawing.
"""

from __future__ import annotations

import cv2
import numpy as np

from datamodules.drawings import SIDE
from experiment.config import Augmentation


def augment(images: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Changed copies of `images` (B, 28, 28) uint8; what moves in from outside is black."""
    changed = np.empty_like(images)
    for matrix, image, result in zip(matrices(len(images), config, random), images, changed, strict=True):
        cv2.warpAffine(image, matrix, (SIDE, SIDE), dst=result, flags=cv2.INTER_LINEAR)
    return changed


def matrices(count: int, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Affine maps (count, 2, 3), from places in the drawing to places in the changed drawing."""

    def draw(limit: float) -> np.ndarray:
        return random.uniform(-limit, limit, count)

    angle, shear = np.deg2rad(draw(config.rotation)), np.tan(np.deg2rad(draw(config.shear)))
    scale, shift = 1 + draw(config.scale), np.stack([draw(config.shift), draw(config.shift)], axis=1)
    flip = np.where(random.random(count) < config.flip, -1.0, 1.0)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.empty((count, 2, 2))
    linear[:, 0, 0], linear[:, 0, 1] = cos * flip, cos * shear - sin
    linear[:, 1, 0], linear[:, 1, 1] = sin * flip, sin * shear + cos
    middle = np.full(2, (SIDE - 1) / 2)
    return np.concatenate([linear, (middle - linear @ middle + shift)[:, :, None]], axis=2)
