"""What every program needs: sizes, forms of the data, random streams, and its weights found and overwritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.check.inside.arrays import find_layout
from parity.check.inside.chance import given_rng, own_rng
from parity.check.inside.data import BATCHES, PENALTY, RATE, Form, batches
from parity.check.inside.load import Submission
from parity.check.inside.names import required
from parity.check.inside.program import Program
from parity.check.inside.session import LOSS

SEED = [0]


def stream(purpose: int) -> np.random.Generator:
    """One stream for each purpose."""
    return own_rng([SEED[0], purpose])


def size_roles(sizes: list[int]) -> dict[str, Any]:
    """What a constructor may be asked for."""
    return {
        "sizes": list(sizes),
        "hidden_list": sizes[1:-1],
        "inputs": sizes[0],
        "hidden": sizes[1],
        "hidden_2": sizes[-2],
        "outputs": sizes[-1],
        "lr": RATE,
        "epochs": 1,
        "batch_size": BATCHES[0],
        "reg": PENALTY,
        "seed": 0,
        "rng": given_rng(),
        "verbose": False,
    }


FORMS = [
    Form(False, "one-hot"),
    Form(False, "integers"),
    Form(True, "one-hot"),
    Form(True, "integers"),
    Form(False, "integers-2d"),
    Form(False, "one-hot", single=True),
    Form(True, "one-hot", single=True),
    Form(False, "one-hot", single=True, stacked=True),
]
ATTEMPTS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("sizes",), ()),
    (("inputs", "hidden", "outputs"), ("sizes",)),
    (("inputs", "hidden", "hidden_2", "outputs"), ("sizes",)),
]
"""(roles for names that say nothing, roles not to be used), in the order in which constructors are tried."""


def call_roles(roles: dict[str, Any]) -> dict[str, Any]:
    """What remains of them for calls: `layers` is a size for a constructor, and the parameters for everything else."""
    return {
        role: value for role, value in roles.items() if role in ("lr", "reg", "verbose", "batch_size", "rng", "seed")
    }


LOSS_NAMES = "loss", "loss_fn", "loss_func", "loss_function", "cost", "cost_function", "criterion", "error_function"
SLOPE_NAMES = "loss_prime", "loss_grad", "loss_gradient", "loss_derivative", "d_loss", "cost_prime", "cost_derivative"


def loss_arguments(submission: Submission) -> dict[str, Any]:
    """The file's loss and its derivative, for functions that are handed them."""
    two = {n: f for n, f in submission.callables().items() if re.search(LOSS, n, re.I) and len(required(f)) == 2}
    slopes = [f for n, f in two.items() if re.search(r"prime|grad|deriv|^d_|back", n)]
    losses = [f for f in two.values() if f not in slopes]
    found: dict[str, Any] = dict.fromkeys(LOSS_NAMES, losses[0]) if losses else {}
    return {**found, **(dict.fromkeys(SLOPE_NAMES, slopes[0]) if slopes else {})}


def give_data(roles: dict[str, Any], sizes: list[int]) -> None:
    """Some initialisers look at the data to learn the sizes."""
    (x, target), *_ = batches(sizes, stream(5))
    roles.update(x=x, y=target)


def settled_programs(program: Program, sizes: list[int]) -> Iterator[Program]:
    """The program with its weights found; twice where the biases are a row of the weights, first or last."""
    if settle(program, sizes):
        yield program
        return
    for row in (-1, 0):
        if settle(program, sizes, row):
            yield replace(
                program, layout=program.layout, style=f"{program.style}, bias in the {'last' if row else 'first'} row"
            )


def settle(program: Program, sizes: list[int], joined: int | None = None) -> bool:
    """Find the weights and overwrite them; `joined`: the row that holds the biases. False where there are none."""
    program.layout = find_layout(program.roots, sizes[0], sizes[-1], joined)
    if program.layout is None and joined is None:
        program.layout = find_layout(program.roots, None, None)
    if program.layout is None or not _plausible(program):
        return False
    try:
        program.set_weights(stream(1))
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _plausible(program: Program) -> bool:
    assert program.layout is not None
    return len(program.layout.sizes) >= 2 and all(size >= 1 for size in program.layout.sizes)
