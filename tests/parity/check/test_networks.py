"""Whole networks: right ones are left alone, mistakes are named, and nothing that a file does stops the check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiment.errors import UserError
from parity.check.commandline import check, main
from tests.conftest import PROJECT
from tests.parity.check.mutations import MUTATIONS, NETWORKS, Mutation, mutate

STUDENTS = PROJECT / "benchmarks" / "student_networks" / "mistakes"


@pytest.mark.parametrize("path", sorted(NETWORKS.glob("*.py")), ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", [0, 1])
def test_right_networks_are_not_accused(path: Path, seed: int) -> None:
    d = check(path, seed=seed)
    assert (d.exit_code, d.ids) == (0, []), d.findings
    assert {"forward", "update"} <= set(d.checked)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m[0]}-{'-'.join(m[2]) or 'fine'}")
def test_mistakes_are_named(mutation: Mutation, tmp_path: Path) -> None:
    path = tmp_path / "network.py"
    path.write_text(mutate(mutation))
    d = check(path)
    wanted = mutation[2]
    assert d.ids[:1] == wanted if len(wanted) < 2 else set(wanted) <= set(d.ids), d.findings


ONCE_MISSED = (
    "stale_cache_2",  # our own call of forward filled the cache
    "mse_gradient_for_cross_entropy_3",  # a loss called bce
    "bias_grad_averaged_2",  # a loss function took the samples for scores
    "last_batch_wrong_size_2",  # data are (x, y) pairs
    "x_shuffled_without_y_3",  # an update that computes gradients of its own
)


@pytest.mark.parametrize("name", ONCE_MISSED)
def test_networks_that_were_misjudged(name: str) -> None:
    d = check(STUDENTS / f"{name}.py")
    assert d.ids[:1] == [name.rpartition("_")[0]], d.findings


BROKEN = {
    "syntax": ("def f(:\n", "line 1"),
    "empty": ("", "no network"),
    "endless": ("import numpy as np\ndef init(a):\n    while True:\n        pass\n", "no network"),
    "exits": ("import os\nos._exit(3)\n", "ended"),
    "kills": ("import os\nos.kill(os.getppid(), 9)\nos._exit(0)\n", "ended"),
    "asks": ("name = input('who are you? ')\n", "no network"),
    "crashes": ("import ctypes\nctypes.string_at(0)\n", "signal"),
    "greedy": ("x = bytearray(64 << 30)\n", "no network"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_broken_files_give_one_line_and_exit_code_2(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.py"
    path.write_text(BROKEN[case][0])
    assert main([str(path)]) == 2
    out = capsys.readouterr().out
    assert BROKEN[case][1] in out and len(out.strip().splitlines()) == 1


def test_an_endless_file_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "network.py"
    path.write_text(
        "class A:\n    while True:\n        try:\n            pass\n        except BaseException:\n            pass\n"
    )
    d = check(path, seconds=1)
    assert d.exit_code == 2


def test_many_submissions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (
        ("ann", mutate(MUTATIONS[2])),
        ("bob", (NETWORKS / "stanford.py").read_text()),
        ("eve", "def f(:"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "network.py").write_text(text)
    out = tmp_path / "results"
    assert main([*(str(tmp_path / n / "network.py") for n in ("ann", "bob", "eve")), "--out", str(out)]) == 1
    table = (out / "summary.csv").read_text().splitlines()
    assert [line.split(",")[:3] for line in table[1:]] == [
        ["ann-network", "1", "relu_mask_missing"],
        ["bob-network", "0", ""],
        ["eve-network", "2", ""],
    ]
    assert "relu_mask_missing" in (out / "summary.html").read_text()
    results = json.loads((out / "ann-network.json").read_text())
    assert {t["name"]: t["status"] for t in results["tests"]}["gradients"] == "failed"


def test_hints_tell_less(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "network.py"
    path.write_text(mutate(MUTATIONS[2]))
    texts = []
    for hints in "123":
        assert main([str(path), "--hints", hints]) == 1
        texts.append(capsys.readouterr().out)
    assert "relu_mask_missing" not in texts[0] and "right:" not in texts[1] and "right:" in texts[2]
    assert all("gradients, layer 1" in text for text in texts)


def test_bad_arguments(tmp_path: Path) -> None:
    for arguments in (["nowhere.py"], [], [str(tmp_path)]):
        with pytest.raises(UserError):
            main(arguments)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[3] / "examples" / "check").glob("*_adapter.py")), ids=lambda p: p.stem
)
def test_examples(path: Path) -> None:
    assert len([line for line in path.read_text().splitlines() if line.strip()]) <= 15
    d = check(path)
    assert (d.exit_code, d.ids) == (0, []), (d.error, d.findings)


def test_the_assignments_notebook_finds_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = PROJECT / "examples" / "assignment"
    cells = json.loads((folder / "assignment.ipynb").read_text(encoding="utf-8"))["cells"]
    find, write, *_ = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setenv("PYTHONPATH", "")
    names: dict[str, object] = {}
    exec(find, names)
    assert names["project"] == PROJECT
    assert write.strip() == f"%%writefile network.py\n{(folder / 'network.py').read_text(encoding='utf-8')}".strip()
