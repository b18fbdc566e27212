"""What was compared, how far apart it was, and how far rounding alone may move it: the rows of the verdict.

Each stage of a training (data, forward, gradients, update, ...) has one row. A row keeps how much was compared, the
largest difference as a multiple of its band, and the first difference outside its band. What was never compared is
not "ok". All differences are ordered by when they happen, so that the first one can be named and what follows from it
is not blamed.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from experiment.errors import UserError
from experiment.files import PROJECT


class Status(Enum):
    """The verdict on one row."""

    OK = "ok"
    DIFFERENT = "DIFFERENT"
    LIMITED = "limited"
    """Compared as far as rounding allows; from some step on it decides, and nothing can be said."""
    NOT_CHECKED = "NOT CHECKED"
    """Nothing was compared, though something should have been."""
    NONE = "-"
    """The experiment has no such thing: no dropout, no batch norm, no word tower."""


STAGES = {
    "split": "data: rows of training, validation and test",
    "batches": "data: batches of every epoch, order and bytes",
    "pixels": "data: images are pixels / 255, each row once an epoch",
    "augmentation": "data: augmentation, another one in every epoch",
    "initial weights": "initial weights",
    "handover": "between the layers: each gets what the one before gave",
    "forward": "forward of each layer",
    "masks": "dropout masks",
    "scores": "scores of the model",
    "loss": "loss, each term and their sum",
    "loss gradient": "dL/dscores of the loss",
    "dL/dx": "backward of each layer, dL/dx",
    "dL/dW": "backward of each layer, each parameter",
    "gradient reset": "gradients start from zero at every step",
    "total gradient": "gradients in total, penalty and weighting included",
    "numerical": "gradients against central differences",
    "schedule": "learning rate of every step",
    "update": "optimizer update",
    "between steps": "weights between two steps",
    "running statistics": "running statistics of batch norm",
    "evaluation": "evaluation mode: forward of each layer",
    "training metrics": "training loss and accuracy of every epoch",
    "validation": "validation loss and accuracy of every epoch",
    "early stopping": "early stopping",
    "best epoch": "choice of the best epoch and its weights",
    "test scores": "test scores of the best weights",
    "probabilities": "probabilities and predictions",
    "metrics": "test metrics, each by both libraries",
    "whole training": "whole trainings, each track on its own",
}
"""Stage → what its row says, in the order in which things happen."""


@dataclass(frozen=True)
class Finding:
    """A difference that rounding does not explain."""

    stage: str
    what: str
    """In words: the array, and of what."""
    where: str = ""
    """The layer, loss, parameter or metric by name and class."""
    step: int | None = None
    """From 0, over the whole training."""
    epoch: int | None = None
    """From 1."""
    difference: float = float("nan")
    """Largest absolute difference."""
    band: float = float("nan")
    """How far rounding may move it."""
    code: tuple[str, ...] = ()
    """`file:line method` of both implementations."""
    hint: str = ""
    """What the difference looks like, where that can be told."""

    @property
    def place(self) -> str:
        """The layer, loss or parameter by name, without its class."""
        return self.where.split(" ")[0]

    def __str__(self) -> str:
        place = f"{self.what}{f' of {self.where}' if self.where else ''}"
        when = ", ".join(
            text
            for text in (
                "" if self.step is None else f"step {self.step}",
                "" if self.epoch is None else f"epoch {self.epoch}",
            )
            if text
        )
        size = ""
        if self.difference == self.difference:
            size = f"; off by {self.difference:.1e}, rounding explains {self.band:.1e}"
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}{f' ({when})' if when else ''}{size}{hint}"


FOLLOWS = {
    "forward": ("evaluation", "dL/dx", "dL/dW", "running statistics", "numerical"),
    "masks": ("dL/dx", "numerical"),
    "dL/dx": ("numerical",),
    "dL/dW": ("numerical",),
    "gradient reset": ("dL/dW", "numerical"),
    "total gradient": ("numerical",),
    "loss": ("loss gradient", "validation", "metrics", "numerical"),
    "loss gradient": ("numerical",),
    "scores": ("test scores", "validation"),
    "evaluation": ("validation", "test scores", "metrics"),
    "best epoch": ("test scores", "early stopping"),
    "early stopping": ("best epoch", "whole training"),
    "batches": ("pixels", "training metrics", "validation"),
    "initial weights": ("whole training",),
}
"""A difference in a stage of which layer or loss makes differences there, too: these are not faults of their own."""


@dataclass
class Check:
    """One row."""

    stage: str
    compared: int = 0
    ratio: float = 0.0
    """The largest difference as a multiple of its band, where all is well below 1."""
    difference: float = 0.0
    """The largest relative difference."""
    findings: list[Finding] = field(default_factory=list)
    """The first few of each place."""
    different: int = 0
    """How many differ."""
    note: str = ""
    limited: bool = False
    expected: bool = False
    """Whether this experiment must have something to compare here."""

    @property
    def status(self) -> Status:
        """The verdict."""
        if self.findings:
            return Status.DIFFERENT
        if self.limited:
            return Status.LIMITED
        if not self.compared:
            return Status.NOT_CHECKED if self.expected else Status.NONE
        return Status.OK


class Ledger:
    """The rows of one dtype, and all differences in the order in which they were found."""

    MOST = 5
    """Findings kept of a stage and place: a bug that shows in every step needs no more, and hides no other."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.checks = {stage: Check(stage) for stage in STAGES}
        self.findings: list[Finding] = []

    def expect(self, *stages: str) -> None:
        """These stages must have something to compare."""
        for stage in stages:
            self.checks[stage].expected = True

    def passed(self, stage: str, ratio: float = 0.0, difference: float = 0.0, count: int = 1) -> None:
        """Something was compared and is the same to rounding."""
        check = self.checks[stage]
        check.compared += count
        check.ratio, check.difference = max(check.ratio, ratio), max(check.difference, difference)

    def add(self, finding: Finding) -> None:
        """Something differs."""
        check = self.checks[finding.stage]
        check.compared += 1
        check.different += 1
        if sum(each.place == finding.place for each in check.findings) < self.MOST:
            self.findings.append(finding)
            check.findings.append(finding)

    def check(self, stage: str, holds: bool, finding: Callable[[], Finding]) -> bool:
        """Record that `holds`, or the finding."""
        if holds:
            self.passed(stage)
        else:
            self.add(finding())
        return holds

    def failed(self, stage: str, error: BaseException, step: int | None = None) -> None:
        """A track broke off: a difference, named by where in the track's code; any other error is raised again."""
        code = _raised_at(error)
        if not code or isinstance(error, UserError):
            raise error
        track = "NumPy" if code[0].startswith("numpy_ref") else "Lightning"
        what = f"the {track} track fails with {type(error).__name__}: {error}"
        self.add(Finding(stage, what, step=step, code=code))

    def limit(self, stage: str, note: str) -> None:
        """From here on rounding decides: this row, and those that need it, say so instead of "ok"."""
        self.checks[stage].limited, self.checks[stage].note = True, note
        for check in self.checks.values():
            check.expected = False

    @property
    def first(self) -> Finding | None:
        """The first difference: what comes later may follow from it."""
        return self.findings[0] if self.findings else None

    def separate(self) -> list[Finding]:
        """The first difference, and the first of each further place that does not follow from one before."""
        kept: list[Finding] = []
        for finding in self.findings:
            known = any(each.stage == finding.stage and each.place == finding.place for each in kept)
            if not known and not any(_follows(finding, each) for each in kept):
                kept.append(finding)
        return kept

    @property
    def held(self) -> bool:
        """Whether no row differs, and none is unchecked that should be."""
        return all(check.status not in (Status.DIFFERENT, Status.NOT_CHECKED) for check in self.checks.values())


def _follows(later: Finding, first: Finding) -> bool:
    """Whether a difference may be no more than a consequence of another."""
    if later.stage not in FOLLOWS.get(first.stage, ()):
        return False
    names = first.place, later.place
    return not all(names) or names[0].startswith(names[1]) or names[1].startswith(names[0]) or "loss" in first.stage


def code_of(*things: Any) -> tuple[str, ...]:
    """`file:line name` of functions, methods or classes, as far as Python knows them."""
    return tuple(dict.fromkeys(place for thing in things if (place := _place_of(thing))))


def _raised_at(error: BaseException) -> tuple[str, ...]:
    """Where in a track an error was raised, and who called that: `file:line method`, the innermost first."""
    frames = [
        (Path(frame.f_code.co_filename), line, frame.f_code.co_qualname)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    tracks = [PROJECT / name for name in ("numpy_ref", "lightning_models")]
    return tuple(
        f"{path.relative_to(PROJECT).as_posix()}:{line} {name}"
        for path, line, name in reversed(frames)
        if any(path.is_relative_to(track) for track in tracks)
    )


@cache
def _place_of(thing: Any) -> str:
    """Python reads the source to find a line, which is too slow for each number that is compared."""
    try:
        thing = inspect.unwrap(thing)
        path = Path(inspect.getsourcefile(thing) or "")
        line = inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        return ""
    shown = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else Path(*path.parts[-3:])
    return f"{shown.as_posix()}:{line} {getattr(thing, '__qualname__', thing)}"
