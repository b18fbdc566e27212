"""Random numbers made known: shuffles are reversals, every call begins with the same numbers, masks are recorded."""

from __future__ import annotations

import builtins
import random
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

DRAWN: list[Any] = []
"""Uniform random numbers of the last call, one array for each draw: dropout's masks follow from them."""
BITS: dict[str, float] = {}
"""The probability that binomial(1, p) was last given, which the file may compute."""


def recorded(real: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose matrices are recorded."""

    def draw(*arguments: Any, **named: Any) -> Any:
        values = real(*arguments, **named)
        if np.ndim(values) == 2 and len(DRAWN) < 20:
            DRAWN.append(np.array(values, float))
        return values

    return draw


def recorded_bits(real: Callable[..., Any]) -> Callable[..., Any]:
    """The same for binomial(1, p): recorded as if numbers below p had been ones."""

    def draw(n: Any, p: Any, size: Any = None) -> Any:
        bits = real(n, p, size)
        if n == 1 and np.ndim(bits) == 2 and len(DRAWN) < 20:
            BITS["probability of a one"] = float(np.ravel(p)[0])
            DRAWN.append(np.where(bits > 0, p / 2, (1 + p) / 2))
        return bits

    return draw


UNIFORM = ("rand", "random", "random_sample", "uniform")


def _record_draws(generator: Any, names: tuple[str, ...]) -> None:
    """Let these functions of a generator, and binomial, record what they give."""
    for name in names:
        setattr(generator, name, recorded(getattr(generator, name)))
    generator.binomial = recorded_bits(generator.binomial)


class Reversed(np.random.Generator):
    """A Generator whose shuffles are a reversal, so that a training can be computed again."""

    def __init__(self, bits: Any) -> None:
        super().__init__(bits)
        _record_draws(self, ("random", "uniform"))

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """The numbers (or rows) in reversed order."""
        return _reversed(x)

    def choice(self, a: Any, size: Any = None, replace: bool = True, *rest: Any, **named: Any) -> Any:
        """Every row once, reversed."""
        return _chosen(a, size)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Reverse in place."""
        _reverse(x)

    def integers(self, low: Any, high: Any = None, size: Any = None, *rest: Any, **named: Any) -> Any:
        """Every row once, reversed, where several are drawn."""
        return super().integers(low, high, size, *rest, **named) if size is None else _drawn(low, high, size)


class ReversedState(np.random.RandomState):
    """The same for the older RandomState."""

    def __init__(self, seed: Any = None) -> None:
        seed = int(own_rng().integers(1 << 32)) if seed is None else seed
        super().__init__(seed)
        _record_draws(self, UNIFORM)
        SHUFFLES[0] = 0
        _remember(self, seed)

    def permutation(self, x: Any) -> Any:
        """The numbers (or rows) in reversed order."""
        return _reversed(x)

    def choice(self, a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
        """Every row once, reversed."""
        return _chosen(a, size)

    def shuffle(self, x: Any) -> None:
        """Reverse in place."""
        _reverse(x)

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        """Every row once, reversed, where several are drawn."""
        return super().randint(low, high, size) if size is None else _drawn(low, high, size)


own_rng = np.random.default_rng
"""For our own random numbers: `tame` replaces np.random.default_rng."""
MADE: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""The generators that the submission made and still holds, with their states at that time, or an older one's seed."""


BEGINNING = random.Random(0).getstate()
"""Python's generator after seed(0): setting its state is faster than seeding. With NumPy's it takes 20 times longer."""
seed_numpy = np.random.seed


def _remember(generator: Any, beginning: Any) -> Any:
    if len(MADE) < 200:
        MADE[generator] = beginning
    return generator


def _made(seed: Any, real: Callable[..., Any]) -> Reversed:
    bits = real(seed).bit_generator
    return _remember(Reversed(bits), bits.state)


@cache
def given_rng() -> np.random.Generator:
    """What functions that ask for a generator are given: one for all, since each call begins with the same numbers."""
    return np.random.default_rng(0)


def rewind() -> None:
    """Put all random numbers back to their beginning: every call is made with the same ones."""
    SHUFFLES[0] = 0
    DRAWN.clear()
    seed_numpy(0)
    random.setstate(BEGINNING)
    for generator, beginning in MADE.items():
        if isinstance(generator, ReversedState):
            generator.seed(beginning)
        else:
            generator.bit_generator.state = beginning


SHUFFLES = [0]
"""How many shuffles there were since the generator was seeded: X shuffled, and then y, are shuffled differently."""


def _order(count: int) -> Any:
    """The k-th shuffle: reversed, and turned by k."""
    SHUFFLES[0] += 1
    return np.roll(np.arange(count)[::-1], 2 * (SHUFFLES[0] - 1))


def _seeded(real: Callable[..., Any]) -> Callable[..., Any]:
    def seed(*arguments: Any, **named: Any) -> Any:
        SHUFFLES[0] = 0
        return real(*arguments, **named)

    return seed


def _reversed(x: Any) -> Any:
    rows = np.arange(x) if isinstance(x, int | np.integer) else np.array(x)
    return rows[_order(len(rows))].copy()


def _reverse(x: Any) -> None:
    order = _order(len(x))
    x[:] = x[order].copy() if isinstance(x, np.ndarray) else [x[i] for i in order]


def _chosen(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
    """Every row once, in reversed order, where a batch is drawn; the first ones where something else is."""
    if p is not None and np.ndim(size) == 1 and list(np.sort(a)) == [0, 1]:  # a mask
        keep = p[list(a).index(1)]
        return np.asarray(np.random.binomial(1, keep, size))
    rows = np.arange(a) if isinstance(a, int | np.integer) else np.asarray(a)
    if size is None:
        return rows[0]
    return np.resize(rows[::-1], size)


def _drawn(low: Any, high: Any, size: Any) -> Any:
    """Rows drawn with replacement: every one once, reversed."""
    low, high = (0, low) if high is None else (low, high)
    return np.resize(np.arange(low, high)[::-1], size)


def tame() -> None:
    """Make shuffles known, input() empty, and print() silent: nobody reads it, and large arrays take long."""
    builtins.input = lambda *_: ""
    builtins.print = lambda *_, **_named: None
    np.random.seed = _seeded(np.random.seed)
    np.random.set_state = _seeded(np.random.set_state)
    random.seed = _seeded(random.seed)
    np.random.permutation = _reversed
    np.random.shuffle = _reverse
    np.random.choice = _chosen
    random.shuffle = _reverse
    random.sample = lambda rows, k, **_: list(rows)[::-1][:k]
    whole = np.random.randint
    np.random.randint = lambda low, high=None, size=None, dtype=int: (  # type: ignore[assignment]
        whole(low, high) if size is None else _drawn(low, high, size)
    )
    _record_draws(np.random, UNIFORM)
    real = np.random.default_rng
    np.random.default_rng = _seeded(lambda seed=None: _made(seed, real))
    np.random.RandomState = ReversedState  # type: ignore[misc]
