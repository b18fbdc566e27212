"""Dropout's masks, where functions are handed them: the file's own function makes them, once for each batch."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array
from parity.check.inside.chance import DRAWN
from parity.check.inside.names import fits_role, required, signature
from parity.check.inside.program import CannotCall, Program, run

KEEP = 0.7
"""The probability that a maker of masks is given where the file has none of its own."""
ROLES = ("mask", "masks")
MAKER = re.compile(r"mask|drop|keep|bernoulli", re.I)
PROBABILITY = re.compile(r"^(p|q|prob\w*|keep\w*|p_?\w*(keep|drop)\w*|drop\w*|rate|ratio)$", re.I)


def hand_out(program: Program, count: int, columns: bool) -> None:
    """Make masks for a batch of this many samples, where the file has parameters and a function for them.

    The random numbers that they come from are kept in `program.mask_draws`, samples as rows.
    """
    take_away(program)
    program.roles["keep"] = keep_of(program)
    if program.makes_masks is None:
        program.makes_masks = _find(program, count, columns)
    if not program.makes_masks:
        return
    name, attempt = program.makes_masks
    made = _make(program, name, attempt, count, columns)
    if made is None:
        return
    program.roles.update(made)
    program.mask_draws = [draw.T.copy() if columns else draw.copy() for draw in DRAWN]


def take_away(program: Program) -> None:
    """No masks: evaluation."""
    for role in ROLES:
        program.roles.pop(role, None)
    program.mask_draws = []


def same_masks(program: Program, drawn: list[Array], by_itself: bool) -> None:
    """A step may draw masks of its own: `by_itself`, those that the other functions are given are taken away.

    Raises CannotCall where gradients were seen with others.
    """
    given = program.mask_draws
    if not drawn or not given or all(np.array_equal(a, b) for a, b in zip(drawn, given, strict=False)):
        return
    if not by_itself:
        raise CannotCall("the step draws other masks")
    take_away(program)


def takes_masks(function: Callable[..., Any]) -> bool:
    """Whether a function has a parameter for masks."""
    return any(fits_role(word, role) for word in signature(function).parameters for role in ROLES)


def keep_of(program: Program) -> float:
    """The probability that functions of the file have as a default, or ours."""
    defaults = [p for f in program.functions.values() for p in signature(f).parameters.values()]
    known = [p.default for p in defaults if PROBABILITY.match(p.name) and isinstance(p.default, float)]
    return next((value for value in known if 0 < value < 1), KEEP)


def _find(program: Program, count: int, columns: bool) -> tuple[str, int] | tuple[()]:
    """(name, number of the attempt) of the function that makes masks."""
    if not any(takes_masks(function) for function in program.functions.values()):
        return ()
    for name, function in program.functions.items():
        if not MAKER.search(name) or takes_masks(function) or any(fits_role(n, "y") for n in required(function)):
            continue
        for attempt in range(len(list(_attempts(program, function, 1, count, columns)))):
            if _make(program, name, attempt, count, columns) is not None:
                return name, attempt
    return ()


def _make(program: Program, name: str, attempt: int, count: int, columns: bool) -> dict[str, Any] | None:
    """{"mask": …, "masks": …} of all hidden layers; None where this way of calling the maker gives none."""
    assert program.layout is not None
    function, widths = program.functions[name], program.layout.sizes[1:-1]
    calls = [next(itertools.islice(_attempts(program, function, w, count, columns), attempt, None)) for w in widths]

    def all_layers() -> list[Any]:
        return [function(**arguments) for arguments in calls]

    try:
        made = run(all_layers, {}, program.file, program.globals)
    except CannotCall:
        return None
    shapes = [(width, count) if columns else (count, width) for width in widths]
    if made and _are_masks([made[0]], shapes[:1]) and _are_masks(made, shapes):
        return {"mask": made[0], "masks": made}
    whole = list(made[0].values()) if made and isinstance(made[0], dict) else made[0] if made else None
    if isinstance(whole, list | tuple) and _are_masks(list(whole), shapes):
        del DRAWN[len(DRAWN) // len(made) :]  # each call made the masks of all layers: we keep the first
        return dict.fromkeys(ROLES, made[0])
    return None


def _are_masks(made: list[Any], shapes: list[tuple[int, int]]) -> bool:
    """Whether these are arrays of these shapes with zeros and one other number."""
    return len(made) == len(shapes) and all(
        isinstance(one, np.ndarray) and one.shape == shape and len(np.unique(one)) == 2 and not one.all()
        for one, shape in zip(made, shapes, strict=True)
    )


def _attempts(
    program: Program, function: Callable[..., Any], width: int, count: int, columns: bool
) -> Iterator[dict[str, Any]]:
    """Arguments that a maker may want: a probability, and the shape in one way or another."""
    assert program.layout is not None
    needed = required(function)
    fixed: dict[str, Any] = {word: keep_of(program) for word in needed if PROBABILITY.match(word)}
    fixed.update({word: np.random.default_rng(0) for word in needed if fits_role(word, "rng")})
    rest = [word for word in needed if word not in fixed]
    shape = (width, count) if columns else (count, width)
    params, sizes = program.roles.get("params"), program.layout.sizes
    choices: dict[int, list[tuple[Any, ...]]] = {
        0: [()],
        1: [(shape,), (width,), (params,), (np.ones(shape),), (sizes,), (sizes[1:-1],)],
        2: [shape, shape[::-1], (params, count), (count, params), (sizes, count), (count, sizes[1:-1])],
    }
    for values in choices.get(len(rest), []):
        yield {**fixed, **dict(zip(rest, values, strict=True))}
