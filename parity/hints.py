"""What a difference of two arrays looks like, in words: a factor, a sign, a transposition, a missing part."""

from __future__ import annotations

import numpy as np

SAME = 1e-6
"""Relative difference below which two numbers count as the same here: a hint needs no more."""


def describe(ours: np.ndarray, theirs: np.ndarray, before: np.ndarray | None = None) -> str:
    """In a few words how NumPy's array differs from PyTorch's; empty where nothing simple fits.

    Args:
        ours: NumPy's.
        theirs: PyTorch's.
        before: NumPy's array of the step before, to recognize a gradient that was not reset.
    """
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        return f"shape {ours.shape} instead of {theirs.shape}"
    if not np.isfinite(ours).all():
        return "NumPy's has numbers that are not finite"
    size = float(np.abs(theirs).max()) if theirs.size else 0.0
    close = SAME * max(size, 1e-300)
    if size and not ours.any():
        return "NumPy's is all zeros"
    if not size:
        return "PyTorch's is all zeros"
    if before is not None and before.any() and np.abs(ours - theirs - before).max() <= close:
        return "NumPy's still has the gradient of the step before in it"
    factor = float((ours * theirs).sum() / (theirs * theirs).sum())
    if abs(factor) > SAME and np.abs(ours - factor * theirs).max() <= close * max(1.0, abs(factor)):
        return "NumPy's has the opposite sign" if abs(factor + 1) < SAME else f"NumPy's is {factor:.6g} times PyTorch's"
    if ours.ndim == 2 and ours.shape[0] == ours.shape[1] and np.abs(ours.T - theirs).max() <= close:
        return "NumPy's is transposed"
    shift = ours - theirs
    if ours.size > 1 and np.abs(shift - shift.flat[0]).max() <= close:
        return f"NumPy's is larger by {shift.flat[0]:.3g} everywhere"
    wrong = np.abs(shift) > close
    if wrong.mean() < 0.5:
        return f"{int(wrong.sum())} of {ours.size} numbers differ"
    return ""
