"""A process that does trials of a study, one after the other, until none is left."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from datamodules.images import ImageDataModule
from datamodules.registry import make_data
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.history import best_row
from experiment.interrupt import Interrupted
from experiment.run import Row, Run
from studies.sweep.definition import Sweep
from studies.sweep.trials import SILENT, next_trial, open_study
from training.program import begin, check_network
from training.results import save_results, summarise_trial
from training.tracks import load_track
from visualization.console import Progress

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS")
"""What tells numerical libraries to keep to one thread, if it is set before they are loaded."""


def work(sweep: Sweep, track: str, storage: str | None, folder: Path, number: int) -> None:
    """Do trials until none is left, or the program that started this process is gone.

    Ctrl-C is for that program, which ends its workers; one that is told to stop during a trial dies of the signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _work(sweep, track, storage, folder, number)
    except Interrupted as stop:
        signal.signal(stop.number, signal.SIG_DFL)
        os.kill(os.getpid(), stop.number)


def _work(sweep: Sweep, track: str, storage: str | None, folder: Path, number: int) -> None:
    study = open_study(sweep, storage, folder, number)
    loaded: dict[Any, ImageDataModule] = {}
    parent = parent_process()
    while parent and parent.is_alive():
        trial = next_trial(study, sweep)
        if trial is None:
            return
        experiment = sweep.experiment(trial.params)
        data = _data(experiment, loaded)
        before = Path(trial.user_attrs.get("run") or "")
        resumed = (before / "model.json").is_file()
        run = Run(before) if resumed else begin(experiment, track, data, data.metadata(), kind="sweeps")
        trial.set_user_attr("run", str(run.folder))
        _do(study, trial, experiment, track, data, run, resumed)


def evaluate_best(experiment: Experiment, track: str, run: Run) -> dict[str, Any]:
    """Test a trial's best weights, once, and complete its run's folder; returns the test metrics."""
    data = make_data(experiment)
    trainer = load_track(track).trainer.Trainer(experiment, data, run)
    trainer.history, trainer.seconds = run.read_history(), run.read_json("trial.json", "seconds")["seconds"]
    result = trainer.test()
    save_results(run, experiment, track, data, data.metadata(), result)
    metrics: dict[str, Any] = result.test["overall"]
    return metrics


class _Reporter(Progress):
    """Tells the study of each epoch; stops the training where the pruner says so."""

    def __init__(self, trial: optuna.Trial, pruned: bool) -> None:
        super().__init__(1, 1, 0)
        self.trial, self.pruned, self.best = trial, pruned, float("inf")
        self.seen = time.time()

    def batch_done(self) -> None:
        """Say nothing."""

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """Report the smallest validation loss so far, and now and then that this process is alive."""
        self.best = min(self.best, row["val/loss"])
        if time.time() - self.seen > SILENT / 30:  # each one is written to the disk, while all processes wait
            self.seen = time.time()
            self.trial.set_user_attr("seen", self.seen)
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
    start, state = time.perf_counter(), TrialState.COMPLETE
    try:
        check_network(experiment, data)
        reporter = _Reporter(trial, not isinstance(study.pruner, optuna.pruners.NopPruner))
        load_track(track).trainer.Trainer(experiment, data, run, progress=reporter).fit(resumed)
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
    summarise_trial(run, experiment, track, data.metadata(), run.read_history(), trial.params)
    for name in ("epoch", "val/loss", "val/accuracy"):
        trial.set_user_attr(name, best[name])
    trial.set_user_attr("seconds", seconds)
    study.tell(trial, best["val/loss"] if state == TrialState.COMPLETE else None, state=state)


def _data(experiment: Experiment, loaded: dict[Any, ImageDataModule]) -> ImageDataModule:
    """The experiment's data; reused from the trial before where it is the same."""
    key = repr((experiment.data, experiment.seed, experiment.trainer.dtype, experiment.model))
    if key not in loaded:
        loaded.clear()
        loaded[key] = make_data(experiment)
    return loaded[key]
