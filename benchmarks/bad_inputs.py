"""Gives the programs bad inputs, stops them, and fills their disk: python benchmarks/bad_inputs.py.

Every file format, flag and program gets something that is wrong or damaged. A case passes where the program refuses
it: exit code 2, one line on stderr that names the file or flag, no traceback, no new files, in less than ten seconds
of CPU time; or, where a changed byte may have left the input sound, where it runs and says no "nan". No case may
execute a pickle's payload. Then runs are stopped by signals and by full disks, and resumed (stops.py).
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the project: nothing has to be installed

from benchmarks.bad_data_files import data_cases, drawing_cases
from benchmarks.bad_flags import SMALL, Case, flag_cases, program_cases
from benchmarks.bad_run_files import run_cases, text_cases
from benchmarks.damages import words_text
from benchmarks.program_runs import Outcome, Programs, refusal_fault
from benchmarks.stops import Reference, fill_disk, stop_and_resume

SLOW = 10.0
"""Seconds of CPU time that a case may take."""


def main() -> int:
    """Try all cases, or some drawn at random, and print those that fail; the exit code is their number, at most 1."""
    parser = ArgumentParser(description="Give the programs bad inputs, stop them, fill their disk.")
    parser.add_argument("--cases", type=int, help="how many bad inputs, drawn at random; default: all")
    parser.add_argument("--stops", type=int, default=60, help="how many runs to stop by a signal, over both tracks")
    parser.add_argument("--full_disks", type=int, default=20, help="how many runs to stop by a full disk")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices")
    parser.add_argument("--jobs", type=int, default=1, help="programs that run side by side")
    parser.add_argument("--match", default="", help="only cases whose name has this in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bad_inputs_") as name:
        folder = Path(name)
        programs = Programs()
        failed = try_cases(make_cases(programs, folder, options), folder, programs, options.jobs)
        chance = random.Random(options.seed)
        references = (
            [Reference.make(programs, track, folder) for track in ("numpy", "lightning")]
            if (options.stops or options.full_disks)
            else []
        )
        for what, count, attempt in (
            ("stops", options.stops, stop_and_resume),
            ("full disks", options.full_disks, fill_disk),
        ):
            faults = [attempt(programs, references[number % 2], folder, chance) for number in range(count)]
            report(what, count, [fault for fault in faults if fault])
            failed += sum(fault is not None for fault in faults)
    return int(failed > 0)


def make_cases(programs: Programs, folder: Path, options: Namespace) -> list[Case]:
    """All cases, or as many as were asked for."""
    (folder / "words.txt").write_text(words_text())
    towers = ["--model=dual_tower", f"--data.word_vectors={folder / 'words.txt'}"]
    run, tower = (programs.train("numpy", [*SMALL, *more], folder) for more in ([], towers))
    lightning = programs.train("lightning", SMALL, folder)
    cases = [*flag_cases(), *program_cases(run, tower), *data_cases(), *drawing_cases(run), *text_cases()]
    cases += [*run_cases(run, "numpy"), *run_cases(lightning, "lightning")]
    cases = [case for case in cases if options.match in case.name]
    count = options.cases
    return cases if count is None else random.Random(options.seed).sample(cases, min(count, len(cases)))


def try_cases(cases: Sequence[Case], folder: Path, programs: Programs, jobs: int) -> int:
    """Try each case, `jobs` at once; returns how many fail."""

    def attempt(number: int) -> str | None:
        return try_case(programs, cases[number], folder / f"case_{number}")

    with ThreadPoolExecutor(jobs) as pool:
        faults = []
        for fault in pool.map(attempt, range(len(cases))):
            if fault:
                print(f"  {fault}", flush=True)
                faults.append(fault)
    report("bad inputs", len(cases), faults)
    executed = sum("executed" in fault for fault in faults)
    print(f"payloads executed: {executed}", flush=True)
    return len(faults)


def try_case(programs: Programs, case: Case, folder: Path) -> str | None:
    """What is wrong with how a program takes a case; None where nothing is."""
    folder.mkdir()
    case.prepare(folder)
    before = {path: path.stat().st_size for path in folder.rglob("*")}
    outcome = programs.run(case.script, case.arguments, folder)
    after = {path: path.stat().st_size for path in folder.rglob("*")}
    fault = judge(case, outcome, sorted(set(after) - set(before)))
    shutil.rmtree(folder)
    return f"{case.name}: {fault}" if fault else None


def judge(case: Case, outcome: Outcome, new: Sequence[Path]) -> str | None:
    """What is wrong with an outcome; `new` are the files that were made."""
    if any(path.name == "executed" for path in new):
        return "its payload was executed"
    if outcome.cpu_seconds > SLOW or outcome.code == -signal.SIGKILL:
        return f"took {outcome.cpu_seconds:.1f} s of CPU time"
    if outcome.code == 0 and not case.refused:
        return "says nan" if re.search(r"\bnan\b", outcome.stdout) else None
    fault = refusal_fault(outcome, case.words)
    if fault is None and new and "learning rate" not in outcome.stderr:  # which is found while training
        return f"left {', '.join(path.name for path in new[:3])}"
    return fault


def report(what: str, count: int, faults: Sequence[str]) -> None:
    """Print how many passed, and why the others did not."""
    if count:
        print(f"{what}: {count - len(faults)} of {count} passed ({1 - len(faults) / count:.1%})", flush=True)
    for fault in faults:
        print(f"  {fault}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
