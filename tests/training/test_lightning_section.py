"""Callbacks, loggers and a profiler from the `lightning:` section, added to this project's own."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from experiment.commandline import Command, from_yaml, parse_command
from experiment.config import Experiment, Trainer
from experiment.errors import UserError
from training.program import train_and_test

CHECKPOINT = {"class_path": "ModelCheckpoint", "init_args": {"monitor": "val/accuracy", "filename": "accurate"}}


def run(experiment: Experiment) -> Path:
    """The folder of a new Lightning run."""
    assert train_and_test("lightning", Command(experiment, None)) == 0
    root = Path(str(experiment.logs_root)) / experiment.experiment / "lightning"
    return max(root.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


def test_they_are_added_and_see_what_is_logged(small: Callable[..., Experiment], tmp_path: Path) -> None:
    section = {
        "callbacks": [CHECKPOINT, {"class_path": "lightning.pytorch.callbacks.LearningRateMonitor"}],
        "logger": {"class_path": "CSVLogger", "init_args": {"save_dir": str(tmp_path / "csv")}},
        "profiler": {"class_path": "SimpleProfiler", "init_args": {"dirpath": str(tmp_path), "filename": "times"}},
    }
    plain = run(small(trainer=Trainer(max_epochs=2)))
    folder = run(small(trainer=Trainer(max_epochs=2), lightning=section))
    assert (folder / "history.csv").read_bytes() == (plain / "history.csv").read_bytes()
    assert from_yaml(folder / "config.yaml").lightning == section
    with open(tmp_path / "csv" / "lightning_logs" / "version_0" / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(folder / "history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    for tag in ("train/loss", "val/loss", "train/accuracy", "val/accuracy"):
        assert [row[tag] for row in rows if row[tag]] == [row[tag] for row in history]
    assert [row["test/accuracy"] for row in rows if row["test/accuracy"]] and "lr-SGD" in rows[0]
    (checkpoint,) = tmp_path.glob("csv/**/accurate.ckpt")
    assert "state_dict" in torch.load(checkpoint, weights_only=True)
    assert "run_training_batch" in (tmp_path / "fit-times.txt").read_text()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"callbacks": {"class_path": "Nonsense"}}, r"--lightning\.callbacks: .*Nonsense"),
        ({"callbacks": 3}, r"--lightning\.callbacks: .*class_path"),
        ({"callbacks": [{"class_path": "EarlyStopping"}]}, "required: monitor"),
        ({"callbacks": {"class_path": "ModelCheckpoint"}}, "more than one stateful callback"),
        ({"logger": {"class_path": "CSVLogger", "init_args": {"save_dirr": "x"}}}, "save_dirr"),
        ({"logger": {"class_path": "pathlib.Path"}}, "subclass of Logger"),
        ({"logger": True}, r"--lightning\.logger: .*class_path"),
        ({"profiler": "fastest"}, r"--lightning\.profiler: .*fastest"),
        ({"max_steps": 3}, "this project sets it itself"),
        ({"precision": "bf16"}, r"--trainer\.dtype"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    section: dict[str, Any], words: str, small: Callable[..., Experiment], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=words) as refusal:
        run(small(lightning=section))
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "logs").exists()


def test_reading_a_config_makes_no_objects(tmp_path: Path) -> None:
    evil = {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", str(tmp_path / "evil")]}}
    (tmp_path / "config.yaml").write_text(f"lightning: {{callbacks: [{evil}], logger: {evil}}}\n")
    experiment = from_yaml(tmp_path / "config.yaml")
    assert experiment.lightning == {"callbacks": [evil], "logger": evil}
    assert not (tmp_path / "evil").exists()


def test_flags_keep_their_types() -> None:
    flags = ["--lightning.devices", "2", "--lightning.strategy", "ddp", "--lightning.gradient_clip_val", "0.5"]
    flags += ["--lightning.deterministic", "true", "--lightning.callbacks", "[{class_path: Timer}]"]
    assert parse_command("", flags).experiment.lightning == {
        "devices": 2,
        "strategy": "ddp",
        "gradient_clip_val": 0.5,
        "deterministic": True,
        "callbacks": [{"class_path": "Timer"}],
    }
