"""Sweep hyperparameters: python -m studies sweep configs/sweeps/softmax_grid.yaml --track numpy --jobs 2.

The YAML says which fields of the config are varied, and how; all other flags are the trainers'. Started again, it
does only the remaining trials; several processes and machines can share one --storage.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiment.errors import UserError


def main(arguments: list[str]) -> int:
    """Do the trials, print the ranking, and test the best."""
    parser = ArgumentParser(prog="python -m studies sweep", description="Sweep hyperparameters.", allow_abbrev=False)
    parser.add_argument("sweep", type=Path, help="YAML file of a sweep, such as configs/sweeps/softmax_grid.yaml")
    parser.add_argument("--track", choices=("numpy", "lightning"), default="numpy", help="which track trains")
    parser.add_argument("--jobs", type=int, default=1, help="processes that train in parallel, with one thread each")
    parser.add_argument("--storage", help="Optuna storage URL shared by several machines; default: a journal file")
    parser.add_argument("--trials", type=int, help="how many trials, instead of what the file says")
    parser.epilog = "All other flags are the trainers', on top of the sweep's base."
    options, flags = parser.parse_known_args(arguments)
    for name in ("jobs", "trials"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise UserError(f"--{name} must be a whole number above 0, but is {value}.")
    return _sweep(options, flags)


def _sweep(arguments: Any, flags: list[str]) -> int:
    from datamodules.registry import make_data
    from experiment.run import Run, logs_folder
    from studies.sweep.definition import read_sweep
    from studies.sweep.ranking import as_text, save_results
    from studies.sweep.trials import open_study, results

    sweep = read_sweep(arguments.sweep, flags, arguments.trials)
    folder = (logs_folder(sweep.experiment({}), "sweeps") / sweep.name / arguments.track).resolve()
    study = open_study(sweep, arguments.storage, folder)
    print(
        f"Sweep: {sweep.name}, {sweep.count} trials, {len(results(study))} of them done; runs in {folder}", flush=True
    )
    make_data(sweep.experiment({}))  # so that bad data is reported once, and not by every worker
    _do_trials(study, sweep, arguments, folder)
    trials = results(study)
    if not trials or trials[0].value == float("inf"):
        raise UserError(f"{arguments.sweep}: no trial finished; {_first_error(study)}")
    metadata = Run(Path(trials[0].user_attrs["run"])).read_json("data.json", "label", "description")
    save_results(sweep, trials, folder, metadata["label"])
    print(f"Data: {metadata['description']}", flush=True)
    print(
        f"\n{as_text(sweep, trials)}\n\nRanking: {folder / 'ranking.csv'}\nBest:    {folder / 'best.yaml'}", flush=True
    )
    _test(sweep, trials[0], arguments.track)
    return 0


def _do_trials(study: Any, sweep: Any, arguments: Any, folder: Path) -> None:
    """Keep `jobs` workers busy until every trial is done, by this process or others."""
    from optuna.trial import TrialState
    from tqdm import tqdm

    from studies.sweep.trials import fill, results
    from studies.sweep.worker import THREADS, work

    fill(study, sweep)
    workers: list[Any] = []
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # the workers inherit it
    with tqdm(total=sweep.count, unit="trial", disable=not sys.stderr.isatty(), leave=False) as bar:
        while (done := len(results(study))) < sweep.count:
            bar.update(done - bar.n)
            if any((worker.exitcode or 0) > 0 for worker in workers):  # a killed one has a negative code
                raise UserError(f"{arguments.sweep}: a worker failed; its error message is above.")
            workers = [worker for worker in workers if worker.is_alive()]
            if not workers:  # at the start, and when a worker died or others' trials were lost
                fill(study, sweep)
                waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
                running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
                if waiting or not running:
                    for number in range(arguments.jobs):
                        task = (sweep, arguments.track, arguments.storage, folder, number)
                        worker = get_context("spawn").Process(target=work, args=task, daemon=True)
                        worker.start()
                        workers.append(worker)
            time.sleep(0.2)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def _test(sweep: Any, best: Any, track: str) -> None:
    from experiment.run import Run
    from studies.sweep.worker import evaluate_best

    run = Run(Path(best.user_attrs["run"]))
    if (run.folder / "metrics.json").is_file():
        test = run.read_json("metrics.json", "test")["test"]
    else:
        test = evaluate_best(sweep.experiment(best.params), track, run)
    print(f"Test of the best, {run.folder.name}: accuracy {test['accuracy']:.4f}, F1 {test['f1_macro']:.4f}")


def _first_error(study: Any) -> str:
    errors = (trial.user_attrs["error"] for trial in study.get_trials() if "error" in trial.user_attrs)
    return next(errors, "start it again")
