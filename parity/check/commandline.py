"""`python -m parity check my_network.py`: what is wrong with a network, where, and which mistake it is."""

from __future__ import annotations

import argparse
import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from experiment.errors import UserError
from experiment.files import write_text
from parity.check.diagnose import diagnose
from parity.check.diagnosis import Diagnosis
from parity.check.gradescope import results
from parity.check.new_adapter import draft
from parity.check.page import network_page, summary_page
from parity.check.sandbox import SECONDS, watch
from parity.check.words import as_text, verdict

EPILOG = (
    "Exit codes: 0 everything compared and no mistake found, 1 a mistake, "
    "2 bad input, or not everything could be compared."
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m parity check", description=__doc__, epilog=EPILOG)
    made.add_argument("files", nargs="*", type=Path, metavar="FILE", help="networks in NumPy, or adapters")
    made.add_argument(
        "--hints", type=int, choices=(1, 2, 3), default=3, help="1: only where; 2: what kind; 3: formula and our line"
    )
    made.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write a page and results.json for each file here, and a summary"
    )
    made.add_argument("--html", type=Path, metavar="PAGE", help="write the page of one network here")
    made.add_argument("--json", type=Path, metavar="JSON", help="write one network's results.json (Gradescope) here")
    made.add_argument("--seconds", type=float, default=SECONDS, help="CPU time for one file (default: %(default)s)")
    made.add_argument("--jobs", type=int, default=2, help="files checked at the same time (default: %(default)s)")
    made.add_argument(
        "--new-adapter", type=Path, metavar="FILE", help="print a first draft of an adapter for this file"
    )
    return made


def main(arguments: list[str]) -> int:
    """Check the files; see EPILOG for the exit code.

    Raises UserError for a file that is not there.
    """
    options = parser().parse_args(arguments)
    if options.new_adapter:
        print(draft(_existing(options.new_adapter)), end="")
        return 0
    if not options.files:
        raise UserError("name at least one file: python -m parity check my_network.py")
    if options.seconds <= 0 or options.jobs < 1:
        raise UserError("--seconds and --jobs must be positive.")
    files = [_existing(path) for path in options.files]
    if len(files) > 1 and (options.html or options.json):
        raise UserError("--html and --json are for one file; use --out FOLDER for several.")
    found = _check_all(files, options)
    if options.html:
        write_text(options.html, network_page(found[0], options.hints))
    if options.json:
        write_text(options.json, json.dumps(results(found[0], options.hints), indent=1))
    if options.out:
        _write_folder(found, options.out, options.hints)
    return max((d.exit_code for d in found), default=2) if len(found) == 1 else _joint_code(found)


def _joint_code(found: list[Diagnosis]) -> int:
    codes = {d.exit_code for d in found}
    return 1 if 1 in codes else 2 if 2 in codes else 0


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; give the path of a Python file.")
    if path.suffix != ".py":
        raise UserError(f"{path}: not a Python file; export a notebook with `jupyter nbconvert --to script`.")
    return path


def check(path: Path, seconds: float = SECONDS, name: str = "", seed: int = 0) -> Diagnosis:
    """Diagnose one file; whatever it does, this returns."""
    name = name or str(path)
    try:
        return diagnose(watch(path, seconds, seed), name)
    except Exception as error:  # one strange file must not stop two hundred others
        return Diagnosis(
            error=f"our own diagnosis failed ({type(error).__name__}: {error}); please report it", network=name
        )


def _check_all(files: list[Path], options: argparse.Namespace) -> list[Diagnosis]:
    found = []
    with ThreadPoolExecutor(min(options.jobs, len(files))) as pool:
        for d in pool.map(lambda path: check(path, options.seconds), files):
            print(
                as_text(d, options.hints) if len(files) == 1 else f"{d.network}: {verdict(d)} {' '.join(d.ids)}",
                flush=True,
            )
            found.append(d)
    return found


def _write_folder(found: list[Diagnosis], folder: Path, hints: int) -> None:
    rows: list[dict[str, Any]] = []
    for d, name in zip(found, _short_names([d.network for d in found]), strict=True):
        page = f"{name}.html"
        write_text(folder / page, network_page(d, hints))
        write_text(folder / f"{name}.json", json.dumps(results(d, hints), indent=1))
        rows.append({"name": name, "code": d.exit_code, "verdict": verdict(d), "ids": d.ids, "page": page})
    write_text(folder / "summary.html", summary_page(rows))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["submission", "exit_code", "mistakes", "first_place", "checked", "verdict"])
    for row, d in zip(rows, found, strict=True):
        place = d.findings[0].place if d.findings else ""
        writer.writerow([row["name"], d.exit_code, " ".join(d.ids), place, " ".join(d.checked), row["verdict"]])
    write_text(folder / "summary.csv", table.getvalue())
    print(f"\nPages and tables: {folder / 'summary.html'}, {folder / 'summary.csv'}")


def _short_names(paths: list[str]) -> list[str]:
    """The part of each path that tells it from the others, as a file name."""
    parts = [Path(path).with_suffix("").parts for path in paths]
    last_same = len({p[-1] for p in parts}) < len(parts)
    names = ["-".join(p[-2:]) if last_same else p[-1] for p in parts]
    taken: dict[str, int] = {}
    answer = []
    for name in names:
        plain = name.replace("/", "-").lstrip(".") or "network"
        taken[plain] = taken.get(plain, 0) + 1
        answer.append(plain if taken[plain] == 1 else f"{plain}-{taken[plain]}")
    return answer
