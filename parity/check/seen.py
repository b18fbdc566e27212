"""What a submission was seen to compute: arrays with names, read from the child's file as data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

Array = np.ndarray


@dataclass
class Step:
    """One training step: the batch, the weights (in, out) before it, and whatever could be observed."""

    x: Array
    target: Array
    weights: list[Array]
    biases: list[Array | None]
    output: Array | None = None
    loss: float | None = None
    weight_gradients: list[Array] | None = None
    bias_gradients: list[Array | None] | None = None
    new_weights: list[Array] | None = None
    new_biases: list[Array | None] | None = None
    changed: list[str] = field(default_factory=list)
    numeric: list[Array | None] = field(
        default_factory=list
    )  # per layer: rows (i, j, central difference); j = -1: bias

    others: dict[str, Array] = field(default_factory=dict)  # arrays of hidden layers' widths that are no biases
    new_others: dict[str, Array] = field(default_factory=dict)
    draws: list[Array] = field(default_factory=list)  # random numbers, samples as rows

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self.x)


@dataclass
class Evaluation:
    """What a function that evaluates gave for many samples: outputs, labels or the share of right ones."""

    name: str
    asked: bool  # whether the call said that this is no training
    switched: bool  # whether there is a switch between training and evaluation at all
    step: Step
    result: Array


@dataclass
class Session:
    """Some steps in one form of the data."""

    form: str
    steps: list[Step]
    calls: dict[str, str]
    sizes: list[int]
    style: str
    rate: float | None
    names: list[str]
    bias_names: list[str | None]
    columns: bool
    single: bool
    transposed: bool
    notes: list[str]
    extra: dict[str, float]
    accuracy: dict[str, str]  # name of an accuracy function: right, wrong axis, unknown
    source: str = ""
    evaluations: list[Evaluation] = field(default_factory=list)
    found: Any = None  # the diagnosis's reading of the gradients, for the session with a whole training
    known: list[Any] = field(default_factory=list)  # networks with norms or masks that sessions of this program showed

    @property
    def places(self) -> set[str]:
        """What could be observed at all."""
        first = self.steps[0]
        seen = {
            "forward": first.output,
            "loss": first.loss,
            "gradients": first.weight_gradients,
            "update": first.new_weights,
        }
        return {place for place, value in seen.items() if value is not None}

    @property
    def tolerance(self) -> float:
        """Relative; the clipping and the 1e-8 in other people's logarithms are within it."""
        arrays = [self.steps[0].output, *(self.steps[0].new_weights or []), *self.steps[0].weights]
        single = any(a is not None and a.dtype == np.float32 for a in arrays)
        return 3e-4 if single else 3e-6


@dataclass
class Seen:
    """Everything the child process found: its sessions, or why there are none."""

    sessions: list[Session]
    skipped: list[str]
    error: str
    source: str = ""


def read(path: Path, source: str) -> Seen:
    """Read the child's file."""
    with safe_open(path, framework="numpy") as stored:
        about = json.loads(stored.metadata()["about"])
        arrays = {name: stored.get_tensor(name) for name in about["names"]}
    sessions = [_session(number, one, arrays, source) for number, one in enumerate(about["sessions"])]
    return Seen(sessions, about["skipped"], about["error"], source)


def _session(number: int, about: dict[str, Any], arrays: dict[str, Array], source: str) -> Session:
    sizes = about["sizes"]
    steps = [_step(f"{number}/{k}/", sizes, arrays, rest) for k, rest in enumerate(about["steps"])]
    evaluations = [
        Evaluation(**rest, step=_step(f"{number}/e{k}/", sizes, arrays, {}), result=arrays[f"{number}/e{k}/result"])
        for k, rest in enumerate(about["evaluations"])
        if f"{number}/e{k}/result" in arrays  # labels may be words
    ]
    names = (
        "form",
        "calls",
        "sizes",
        "style",
        "rate",
        "names",
        "bias_names",
        "columns",
        "single",
        "transposed",
        "notes",
        "extra",
        "accuracy",
    )
    return Session(steps=steps, source=source, evaluations=evaluations, **{name: about[name] for name in names})


def _step(prefix: str, sizes: list[int], arrays: dict[str, Array], rest: dict[str, Any]) -> Step:
    """A step from the arrays whose names begin with the prefix."""
    layers = len(sizes) - 1
    mine = {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}
    lists = {
        name: [_flat(mine.get(f"{name}/{i}"), sizes[i + 1], "biases" in name or "bias_" in name) for i in range(layers)]
        for name in ("weights", "biases", "weight_gradients", "bias_gradients", "new_weights", "new_biases")
    }
    return Step(
        mine["x"],
        mine["target"],
        _full(lists["weights"]) or [],
        lists["biases"],
        mine.get("output"),
        rest.get("loss"),
        _full(lists["weight_gradients"]),
        lists["bias_gradients"] if _full(lists["weight_gradients"]) else None,
        _full(lists["new_weights"]),
        lists["new_biases"] if _full(lists["new_weights"]) else None,
        rest.get("changed", []),
        [mine.get(f"numeric/{i}") for i in range(layers)],
        {name[7:]: value for name, value in mine.items() if name.startswith("others/")},
        {name[11:]: value for name, value in mine.items() if name.startswith("new_others/")},
        [mine[f"draws/{i}"] for i in range(len(mine)) if f"draws/{i}" in mine],
    )


def _flat(value: Array | None, width: int, is_bias: bool) -> Array | None:
    return value.reshape(-1) if value is not None and is_bias and value.size == width else value


def _full(values: list[Any]) -> list[Any] | None:
    return values if values and all(value is not None for value in values) else None
