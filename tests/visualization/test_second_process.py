"""The process that draws the figures beside the training's: the same figures, and no trouble when either one dies."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import pytest

from experiment.config import Data, Experiment, Softmax, Trainer
from experiment.files import PROJECT
from tests.parity.test_parity import run_both
from visualization.figures import Drawn
from visualization.run_data import Results, read_results
from visualization.second_process import COMMAND, SecondProcess, draw_here, second_process


@pytest.fixture(scope="module")
def results(subset: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What a small run left."""
    data = Data(source="subset", root=str(subset), batch_size=32)
    logs, trainer = str(tmp_path_factory.mktemp("logs")), Trainer(max_epochs=2)
    softmax = Softmax(hidden_dims=[6])
    experiment = Experiment(softmax=softmax, data=data, trainer=trainer, logs_root=logs, figures=False)
    return read_results(run_both(experiment)["numpy"])


@pytest.fixture(scope="module")
def drawn_here(results: Results) -> Drawn:
    """Its figures."""
    return draw_here(results)


def test_it_draws_what_this_process_would(results: Results, drawn_here: Drawn) -> None:
    process = SecondProcess()
    process.begin(results)
    assert process.finish(results) == drawn_here
    process.end()


def test_without_it_this_process_draws(results: Results, drawn_here: Drawn) -> None:
    process = SecondProcess()
    process._process.kill()
    process._process.wait()
    process.begin(results)
    assert process.finish(results) == drawn_here
    process.end()


@pytest.mark.parametrize("told", [False, True])
def test_it_ends_in_silence_when_its_program_is_gone(results: Results, told: bool) -> None:
    message = pickle.dumps(results) if told else b""
    ended = subprocess.run(COMMAND, input=message, capture_output=True, cwd=PROJECT, timeout=120, check=True)
    assert not ended.stdout and not ended.stderr


def test_none_where_it_would_save_no_time() -> None:
    with second_process(wanted=True) as process:  # here, where matplotlib is imported
        assert process is None
