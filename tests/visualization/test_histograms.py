"""TensorBoard's histograms of arrays that leave NumPy at a loss."""

from __future__ import annotations

import numpy as np
import pytest

from visualization.tensorboard import histogram

LARGEST, TINY = np.finfo(np.float64).max, 5e-324

ARRAYS = {
    "empty": [],
    "one": [1.0],
    "nothing finite": [np.nan, np.inf, -np.inf],
    "constant": [0.1] * 5,
    "large constant": [1e20] * 5,
    "largest constant": [LARGEST] * 3,
    "neighbours": [1.0, np.nextafter(1, 2), np.nan],
    "large neighbours": [LARGEST, np.nextafter(LARGEST, 0)],
    "denormal": [0.0, TINY],
    "whole range": [-LARGEST, 0.0, LARGEST],
    "very large": [1e308, 1e300],
    "usual": np.random.default_rng(0).normal(size=1000).tolist(),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ARRAYS)
def test_any_array_has_a_histogram(name: str) -> None:
    values = np.array(ARRAYS[name], np.float64)
    finite = values[np.isfinite(values)]
    fields = histogram(values)
    edges = np.array(fields["bucket_limit"])
    assert np.isfinite([*edges, fields["sum"], fields["sum_squares"]]).all()
    assert sum(fields["bucket"]) == fields["num"] == len(finite)
    assert len(edges) == len(fields["bucket"]) and (np.diff(edges) >= 0).all()
    if len(finite):
        assert edges[0] <= fields["min"] and fields["max"] <= edges[-1]


def test_usual_bins_are_numpys() -> None:
    values = np.random.default_rng(1).normal(size=300).astype(np.float32)
    counts, edges = np.histogram(values.astype(np.float64), 64)
    fields = histogram(values)
    assert fields["bucket"][1:] == counts.tolist() and fields["bucket_limit"][1:] == edges[1:].tolist()
