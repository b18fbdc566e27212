"""The programs as a user runs them: the same bytes for the same seed, stopping, resuming, predicting, refusing."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.quickdraw import QuickDrawDataModule
from experiment import files
from experiment.commandline import Command
from experiment.config import DualTower, Experiment, Optimizer, Softmax, Trainer
from experiment.errors import UserError, run_program
from experiment.files import write_text
from experiment.interrupt import SIGNALS, Interrupted
from experiment.run import Run
from experiment.trained_run import read_trained
from tests.conftest import EVERYTHING, PROJECT, TRACKS, Program, fast_python
from training import program as course
from training.program import train_and_test
from visualization.console import Progress
from visualization.run_data import read_results

SAME_BYTES = ("model.safetensors", "predictions.npz", "history.csv", "split.npz", "model.json", "data.json")


def run(track: str, experiment: Experiment, resume: Path | None = None) -> Path:
    """Run a track in this process, as its program would; returns the run's folder."""
    code = train_and_test(track, Command(experiment, resume))
    assert code == 0
    root = Path(str(experiment.logs_root)) / experiment.experiment / track
    return resume or max(root.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


def longer(experiment: Experiment, epochs: int) -> Experiment:
    """The same experiment with more epochs."""
    from dataclasses import replace

    return replace(experiment, trainer=replace(experiment.trainer, max_epochs=epochs))


def assert_same_bytes(one: Path, other: Path) -> None:
    """Both folders hold the same results to the last bit."""
    for name in SAME_BYTES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize("track", TRACKS)
def test_same_seed_same_bytes(track: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=2))
    assert_same_bytes(run(track, experiment), run(track, experiment))


@pytest.mark.parametrize("model", ["softmax", "dual_tower"])
@pytest.mark.parametrize("track", TRACKS)
def test_resumed_run_is_bit_identical(track: str, model: Any, small: Callable[..., Experiment]) -> None:
    experiment = small(
        model=model,
        dual_tower=DualTower(image_dims=[16], train_word_tower=True),
        optimizer=Optimizer(lr=0.02, nesterov=True),
        trainer=Trainer(max_epochs=2, patience=3),
    )
    whole = run(track, longer(experiment, 5))
    part = run(track, experiment)
    resumed = run(track, longer(experiment, 5), resume=part)
    assert resumed == part
    assert_same_bytes(whole, part)
    assert json.loads((part / "metrics.json").read_text())["epochs"] == 5


@pytest.mark.parametrize("schedule", ["step", "one_cycle"])
@pytest.mark.parametrize("track", TRACKS)
def test_resumed_run_with_everything_is_bit_identical(
    track: str, schedule: Any, small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = small(
        softmax=Softmax(layers=EVERYTHING),
        optimizer=Optimizer(name="adam", lr=0.01, schedule=schedule, decay_every=1, decay_factor=0.5),
        trainer=Trainer(max_epochs=4, patience=9),
        figures=False,
    )
    whole, batches = run(track, experiment), iter(range(1000))
    per_epoch = QuickDrawDataModule(experiment).num_batches("train")

    def stop_in_the_third_epoch(_: Progress) -> None:
        if next(batches) == 2 * per_epoch + 1:
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "batch_done", stop_in_the_third_epoch)
        assert train_and_test(track, Command(experiment, None)) == 130
    part = max(whole.parent.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    assert len((part / "history.csv").read_text().splitlines()) == 1 + 2
    run(track, experiment, resume=part)
    assert_same_bytes(whole, part)


def test_schedules_that_depend_on_the_end_may_not_be_lengthened(small: Callable[..., Experiment]) -> None:
    experiment = small(optimizer=Optimizer(schedule="cosine"), trainer=Trainer(max_epochs=1), figures=False)
    with pytest.raises(UserError, match=r"--trainer\.max_epochs 1, not 2"):
        run("numpy", longer(experiment, 2), resume=run("numpy", experiment))


@pytest.mark.parametrize("track", TRACKS)
def test_early_stopping_ends_and_stays_ended(track: str, small: Callable[..., Experiment], capsys: Any) -> None:
    experiment = small(optimizer=Optimizer(lr=0.2), trainer=Trainer(max_epochs=40, patience=2))
    folder = run(track, experiment)
    metrics = json.loads((folder / "metrics.json").read_text())
    losses = [float(row["val/loss"]) for row in csv.DictReader((folder / "history.csv").open())]
    assert metrics["ended_by"] == "patience" and len(losses) == metrics["epochs"] < 40
    assert metrics["validation_best"]["epoch"] == int(np.argmin(losses)) + 1 == len(losses) - 2
    (folder / "metrics.json").unlink()  # as if killed just before the end
    run(track, experiment, resume=folder)
    assert json.loads((folder / "metrics.json").read_text())["epochs"] == len(losses)
    capsys.readouterr()
    run(track, longer(experiment, 60), resume=folder)
    assert "nothing to resume" in capsys.readouterr().out


@pytest.mark.processes
@pytest.mark.parametrize("track", TRACKS)
def test_ctrl_c_saves_and_resume_goes_on(track: str, subset: Path, tmp_path: Path, program: Program) -> None:
    common = ["--data.root", subset, "--trainer.patience", 10_000, "--logs_root", tmp_path / "logs"]
    common += ["--figures", "false"]
    command = [fast_python(), PROJECT / TRACKS[track], *common, "--trainer.max_epochs", 10_000]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("epoch   4"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert lines[0].startswith("Data: subset") and "--resume" in lines[-1]
    folder = Path(lines[-1].split("--resume ")[1].strip())
    epochs = len((folder / "history.csv").read_text().splitlines()) - 1
    assert epochs >= 4 and not list(folder.rglob("*.tmp"))
    assert not (folder / "metrics.json").exists() and (folder / "model.safetensors").exists()
    resumed = program(TRACKS[track], "--resume", folder, "--trainer.max_epochs", epochs + 2)
    assert resumed.returncode == 0, resumed.stderr
    whole = program(TRACKS[track], *common, "--trainer.max_epochs", epochs + 2)
    other = Path(next(line for line in whole.stdout.splitlines() if line.startswith("Run:")).split()[1])
    assert_same_bytes(folder, other)


@pytest.mark.processes
def test_killed_run_resumes_bit_identical(subset: Path, tmp_path: Path, small: Callable[..., Experiment]) -> None:
    common = ["--data.root", subset, "--trainer.patience", 10_000, "--logs_root", tmp_path / "logs"]
    common += ["--figures", "false"]
    command = [fast_python(), PROJECT / TRACKS["numpy"], *common, "--trainer.max_epochs", 10_000]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("epoch   3"):
                process.kill()
    (folder,) = (tmp_path / "logs" / "softmax" / "numpy").iterdir()
    epochs = len((folder / "history.csv").read_text().splitlines()) - 1
    experiment = Run(folder)  # the config is read back from the run
    from experiment.commandline import from_yaml

    before = longer(from_yaml(experiment.folder / "config.yaml"), epochs + 3)
    assert_same_bytes(run("numpy", before, resume=folder), run("numpy", before))


@pytest.mark.parametrize("track", TRACKS)
def test_loss_that_turns_nan_stops_with_the_step(track: str, small: Callable[..., Experiment]) -> None:
    experiment = small(optimizer=Optimizer(lr=1e6), trainer=Trainer(max_epochs=3))
    with np.errstate(all="ignore"), pytest.raises(UserError, match=r"at step \d+ \(epoch 1\).*learning rate"):
        run(track, experiment)


def test_nan_is_found_at_the_same_step_in_both_tracks(small: Callable[..., Experiment]) -> None:
    said = []
    for track in TRACKS:
        with np.errstate(all="ignore"), pytest.raises(UserError) as stop:
            run(track, small(optimizer=Optimizer(lr=1e6), trainer=Trainer(max_epochs=3)))
        said.append(str(stop.value).split("at step")[1].split(":")[0])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 5}, "--seed 42, not 5"),
        ({"optimizer": Optimizer(lr=0.5)}, "--optimizer.lr 0.01, not 0.5"),
    ],
)
def test_resume_refuses_another_experiment(change: Any, words: str, small: Callable[..., Experiment]) -> None:
    folder = run("numpy", small(trainer=Trainer(max_epochs=1)))
    with pytest.raises(UserError, match=words):
        run("numpy", small(trainer=Trainer(max_epochs=2), **change), resume=folder)


def test_resume_refuses_other_drawings_and_the_other_track(
    small: Callable[..., Experiment], subset: Path, tmp_path: Path
) -> None:
    experiment = small(trainer=Trainer(max_epochs=1))
    folder = run("numpy", experiment)
    with pytest.raises(UserError, match="of the numpy track"):
        run("lightning", longer(experiment, 2), resume=folder)
    metadata = json.loads((folder / "data.json").read_text())
    metadata["checksums"]["train_images"] = "0"
    (folder / "data.json").write_text(json.dumps(metadata))
    with pytest.raises(UserError, match="other drawings"):
        run("numpy", longer(experiment, 2), resume=folder)


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("damage", ["truncated", "garbage"])
def test_resume_refuses_a_damaged_checkpoint(track: str, damage: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=1))
    folder = run(track, experiment)
    (path,) = (folder / "checkpoints").iterdir()
    path.write_bytes(path.read_bytes()[:2000] if damage == "truncated" else b"garbage" * 100)
    with pytest.raises(UserError, match="damaged"):
        run(track, longer(experiment, 2), resume=folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("history.csv", "epoch\nx"),
        ("model.json", "{"),
        ("model.json", "{}"),
        ("data.json", "{}"),
        ("config.yaml", "a: ["),
    ],
)
def test_resume_refuses_a_damaged_run(name: str, content: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=1))
    folder = run("numpy", experiment)
    (folder / name).write_text(content)
    with pytest.raises(UserError, match=name.replace(".", r"\.")):
        run("numpy", longer(experiment, 2), resume=folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("model.safetensors", read_trained),
        ("model.json", read_trained),
        ("predictions.npz", lambda folder: read_results(Run(folder))),
        ("history.csv", lambda folder: read_results(Run(folder))),
    ],
)
def test_a_pipe_in_a_runs_folder_is_not_waited_for(
    name: str, read: Callable[[Path], Any], small: Callable[..., Experiment]
) -> None:
    folder = run("numpy", small(trainer=Trainer(max_epochs=1)))
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(UserError, match=name):
        read(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(("track", "name"), [("numpy", "last.safetensors"), ("lightning", "last.ckpt")])
def test_a_pipe_as_checkpoint_is_not_waited_for(track: str, name: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=1))
    folder = run(track, experiment)
    (folder / "checkpoints" / name).unlink()
    os.mkfifo(folder / "checkpoints" / name)
    with pytest.raises(UserError, match=name):
        run(track, longer(experiment, 2), resume=folder)


def test_unpickling_nothing(small: Callable[..., Experiment], tmp_path: Path) -> None:
    import pickle

    import torch

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "evil"),)

    folder = run("lightning", small(trainer=Trainer(max_epochs=1)))
    torch.save({"epoch": 0, "evil": Evil()}, folder / "checkpoints" / "last.ckpt")
    with pytest.raises(UserError, match="damaged"):
        run("lightning", small(trainer=Trainer(max_epochs=2)), resume=folder)
    (folder / "checkpoints" / "last.ckpt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="damaged"):
        run("lightning", small(trainer=Trainer(max_epochs=2)), resume=folder)
    assert not (tmp_path / "evil").exists()


def test_lightning_section_reaches_the_trainer(small: Callable[..., Experiment]) -> None:
    folder = run("lightning", small(lightning={"limit_train_batches": 2, "gradient_clip_val": 1.0}))
    with (folder / "history.csv").open() as rows:
        assert [int(row["step"]) for row in csv.DictReader(rows)][:2] == [2, 4]
    with pytest.raises(UserError, match=r"trainer\.max_epochs"):
        run("lightning", small(lightning={"max_epochs": 2}))
    with pytest.raises(UserError, match="devicez"):
        run("lightning", small(lightning={"devicez": 2}))
    for arguments in ({"fast_dev_run": True}, {"num_sanity_val_steps": 1, "limit_train_batches": 1}):
        folder = run("lightning", small(lightning=arguments, trainer=Trainer(max_epochs=1)))
        assert len(np.load(folder / "predictions.npz")["labels"]) == 100
    run("numpy", small(lightning={"devicez": 2}, trainer=Trainer(max_epochs=1)))  # accepted and ignored


# --- the disk


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts back what `run_program` does to the process."""
    before, hook = {number: signal.getsignal(number) for number in SIGNALS}, threading.excepthook
    yield
    threading.excepthook = hook
    for number, action in before.items():
        signal.signal(number, action)


def test_unusable_logs_folder_is_refused(small: Callable[..., Experiment], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    from dataclasses import replace

    with pytest.raises(UserError, match="logs_root"):
        run("numpy", replace(small(), logs_root=str(tmp_path / "file" / "logs")))


@pytest.mark.parametrize(("number", "words"), [(errno.EROFS, "read-only"), (errno.EACCES, "permission denied")])
def test_read_only_logs_folder_is_refused(
    number: int, words: str, small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(self))

    experiment = small()
    data = QuickDrawDataModule(experiment)
    monkeypatch.setattr(course, "make_data", lambda _: data)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match=words):
        train_and_test("numpy", Command(experiment, None))


@pytest.mark.usefixtures("handlers")
def test_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(SystemExit) as stop:
        run_program(lambda: write_text(tmp_path / "text", "hello"))
    assert stop.value.code == 2 and list(tmp_path.iterdir()) == []
    said = capsys.readouterr().err
    assert said == f"error: {tmp_path / 'text'}: the disk is full; free some space and run again\n"
