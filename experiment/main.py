"""The course of a run, the same for both tracks: flags, data, run folder, training, results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiment.commandline import Command
from experiment.config import Experiment
from experiment.errors import INTERRUPTED, UserError
from experiment.history import best_row
from experiment.interrupt import Interrupted
from experiment.network import batch_needs_two, plan_network
from experiment.results import Outcome, Tested, save_results
from experiment.run import SCHEMA, Run


class DataModule(Tested, Protocol):
    """What the course of a run needs of a data module."""

    drawings: Any
    rows: dict[Any, np.ndarray]
    words: Any

    @property
    def description(self) -> str: ...

    @property
    def categories(self) -> list[str]: ...

    @property
    def shape(self) -> tuple[int, int, int]: ...

    def facts(self) -> dict[str, Any]: ...


Train = Callable[[Experiment, Any, Run, bool], Outcome]
"""A track: trains `experiment` on a data module into a run folder, resuming it or not, and tests the result."""


def train_and_test(
    track: str,
    command: Command,
    make_data: Callable[[Experiment], DataModule],
    import_train: Callable[[Experiment], Train],
) -> int:
    """Do what `command` asks for in one track; returns the exit code. `import_train` waits for sound data."""
    experiment = command.experiment
    before = Run.reopen(command.resume, experiment, track) if command.resume else None
    if before and before.ended_for(experiment):
        print(f"{before.folder} is complete: nothing to resume.")
        return 0
    data = make_data(experiment)
    print(f"Data: {data.description}", flush=True)
    if data.drawings.note:
        print(data.drawings.note, flush=True)
    check_network(experiment, data)
    train, facts = import_train(experiment), data.facts()
    run = resume(before, experiment, facts) if before else begin(experiment, track, data, facts)
    print(f"Run:  {run.folder}", flush=True)
    try:
        outcome = train(experiment, data, run, before is not None)
    except Interrupted:
        print(f"Stopped. The complete epochs are saved; continue with --resume {run.folder}", flush=True)
        return INTERRUPTED
    save_results(run, experiment, track, data, facts, outcome)
    _report(run, outcome)
    return 0


def check_network(experiment: Experiment, data: DataModule) -> None:
    """Refuse a list of layers that does not fit the images, and a batch that its layers cannot be trained on."""
    field = "softmax.layers" if experiment.model == "softmax" else "dual_tower.image_layers"
    layers = experiment.softmax.layers if experiment.model == "softmax" else experiment.dual_tower.image_layers
    plan_network(layers or [], data.shape, len(data.categories), field)
    if batch_needs_two(layers) and len(data.rows["train"]) % experiment.data.batch_size == 1:
        raise UserError(
            f"--data.batch_size {experiment.data.batch_size}: the last batch of an epoch has a single image, on which "
            f"BatchNorm1d in --{field} cannot be trained; choose another size."
        )


def begin(experiment: Experiment, track: str, data: DataModule, facts: dict[str, Any]) -> Run:
    """A new run's folder, with all that is known before training."""
    run = Run.create(experiment, track)
    run.write_json("data.json", facts)
    run.write_arrays("split.npz", train=data.rows["train"], validation=data.rows["validation"])
    run.write_json(
        "model.json",
        {
            "schema": SCHEMA,
            "track": track,
            "model": experiment.model,
            "categories": facts["categories"],
            "shape": facts["shape"],
            "data": facts["label"],
        },
    )
    return run


def resume(run: Run, experiment: Experiment, facts: dict[str, Any]) -> Run:
    """The run to go on with, if it saw the same drawings."""
    if run.read_json("data.json", "checksums")["checksums"] != facts["checksums"]:
        raise UserError(f"--resume {run.folder}: that run saw other drawings; give it the same data, or start anew.")
    run.write_config(experiment)
    return run


def _report(run: Run, outcome: Outcome) -> None:
    best, test = best_row(outcome.history), outcome.test["overall"]
    print(
        f"Best: epoch {best['epoch']}, validation loss {best['val/loss']:.4f}, accuracy {best['val/accuracy']:.4f}\n"
        f"Test: accuracy {test['accuracy']:.4f}, F1 {test['f1_macro']:.4f}, "
        f"ROC AUC {test['roc_auc_macro']:.4f}, PR AUC {test['pr_auc_macro']:.4f}  ({outcome.seconds:.1f} s)\n"
        f"Curves: tensorboard --logdir {_short(run.folder.parents[2])}",
        flush=True,
    )


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
