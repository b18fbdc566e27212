"""Judge the learning rates of successive steps: does a schedule begin on time?"""

from __future__ import annotations

import itertools

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.seen import Array


def judge_rates(rates: list[float], known: bool, extra: dict[str, float], d: Diagnosis, place: str) -> None:
    """Say whether learning rates over steps (in units of the first one meant, where that is known) begin on time."""
    if not np.all(np.isfinite(rates)) or not all(rates):
        return
    if max(rates) - min(rates) < 1e-6 * abs(rates[0]) or "schedule_one_off" in d.ids:
        return
    if "learning-rate schedule" not in d.checked:
        d.checked.append("learning-rate schedule")
    off = _one_off(np.abs(np.array(rates)), known, extra)
    if off:
        d.findings = [f for f in d.findings if f.id not in ("wrong_scale", "unexplained")]
        d.findings.append(Finding("schedule_one_off", "update", detail=off))
    else:
        d.fine.append(f"learning-rate schedule ({place})")


def _one_off(rates: Array, known: bool, extra: dict[str, float]) -> str:
    """What shows that a schedule is a step ahead or behind; empty where nothing does."""
    lengths = [len(list(run)) for _, run in itertools.groupby(np.round(rates / rates[0], 6))]
    if max(lengths[:-1], default=1) > 1:  # plateaus; the last one may be cut off
        whole = lengths[1:-1]
        if whole and len(set(whole)) == 1 and abs(lengths[0] - whole[0]) == 1:
            return f"the first learning rate is used {lengths[0]} times, each later one {whole[0]} times"
        return ""
    inverse = 1 / rates
    decays = [v for name, v in extra.items() if "decay" in name.lower() and 0 < v < 1]
    if known:
        before = {"geometric": rates[0] ** 2 / rates[1], "inverse": 1 / (2 * inverse[0] - inverse[1])}
        fits = {
            "geometric": np.ptp(rates[1:] / rates[:-1]) < 1e-6,
            "inverse": np.ptp(np.diff(inverse)) < 1e-6 * inverse[0],
        }
        if any(fits[kind] and abs(before[kind] - 1) < 1e-4 for kind in before) and abs(rates[0] - 1) > 1e-4:
            return f"the first step has {rates[0]:.4g} times the learning rate, as the second one ought to"
        return ""
    for decay in decays:  # the size of the first step says nothing, but the quotient of two does
        if abs(inverse[1] / inverse[0] - (1 + 2 * decay) / (1 + decay)) < 1e-6:
            return f"the first step is divided by 1 + {decay:g}, as the second one ought to be"
    return ""
