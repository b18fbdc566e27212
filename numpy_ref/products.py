"""Large matrix products on two cores.

BLAS's own threads wait for each other in busy loops: two trainings on one machine were seen to take ten times as
long as one. So BLAS gets one thread, and a large product is cut in two halves, of which a helper thread of ours
takes one; it sleeps while it waits. NumPy lets go of Python's lock during a product, so both halves really run at
once. Waking the helper takes some 0.05 ms, so small products are left whole.

The halves are cut alike with and without a helper: results do not depend on the number of cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

import numpy as np

LARGE = 15_000_000
"""Multiplications from which on work is shared with the helper."""

Task = Callable[[], object]


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The product a b of (m, k) and (k, n), in two halves of its longer side where it is large."""
    if out is None:
        out = np.empty((a.shape[0], b.shape[1]), a.dtype)
    rows, columns = out.shape
    if rows * a.shape[1] * columns < LARGE:
        np.matmul(a, b, out=out)
    elif rows > columns:
        half = rows // 2
        side_by_side(lambda: np.matmul(a[:half], b, out=out[:half]), lambda: np.matmul(a[half:], b, out=out[half:]))
    else:
        half = columns // 2
        side_by_side(
            lambda: np.matmul(a, b[:, :half], out=out[:, :half]),
            lambda: np.matmul(a, b[:, half:], out=out[:, half:]),
        )
    return out


def side_by_side(first: Task, second: Task) -> None:
    """Do both tasks, the first on the helper thread; return when both are done."""
    helper = _helper()
    if helper is None:
        first()
        second()
        return
    helper.tasks.put(first)
    try:
        second()
    finally:
        error = helper.done.get()
    if error is not None:
        raise error


class _Helper:
    def __init__(self) -> None:
        self.tasks: SimpleQueue[Task] = SimpleQueue()
        self.done: SimpleQueue[BaseException | None] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="products").start()

    def _work(self) -> None:
        while True:
            task = self.tasks.get()
            try:
                task()
                self.done.put(None)
            except BaseException as error:
                self.done.put(error)


_the_helper: _Helper | None = None


def _helper() -> _Helper | None:
    """The one helper, started when first needed; none where this process has a single core, or is to use but one."""
    global _the_helper
    cores = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    if _the_helper is None and cores > 1:
        _the_helper = _Helper()
    return _the_helper
