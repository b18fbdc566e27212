"""Random affine changes and left-right flips of a batch of images, warped by OpenCV.

About the middle of the image, a point moves by A p + t with A = R(rotation) . scale . shear . flip, the
parameters drawn independently and uniformly for each image.
"""

from __future__ import annotations

import cv2
import numpy as np

from experiment.config import Augmentation

cv2.setNumThreads(1)  # waking OpenCV's threads takes longer than warping an image this small


def augment(images: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Changed copies of `images` (B, H, W) or (B, H, W, 3) uint8; what moves in from outside is black."""
    changed = np.empty_like(images)
    height, width = images.shape[1:3]
    maps = matrices(len(images), (height, width), config, random)
    for matrix, image, result in zip(maps, images, changed, strict=True):
        cv2.warpAffine(image, matrix, (width, height), dst=result, flags=cv2.INTER_LINEAR)
    return changed


def matrices(count: int, size: tuple[int, int], config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Affine maps (count, 2, 3), from places (x, y) in an image of `size` (H, W) to places in the changed one."""

    def draw(limit: float) -> np.ndarray:
        return random.uniform(-limit, limit, count)

    angle, shear = np.deg2rad(draw(config.rotation)), np.tan(np.deg2rad(draw(config.shear)))
    scale, shift = 1 + draw(config.scale), np.stack([draw(config.shift), draw(config.shift)], axis=1)
    flip = np.where(random.random(count) < config.flip, -1.0, 1.0)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.empty((count, 2, 2))
    linear[:, 0, 0], linear[:, 0, 1] = cos * flip, cos * shear - sin
    linear[:, 1, 0], linear[:, 1, 1] = sin * flip, sin * shear + cos
    middle = (np.array(size[::-1]) - 1) / 2
    return np.concatenate([linear, (middle - linear @ middle + shift)[:, :, None]], axis=2)
