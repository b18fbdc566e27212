"""A small sample of benchmarks/bad_inputs.py, and that its judge can tell good from bad."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.bad_data_files import data_cases, drawing_cases
from benchmarks.bad_flags import SMALL, Case, flag_cases
from benchmarks.bad_inputs import judge, try_case
from benchmarks.bad_run_files import run_cases, text_cases
from benchmarks.program_runs import Outcome, Programs
from benchmarks.stops import Reference, fill_disk, stop_and_resume
from tests.conftest import program_server

CASE = Case("a case", "program.py", [], ("file.npy",))


@pytest.fixture(scope="module")
def programs() -> Programs:
    """Runs programs, by the process that runs those of all tests."""
    return Programs(program_server())


@pytest.mark.parametrize(
    ("code", "stderr", "seconds", "new", "fault"),
    [
        (2, "error: file.npy: is cut short; get it again.\n", 1.0, [], None),
        (0, "", 1.0, [], "exit code 0"),
        (1, "error: file.npy: is cut short.\n", 1.0, [], "exit code 1"),
        (2, "Traceback (most recent call last):\nerror: file.npy\n", 1.0, [], "a traceback"),
        (2, "error: something is wrong\n", 1.0, [], "names none of file.npy"),
        (2, "warning\nerror: file.npy\n", 1.0, [], "2 lines"),
        (2, "error: file.npy\n", 11.0, [], "took"),
        (2, "error: file.npy\n", 1.0, ["logs"], "left logs"),
        (2, "error: file.npy\n", 1.0, ["executed"], "executed"),
    ],
)
def test_the_judge_knows_a_good_refusal(
    code: int, stderr: str, seconds: float, new: list[str], fault: str | None
) -> None:
    found = judge(CASE, Outcome(code, "", stderr, seconds, seconds), [Path(name) for name in new])
    assert found is None if fault is None else found is not None and fault in found


@pytest.mark.processes
def test_bad_inputs_are_refused(programs: Programs, tmp_path: Path) -> None:
    run = programs.train("numpy", SMALL, tmp_path)
    chance = random.Random(1)
    kinds = [flag_cases(), data_cases(), drawing_cases(run), text_cases(), run_cases(run, "numpy")]
    cases = [case for kind in kinds for case in chance.sample([*kind], 4)]
    faults = [try_case(programs, case, tmp_path / str(number)) for number, case in enumerate(cases)]
    assert [fault for fault in faults if fault] == []


@pytest.mark.processes
def test_stopped_runs_are_resumed(programs: Programs, tmp_path: Path) -> None:
    quick = "--figures=false"  # test_stopping.py stops runs while these are drawn
    reference = Reference.make(programs, "numpy", tmp_path, quick)
    chance = random.Random(2)
    attempts = [stop_and_resume, stop_and_resume, fill_disk]
    assert [attempt(programs, reference, tmp_path, chance) for attempt in attempts] == [None] * 3
