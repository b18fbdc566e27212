"""How often is the mistake named? Runs the student networks, which were written apart from the catalogue.

python benchmarks/known_mistakes.py                     all files of benchmarks/student_networks
python benchmarks/known_mistakes.py --seeds 50          correct networks with 50 seeds of weights and data
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parity.check.commandline import check
from parity.check.diagnosis import Diagnosis
from parity.check.words import as_text

CORPUS = Path(__file__).parent / "student_networks"


def entries(folder: Path) -> list[dict[str, Any]]:
    """The manifest's entries."""
    return list(json.loads((folder / "manifest.json").read_text()))


def diagnose_entry(entry: dict[str, Any], folder: Path, seed: int = 0) -> Diagnosis:
    """The diagnosis of one file of the corpus."""
    if entry["kind"] in ("network", "hostile"):
        return check(folder / entry["path"], seed=seed)
    from parity.check.against_torch import check_file

    return check_file(folder / entry["path"], entry["kind"], entry["torch"], entry.get("names") or {}, seed)


def outcome(entry: dict[str, Any], d: Diagnosis) -> str:
    """One word: right, first, third, missed, accused, unchecked, both, one; of a hostile file: right or silent."""
    expected = entry["mistakes"]
    if entry.get("expect"):
        text = " ".join([as_text(d), *d.ids]).lower()
        return "right" if any(word.lower() in text for word in entry["expect"]) else "silent"
    if not expected:
        return "accused" if d.findings else "right" if d.exit_code == 0 else "unchecked"
    if len(expected) > 1:
        return "both" if set(expected) <= set(d.ids) else "one" if set(expected) & set(d.ids) else "missed"
    if d.ids[:1] == expected:
        return "first"
    if expected[0] in d.ids[:3]:
        return "third"
    return "unchecked" if d.exit_code == 2 else "missed"


def summary(found: list[tuple[dict[str, Any], str]]) -> str:
    """The numbers of the benchmark."""
    one = [word for entry, word in found if len(entry["mistakes"]) == 1]
    two = [word for entry, word in found if len(entry["mistakes"]) > 1]
    none = [word for entry, word in found if not entry["mistakes"] and entry["kind"] != "hostile"]
    hostile = [word for entry, word in found if entry["kind"] == "hostile"]
    named, near = one.count("first"), one.count("first") + one.count("third")
    lines = [
        f"one mistake:   named first {named} of {len(one)}, among the first three {near} of {len(one)}",
        f"two mistakes:  both named {two.count('both')} of {len(two)}",
        f"no mistake:    accused {none.count('accused')} of {len(none)}, "
        f"could not be checked {none.count('unchecked')}",
        f"hostile files: the right thing said of {hostile.count('right')} of {len(hostile)}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the corpus and print what went wrong, then the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=CORPUS)
    parser.add_argument("--seeds", type=int, default=1, help="for correct networks")
    parser.add_argument("--only", default="", help="part of a path")
    parser.add_argument("--kind", default="", help="network, layer, loss, optimizer or hostile")
    options = parser.parse_args()
    chosen = [e for e in entries(options.folder) if options.only in e["path"] and options.kind in ("", e["kind"])]
    jobs = [(e, seed) for e in chosen for seed in range(options.seeds if e["path"].startswith("correct") else 1)]
    found = []
    with ThreadPoolExecutor(2) as pool:
        for (entry, seed), d in zip(
            jobs, pool.map(lambda job: diagnose_entry(job[0], options.folder, job[1]), jobs), strict=True
        ):
            word = outcome(entry, d)
            found.append((entry, word))
            if word not in ("first", "right", "both"):
                details = "; ".join(f"{f.place} {f.layer} {f.detail}" for f in d.findings[:2])
                print(
                    f"{word:9} {entry['path']} (seed {seed}): wanted {entry['mistakes']}, "
                    f"got {d.ids} {details} {d.error}",
                    flush=True,
                )
    print(summary(found))


if __name__ == "__main__":
    main()
