"""Plants bugs in copies of the project and counts how many `python -m parity compare` catches, and names rightly.

python benchmarks/planted_bugs.py --jobs 2

Each bug is a change of the source of either track, or of both at once, or a pair of changes; benchmarks/mutations/
lists them, with the experiment that they are tried on, the stage that the comparison must name, and the place. A bug
that changes no number is listed as equivalent, with the reason, and must not be reported.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[0] = str(PROJECT)

PACKAGES = ("numpy_ref", "lightning_models", "datamodules", "experiment", "visualization", "training", "parity")
LIBRARIES = [
    "torchmetrics.classification",
    "lightning.pytorch",
    "sklearn.metrics",
    "matplotlib.figure",
    "cv2",
    "scipy.stats",
]
TIMEOUT = 300
"""Seconds after which a comparison is given up: a bug that makes a training hang is caught, but not named."""


def main() -> None:
    """Try all bugs, print each that was missed or misnamed, and the counts."""
    from benchmarks.mutations import MUTATIONS

    parser = argparse.ArgumentParser(description="Plant bugs and count how many the comparison catches.")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--sample", type=int, help="only this many, spread evenly over the list")
    options = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if options.only in mutation.name]
    if options.sample:
        chosen = chosen[:: max(1, len(chosen) // options.sample)][: options.sample]
    check_sources(chosen)
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    start = time.perf_counter()
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda mutation: _shown(try_mutation(context, mutation)), chosen))
    print(summary(results, time.perf_counter() - start))
    if any(not result["right"] for result in results):
        sys.exit(1)


def check_sources(mutations: list[Any]) -> None:
    """Each change must find its text exactly once in today's source."""
    for mutation in mutations:
        for change in mutation.changes:
            count = (PROJECT / change.file).read_text(encoding="utf-8").count(change.old)
            if count != 1:
                raise SystemExit(f"{mutation.name}: {change.file} has {count} times {change.old!r}")


def try_mutation(context: Any, mutation: Any) -> dict[str, Any]:
    """Plant one bug in a copy and compare; what the comparison said, and whether that was right."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for package in PACKAGES:
            shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
        for change in mutation.changes:
            path = copy / change.file
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(change.old, change.new), encoding="utf-8")
        answer = copy / "answer.json"
        process = context.Process(
            target=compare_copy, args=(str(copy), mutation.experiment, mutation.dtypes, str(answer))
        )
        process.start()
        process.join(TIMEOUT)
        if process.is_alive():
            process.kill()
        said = json.loads(answer.read_text()) if answer.is_file() else {"error": "no answer"}
    return judge(mutation, said)


def compare_copy(folder: str, experiment: dict[str, Any], dtypes: list[str], answer: str) -> None:
    """In a process of its own: compare the tracks of the copy in `folder`."""
    import contextlib
    import warnings

    warnings.filterwarnings("ignore")
    sys.path.insert(0, folder)
    os.chdir(folder)
    with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing):
        said = _compare(folder, experiment, dtypes)
    Path(answer).write_text(json.dumps(said))


def _compare(folder: str, experiment: dict[str, Any], dtypes: list[str]) -> dict[str, Any]:
    import traceback

    import yaml

    from experiment.commandline import from_yaml
    from parity.compare import compare_experiment, in_both_dtypes

    path = Path(folder) / "experiment.yaml"
    path.write_text(yaml.safe_dump(experiment | {"logs_root": str(Path(folder) / "logs"), "figures": False}))
    try:
        settings = in_both_dtypes(from_yaml(path))
        comparison = compare_experiment({dtype: settings[dtype] for dtype in dtypes}, Path(folder) / "comparison")
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    findings = [
        {"stage": each.stage, "text": str(each), "code": list(each.code), "dtype": dtype}
        for dtype, lockstep in comparison.lockstep.items()
        for each in lockstep.ledger.separate()
    ]
    return {"held": comparison.held, "findings": findings}


def judge(mutation: Any, said: dict[str, Any]) -> dict[str, Any]:
    """Whether the bug was caught, its place named, and what is wrong named."""
    result = {"name": mutation.name, "said": said, "equivalent": bool(mutation.equivalent)}
    findings = said.get("findings", [])
    caught = "error" in said or not said.get("held", False)
    first = findings[0] if findings else {"stage": "", "text": said.get("error", ""), "code": []}
    words = first["text"] + " " + " ".join(first["code"])
    stage = first["stage"] in mutation.stages
    place = any(place in words for place in mutation.places)
    if len(mutation.changes) > 1 and not mutation.both_tracks:  # a pair: either may be first, both must be found
        place = all(any(word in _words(each) for each in findings) for word in mutation.places)
        stage = all(any(each["stage"] == name for each in findings) for name in mutation.stages)
    if mutation.equivalent:
        return result | {"caught": not caught, "stage": True, "place": True, "right": not caught}
    return result | {"caught": caught, "stage": stage, "place": place, "right": caught and stage and place}


def _words(finding: dict[str, Any]) -> str:
    return finding["text"] + " " + " ".join(finding["code"])


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    if not result["right"]:
        lacking = [name for name in ("caught", "stage", "place") if not result[name]]
        said = result["said"]
        findings = [f"{each['stage']}: {each['text']} {each['code'][:2]}" for each in said.get("findings", [])[:3]]
        print(f"{result['name']}: {', '.join(lacking)} missing: {findings or said}", flush=True)
    return result


def summary(results: list[dict[str, Any]], seconds: float) -> str:
    """The counts."""
    real = [result for result in results if not result["equivalent"]]
    caught = [result for result in real if result["caught"]]
    lines = [f"{len(real)} bugs, {len(results) - len(real)} equivalent changes ({seconds / 60:.0f} min)"]
    lines.append(f"caught      {len(caught)} of {len(real)}  ({len(caught) / max(1, len(real)):.1%})")
    for key, title in (("place", "place right"), ("stage", "what right")):
        right = sum(result[key] for result in caught)
        lines.append(f"{title} {right} of {len(caught)}  ({right / max(1, len(caught)):.1%})")
    unjustly = [result["name"] for result in results if result["equivalent"] and not result["right"]]
    return "\n".join([*lines, f"equivalent changes reported: {', '.join(unjustly) or 'none'}"])


if __name__ == "__main__":
    main()
