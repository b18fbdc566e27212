"""Trained runs, and the drawing page that serves them."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiment.config import Data, DualTower, Experiment, Trainer
from tests.conftest import PROJECT, fast_python


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory, glove: Path) -> Path:
    """A classifier and a dual tower trained on doodles."""
    from tests.apps.test_trained import trained_run  # here, or pytest could not rewrite that module's assertions

    folder = tmp_path_factory.mktemp("logs")
    data = Data(source="doodles", train_per_category=600, test_per_category=20, word_vectors=str(glove))
    usual = {"data": data, "logs_root": str(folder), "figures": False}
    trained_run(Experiment(**usual, trainer=Trainer(max_epochs=8)))  # type: ignore[arg-type]
    towers = DualTower(image_dims=[32], margin_weight=1.0)
    trained_run(
        Experiment(**usual, experiment="towers", model="dual_tower", dual_tower=towers, trainer=Trainer(max_epochs=1))  # type: ignore[arg-type]
    )
    return folder


@pytest.fixture(scope="session")
def address(logs: Path) -> Iterator[str]:
    """Where demo.py serves these runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [fast_python(), "-m", "apps", "demo", "--logs_root", str(logs), "--port", str(port)]
    server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    where = f"http://127.0.0.1:{port}/"
    for _ in range(600):
        try:
            urllib.request.urlopen(where, timeout=5).close()
            break
        except OSError:
            assert server.poll() is None, server.stdout.read() if server.stdout else ""
            time.sleep(0.1)
    yield where
    assert server.poll() is None  # it is still up, after all that the tests did to it
    server.terminate()
    server.wait()
