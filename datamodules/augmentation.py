"""Random affine changes and left-right flips of images, warped by OpenCV.

About the middle of the image, a point moves by A p + t with A = R(rotation) . scale . shear . flip, the
parameters drawn independently and uniformly for each image.

Calling OpenCV takes half as long as warping one small image. So images are stacked into one tall image, each with a
black border, and one call gathers the pixels of all. That leaves few and long calls, in which NumPy and OpenCV let go
of Python's lock: a thread that augments hardly holds up the one that trains.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from experiment.config import Augmentation

cv2.setNumThreads(1)  # waking OpenCV's threads takes longer than warping images this small
STACK = 256
"""Images in a stack: so few that the coordinates of their pixels stay in the processor's cache."""


def augment(images: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Changed copies of `images` (B, H, W) or (B, H, W, 3) uint8; what moves in from outside is black."""
    changed = np.empty_like(images)
    maps = matrices(len(images), images.shape[1:3], config, random)
    for start in range(0, len(images), STACK):
        some = slice(start, start + STACK)
        _warp(images[some], maps[some], changed[some])
    return changed


def matrices(count: int, size: tuple[int, ...], config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Affine maps (count, 2, 3), from places (x, y) in a changed image of `size` (H, W) to where they were before.

    With c and s the rotation's cosine and sine, k the shear, m the middle and t the shift, a point goes back by
    A⁻¹ (p - m - t) + m, where A⁻¹ = flip . [[1, -k], [0, 1]] . [[c, s], [-s, c]] / scale.
    """
    limits = np.array([config.rotation, config.scale, config.shear, config.shift, config.shift])
    rotation, scale, shear, *shift = random.uniform(-1, 1, (5, count)) * limits[:, None]
    flip = np.where(random.random(count) < config.flip, -1, 1)
    c, s, k = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation)), np.tan(np.deg2rad(shear))
    maps = np.zeros((count, 2, 3))
    maps[:, 0, 0], maps[:, 0, 1] = flip * (c + k * s), flip * (s - k * c)
    maps[:, 1, 0], maps[:, 1, 1] = -s, c
    maps /= 1 + scale[:, None, None]
    middle = (np.array(size[::-1]) - 1) / 2
    maps[:, :, 2] = middle - (maps[:, :, :2] @ (middle + np.stack(shift, axis=1))[:, :, None])[:, :, 0]
    return maps


def _warp(images: np.ndarray, maps: np.ndarray, changed: np.ndarray) -> None:
    """Fill `changed` with what `images` have, between four pixels, where `maps` say."""
    count, height, width, *colours = images.shape
    stack = np.zeros((count, height + 2, width + 2, *colours), images.dtype)
    stack[:, 1:-1, 1:-1] = images
    within = maps + np.array([[0, 0, 1], [0, 0, 1]])  # the border comes first
    places = within.transpose(1, 0, 2).astype(np.float32).reshape(-1, 3) @ _pixels(height, width)
    x, y = places = places.reshape(2, count, -1)
    np.clip(places, 0, np.array([[[width + 1]], [[height + 1]]], np.float32), out=places)  # beyond, it is black as well
    y += np.arange(0, count * (height + 2), height + 2, dtype=np.float32)[:, None]
    tall, wide = (-1, width + 2, *colours), (count, -1, *colours)  # OpenCV is fastest on long rows of results
    cv2.remap(stack.reshape(tall), x, y, cv2.INTER_LINEAR, dst=changed.reshape(wide))


@cache
def _pixels(height: int, width: int) -> np.ndarray:
    """The places of an image's pixels (3, H * W), as columns (x, y, 1)."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)]).astype(np.float32)
