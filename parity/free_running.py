"""Check 3: whole trainings, each track on its own from the same start, with nothing brought into line on the way.

They are ordinary runs, kept in the comparison's folder, so check 4 and TensorBoard read them like any others.

Some trainings amplify rounding: one with batch normalisation or Adam may make of 1e-16 in the first step 1e-6 in the
last. Whether that is what sets the tracks apart a control experiment tells: the NumPy track again, with every weight
of its start moved by one unit in its last place. Two tracks that end no farther apart than a track from itself are
the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.console import Progress
from experiment.main import begin
from experiment.results import Outcome, save_results
from experiment.run import Row, Run
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from parity.measure import WEIGHTS_TARGET

PARTED = 1e-3
"""The tracks have parted once their validation losses differ by more than this share."""

TRACKS = {"numpy": numpy_track, "lightning": lightning_track}

State = dict[str, np.ndarray]


@dataclass(frozen=True)
class FreeRunning:
    """The outcome of check 3 in one dtype."""

    runs: dict[str, Run]
    histories: dict[str, list[Row]]
    weights_apart: list[float]
    """Largest difference of any weight after each epoch."""
    predictions_apart: int
    """Test drawings that the two tracks name differently."""
    tested: int
    control_apart: list[float] | None = None
    """The same for the NumPy track and its control, where the tracks ended farther apart than the target."""
    control_predictions_apart: int = 0

    @property
    def parted(self) -> int | None:
        """The first epoch with validation losses that differ by more than a thousandth."""
        pairs = zip(*self.histories.values(), strict=True)
        apart = (row["epoch"] for row, twin in pairs if abs(row["val/loss"] / twin["val/loss"] - 1) > PARTED)
        return int(next(apart, 0)) or None


class _Recorder(Progress):
    """Keeps a copy of the weights after each epoch; shows the batches in a terminal, but not the epochs' lines."""

    def __init__(self, experiment: Experiment, data: ImageDataModule, weights: Callable[[], State]) -> None:
        super().__init__(experiment.trainer.max_epochs, data.num_batches("train"), 0)
        self.weights, self.states = weights, list[State]()

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """Copy the weights."""
        self.states.append({name: np.array(array) for name, array in self.weights().items()})


def compare_free_running(experiment: Experiment, data: ImageDataModule, folder: Path) -> FreeRunning:
    """Train both tracks for all epochs, without early stopping, and test them."""
    all_epochs = replace(experiment.trainer, patience=experiment.trainer.max_epochs)
    whole = replace(experiment, trainer=all_epochs, logs_root=str(folder))
    runs, states, outcomes, facts = {}, {}, {}, data.facts()
    for track in TRACKS:
        run = begin(whole, track, data, facts)
        outcomes[track], states[track] = _train(TRACKS[track], whole, data, run)
        save_results(run, whole, track, data, facts, outcomes[track])
        runs[track] = run
    apart = _weights_apart(states["numpy"], states["lightning"])
    histories = {track: outcome.history for track, outcome in outcomes.items()}
    differing = _guesses_apart(outcomes["numpy"], outcomes["lightning"])
    result = FreeRunning(runs, histories, apart, differing, len(data.labels("test")))
    if experiment.trainer.dtype == "float32" or max(apart) <= WEIGHTS_TARGET:
        return result
    outcome, nudged = _train(numpy_track, whole, data, begin(whole, "control", data, facts), nudged=True)
    return replace(
        result,
        control_apart=_weights_apart(states["numpy"], nudged),
        control_predictions_apart=_guesses_apart(outcomes["numpy"], outcome),
    )


def _weights_apart(states: list[State], twins: list[State]) -> list[float]:
    return [
        max(float(np.abs(state[name].astype(np.float64) - twin[name]).max()) for name in state)
        for state, twin in zip(states, twins, strict=True)
    ]


def _guesses_apart(one: Outcome, other: Outcome) -> int:
    return int((one.probabilities.argmax(axis=1) != other.probabilities.argmax(axis=1)).sum())


def _train(
    track: Any, experiment: Experiment, data: ImageDataModule, run: Run, nudged: bool = False
) -> tuple[Outcome, list[State]]:
    model = track.start_model(experiment, data)
    for parameter in model.parameters() if nudged else []:
        parameter.data[...] = np.nextafter(parameter.data, np.inf)
    recorder = _Recorder(experiment, data, model.state_dict)
    history, seconds = track.learn(model, experiment, data, run, progress=recorder)
    return track.finish(model, experiment, data, run, history, seconds), recorder.states
