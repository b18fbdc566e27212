"""What is there for speed alone: two cores, and blocks that fit into the processor's cache. No formula stands here.

BLAS's own threads wait for each other in busy loops: two trainings on one machine were seen to take ten times as
long as one. So BLAS gets one thread, and a large product is cut in two halves, of which a helper thread of ours
takes one; it sleeps while it waits. NumPy lets go of Python's lock during a product, so both halves really run at
once. Waking the helper takes some 0.05 ms, so small products are left whole.

Everything is cut alike with and without a helper: results do not depend on the number of cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from experiment.cores import usable_cores

LARGE = 15_000_000
"""Multiplications from which on work is shared with the helper."""
BLOCK = 131_072
"""Numbers that `in_blocks` passes on at a time."""
MANY = 400_000
"""Numbers from which on `in_blocks` uses two cores."""

First = TypeVar("First")
Second = TypeVar("Second")


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The product a b of (m, k) and (k, n), in two halves of its longer side where it is large."""
    if out is None:
        out = np.empty((a.shape[0], b.shape[1]), a.dtype)
    rows, columns = out.shape
    if rows * a.shape[1] * columns < LARGE:
        np.matmul(a, b, out=out)
    elif rows > columns:
        half = rows // 2
        run_in_parallel(lambda: np.matmul(a[:half], b, out=out[:half]), lambda: np.matmul(a[half:], b, out=out[half:]))
    else:
        half = columns // 2
        run_in_parallel(
            lambda: np.matmul(a, b[:, :half], out=out[:, :half]),
            lambda: np.matmul(a, b[:, half:], out=out[:, half:]),
        )
    return out


def two_matmuls(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], out: np.ndarray
) -> np.ndarray:
    """Two independent products: the first into `out`, the second returned; at the same time where they are large."""
    if 2 * second[0].shape[0] * second[1].size < LARGE:
        np.matmul(*first, out=out)
        return np.asarray(np.matmul(*second))
    return np.asarray(run_in_parallel(lambda: np.matmul(*first, out=out), lambda: np.matmul(*second))[1])


def in_blocks(update: Callable[..., None], *arrays: np.ndarray) -> None:
    """Call `update` with a slice of all `arrays` (of one length) at a time, so that these stay in the cache.

    `update` changes its slices in place, number by number. From MANY numbers on, two cores take half of them each.
    """
    size = len(arrays[0])

    def go_through(start: int, stop: int) -> None:
        for first in range(start, stop, BLOCK):
            update(*(array[first : min(first + BLOCK, stop)] for array in arrays))

    if size < MANY:
        go_through(0, size)
    else:
        run_in_parallel(lambda: go_through(0, size // 2), lambda: go_through(size // 2, size))


def in_halves(work: Callable[[slice], None], count: int, worthwhile: bool) -> None:
    """Call `work` with all of `count` rows or images, or with both halves of them at the same time."""
    half = count // 2
    if worthwhile and half:
        run_in_parallel(lambda: work(slice(half)), lambda: work(slice(half, count)))
    else:
        work(slice(count))


def run_in_parallel(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Do both tasks, the first on the helper thread; return what both return when both are done."""
    helper = _helper()
    if helper is None:
        return first(), second()
    helper.tasks.put(first)
    try:
        result = second()
    finally:
        other, error = helper.done.get()
        if error is not None:
            raise error
    return other, result


class _Helper:
    def __init__(self) -> None:
        self.tasks: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        self.done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="parallel").start()

    def _work(self) -> None:
        while True:
            task = self.tasks.get()
            try:
                self.done.put((task(), None))
            except BaseException as error:
                self.done.put((None, error))


_the_helper: _Helper | None = None


def _helper() -> _Helper | None:
    """The one helper, started when first needed; none where this process has a single core, or may use only one."""
    global _the_helper
    cores = int(os.environ.get("OMP_NUM_THREADS") or usable_cores())
    if _the_helper is None and cores > 1:
        _the_helper = _Helper()
    return _the_helper
