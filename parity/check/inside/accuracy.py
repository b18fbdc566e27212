"""Accuracy functions: the maximum over the classes, or over the wrong axis?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array
from parity.check.inside.data import batches, give
from parity.check.inside.program import CannotCall
from parity.check.inside.session import Driver

ACCURACY = re.compile(
    r"acc(uracy)?(_|$)|^score$|evaluat|^test(_|$)|correct|precisi|exactitu|acuraci|genauigkeit|treffer", re.I
)
LABELS = re.compile(r"^_?(get_)?predict|classif|^pred", re.I)
COUNTS = (5, 5, 5, 5, 5, 5, 8, 8)
MORE = 16
"""The sizes of batches (5: as many as classes), and how many more are tried where these are too alike to tell."""
PATIENCE = 3
"""Batches after which a function that never answered is given up."""
Seen = tuple[Any, Array, Array]
"""What a function said, None for nothing, of these outputs and targets."""
FAILURES = (CannotCall, KeyError, ValueError, TypeError, IndexError, AttributeError)


def judge_accuracy(driver: Driver, rng: np.random.Generator) -> dict[str, str]:
    """{name: 'right', 'wrong axis' or 'unknown'} of the functions that say how many samples are classified rightly."""
    program, answer = driver.program, {}
    sizes = driver.layout.sizes
    if driver.form.single or "forward" not in driver.calls or sizes[-1] < 2:
        return {}
    data = batches(sizes, rng, tuple(sizes[-1] if count == 5 else count for count in COUNTS))
    more = batches(sizes, rng, (sizes[-1],) * MORE)
    for name in program.functions:
        if ACCURACY.search(name) and name not in driver.calls.values():
            answer[name] = _verdict(driver, name, data, _scores)
            if answer[name] == "unknown":
                answer[name] = _verdict(driver, name, more, _scores)
        elif LABELS.search(name) and name not in driver.calls.values():
            verdict = _verdict(driver, name, data, _labels)
            answer.update({name: verdict} if verdict == "wrong axis" else {})
    return answer


def _verdict(driver: Driver, name: str, data: list[tuple[Array, Array]], expected: Callable[..., Any]) -> str:
    outputs = _runs(driver, name, data, "outputs")
    if _is_right(outputs, data, expected) or _is_right(_runs(driver, name, data, "labels"), data, expected):
        return "right"
    square = [s for s in outputs if s[0] is not None and len(s[2]) == s[2].shape[1]]
    if len(square) > 2 and any(_all_equal(square, expected, way) for way in (1, 2, 3, 4, 5, 6)):
        return "wrong axis"
    return "unknown"


def _is_right(seen: list[Seen], data: list[tuple[Array, Array]], expected: Callable[..., Any]) -> bool:
    answered = len(seen) == len(data) and all(value is not None for value, _, _ in seen)
    return answered and _all_equal(seen, expected, 0)


def _runs(driver: Driver, name: str, data: list[tuple[Array, Array]], variant: str) -> list[Seen]:
    """What the function says of each batch, until it has failed on the first three."""
    seen: list[Seen] = []
    for x, target in data:
        if len(seen) == PATIENCE and all(value is None for value, _, _ in seen):
            break
        give(driver.program, driver.form, x, target)
        output = driver.forward(driver.calls["forward"], len(x))
        if variant == "labels":
            driver.program.roles["output"] = output.argmax(1)
        try:
            seen.append((driver.program.call(name, order=("output", "y")), output, target))
        except FAILURES:
            seen.append((None, output, target))
    return seen


def _all_equal(seen: list[Seen], expected: Callable[..., Any], way: int) -> bool:
    wanted = [expected(output, target, way) for _, output, target in seen]
    enough = 2 if len(seen) >= MORE else 3
    if way and (len({str(w) for w in wanted}) < enough or not any(np.any(w) for w in wanted)):
        return False  # too alike to tell anything
    return all(_fits(value, w, len(target)) for (value, _, target), w in zip(seen, wanted, strict=True))


def _fits(value: Any, wanted: Any, count: int) -> bool:
    if np.ndim(wanted):
        array = np.asarray(value)
        return array.size == np.size(wanted) and array.dtype.kind in "iu" and np.array_equal(array.ravel(), wanted)
    return any(abs(number - scale * wanted) < 1e-6 for number in _numbers(value) for scale in (1, 100, count))


def _numbers(value: Any) -> Iterator[float]:
    for part in value if isinstance(value, tuple | list) else (value,):
        if isinstance(part, float | int | np.number) or (isinstance(part, np.ndarray) and part.size == 1):
            yield float(np.asarray(part).reshape(()))


def _labels(output: Array, target: Array, way: int) -> Array:
    return output.argmax(1) if way == 0 else output.argmax(0)


def _scores(output: Array, target: Array, way: int) -> float:
    """The share of right ones: over the classes (0), or in one of the six ways of taking the wrong axis."""
    labels = target.argmax(1)
    if way in (5, 6):  # every sample's prediction is compared with every label
        return float((output.argmax(way - 5)[:, None] == labels).mean())
    if way == 4:
        return float((output.argmax() == labels).mean())
    mine = output.argmax(1 if way in (0, 3) else 0)
    right = labels if way in (0, 1) else target.argmax(0)
    return float((mine == right).mean())
