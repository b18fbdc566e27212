"""All checks for one experiment, or for two finished runs, as rows that pass or fail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from datamodules.choice import make_data
from datamodules.images import ImageDataModule
from experiment.config import Experiment
from parity.finished import Finished, compare_finished
from parity.free_running import FreeRunning, compare_free_running
from parity.gates import Flip
from parity.gradients import (
    SLACK,
    Gradients,
    Numerical,
    compare_along_directions,
    compare_gradients,
    compare_numerically,
)
from parity.lockstep import Lockstep, compare_in_lockstep, find_first_flip
from parity.measure import AUTOGRAD_TARGET, LOCKSTEP_TARGET, NUMERICAL_TARGET, WEIGHTS_TARGET

DTYPES: tuple[Literal["float64", "float32"], ...] = ("float64", "float32")
WORST_STEP = 10.0
"""The worst of some hundred steps is so many times worse than the first."""
CONTROLLED = 10.0
"""The tracks may end so many times farther apart than a track from itself with a start one rounding away."""
FLIPPED = 1e-5
"""Float32 weights this far apart have not come so by rounding alone: a gate is looked for."""


@dataclass(frozen=True)
class Row:
    """One line of the verdict."""

    check: str
    measured: str
    target: str
    passed: bool | None
    """None where there is no target: the number is only reported."""


@dataclass
class Comparison:
    """The outcome of all checks of one experiment."""

    heading: str
    data: dict[str, Any]
    """What the runs note down about their data."""
    gradients: dict[str, Gradients] = field(default_factory=dict)
    numerical: dict[str, Numerical] = field(default_factory=dict)
    lockstep: dict[str, Lockstep] = field(default_factory=dict)
    free_running: dict[str, FreeRunning] = field(default_factory=dict)
    first_flip: Flip | None = None
    """The first gate that differs when both tracks train on their own, in float32."""
    finished: dict[str, Finished] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """The verdict, line by line."""
        rows = []
        for dtype, gradients in self.gradients.items():
            rows.append(_gradient_row(dtype, gradients))
        for name, numerical in self.numerical.items():
            kinks = f", {numerical.at_kinks} at kinks left out" if numerical.at_kinks else ""
            measured = f"{numerical.worst:.1e} at the worst of {numerical.checked}{kinks}"
            sound = numerical.worst <= NUMERICAL_TARGET and numerical.checked > numerical.at_kinks
            rows.append(Row(f"1 gradients, central differences, {name}", measured, f"{NUMERICAL_TARGET:.0e}", sound))
        for dtype, lockstep in self.lockstep.items():
            rows += _lockstep_rows(dtype, lockstep, self.gradients[dtype].rounding)
        for dtype, free in self.free_running.items():
            rows += _free_rows(dtype, free, self.gradients[dtype].rounding)
        if self.first_flip:
            flip = self.first_flip
            text = f"step {flip.step}, in {flip.layer}, by {flip.distance:.0e}"
            rows.append(Row("3 free-running, first gate that differs, float32", text, "", None))
        for name, finished in self.finished.items():
            rows += _finished_rows(name, finished)
        return rows

    @property
    def passed(self) -> bool:
        """Whether all targets hold."""
        return all(row.passed is not False for row in self.rows)


Setting = tuple[Experiment, ImageDataModule]
"""An experiment in one dtype, with its data."""


def in_both_dtypes(experiment: Experiment) -> dict[str, Setting]:
    """The experiment in float64 and in float32."""
    settings: dict[str, Setting] = {}
    for dtype in DTYPES:
        one = replace(experiment, trainer=replace(experiment.trainer, dtype=dtype))
        settings[dtype] = one, make_data(one)
    return settings


def compare_experiment(settings: dict[str, Setting], folder: Path) -> Comparison:
    """Checks 1 to 4 in each dtype; the trained runs are kept in `folder`."""
    experiment, data = settings["float64"]
    comparison = Comparison(f"{experiment.experiment}, on {data.label}: {data.description}", data.facts())
    comparison.numerical["each coordinate of a small net"] = compare_numerically(experiment, data)
    comparison.numerical["random directions of the real net"] = compare_along_directions(experiment, data)
    for dtype, (one, data) in settings.items():
        print(f"{dtype}: gradients,", end=" ", flush=True)
        comparison.gradients[dtype] = compare_gradients(one, data)
        print("lock-step,", end=" ", flush=True)
        comparison.lockstep[dtype] = compare_in_lockstep(one, data)
        print("free-running", flush=True)
        free = compare_free_running(one, data, folder / f"runs_{dtype}")
        comparison.free_running[dtype] = free
        if dtype == "float32" and max(free.weights_apart) > FLIPPED:
            comparison.first_flip = find_first_flip(one, data)
        comparison.finished[dtype] = compare_finished((free.runs["numpy"].folder, free.runs["lightning"].folder))
    return comparison


def compare_runs(folders: tuple[Path, Path]) -> Comparison:
    """Check 4 for two finished runs."""
    finished = compare_finished(folders)
    facts = finished.one.metrics["data"]
    comparison = Comparison(f"{finished.one.name} and {finished.other.name}, on {facts['label']}", facts)
    comparison.finished["finished runs"] = finished
    return comparison


def _gradient_row(dtype: str, gradients: Gradients) -> Row:
    target = _limit(gradients.worst, AUTOGRAD_TARGET[dtype], SLACK * gradients.rounding)
    blame = f"; to blame: {', '.join(gradients.blamed)}" if gradients.blamed else ""
    if gradients.flips:
        measured = f"{gradients.worst:.1e}, {gradients.flips} gates differ{blame}"
        return Row(f"1 gradients, autograd, {dtype}", measured, "each layer", not gradients.blamed)
    passed = gradients.worst <= target and not gradients.blamed
    return Row(f"1 gradients, autograd, {dtype}", f"{gradients.worst:.1e}{blame}", f"{target:.0e}", passed)


def _limit(measured: float, target: float, rounding: float) -> float:
    """The target, or where that is missed what rounding accounts for, if that is more."""
    return target if measured <= target else max(target, rounding)


def _lockstep_rows(dtype: str, lockstep: Lockstep, rounding: float) -> list[Row]:
    rows = []
    if lockstep.worst:
        name, worst, step = lockstep.worst_of_all
        target = _limit(worst, LOCKSTEP_TARGET[dtype], SLACK * WORST_STEP * rounding)
        measured = f"{worst:.1e} ({name}, step {step})"
        rows.append(Row(f"2 lock-step, {dtype}", measured, f"{target:.0e}", worst <= target))
    if lockstep.flips:
        first, steps = lockstep.flips[0], len({flip.step for flip in lockstep.flips})
        text = f"{len(lockstep.flips)} at {steps} steps, first at step {first.step} in {first.layer}"
        near = all(flip.distance < 1e-4 for flip in lockstep.flips)
        widest = max(flip.distance for flip in lockstep.flips)
        rows.append(Row(f"2 lock-step, {dtype}, gates that differ", f"{text}, by {widest:.0e} at most", "1e-04", near))
        share, layer = lockstep.worst_alone
        text = f"{share:.1f} of the limit ({layer})"
        rows.append(Row(f"2 lock-step, {dtype}, layer by layer at such steps", text, "1", share <= 1))
    return rows


def _free_rows(dtype: str, free: FreeRunning, rounding: float) -> list[Row]:
    apart, epochs = max(free.weights_apart), len(free.weights_apart)
    measured = f"{apart:.1e} over {epochs} epochs"
    if free.parted:
        measured += f"; the tracks part in epoch {free.parted}"
    differing = f"{free.predictions_apart} of {free.tested:,} differ"
    weights, predictions = f"3 free-running, weights, {dtype}", f"3 free-running, test predictions, {dtype}"
    if dtype == "float32":
        return [Row(weights, measured, "", None), Row(predictions, differing, "", None)]
    if free.control_apart is None:
        same = free.predictions_apart == 0
        return [Row(weights, measured, f"{WEIGHTS_TARGET:.0e}", True), Row(predictions, differing, "0", same)]
    control = max(free.control_apart)
    text = f"{control:.1e}; {free.control_predictions_apart} of {free.tested:,} predictions differ"
    limit = max(CONTROLLED * control, SLACK * WORST_STEP * rounding)  # or what rounding accounts for in a single step
    few = free.predictions_apart <= CONTROLLED * max(1, free.control_predictions_apart)
    return [
        Row("3 control: NumPy from a start one rounding away", text, "", None),
        Row(weights, measured, f"{limit:.0e}", apart <= limit),
        Row(predictions, differing, f"{CONTROLLED:.0f} x control", few),
    ]


def _finished_rows(name: str, finished: Finished) -> list[Row]:
    one, other = (run.metrics["test"]["accuracy"] for run in (finished.one, finished.other))
    torn = f"{finished.only_one} right in the first only, {finished.only_other} in the second only"
    rows = [
        Row(f"4 test accuracy, {name}", f"{one:.4f} and {other:.4f}", "", None),
        Row(f"4 agreement, {name}", f"{finished.agreement:.2%}; McNemar p = {finished.p_value:.3f} ({torn})", "", None),
    ]
    if not finished.same_drawings:
        rows.append(Row(f"4 data, {name}", "the two runs saw different training drawings", "", None))
    return rows
