"""What the figures are drawn from: a finished run's files, read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiment.errors import UserError
from experiment.files import regular
from experiment.weights import BEST, load_weights

if TYPE_CHECKING:
    from experiment.run import Row, Run


@dataclass(frozen=True)
class Results:
    """A run's files in memory."""

    heading: str
    """Experiment, track and data, for every title."""
    categories: list[str]
    labels: np.ndarray
    """(N,) of the test."""
    probabilities: np.ndarray
    """(N, C) of the test."""
    history: list[Row]
    examples: dict[str, np.ndarray]
    """The arrays of `examples.npz`."""
    weights: dict[str, np.ndarray]
    """The best weights, by torch's state_dict names."""
    shape: tuple[int, ...]
    """Channels, height and width of an image; or points of a sequence, and numbers of each."""

    @property
    def predictions(self) -> np.ndarray:
        """(N,) the predicted categories."""
        return self.probabilities.argmax(axis=1)


def read_results(run: Run) -> Results:
    """Read what a run left; a missing or damaged file is a `UserError`."""
    metadata = run.read_json("data.json", "label", "source")
    model = run.read_json("model.json", "track", "categories", "shape")
    predictions, examples = _arrays(run, "predictions.npz"), _arrays(run, "examples.npz")
    return Results(
        heading=f"{run.experiment_name}, {model['track']} track, on {metadata['label']} ({metadata['source']})",
        categories=model["categories"],
        labels=predictions["labels"],
        probabilities=predictions["probabilities"],
        history=run.read_history(),
        examples=examples,
        weights=load_weights(run.folder / BEST)[0],
        shape=tuple(model["shape"]),
    )


def _arrays(run: Run, name: str) -> dict[str, np.ndarray]:
    try:
        with np.load(regular(run.folder / name), allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception as error:
        raise UserError(f"{run.folder / name}: missing or damaged; this run cannot be used.") from error
