"""Update rules in NumPy, and the known ways of getting them wrong.

A rule maps the gradients of a training (one vector per step) and the weights before each step to the changes of the
weights.
Formulas: torch.optim's documentation; Adam: Kingma and Ba (2015), algorithm 1; AdamW: Loshchilov and Hutter (2019).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

Array = np.ndarray
Floats = tuple[float, ...]


@dataclass(frozen=True)
class Settings:
    """The numbers of an update rule, under torch.optim's names."""

    lr: float = 0.01
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    alpha: float = 0.99
    decoupled: bool = False


Rule = Callable[[list[Array], list[Array], Settings, str], list[Array]]
KnownRule = tuple[str, str, Settings]
"""(rule, mistake, settings)"""


def sgd(grads: list[Array], weights: list[Array], s: Settings, mistake: str = "") -> list[Array]:
    """v = μ v + g;  Δ = -lr v  (Nesterov: -lr (g + μ v))."""
    v: Array | None = None
    answer = []
    for k, (g, w) in enumerate(zip(grads, weights, strict=True)):
        g = g + _decay(w, s, mistake)
        if mistake == "momentum_reset_each_step" or v is None:
            v = np.zeros_like(g)
        mu = -s.momentum if mistake == "momentum_sign" else s.momentum
        damp = 1 - s.momentum if mistake == "momentum_dampened" else 1 - (s.dampening if k else 0.0)
        before = v
        v = mu * v + damp * g
        if mistake == "momentum_includes_weights":
            v = mu * v + w
        step = g + mu * v if s.nesterov else v
        if mistake.startswith("nesterov_wrong"):
            step = {
                "previous": g + mu * before,
                "both": v + mu * v,
                "gradient": v + mu * g,
                "previous added": v + mu * v + mu * before,  # w += -mu * v_prev + (1 + mu) * v without the minus
                "squared": g + mu * mu * v,
                "none": v,
            }[mistake.split(":")[1]]
        lr = s.lr * _late(k, mistake)
        answer.append(-lr * step - (s.lr * s.weight_decay * w if s.decoupled else 0))
    return answer


def _decay(w: Array, s: Settings, mistake: str) -> Array | float:
    if s.decoupled and mistake != "weight_decay_coupled_in_adamw":
        return 0.0
    factor = {"l2_without_two": 0.5, "l2_with_two": 2.0, "l2_sign": -1.0, "l2_missing_in_gradient": 0.0}.get(
        mistake, 1.0
    )
    return factor * s.weight_decay * w


def _late(k: int, mistake: str) -> float:
    return 1.0


def adam(grads: list[Array], weights: list[Array], s: Settings, mistake: str = "") -> list[Array]:
    """m, v = running means of g and g²; Δ = -lr (m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε).

    `mistake` may hold two, joined by a plus.
    """
    m = v = np.zeros_like(grads[0])
    answer = []
    wrong = set(mistake.split("+"))
    b1, b2 = (s.beta2, s.beta1) if "adam_betas_swapped" in wrong else (s.beta1, s.beta2)
    for k, (g, w) in enumerate(zip(grads, weights, strict=True)):
        g = g + sum(_decay(w, s, one) for one in wrong) / len(wrong)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (np.abs(g) if "adam_gradient_not_squared" in wrong else g * g)
        with np.errstate(all="ignore"):
            mh, vh = _corrected(m, v, b1, b2, k, wrong)
            step = _adam_step(mh, vh, 1 - b2 ** (k + 1), w, s, wrong)
        answer.append(-s.lr * step - s.lr * _decoupled_decay(w, s, wrong))
    return answer


def _corrected(m: Array, v: Array, b1: float, b2: float, k: int, wrong: set[str]) -> tuple[Array, Array]:
    """The moments after the bias correction of step k, counted from 0."""
    t = k + 1
    if "adam_step_starts_at_zero" in wrong:
        t = k
    elif "adam_step_starts_at_zero:clamped" in wrong:
        t = max(k, 1)
    elif "adam_step_not_counted" in wrong:
        t = 1
    elif "adam_step_starts_at_zero:guarded" in wrong:
        t = k or 10**9  # no correction in the first step
    mh = m if wrong & {"adam_no_bias_correction", "adam_no_bias_correction:m"} else m / (1 - b1**t)
    vh = v if wrong & {"adam_no_bias_correction", "adam_no_bias_correction:v"} else v / (1 - b2**t)
    return mh, vh


def _adam_step(mh: Array, vh: Array, correction: float, w: Array, s: Settings, wrong: set[str]) -> Array:
    if "adam_eps_inside_sqrt" in wrong:
        return mh / np.sqrt(vh + s.eps)
    if "adam_eps_inside_sqrt:uncorrected" in wrong:  # beside v, which is divided by 1 - β2^t afterwards
        return mh / np.sqrt(vh + s.eps / correction)
    if "adam_eps_inside_sqrt:folded" in wrong:  # with the corrections in the learning rate
        return mh / np.sqrt(vh + s.eps / np.sqrt(correction))
    if "adam_root_missing" in wrong:
        return mh / (vh + s.eps)
    if "weight_decay_coupled_in_adamw:divided" in wrong:
        return (mh + s.weight_decay * w) / (np.sqrt(vh) + s.eps)
    return mh / (np.sqrt(vh) + s.eps)


def _decoupled_decay(w: Array, s: Settings, wrong: set[str]) -> Array | float:
    """AdamW's decay, which is not part of the gradient."""
    coupled = {"weight_decay_coupled_in_adamw", "weight_decay_coupled_in_adamw:divided", "l2_missing_in_gradient"}
    if not s.decoupled or wrong & coupled:
        return 0.0
    return s.weight_decay * w * (1 / s.lr if "weight_decay_without_lr" in wrong else -1 if "l2_sign" in wrong else 1)


def rmsprop(grads: list[Array], weights: list[Array], s: Settings, mistake: str = "") -> list[Array]:
    """v = α v + (1-α) g²; Δ = -lr g / (sqrt(v) + ε)."""
    v = np.zeros_like(grads[0])
    answer = []
    buffer = np.zeros_like(grads[0])
    for g, w in zip(grads, weights, strict=True):
        g = g + _decay(w, s, mistake)
        v = s.alpha * v + (1 - s.alpha) * g * g
        step = g / np.sqrt(v + s.eps) if mistake == "adam_eps_inside_sqrt" else g / (np.sqrt(v) + s.eps)
        buffer = s.momentum * buffer + step
        answer.append(-s.lr * (buffer if s.momentum else step))
    return answer


def adagrad(grads: list[Array], weights: list[Array], s: Settings, mistake: str = "") -> list[Array]:
    """v = v + g²; Δ = -lr g / (sqrt(v) + ε)."""
    v = np.zeros_like(grads[0])
    answer = []
    for g, w in zip(grads, weights, strict=True):
        g = g + _decay(w, s, mistake)
        v = v + g * g
        answer.append(
            -s.lr * (g / np.sqrt(v + s.eps) if mistake == "adam_eps_inside_sqrt" else g / (np.sqrt(v) + s.eps))
        )
    return answer


NESTEROV = ("none", "previous", "both", "gradient", "previous added", "squared")
RULES: dict[str, Rule] = {"sgd": sgd, "adam": adam, "rmsprop": rmsprop, "adagrad": adagrad}


def mistakes_of(rule: str, s: Settings) -> list[str]:
    """The mistakes that can be made with these settings."""
    found = []
    if rule == "sgd" and s.momentum:
        found += ["momentum_dampened", "momentum_reset_each_step", "momentum_sign"]
    if rule == "sgd" and s.nesterov:
        found += [f"nesterov_wrong:{way}" for way in NESTEROV]
    if rule == "adam":
        found += [
            "adam_no_bias_correction",
            "adam_no_bias_correction:m",
            "adam_no_bias_correction:v",
            "adam_step_starts_at_zero",
            "adam_step_starts_at_zero:guarded",
            "adam_step_starts_at_zero:clamped",
        ]
        found += ["adam_step_not_counted", "adam_betas_swapped", "adam_gradient_not_squared", "adam_root_missing"]
    if rule in ("adam", "rmsprop", "adagrad"):
        found += ["adam_eps_inside_sqrt"]
        found += ["adam_eps_inside_sqrt:uncorrected", "adam_eps_inside_sqrt:folded"] if rule == "adam" else []
    if s.weight_decay and s.decoupled:
        found += ["weight_decay_coupled_in_adamw", "weight_decay_without_lr"]
        found += ["weight_decay_coupled_in_adamw:divided"] if rule == "adam" else []
    if s.weight_decay:
        found += ["l2_missing_in_gradient", "l2_sign"]
        found += ["l2_without_two", "l2_with_two"] if not s.decoupled else []
    return found


def variants(rule: str, s: Settings) -> Iterator[tuple[str, Settings]]:
    """(mistake, settings) for every known mistake; the right rule comes first under an empty name."""
    yield "", s
    for mistake in mistakes_of(rule, s):
        yield mistake, s
    if s.nesterov:
        for mistake in ("momentum_dampened", "momentum_sign"):
            yield mistake, replace(s, nesterov=True)


def two_mistakes(rule: str, s: Settings) -> Iterator[tuple[str, Settings]]:
    """(mistake+mistake, settings) of update rules with two different mistakes."""
    if rule == "adam":
        for one, two in itertools.combinations(mistakes_of(rule, s), 2):
            if one.split(":")[0] != two.split(":")[0]:
                yield f"{one}+{two}", s


@cache
def known_rules(
    momenta: Floats, lr: float, eps_seen: Floats, decays: Floats, betas: tuple[float, float]
) -> tuple[KnownRule, ...]:
    """The rules that a network's own update may follow, the plainest first; `betas` are Adam's."""
    return tuple(_known_rules(momenta, lr, eps_seen, decays, betas))


def _known_rules(
    momenta: Floats, lr: float, eps_seen: Floats, decays: Floats, betas: tuple[float, float]
) -> Iterator[KnownRule]:
    adams = [Settings(lr=lr)]
    if betas != (adams[0].beta1, adams[0].beta2):
        adams.append(Settings(lr=lr, beta1=betas[0], beta2=betas[1]))
    yield "sgd", "", Settings(lr=lr)
    for mu in momenta:
        yield "sgd", "", Settings(lr=lr, momentum=mu)
        yield "sgd", "", Settings(lr=lr, momentum=mu, nesterov=True)
        for mistake in ("momentum_dampened", "momentum_sign"):
            yield "sgd", mistake, Settings(lr=lr, momentum=mu)
        for way in ("both", "gradient", "previous added"):
            yield "sgd", f"nesterov_wrong:{way}", Settings(lr=lr, momentum=mu, nesterov=True)
    for eps in dict.fromkeys((*eps_seen, 1e-8, 1e-7, 1e-6, 1e-10)):
        for one in adams:
            yield "adam", "", replace(one, eps=eps)
        for alpha in (0.9, 0.99, 0.999):
            yield "rmsprop", "", Settings(lr=lr, eps=eps, alpha=alpha)
        yield "adagrad", "", Settings(lr=lr, eps=eps)
    for one, eps in itertools.product(adams, dict.fromkeys((*eps_seen, 1e-8, 1e-7, 1e-6))):
        for mistake in mistakes_of("adam", one):
            yield "adam", mistake, replace(one, eps=eps)
    for decay in decays:
        for one, eps in itertools.product(adams, dict.fromkeys((*eps_seen, 1e-8, 1e-7))):
            yield "adam", "", replace(one, eps=eps, weight_decay=decay)
            decoupled = replace(one, eps=eps, weight_decay=decay, decoupled=True)
            yield "adam", "", decoupled
            for mistake in ("weight_decay_without_lr", "l2_sign", "weight_decay_coupled_in_adamw:divided"):
                yield "adam", mistake, decoupled
        for mu in momenta:
            yield "sgd", "", Settings(lr=lr, momentum=mu, weight_decay=decay)
