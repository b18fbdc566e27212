"""A program from an adapter: a short file that says what cannot be found by looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from parity.check.inside.arrays import find_layout
from parity.check.inside.chance import own_rng
from parity.check.inside.load import Submission
from parity.check.inside.names import signature
from parity.check.inside.program import CannotCall, Program, run

PARTS = ("forward", "loss", "gradients", "step")


def is_adapter(submission: Submission) -> bool:
    """An adapter defines create(sizes) and weights(network), and at least one of forward, gradients and step."""
    names = submission.names
    return (
        callable(names.get("create")) and callable(names.get("weights")) and any(callable(names.get(p)) for p in PARTS)
    )


class Adapted:
    """The adapter's functions with the network filled in."""

    def __init__(self, names: dict[str, Callable[..., Any]], network: Any) -> None:
        self.names, self.network = names, network

    def forward(self, x: Any) -> Any:
        """The network's output for a batch."""
        return self.names["forward"](self.network, x)

    def loss(self, x: Any, y: Any) -> Any:
        """The network's loss for a batch."""
        return self.names["loss"](self.network, x, y)

    def gradients(self, x: Any, y: Any) -> Any:
        """[(dW, db), ...] for a batch."""
        return [{"dW": pair[0], "db": pair[1]} for pair in self.names["gradients"](self.network, x, y)]

    def step(self, x: Any, y: Any, lr: float) -> None:
        """One training step."""
        changed = self.names["step"](self.network, x, y, lr)
        self.network = self.network if changed is None else changed


def adapted(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """The program that an adapter describes."""
    names = submission.names
    try:
        network = run(names["create"], {_parameters(names["create"])[0]: list(sizes)}, str(submission.path), names)
    except CannotCall as error:
        submission.skipped.append(f"create(): {error}")
        return
    bound = Adapted(names, network)
    functions: dict[str, Callable[..., Any]] = {p: getattr(bound, p) for p in PARTS if callable(names.get(p))}
    if "gradients" in functions:
        functions["backward"] = functions.pop("gradients")
    program = Program(functions, {"self": _Weights(bound, names)}, str(submission.path), names, style="adapter")
    program.layout = find_layout(program.roots, sizes[0], sizes[-1])
    if program.layout is None:
        submission.skipped.append(f"weights(): no chain of matrices from {sizes[0]} to {sizes[-1]} features")
        return
    program.set_weights(own_rng(1))
    yield program


class _Weights:
    """The weights as they are now, under plain names, for `walk`."""

    def __init__(self, bound: Adapted, names: dict[str, Callable[..., Any]]) -> None:
        object.__setattr__(self, "_bound", bound)
        object.__setattr__(self, "_names", names)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        pairs = object.__getattribute__(self, "_names")["weights"](object.__getattribute__(self, "_bound").network)
        named: dict[str, Any] = {}
        for index, (weight, bias) in enumerate(pairs):
            named[f"W{index + 1}"] = weight
            if bias is not None:
                named[f"b{index + 1}"] = bias
        return named


def _parameters(function: Callable[..., Any]) -> list[str]:
    return list(signature(function).parameters)
