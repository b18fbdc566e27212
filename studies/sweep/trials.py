"""Which process does which trial: one Optuna study, shared by any number of processes and machines.

Optuna numbers trials without gaps and gives each waiting trial to one process only. The rule here relies on that:
**of several trials with the same key, the one with the lowest number that has not failed counts.** A key is a point
of the grid, so processes that start together may both enqueue it: the second copy is dropped when its turn comes.
A trial whose process has died is failed and enqueued again under the same key, together with its run's folder, in
which the training goes on after its last complete epoch. So none is lost, and none done twice.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import optuna
import psutil
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError, OperationalError

from experiment.commandline import flat_fields
from experiment.errors import UserError
from experiment.run import MAY_CHANGE_ON_RESUME
from studies.sweep.definition import Sweep

Made = TypeVar("Made")
ATTEMPTS = 6
SILENT = 1800.0
"""Seconds without a sign of life after which a trial on another machine counts as dead."""
CLOCK = 5.0
"""Seconds by which a process's start time may change when the machine's clock is set."""
LIVING = (TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.PRUNED)
DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def open_study(sweep: Sweep, storage: str | None, folder: Path, worker: int = 0) -> optuna.Study:
    """The study at the `storage` URL, or in a journal file in `folder`; begun where there is none.

    Workers of different numbers draw different values where the sampler learns from earlier trials.
    """
    optuna.logging.set_verbosity(logging.ERROR)
    where = storage or str(folder / "study.journal")
    sampler = optuna.samplers.TPESampler(seed=sweep.experiment({}).seed + worker, constant_liar=True)
    pruner = optuna.pruners.MedianPruner() if sweep.pruner == "median" else optuna.pruners.NopPruner()
    try:
        stored = _retried(lambda: _storage(storage, folder))
        study = _retried(
            lambda: optuna.create_study(
                storage=stored, sampler=sampler, pruner=pruner, study_name=sweep.name, load_if_exists=True
            )
        )
        before = study.user_attrs.get("parameters")
    except Exception as error:  # of SQLAlchemy, of the journal, of the disk: depending on the storage
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"{where}: locked, damaged or unreachable ({reason}); repair it, or give another --storage."
        ) from error
    now = {name: repr(distribution) for name, distribution in sweep.parameters.items()}
    now |= {name: repr(value) for name, value in _base(sweep).items() if name not in now}
    if before is not None and before != now:
        other = next(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))
        raise UserError(
            f"{where}: holds a study {sweep.name!r} with {other} {before.get(other)}, not {now.get(other)}; "
            "give the sweep another name, another --logs_root, or another --storage."
        )
    study.set_user_attr("parameters", now)
    return study


def _retried(make: Callable[[], Made]) -> Made:
    """Try again for a while: another process that begins the same study makes its tables at this moment."""
    for attempt in range(ATTEMPTS):
        try:
            return make()
        except (IntegrityError, OperationalError, optuna.exceptions.StorageInternalError):
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, 0.1) * 2**attempt)
    raise AssertionError


def fill(study: optuna.Study, sweep: Sweep) -> None:
    """Enqueue what is neither done nor running: trials of dead processes, then points not yet tried."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if _dead(trial):
            _fail(study, trial)
    owners = _owners(study)
    for trial in study.get_trials(states=(TrialState.FAIL,)):
        key = trial.user_attrs.get("key")
        if key and key not in owners and not trial.user_attrs.get("dropped"):
            again = {"key": key, "run": trial.user_attrs.get("run")}
            study.enqueue_trial(trial.params or trial.system_attrs.get("fixed_params", {}), again)
            owners = _owners(study)
    for number, point in enumerate(sweep.points() or []):
        if f"point {number}" not in owners:
            study.enqueue_trial(point, {"key": f"point {number}"})


def next_trial(study: optuna.Study, sweep: Sweep) -> optuna.Trial | None:
    """The next trial for this process, with its values suggested; None when nothing is left to begin."""
    while True:
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not waiting and (sweep.sampler != "tpe" or len(_owners(study)) >= sweep.count):
            return None
        trial = study.ask(fixed_distributions=sweep.parameters)
        trial.set_user_attr("worker", [socket.gethostname(), os.getpid(), psutil.Process().create_time()])
        trial.set_user_attr("seen", time.time())
        key = trial.user_attrs.get("key")
        if key is None and sweep.sampler == "tpe":
            key = f"trial {trial.number}"
            trial.set_user_attr("key", key)
        owners = _owners(study)
        surplus = sweep.sampler == "tpe" and trial.number in sorted(owners.values())[sweep.count :]
        if owners.get(str(key)) != trial.number or surplus:
            trial.set_user_attr("dropped", True)
            study.tell(trial, state=TrialState.FAIL)
            continue
        return trial


def results(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count and are done, best first, pruned ones last."""
    owners = set(_owners(study).values())
    done = [trial for trial in study.get_trials(states=DONE) if trial.number in owners]
    return sorted(done, key=lambda trial: (trial.state == TrialState.PRUNED, trial.value, trial.number))


def _base(sweep: Sweep) -> dict[str, Any]:
    """The fields that all trials have in common, except paths."""
    elsewhere = MAY_CHANGE_ON_RESUME - {"trainer.max_epochs"} | {"figures"}
    fields = flat_fields(asdict(sweep.experiment({})))
    return {name: value for name, value in fields.items() if name not in elsewhere}


def _storage(url: str | None, folder: Path) -> BaseStorage:
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(folder / "study.journal")))
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    return RDBStorage(url)


def _owners(study: optuna.Study) -> dict[str, int]:
    """For each key the number of the trial that counts."""
    owners: dict[str, int] = {}
    for trial in study.get_trials(deepcopy=False, states=LIVING):
        key = trial.user_attrs.get("key")
        if key is not None:
            owners[key] = min(trial.number, owners.get(key, trial.number))
    return owners


def _dead(trial: FrozenTrial) -> bool:
    """Whether the process that began a running trial is gone."""
    worker: Any = trial.user_attrs.get("worker")
    if worker is None:  # asked for a moment ago
        return trial.datetime_start is not None and time.time() - trial.datetime_start.timestamp() > 60
    host, pid, started = worker
    if host != socket.gethostname():
        return bool(time.time() - trial.user_attrs.get("seen", 0) > SILENT)
    return not _is_alive(pid, started)


def _is_alive(pid: int, started: float) -> bool:
    """Whether the process `pid` that began at `started` still runs; another one may have got its number since."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < CLOCK and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's
        return True


def _fail(study: optuna.Study, trial: FrozenTrial) -> None:
    """Fail a dead process's trial, unless another process has just done so."""
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
