"""What many tests need: small drawings, real data where there is some, and a way to run the programs."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.sources import doodles
from experiment.config import FIVE, Data, Experiment
from tests.forked_programs import ProgramServer

PROJECT = Path(__file__).resolve().parents[1]
REAL_DATA = Path(os.environ.get("QUICKDRAW_REAL_DATA", PROJECT.parent / "shared" / "data"))
TRACKS = {"numpy": "numpy_ref/train.py", "lightning": "train_lightning.py"}

TIMEOUT = 240
"""Seconds after which a program is killed."""

EVERYTHING: list[str | dict[str, Any]] = [
    {"Conv2d": {"out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1}},
    "BatchNorm2d",
    "LeakyReLU",
    {"MaxPool2d": 2},
    {"Conv2d": {"out_channels": 4, "kernel_size": 3, "bias": True}},
    "Tanh",
    {"AvgPool2d": 2},
    {"Dropout": 0.2},
    {"Linear": 12},
    "BatchNorm1d",
    "Sigmoid",
    {"Linear": 8},
    "ReLU",
    {"Dropout": 0.1},
]
"""A network with nearly every kind of layer."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
Program = Callable[..., subprocess.CompletedProcess[str]]


gc.disable()  # until all is imported (`pytest_collection_finish`)

SHARED_SERVER = "TESTS_SHARED_SERVER"
"""The environment variable with the folder of the server that pytest's processes share."""


def pytest_configure(config: pytest.Config) -> None:
    """Start the program server of a whole run early, while pytest's processes import what they test."""
    whole = config.args_source is config.ArgsSource.TESTPATHS
    if whole and sys.platform == "linux" and config.getoption("numprocesses", None):
        os.environ[SHARED_SERVER] = str(program_server().folder)


ORDER = {"studies": -1, "test_layers.py": 1}
"""The report's tests come first, since all wait until one report is made, and the shortest tests last."""


def pytest_collection_finish() -> None:
    """Look for garbage in what the tests make, not in all that was imported: that took 0.4 s each time."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep both of pytest's processes busy until the end."""
    items.sort(key=lambda item: ORDER.get(item.path.parent.name, ORDER.get(item.path.name, 0)))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real drawings and word vectors."""
    if not (REAL_DATA / "quickdraw_subset_np").is_dir():
        pytest.skip(f"no real data in {REAL_DATA} (set QUICKDRAW_REAL_DATA)")
    return REAL_DATA


@pytest.fixture(scope="session")
def subset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the course's layout: 60 + 20 doodles of each category, in mixed order."""
    folder = tmp_path_factory.mktemp("subset")
    drawings = doodles.load(Data(train_per_category=60, test_per_category=20))
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        images, labels = getattr(drawings, f"{split}_images"), getattr(drawings, f"{split}_labels")
        order = random.permutation(len(labels))
        np.save(folder / f"{split}_images.npy", images[order])
        np.save(folder / f"{split}_labels.npy", labels[order])
    return folder


@pytest.fixture(scope="session")
def glove(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in GloVe's layout with vectors of length 6 for the five categories and a few others."""
    path = tmp_path_factory.mktemp("words") / "glove.txt"
    random = np.random.default_rng(1)
    words = [*FIVE, "hot", "dog", "The_Eiffel_Tower", "sea-turtle"]
    lines = [" ".join([word, *(f"{value:.5f}" for value in random.normal(size=6))]) for word in words]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def small(subset: Path, glove: Path, tmp_path: Path) -> Callable[..., Experiment]:
    """Makes small experiments over `subset`, without figures, with logs in the test's own folder."""

    def make(**fields: object) -> Experiment:
        data = Data(source="subset", root=str(subset), word_vectors=str(glove), batch_size=32)
        if fields.get("model") == "sequence":
            data = Data(form="strokes", source="doodles", batch_size=32, train_per_category=60, test_per_category=20)
        usual = {"data": data, "logs_root": str(tmp_path / "logs"), "figures": False}
        return Experiment(**(usual | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once for a module's tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    sync_playwright = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser").sync_playwright
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs one of the project's programs in a process of its own, in the test's folder."""
    return program_in(tmp_path)


def program_in(folder: Path) -> Program:
    """Runs one of the project's scripts, or of its packages' subcommands, in a process of its own, in `folder`."""

    def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(PROJECT / script) if script.endswith(".py") else script, *map(str, arguments)]
        if sys.platform == "linux":  # elsewhere a process that has imported so much may not be forked
            return _run_forked(command, folder)
        command = [sys.executable, *([] if script.endswith(".py") else ["-m"]), *command]
        environment = os.environ | {"PYTHONPATH": str(PROJECT)}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )

    return run


def _run_forked(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    left = program_server().run(command[0], command[1:], folder, [(signal.SIGKILL, TIMEOUT)])
    return subprocess.CompletedProcess(command, left.code, left.stdout, left.stderr)


@cache
def program_server() -> ProgramServer:
    """The process that forks programs; where pytest runs all tests, its processes share one."""
    shared = os.environ.get(SHARED_SERVER)
    return ProgramServer(Path(shared)) if shared else ProgramServer.start()


@cache
def fast_python() -> str:
    """What starts programs that run beside the test: a stand-in for Python, which need not import the libraries."""
    return program_server().python if sys.platform == "linux" else sys.executable


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """One clear line, exit code 2, no traceback."""
    assert result.returncode == 2, result.stderr
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1 and lines[0].startswith("error: "), result.stderr
    for word in words:
        assert word in lines[0], lines[0]


def make_official(folder: Path, names: list[str], count: int = 20) -> Path:
    """Official `<category>.npy` files of random drawings."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        rows = np.random.default_rng(seed).integers(0, 256, (count, 784)).astype(np.uint8)
        np.save(folder / f"{name}.npy", rows)
    return folder
