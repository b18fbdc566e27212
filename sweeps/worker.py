"""A process that does trials of a study, one after the other, until none is left."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from datamodules.choice import make_data
from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.console import Progress
from experiment.errors import UserError
from experiment.history import best_row
from experiment.main import begin, check_network
from experiment.results import save_results, summarise_trial
from experiment.run import Row, Run
from sweeps.plan import Sweep
from sweeps.study import next_trial, open_study

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS")
"""What tells numerical libraries to keep to one thread, if it is set before they are loaded."""


def work(sweep: Sweep, track: str, storage: str | None, folder: Path, parent: int, number: int) -> None:
    """Do trials until none is left, or the process `parent` is gone."""
    study = open_study(sweep, storage, folder, number)
    loaded: dict[Any, ImageDataModule] = {}
    while os.getppid() == parent:
        trial = next_trial(study, sweep)
        if trial is None:
            return
        experiment = sweep.experiment(trial.params)
        data = _data(experiment, loaded)
        before = Path(trial.user_attrs.get("run") or "")
        resumed = (before / "model.json").is_file()
        run = Run(before) if resumed else begin(experiment, track, data, data.facts())
        trial.set_user_attr("run", str(run.folder))
        _do(study, trial, experiment, track, data, run, resumed)


def test_best(experiment: Experiment, track: str, run: Run) -> dict[str, Any]:
    """Test a trial's best weights, once, and complete its run's folder; returns the test metrics."""
    data = make_data(experiment)
    module = import_track(track)
    model = module.start_model(experiment, data)
    trial = run.read_json("trial.json", "seconds")
    outcome = module.finish(model, experiment, data, run, run.read_history(), trial["seconds"])
    save_results(run, experiment, track, data, data.facts(), outcome)
    metrics: dict[str, Any] = outcome.test["overall"]
    return metrics


def import_track(track: str) -> Any:
    """The module that trains in `track`; only Lightning's loads torch."""
    if track == "numpy":
        from numpy_ref import trainer

        return trainer
    from lightning_models import trainer as lightning_trainer

    return lightning_trainer


class _Reporter(Progress):
    """Tells the study of each epoch; stops the training where the pruner says so."""

    def __init__(self, trial: optuna.Trial, pruned: bool) -> None:
        super().__init__(1, 1, 0)
        self.trial, self.pruned, self.best = trial, pruned, float("inf")

    def batch_done(self) -> None:
        """Say nothing."""

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """Report the smallest validation loss so far."""
        self.best = min(self.best, row["val/loss"])
        self.trial.set_user_attr("seen", time.time())
        if self.pruned:
            self.trial.report(self.best, int(row["epoch"]))
            if self.trial.should_prune():
                raise optuna.TrialPruned


def _do(
    study: optuna.Study,
    trial: optuna.Trial,
    experiment: Experiment,
    track: str,
    data: ImageDataModule,
    run: Run,
    resumed: bool,
) -> None:
    module, start, state = import_track(track), time.perf_counter(), TrialState.COMPLETE
    try:
        check_network(experiment, data)
        model = module.start_model(experiment, data)
        module.learn(
            model,
            experiment,
            data,
            run,
            resumed,
            _Reporter(trial, not isinstance(study.pruner, optuna.pruners.NopPruner)),
        )
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except UserError as error:  # a learning rate too high is a result, too
        trial.set_user_attr("error", str(error))
        study.tell(trial, float("inf"))
        return
    best = best_row(run.read_history())
    seconds = time.perf_counter() - start
    summary = {"trial": trial.number, "values": trial.params, "state": state.name.lower(), "seconds": seconds}
    run.write_json(
        "trial.json", summary | {name.replace("/", "_"): best[name] for name in ("epoch", "val/loss", "val/accuracy")}
    )
    summarise_trial(run, experiment, track, data.facts(), best)
    for name in ("epoch", "val/loss", "val/accuracy"):
        trial.set_user_attr(name, best[name])
    trial.set_user_attr("seconds", seconds)
    study.tell(trial, best["val/loss"] if state == TrialState.COMPLETE else None, state=state)


def _data(experiment: Experiment, loaded: dict[Any, ImageDataModule]) -> ImageDataModule:
    """The experiment's data; kept from one trial to the next where it is the same."""
    key = repr((experiment.data, experiment.seed, experiment.trainer.dtype, experiment.model))
    if key not in loaded:
        loaded.clear()
        loaded[key] = make_data(experiment)
    return loaded[key]
