"""The weights from which both tracks start: made here once, by NumPy, and loaded in both.

Weights are normal with mean 0 and a standard deviation that the initialiser sets:

- `kaiming`: sqrt(2 / fan_in), for ReLU networks (He et al. 2015, "Delving Deep into Rectifiers", equation 10), so that
  activations keep their size from layer to layer; `torch.nn.init.kaiming_normal_(nonlinearity="relu")`.
- `xavier`: sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 12, for the variance); a compromise between
  the sizes of activations and of gradients; `torch.nn.init.xavier_normal_`.
- `normal`: 0.01, whatever the layer.
- `orthogonal`: a random matrix (outputs, fan_in) whose rows, or columns where there are fewer, are orthogonal and of
  length sqrt(2), for ReLU (Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear
  neural networks"); `torch.nn.init.orthogonal_(gain=sqrt(2))`. A frozen map of this kind to as many features or more
  keeps all angles: so a dual tower's words stay as far apart as their vectors are.

fan_in is the number of inputs of one output, fan_out of outputs that one input reaches (stride 1). Biases are 0, the
scales of batch normalisation 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from experiment.randomness import generator

STANDARD_DEVIATION: dict[str, Callable[[int, int], float]] = {
    "kaiming": lambda fan_in, _: (2 / fan_in) ** 0.5,
    "xavier": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "normal": lambda _, __: 0.01,
}
"""By the names that `initializer` has in the config."""


def initial_weights(
    shapes: Iterable[tuple[str, tuple[int, ...]]], seed: int, dtype: np.dtype, initializer: str = "kaiming"
) -> dict[str, np.ndarray]:
    """Arrays for the named parameters, in their order.

    They are drawn in float64 and rounded to `dtype`, so float32 and float64 runs start alike.
    """
    weights = {}
    for number, (name, shape) in enumerate(shapes):
        random = generator(seed, "weights", number)
        weights[name] = _initial(name, shape, random, initializer).astype(dtype)
    return weights


def _initial(name: str, shape: tuple[int, ...], random: np.random.Generator, initializer: str) -> np.ndarray:
    """One parameter, float64. A weight (out, in, ...) has two axes and more; a BatchNorm's scale has one."""
    if len(shape) == 1:
        return np.ones(shape) if name.endswith("weight") else np.zeros(shape)
    if initializer == "orthogonal":
        return 2**0.5 * _orthogonal(random, shape[0], int(np.prod(shape[1:]))).reshape(shape)
    field = int(np.prod(shape[2:]))
    return random.standard_normal(shape) * STANDARD_DEVIATION[initializer](shape[1] * field, shape[0] * field)


def _orthogonal(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """A uniformly random matrix with orthonormal rows or columns, by QR; the signs make it so (Mezzadri 2007)."""
    q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T
