"""Sweeps: what is searched, trials shared by processes that may be killed, ranking, and what is refused."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams

from experiment.commandline import from_yaml
from experiment.errors import UserError
from experiment.run import Run
from studies.sweep import worker
from studies.sweep.definition import Sweep, read_sweep
from studies.sweep.trials import SILENT, _dead, fill, next_trial, open_study, results
from tests.conftest import PROJECT, Program, assert_refused, fast_python

GRID = "parameters:\n  optimizer.lr: [0.01, 0.1]\n  softmax.hidden_dims: [[4], [6, 5], []]\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a sweep's YAML."""

    def make(content: str) -> Path:
        path = tmp_path / "small.yaml"
        path.write_text(content)
        return path

    return make


@pytest.fixture
def flags(subset: Path, tmp_path: Path) -> list[str]:
    """A short training on few drawings."""
    return [
        "--data.source=subset",
        f"--data.root={subset}",
        "--trainer.max_epochs=2",
        f"--logs_root={tmp_path / 'logs'}",
    ]


# --- what is searched


def test_a_grid_has_every_combination(write: Callable[[str], Path]) -> None:
    sweep = read_sweep(write(GRID), [])
    points = sweep.points()
    assert points is not None and sweep.count == len(points) == 6 == len({tuple(point.items()) for point in points})
    experiment = sweep.experiment(points[4])
    assert (experiment.optimizer.lr, experiment.softmax.hidden_dims, experiment.experiment) == (0.1, [6, 5], "small")


def test_random_points_are_seeded_and_within_range(write: Callable[[str], Path]) -> None:
    path = write(
        "sampler: random\ntrials: 40\nparameters:\n  optimizer.lr: {low: 0.001, high: 0.1, log: true}\n"
        "  data.batch_size: {low: 16, high: 64, step: 16}\n  optimizer.momentum: {low: 0.0, high: 0.9}\n"
    )
    points, again = (read_sweep(path, []).points() for _ in range(2))
    assert points == again and points is not None
    assert {point["data.batch_size"] for point in points} == {16, 32, 48, 64}
    assert all(0.001 <= point["optimizer.lr"] <= 0.1 and 0 <= point["optimizer.momentum"] < 0.9 for point in points)
    assert sum(point["optimizer.lr"] < 0.01 for point in points) > 10  # half of them below the geometric mean
    assert points != read_sweep(path, ["--seed=7"]).points()


def test_named_choices_stand_for_their_values(write: Callable[[str], Path]) -> None:
    sweep = read_sweep(
        write(
            "parameters:\n  softmax.layers:\n    choices:\n"
            "      plain: [{Linear: 4}, ReLU]\n      norm: [{Linear: 4}, BatchNorm1d]\n"
        ),
        [],
    )
    assert sweep.points() == [{"softmax.layers": "plain"}, {"softmax.layers": "norm"}]
    assert sweep.experiment({"softmax.layers": "norm"}).softmax.layers == [{"Linear": 4}, "BatchNorm1d"]


def test_a_variant_is_a_set_of_fields(write: Callable[[str], Path]) -> None:
    sweep = read_sweep(
        write("parameters: {variant: {choices: {plain: {}, other: {optimizer.lr: 0.5, softmax.hidden_dims: [3]}}}}"), []
    )
    plain, other = (sweep.experiment(point) for point in sweep.points() or [])
    assert (plain.optimizer.lr, plain.softmax.hidden_dims) == (0.01, [128, 64])
    assert (other.optimizer.lr, other.softmax.hidden_dims) == (0.5, [3])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("parameters: {variant: {choices: {a: {optimizer.lrr: 1}}}}", "Did you mean 'optimizer.lr'"),
        ("parameters: {variant: {choices: {a: 3}}}", "needs a set of fields"),
        ("parameters: {variant: [1, 2]}", "no field of the config"),
        ("parameters: {optimizer.lrr: [1]}", "Did you mean 'optimizer.lr'"),
        ("parameters: {optimizer.lr: [0.1, -1]}", "--optimizer.lr must be above 0"),
        ("parameters: {optimizer.lr: [fast]}", "--optimizer.lr"),
        ("parameters: {optimizer.lr: 0.1}", "needs a list of values"),
        ("parameters: {optimizer.lr: {low: 1, high: 0.1}}", "is no range"),
        ("parameters: {optimizer.lr: {low: 0.1, high: 1}}", "a grid needs a list"),
        ("sampler: random\nparameters: {optimizer.lr: [0.1]}", "needs `trials`"),
        ("sampler: gird\nparameters: {optimizer.lr: [0.1]}", "sampler must be one of grid"),
        ("pruner: hard\nparameters: {optimizer.lr: [0.1]}", "pruner must be one of"),
        ("parametres: {optimizer.lr: [0.1]}", "needs `parameters`"),
        ("sampller: tpe\nparameters: {optimizer.lr: [0.1]}", "Did you mean 'sampler'"),
        ("base: nowhere.yaml\nparameters: {optimizer.lr: [0.1]}", "nowhere.yaml"),
        ("parameters: [", "not a YAML file"),
        ("base: [1]\nparameters: {optimizer.lr: [0.1]}", "base must be the name"),
        ("trials: abc\nparameters: {optimizer.lr: [0.1]}", "trials must be a whole number"),
        ("trials: 1.5\nparameters: {optimizer.lr: [0.1]}", "trials must be a whole number"),
        ("trials: -1\nparameters: {optimizer.lr: [0.1]}", "trials must be a whole number"),
        ("sampler: random\ntrials: true\nparameters: {optimizer.lr: [0.1]}", "trials must be a whole number"),
        ("parameters: {optimizer.lr: {choices: {}}}", "choices is empty"),
        ("parameters: {variant: {choices: {}}}", "choices is empty"),
        ("sampler: tpe\ntrials: 2\nparameters: {optimizer.lr: {low: a, high: b}}", "is no range"),
        ("sampler: tpe\ntrials: 2\nparameters: {optimizer.lr: {low: .nan, high: 1}}", "is no range"),
        ("a: &a [*a]\nparameters: {optimizer.lr: [0.1]}", "alias"),
        ("", "empty"),
        (f"parameters: {{seed: {list(range(400))}, optimizer.lr: {[0.1] * 400}}}", "too large"),
    ],
)
def test_bad_sweeps_are_refused(content: str, words: str, write: Callable[[str], Path]) -> None:
    with pytest.raises(UserError) as refusal:
        read_sweep(write(content), [])
    assert words in str(refusal.value)


def test_all_sweeps_that_come_along_are_sound() -> None:
    paths = sorted((PROJECT / "configs" / "sweeps").glob("*.yaml"))
    assert {"depth", "width", "embedding", "linear", "dropout_batch_norm"} <= {path.stem for path in paths}
    assert read_sweep(PROJECT / "configs" / "sweeps" / "softmax_grid.yaml", []).count == 18
    for path in paths:
        assert read_sweep(path, []).count > 1


# --- who does which trial


def test_processes_that_begin_together_share_the_points(write: Callable[[str], Path], tmp_path: Path) -> None:
    sweep = read_sweep(write(GRID), [])
    one, other = (open_study(sweep, None, tmp_path) for _ in range(2))
    for study in (one, other):  # both found an empty study and enqueue all
        for number, point in enumerate(sweep.points() or []):
            study.enqueue_trial(point, {"key": f"point {number}"})
    taken: list[str] = []
    while (trial := next_trial((one, other)[len(taken) % 2], sweep)) is not None:
        taken.append(trial.user_attrs["key"])
        (one, other)[(len(taken) - 1) % 2].tell(trial.number, 0.5)
    assert sorted(taken) == [f"point {number}" for number in range(6)]
    assert len(results(one)) == 6


def test_a_dead_processs_trial_is_done_by_another(write: Callable[[str], Path], tmp_path: Path) -> None:
    sweep = read_sweep(write(GRID), [])
    study = open_study(sweep, None, tmp_path)
    fill(study, sweep)
    trial = next_trial(study, sweep)
    assert trial is not None
    fill(study, sweep)
    assert study.trials[trial.number].state == TrialState.RUNNING  # this process lives
    host, pid, started = trial.user_attrs["worker"]
    assert (host, pid) == (socket.gethostname(), os.getpid())
    trial.set_user_attr("worker", [host, pid, started - 3600])
    assert _dead(study.trials[trial.number])  # its number belongs to a later process now
    trial.set_user_attr("worker", [host, pid, started])
    assert not _dead(study.trials[trial.number])
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    trial.set_user_attr("worker", [socket.gethostname(), int(child.stdout), time.time()])
    trial.set_user_attr("run", "its folder")
    fill(study, sweep)
    fill(study, sweep)
    assert study.trials[trial.number].state == TrialState.FAIL
    (again,) = [each for each in study.trials[6:] if each.user_attrs["key"] == trial.user_attrs["key"]]
    assert again.user_attrs["run"] == "its folder" and again.state == TrialState.WAITING
    assert again.system_attrs["fixed_params"] == trial.params


def test_a_process_says_once_a_minute_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    trial: Any = SimpleNamespace(set_user_attr=lambda name, value: seen.append(value) if name == "seen" else None)
    clock = [0.0]
    monkeypatch.setattr(worker.time, "time", lambda: clock[0])
    reporter = worker._Reporter(trial, pruned=False)
    for clock[0] in (1.0, 59.0, 61.0, 62.0, 120.0, 122.0):
        reporter.epoch_done({"epoch": 1, "val/loss": 1.0}, 1.0)
    assert seen == [61.0, 122.0] and SILENT > 61


def test_tpe_does_exactly_as_many_as_asked_for(write: Callable[[str], Path], tmp_path: Path) -> None:
    sweep = read_sweep(write("sampler: tpe\ntrials: 5\nparameters: {optimizer.lr: {low: 0.01, high: 0.1}}"), [])
    studies = [open_study(sweep, None, tmp_path, number) for number in range(2)]
    begun = [trial for number in range(6) if (trial := next_trial(studies[number % 2], sweep)) is not None]
    assert len(begun) == 5
    assert len({trial.params["optimizer.lr"] for trial in begun}) == 5  # two workers do not draw the same


def test_another_sweep_of_the_same_name_is_refused(write: Callable[[str], Path], tmp_path: Path) -> None:
    open_study(read_sweep(write(GRID), []), None, tmp_path)
    with pytest.raises(UserError, match=r"optimizer\.lr"):
        open_study(read_sweep(write(GRID.replace("0.01", "0.02")), []), None, tmp_path)
    with pytest.raises(UserError, match="seed 42, not 43"):
        open_study(read_sweep(write(GRID), ["--seed=43"]), None, tmp_path)


@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_processes_that_open_a_new_storage_at_once_wait(
    storage: str, write: Callable[[str], Path], tmp_path: Path
) -> None:
    sweep, context = read_sweep(write(GRID), []), multiprocessing.get_context("fork")
    url = "sqlite:///" + str(tmp_path / "imported.db") if storage == "sqlite" else None
    open_study(sweep, url, tmp_path)  # so that each process need not import what it takes
    for number in range(3):
        folder = tmp_path / str(number)
        url = f"sqlite:///{folder / 'study.db'}" if storage == "sqlite" else None
        barrier = context.Barrier(4)
        processes = [context.Process(target=open_together, args=(barrier, sweep, url, folder)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * 4


def open_together(barrier: Any, sweep: Sweep, url: str | None, folder: Path) -> None:
    """Open a study at the same moment as other processes."""
    barrier.wait(60)
    open_study(sweep, url, folder)


@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_a_damaged_storage_is_refused(storage: str, write: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / ("study.journal" if storage == "journal" else "study.db")
    path.write_bytes(b"garbage " * 2000)
    with pytest.raises(UserError, match="locked, damaged or unreachable"):
        open_study(read_sweep(write(GRID), []), f"sqlite:///{path}" if storage == "sqlite" else None, tmp_path)


# --- as a user


@pytest.mark.parametrize("track", ["numpy", "lightning"])
def test_a_sweep_from_beginning_to_end(
    track: str, write: Callable[[str], Path], flags: list[str], program: Program, tmp_path: Path
) -> None:
    path = write(GRID if track == "numpy" else "parameters: {optimizer.lr: [0.01, 0.1]}")
    count = 6 if track == "numpy" else 2
    done = program("studies", "sweep", path, "--track", track, "--jobs", 2, *flags)
    assert done.returncode == 0, done.stderr
    assert "Data: subset: Quick, Draw!" in done.stdout
    assert not (tmp_path / "logs").exists()  # TensorBoard shows no trial among the runs
    folder = tmp_path / "logs_sweeps" / "small" / track
    runs = [Run(each) for each in folder.iterdir() if (each / "trial.json").is_file()]
    assert len(runs) == count
    with (folder / "ranking.csv").open() as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["val/loss"]) for row in rows]
    assert losses == sorted(losses) and len(losses) == count
    tested = [run for run in runs if (run.folder / "metrics.json").is_file()]
    assert [str(run.folder) for run in tested] == [rows[0]["run"]]  # the test set is looked at once
    best = from_yaml(folder / "best.yaml")
    assert best.optimizer.lr == float(rows[0]["optimizer.lr"]) and best.experiment == "small"
    assert len(list(folder.glob("heatmap_*.png"))) == (1 if track == "numpy" else 0)
    for run in runs:
        events = EventAccumulator(str(run.folder)).Reload()
        assert events.Scalars("val/best_loss")[-1].value == pytest.approx(run.read_json("trial.json")["val_loss"])
        content = events.SummaryMetadata(hparams.EXPERIMENT_TAG).plugin_data.content
        table = hparams.parse_experiment_plugin_data(content)
        assert {each.name for each in table.hparam_infos if each.differs} == {
            "lr" if name == "optimizer.lr" else name for name in run.read_json("trial.json")["values"]
        }
        assert table.metric_infos[0].name.tag == "val/best_accuracy"
    again = program("studies", "sweep", path, "--track", track, *flags)
    assert f"{count} trials, {count} of them done" in again.stdout and again.returncode == 0
    assert len([each for each in folder.iterdir() if (each / "trial.json").is_file()]) == count


@pytest.mark.processes
@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_two_processes_share_a_study_and_one_is_killed(
    storage: str, write: Callable[[str], Path], flags: list[str], program: Program, tmp_path: Path
) -> None:
    path = write("parameters:\n  optimizer.lr: [0.01, 0.02, 0.05, 0.1]\n  optimizer.momentum: [0.5, 0.9]\n")
    url = ["--storage", f"sqlite:///{tmp_path / 'study.db'}"] if storage == "sqlite" else []
    command = [fast_python(), "-m", "studies", "sweep", str(path), *url, *flags, "--trainer.max_epochs=20"]
    command += ["--trainer.patience=20", "--figures=false"]
    folder = tmp_path / "logs_sweeps" / "small" / "numpy"
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, start_new_session=True) as victim:
        _wait_until(lambda: len(list(folder.glob("*/first_epoch.safetensors"))) >= 2)
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as survivor:
            _wait_until(lambda: len(list(folder.glob("*/first_epoch.safetensors"))) >= 4)
            # Optuna breaks the lock of a killed process after 30 s: that is not waited for here
            _wait_until(lambda: not any(folder.glob("study.journal.lock*")))
            os.killpg(victim.pid, signal.SIGKILL)  # the program and its worker, in the middle of a trial
            said, _ = survivor.communicate(timeout=120)
    assert survivor.returncode == 0, said
    sweep = read_sweep(path, command[-len(flags) - 3 :])
    study = open_study(sweep, url[1] if url else None, folder)
    done = Counter(
        json.dumps(trial.params, sort_keys=True) for trial in study.get_trials(states=(TrialState.COMPLETE,))
    )
    assert len(done) == 8 and set(done.values()) == {1}
    assert not study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
    for trial in results(study):
        assert len(Run(Path(trial.user_attrs["run"])).read_history()) == 20
    assert len({trial.user_attrs["run"] for trial in results(study)}) == 8


def test_a_sweep_in_which_all_fails_says_why(write: Callable[[str], Path], flags: list[str], program: Program) -> None:
    path = write("parameters: {optimizer.lr: [1.0e+6, 1.0e+7]}")
    assert_refused(program("studies", "sweep", path, *flags), "no trial finished", "learning rate")


def test_bad_flags_are_refused(write: Callable[[str], Path], program: Program) -> None:
    assert_refused(program("studies", "sweep", write(GRID), "--optimizer.lrr=3"), "--optimizer.lrr")
    assert_refused(program("studies", "sweep", write(GRID), "--jobs", "0"), "--jobs")
    assert_refused(program("studies", "sweep", "nowhere.yaml"), "nowhere.yaml")


def _wait_until(happened: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


optuna.logging.set_verbosity(optuna.logging.ERROR)
