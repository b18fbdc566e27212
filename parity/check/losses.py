"""Which loss of the observed outputs is the observed number: its kind, reduction and penalty."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from parity.check.network import Net, Tweak, softmax
from parity.check.seen import Array, Session, Step

REDUCTIONS = {
    "mean": lambda n, c: 1 / n,
    "sum": lambda n, c: 1.0,
    "half mean": lambda n, c: 0.5 / n,
    "half sum": lambda n, c: 0.5,
    "mean of all entries": lambda n, c: 1 / (n * c),
    "half mean of all entries": lambda n, c: 0.5 / (n * c),
    "sum over classes' mean": lambda n, c: 1 / c,
}


@dataclass
class Loss:
    """Which loss: its kind, how it is reduced (None where it was not seen), its penalty λ ΣW², wrong labels."""

    kind: str
    reduction: str | None = None
    penalty: float = 0.0
    tweak: Tweak | None = None
    recognised: bool = True

    def factor(self, count: int, classes: int) -> float:
        """The factor before the sum of the reference's gradients (½Σ(p-t)² for sse)."""
        base = REDUCTIONS[self.reduction or "mean"](count, classes)
        return base * (2 if self.kind == "sse" else 1)


def base_losses(output: Array, target: Array) -> dict[str, float]:
    """Every loss that the outputs may have, as a sum."""
    found: dict[str, float] = {}
    with np.errstate(all="ignore"):
        inside = (output > 0) & (output < 1)
        if inside.all():
            if target.shape[1] > 1:
                found["ce"] = float(-(target * np.log(output)).sum())
            found["bce"] = float(-(target * np.log(output) + (1 - target) * np.log(1 - output)).sum())
        if target.shape[1] > 1:
            key = "ce of softmax" if (inside.all() and np.abs(output.sum(1) - 1).max() < 1e-4) or inside.all() else "ce"
            found[key if key not in found else "ce of softmax"] = float(-(target * np.log(softmax(output))).sum())
            correct = (output * target).sum(1, keepdims=True)
            found["hinge"] = float((np.maximum(0, output - correct + 1) * (1 - target)).sum())
            if (output < 0).all():
                found.setdefault("nll", float(-(target * output).sum()))
        if not inside.all():
            found["bce of sigmoid"] = float((np.logaddexp(0, output) - target * output).sum())
        found["sse"] = float(((output - target) ** 2).sum())
    return found


def explain_loss(session: Session, net: Net) -> list[Loss]:
    """The losses that are the observed numbers in every step; those that the output suggests where none was seen."""
    steps = [s for s in session.steps if s.loss is not None and s.output is not None and np.isfinite(s.loss)]
    if len(steps) > 1 and len({s.loss for s in steps}) == 1:
        steps = []  # the same for every batch: a penalty alone
    wrong = ("+1", "-1", "+1 lost", "-1 lost") if session.sizes[-1] > 1 else ()
    for tweak in (None, *(Tweak("labels_off_by_one", o) for o in wrong)) if steps else ():
        bases = [base_losses(s.output, move_labels(s.target, tweak)) for s in steps]  # type: ignore[arg-type]
        for kind, name in itertools.product(bases[0], REDUCTIONS):
            penalty = _penalty(steps, [base.get(kind, np.nan) for base in bases], name, session.tolerance)
            if penalty is not None and (penalty == 0 or not session.single):
                kind = {"nll": "ce", "bce of sigmoid": "bce"}.get(kind, kind)
                return [Loss(kind, name, penalty, tweak)]
    guesses = {
        "softmax": ["ce", "sse", "bce"],
        "sigmoid": ["bce", "sse", "ce"],
        "linear": ["ce", "sse", "hinge", "bce"],
        "log-softmax": ["ce"],
    }.get(net.output, ["sse", "ce"])
    classes = session.sizes[-1]
    guesses = [g for g in guesses if classes > 1 or g not in ("ce", "hinge")]
    return [Loss(kind, None, recognised=not steps) for kind in guesses]


def may_be_loss(step: Step, output: Array, tolerance: float) -> bool:
    """Whether some loss of these outputs, without a penalty, is the observed one: fast, for many networks."""
    if step.loss is None:
        return False
    values = [
        factor(step.count, step.target.shape[1]) * base
        for base in base_losses(output, step.target).values()
        for factor in REDUCTIONS.values()
    ]
    return bool(np.any(np.abs(np.array(values) - step.loss) < 10 * tolerance * max(abs(step.loss), 1e-3)))


def _penalty(steps: list[Step], bases: list[float], name: str, tolerance: float) -> float | None:
    """λ such that every step's loss is factor · base + λ ΣW²; None where no single λ will do."""
    found = []
    for step, base in zip(steps, bases, strict=True):
        assert step.loss is not None
        rest = step.loss - REDUCTIONS[name](step.count, step.target.shape[1]) * base
        close = abs(rest) < 10 * tolerance * max(abs(step.loss), 1e-3)
        found.append((0.0 if close else rest / _squares(step), step.count))
    alike = [value for value, count in found if count == found[0][1]]
    if not np.isfinite(alike).all() or min(alike) < 0:
        return None
    spread = max(alike) - min(alike)
    if len(alike) < 2 and alike[0] != 0:
        return None
    return alike[0] if spread <= 1e-5 * max(alike[0], 1e-9) else None


def _squares(step: Step) -> float:
    return sum(float((w.astype(float) ** 2).sum()) for w in step.weights)


def move_labels(target: Array, tweak: Tweak | None) -> Array:
    """Targets with the labels off by one."""
    if tweak is None:
        return target
    shift = 1 if tweak.option[0] == "+" else -1
    moved = np.roll(target, shift, 1)
    if tweak.option.endswith("lost"):
        moved[:, 0 if shift == 1 else -1] = 0
    return moved
