"""How far rounding alone may move a number, found by moving it: the bands inside which a difference is rounding.

PyTorch's side is computed again and again from inputs that differ by no more than rounding, or by sums in another
order: what comes out spreads by what rounding can do. The runs are

- two with every number of the inputs, weights and incoming gradients moved by one unit in its last place, up or down
  at random (zeros stay zeros: a black pixel is exact, and a ReLU at exactly 0 must not be opened by the experiment);
- one with the samples of the batch in another order, and one that adds the samples' gradients up one by one;
- for sums of n products, one with every sum off by √n roundings of the sum of its terms' absolute values, as adding
  them up one by one does; the like for the means of batch norm;
- for batch norm, its formula with sums taken number by number, and in blocks: PyTorch's own adds equal numbers up
  with an error that no other run shows;
- for the biases of attention, sums number by number;
- in float32 one in float64, which is how far PyTorch's own float32 is from the truth.

The band is FACTOR times the largest deviation: a handful of runs rarely meets the largest. `benchmarks/
random_experiments.py` prints how large a part of their bands the differences of correct code take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

FACTOR = 16.0
"""Width of a band, as a multiple of the largest deviation of the perturbed runs."""
NEAR = 0.25
"""A difference above this share of the band known so far has the perturbed runs made again, where it stands."""

Arrays = dict[str, np.ndarray]
Runs = Callable[[], Iterable[np.ndarray]]
"""Makes a quantity's perturbed runs; called only where a band is needed."""


def moved_by_rounding(array: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A copy with every number one unit in its last place up or down, relative: zeros stay zeros."""
    if not np.issubdtype(array.dtype, np.floating):
        return array
    signs = random.integers(0, 2, array.shape) * 2 - 1
    return (array * (1 + signs * np.finfo(array.dtype).eps)).astype(array.dtype)


def largest(array: np.ndarray) -> float:
    """The largest absolute number; 0 for an empty array, infinity where one is not finite."""
    if not array.size:
        return 0.0
    value = float(np.abs(array).max())
    return value if np.isfinite(value) else float("inf")


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """max |a - b|, in float64; infinity for other shapes or numbers that are finite on one side only."""
    if a.shape != b.shape:
        return float("inf")
    if not a.size:
        return 0.0
    with np.errstate(all="ignore"):
        difference = np.abs(np.subtract(a, b, dtype=np.float64)).max()
    if np.isfinite(difference):
        return float(difference)
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    difference = np.abs(np.where(same, 0.0, a) - np.where(same, 0.0, b)).max()
    return float(difference) if np.isfinite(difference) else float("inf")


@dataclass
class Bands:
    """The bands of one comparison: made when first needed, and known from then on as a share of the array's size."""

    eps: float
    known: dict[str, float] = field(default_factory=dict)
    """Quantity → its widest band so far, relative to the array's largest number."""

    def judge(
        self, name: str, ours: np.ndarray, theirs: np.ndarray, runs: Runs, natural: float = 0.0
    ) -> tuple[float, float]:
        """The largest difference of two arrays, and the band for it.

        Args:
            name: the quantity, such as "layers.1 dL/dx".
            runs: gives the quantity in the perturbed runs.
            natural: size of the numbers from which a result that cancels to almost nothing was made.
        """
        difference = apart(ours, theirs)
        size = max(largest(theirs), natural)
        if name in self.known and difference <= NEAR * self.known[name] * size:
            return difference, self.known[name] * size
        if not np.isfinite(size):
            return difference, 0.0
        deviations = [apart(run, theirs) for run in runs()]
        finite = [deviation for deviation in deviations if np.isfinite(deviation)]
        band = FACTOR * max([self.eps * size, *finite])
        if size > 0:
            self.known[name] = max(self.known.get(name, 0.0), band / size)
            return difference, self.known[name] * size
        return difference, band
