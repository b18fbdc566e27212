"""Early stopping by script: both trainings get validation losses from a list, and must stop where the rule says.

In the training that is compared patience may never run out, or no epoch be worse than the one before. So both programs
also train in a few large batches with validation losses that rise, fall, tie and hardly get better, and end where they
should; then both must test the weights of the best epoch, which by the script is not the last.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.history import best_row, ended_by
from experiment.run import Row
from experiment.weights import BEST, load_weights
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from parity.bands import apart, largest
from parity.epochs import expected_end
from parity.ledger import Finding, Ledger, code_of
from parity.lockstep import EpochEnds
from parity.replay import model_scores
from training.program import begin

STEPS = 2
"""Batches per epoch of such a training."""
A_LITTLE = 1e-6
"""An improvement this small counts, too."""
SAME_WEIGHTS = 1e-3
"""Scores that differ by less than this share of the way between two epochs' scores are of the same weights."""


def scripts(patience: int) -> list[tuple[list[float], int]]:
    """Validation losses and max_epochs: better, worse, better, a little better, equal, then only worse; and falling."""
    start = [3.0, 3.5 if patience > 1 else 2.5, 2.0, 2.0 - A_LITTLE, 2.0 - A_LITTLE]
    worse = [2.0 + 0.1 * number for number in range(1, patience + 4)]
    falling = [3.0 - 0.1 * number for number in range(4)]
    return [(start + worse, len(start) + len(worse)), (falling, 3)]


def compare_stopping(experiment: Experiment, data: ImageDataModule, ledger: Ledger) -> None:
    """Train both tracks by each script."""
    patience = experiment.trainer.patience
    batch_size = max(2, -(-len(data.rows["train"]) // STEPS))
    for losses, max_epochs in scripts(patience):
        trainer = replace(experiment.trainer, max_epochs=max_epochs)
        small = replace(experiment, trainer=trainer, data=replace(experiment.data, batch_size=batch_size))
        for track, module in (("NumPy", numpy_track), ("Lightning", lightning_track)):
            _compare_script(ledger, track, module, small, _few(data, small), losses)


def _few(data: ImageDataModule, experiment: Experiment) -> Any:
    """The data module with few and large batches."""
    import copy

    few = copy.copy(data)
    few.config = experiment.data
    return few


def _compare_script(
    ledger: Ledger, track: str, module: Any, experiment: Experiment, data: Any, losses: list[float]
) -> None:
    states: list[dict[str, np.ndarray]] = []
    model = module.start_model(experiment, data)
    _script(model, losses, states)

    def epoch_done(_: Row) -> None:
        states.append({name: np.array(array) for name, array in model.state_dict().items()})

    with tempfile.TemporaryDirectory() as folder:
        run = begin(replace(experiment, logs_root=folder), track.lower(), data, data.metadata())
        trainer = module.Trainer(experiment, data, run, model, EpochEnds(epoch_done))
        history = trainer.fit()
        saved, _ = load_weights(Path(run.folder) / BEST)
        tested = trainer.test().scores
    end, best = expected_end(losses, experiment.trainer.patience, experiment.trainer.max_epochs)
    code = code_of(module.Trainer.fit, ended_by)
    what = f"{track} stops after epoch {len(history)} of {[round(loss, 2) for loss in losses]}, the rule says {end}"
    stopped = ledger.check("early stopping", len(history) == end, lambda: Finding("early stopping", what, code=code))
    if not stopped:
        return
    kept = all(np.array_equal(saved[name], states[best][name]) for name in saved)
    what = f"{track} keeps other weights than those of the best epoch, {best + 1}"
    code = code_of(best_row, getattr(module.Trainer, "_save", module.Trainer.fit))
    if ledger.check("best epoch", kept, lambda: Finding("best epoch", what, code=code)):
        _compare_test(ledger, track, module, experiment, data, tested, states, best)


def _compare_test(
    ledger: Ledger, track: str, module: Any, experiment: Experiment, data: Any, tested: np.ndarray,
    states: list[dict[str, np.ndarray]], best: int,
) -> None:  # fmt: skip
    """The scores of the test are those of the best epoch's weights."""
    model = lightning_track.start_model(experiment, data).eval()
    images = next(data.batches("test"))[0]
    tested = tested[: len(images)]
    wanted, first, last = (model_scores(model, images, states[epoch]) for epoch in (best, 0, -1))
    way = max(apart(wanted, first), apart(wanted, last))
    others = {"first": first, "last": last}
    hint = next(
        (f"these are the scores of the {name} epoch" for name, of in others.items() if apart(tested, of) < 1e-9), ""
    )
    what = f"{track}'s test is not made with the weights of the best epoch, {best + 1}"
    code = code_of(module.Trainer.test)
    rounding = float(np.sqrt(np.finfo(wanted.dtype).eps)) * max(1.0, largest(wanted))
    right = apart(tested, wanted) <= max(SAME_WEIGHTS * way, rounding)
    ledger.check("test scores", right, lambda: Finding("test scores", what, code=code, hint=hint))


def _script(model: Any, losses: list[float], states: list[Any]) -> None:
    """Make the model's validation loss the next one of the list."""
    base, loss_terms = type(model), model.loss_terms

    def scripted(scores: Any, labels: Any) -> Any:
        terms = loss_terms(scores, labels)
        if model.training:
            return terms
        return terms | {"loss": terms["loss"] * 0 + losses[min(len(states), len(losses) - 1)]}

    if hasattr(model, "register_buffer"):  # a LightningModule: replaced on the class, so that nothing is saved with it

        class Scripted(base):  # type: ignore[misc,valid-type]
            def loss_terms(self, scores: Any, labels: Any) -> Any:
                terms = super().loss_terms(scores, labels)
                if self.training:
                    return terms
                return terms | {"loss": terms["loss"] * 0 + losses[min(len(states), len(losses) - 1)]}

        model.__class__ = Scripted
    else:
        model.__dict__["loss_terms"] = scripted
