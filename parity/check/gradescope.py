"""The diagnosis in the schema of Gradescope's results.json: one test for each place."""

from __future__ import annotations

from typing import Any

from parity.check.diagnosis import Diagnosis
from parity.check.words import finding_lines, verdict

PLACES = ("forward", "loss", "gradients", "update")


def results(d: Diagnosis, hints: int = 3) -> dict[str, Any]:
    """The whole file. A place that could not be seen gives no points and says so."""
    tests = []
    for place in PLACES:
        mine = [f for f in d.findings if f.place == place or (place == "update" and f.place == "procedure")]
        seen = place in d.checked
        output = "\n".join(line for f in mine for line in finding_lines(f, d, hints))
        tests.append(
            {
                "name": place,
                "score": 1.0 if seen and not mine else 0.0,
                "max_score": 1.0,
                "status": "passed" if seen and not mine else "failed",
                "output": output or ("as it should be" if seen else f"not seen, so not checked. {d.error}".strip()),
                "tags": [f.id for f in mine],
            }
        )
    return {
        "output": verdict(d),
        "tests": tests,
        "extra_data": {"mistakes": d.ids, "checked": d.checked, "exit_code": d.exit_code},
    }
