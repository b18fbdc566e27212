"""The README's commands, run as they stand but for shorter trainings on fewer drawings."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import PROJECT, Program

README = (PROJECT / "README.md").read_text()
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]
TRAININGS = [command for command in COMMANDS if re.match(r"python (numpy_ref/train|train_lightning)\.py", command)]
DISTINCT = sorted({re.sub(r" --data\.(root|source).*", "", command) for command in TRAININGS if "<run>" not in command})
DISTINCT = [command for command in DISTINCT if not command.endswith(("all_345/dual_tower.yaml", "classifier.yaml"))]
"""(Those two differ from their neighbours by settings alone, which tests/test_config.py reads.)"""
SHORT = ["--data.source", "doodles", "--data.train_per_category", "20", "--data.test_per_category", "5"]
SHORT += ["--trainer.max_epochs", "1", "--figures", "false"]


def test_every_command_is_covered() -> None:
    others = [command.split()[0] for command in COMMANDS if command not in TRAININGS]
    assert len(TRAININGS) >= 8
    assert set(others) <= {"make", "python", ".", "tensorboard", "torchrun"}, others
    for command in COMMANDS:
        words = command.split()
        if words[0] == "python" and words[1].endswith(".py"):
            assert (PROJECT / words[1]).is_file(), command


@pytest.mark.parametrize("command", DISTINCT)
def test_training_commands_run(command: str, program: Program, glove: Path, tmp_path: Path) -> None:
    _, script, *arguments = shlex.split(command.replace("configs/", f"{PROJECT}/configs/"))
    if "345" in command or "zero_shot" in command:  # doodles have but five categories
        arguments += ["--data.categories", "[rabbit, yoga, hand, snowman, motorbike]"]
        arguments += ["--data.unseen", "2"] if "zero_shot" in command else []
    if {"--help", "--print_config"} & set(arguments):
        result = program(script, *arguments)
    else:
        result = program(script, *arguments, *SHORT, "--logs_root", tmp_path, "--data.word_vectors", glove)
        assert result.stdout.startswith("Data: doodles: DOODLES made by this project, NOT Quick, Draw!")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


def test_resume_and_predict_as_shown(program: Program, tmp_path: Path) -> None:
    program("numpy_ref/train.py", *SHORT, "--logs_root", tmp_path / "logs")
    (run,) = (tmp_path / "logs" / "softmax" / "numpy").iterdir()
    resume = next(command for command in TRAININGS if "--resume" in command)
    words = shlex.split(resume.replace("logs/softmax/numpy/<run>", str(run)))
    assert program(words[1], *words[2:]).returncode == 0
    import cv2

    cv2.imwrite(str(tmp_path / "drawing.png"), np.pad(np.zeros((60, 30), np.uint8), 20, constant_values=255))
    np.save(tmp_path / "more.npy", np.zeros((2, 28, 28), np.uint8))
    (tmp_path / "strokes.ndjson").write_text('{"drawing": [[[0, 9], [0, 9]]]}\n')
    predict = next(command for command in COMMANDS if command.startswith("python predict.py"))
    words = shlex.split(predict.replace("logs/softmax/numpy/<run>", str(run)))
    result = program(words[1], *words[2:])
    assert result.returncode == 0, result.stderr
    assert len((tmp_path / "preds.csv").read_text().splitlines()) == 1 + 4


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith("python compare.py --config") and "reports" not in c]
)
def test_comparisons_run(command: str, program: Program, glove: Path, tmp_path: Path) -> None:
    command = re.sub(r" --data\.root.*", "", command).replace("configs/", f"{PROJECT}/configs/")
    _, script, *arguments = shlex.split(command)
    result = program(script, *arguments, *SHORT, "--logs_root", tmp_path, "--data.word_vectors", glove)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python sweep.py")])
def test_sweeps_run(command: str, program: Program, tmp_path: Path) -> None:
    command = re.sub(r" --data\.root.*", "", command).replace("configs/", f"{PROJECT}/configs/")
    _, script, *arguments = shlex.split(command)
    result = program(script, *arguments, *SHORT, "--logs_root", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "18 trials" in result.stdout and "Test of the best" in result.stdout


def test_reports_are_written(program: Program, tmp_path: Path) -> None:
    commands = [command for command in COMMANDS if command.startswith("python report.py")]
    assert any("configs/report.yaml" in command for command in commands)  # tests/test_report.py makes a whole one
    result = program("report.py", "--logs_root", tmp_path / "logs")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "report" / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("target", sorted({word for c in COMMANDS if c.startswith("make") for word in c.split()[1:]}))
def test_make_targets_exist(target: str) -> None:
    subprocess.run(["make", "-n", target], cwd=PROJECT, check=True, capture_output=True)


def test_tensorboard_can_be_started() -> None:
    assert "tensorboard --logdir logs" in COMMANDS
    done = subprocess.run(
        [Path(sys.executable).with_name("tensorboard"), "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("2.")


def test_pictures_and_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (PROJECT / target).exists(), target
