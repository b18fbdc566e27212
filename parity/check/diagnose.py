"""From what was seen to a diagnosis: the session that shows most, and what the others add."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from parity.check.complete import judge_accuracies, missing
from parity.check.diagnosis import Diagnosis, rank
from parity.check.epochs import judge_epochs
from parity.check.network import Net
from parity.check.one_session import diagnose_session
from parity.check.seen import Seen, Session
from parity.check.steps import UNKNOWN_RULE
from parity.check.training import judge_training

DERIVATIVE = re.compile("relu|leaky|sigmoid|tanh|derivative")
TOOLKIT = ("a list of layers", "layer objects")


def diagnose(seen: Seen, name: str = "network") -> Diagnosis:
    """The best reading of a submission: the form of the data in which most can be observed and least is wrong."""
    if seen.error:
        return Diagnosis(error=seen.error, network=name)
    sessions = [s for s in seen.sessions if _fits_the_data(s)]
    deep = max((len(s.sizes) for s in sessions), default=0)
    sessions = [s for s in sessions if len(s.sizes) > 2 or deep <= 2]
    sessions = [s for s in sessions if s.places - {"forward"}] or sessions
    own = [s for s in sessions if not s.style.startswith(TOOLKIT)]
    if any(s.places & {"gradients", "update"} for s in own):  # the file's own network, not one that we put together
        sessions = own
    trainings = [s for s in sessions if {"training", "epochs"} & set(s.calls)]
    sessions = [s for s in sessions if not {"training", "epochs"} & set(s.calls)]
    if not sessions:
        return Diagnosis(error=_why_nothing(seen), network=name)
    groups: dict[tuple[object, ...], list[Session]] = defaultdict(list)
    known: dict[tuple[object, ...], list[Net]] = defaultdict(list)
    for session in sessions:
        session.known = known[tuple(session.sizes), session.style]
        groups[session.form, tuple(session.sizes), session.style].append(session)
    ranked = sorted(((_read(group, seen.source), group) for group in groups.values()), key=lambda pair: rank(pair[0]))
    if any(_shows_batches(d, group) for d, group in ranked):
        ranked.sort(key=lambda pair: pair[1][0].single)
    best = ranked[0][0]
    if best.unexplained or UNKNOWN_RULE in best.notes:  # two mistakes at once: a longer search, only where it is needed
        again = [_read(group, seen.source, pairs=True) for _, group in ranked[:2]]
        best = min(again, key=rank)
    best.network = name
    _add_other_activations(best, [d for d, _ in ranked])
    forms = _add_other_forms(best, [d for d, _ in ranked])
    for training in trainings:
        if training.form in forms and (training.sizes, training.style) == (best.sizes, best.style):
            judge = judge_training if "training" in training.calls else judge_epochs
            for group in (g for _, g in ranked if _same_program(g[0], training)):
                judge(training, group, best)
    judge_accuracies([s for s in sessions if s.form == best.form and s.sizes == best.sizes], best)
    best.missing = missing(best, sessions, seen.source)
    if best.missing:
        endless = [note for s in sessions for note in s.notes if "took longer than" in note]
        best.notes += dict.fromkeys(endless)
        best.notes += [line for line in seen.skipped if line.startswith("line ")][:2]  # what the file could not do
    return best


def _shows_batches(d: Diagnosis, group: list[Session]) -> bool:
    """Whether whole batches were compared: single samples say nothing of averages."""
    return not group[0].single and bool({"gradients", "update"} & set(d.checked)) and not d.unexplained


def _add_other_activations(best: Diagnosis, others: list[Diagnosis]) -> None:
    """Where we chose the activation: mistakes in the file's other ones."""
    style, chosen, _ = best.style.partition(" with ")
    for d in others:
        same = (d.form, d.sizes, d.style.partition(" with ")[0]) == (best.form, best.sizes, style)
        if chosen and same and d.style != best.style and not d.unexplained:
            wrong = [f for f in d.findings if DERIVATIVE.search(f.id) and f.id not in best.ids]
            best.findings += [replace(f, detail=f.detail or d.style.partition(" with ")[2]) for f in wrong]


def _add_other_forms(best: Diagnosis, others: list[Diagnosis]) -> set[str]:
    """What can only be seen with other labels, a step that takes integers say; returns all forms that were used."""
    forms = {best.form}
    for d in others:
        new = [place for place in d.checked if place not in best.checked]
        if (d.sizes, d.style) == (best.sizes, best.style) and new and not d.unexplained and "forward" in d.checked:
            forms.add(d.form)
            _adopt(best, d, new)
    return forms


def _same_program(one: Session, other: Session) -> bool:
    return (one.form, one.sizes, one.style) == (other.form, other.sizes, other.style)


def _adopt(first: Diagnosis, other: Diagnosis, places: list[str]) -> None:
    first.findings += [f for f in other.findings if f.place in places and f.id not in first.ids]
    first.checked += places
    first.not_checked = [place for place in first.not_checked if place not in places]


def _fits_the_data(session: Session) -> bool:
    """Whether the weights lead from the samples to the labels: a training may make a network of another shape."""
    step = session.steps[0]
    return (len(step.weights[0]), step.weights[-1].shape[1]) == (step.x.shape[1], step.target.shape[1])


def _read(group: list[Session], source: str, pairs: bool = False) -> Diagnosis:
    return _merge([diagnose_session(session, source, pairs) for session in group])


def _why_nothing(seen: Seen) -> str:
    lines = [line for line in seen.skipped if "line" in line]
    reasons = lines or seen.skipped or [""]
    reason = "; ".join(dict.fromkeys((reasons[0], reasons[-1])))
    return f"no network could be driven{': ' + reason if reason else ''}; describe it in an adapter (--new-adapter)"


def _merge(group: list[Diagnosis]) -> Diagnosis:
    """One diagnosis from several sessions in the same form: the union of what they checked, each mistake once."""
    group = sorted(group, key=rank)
    first = group[0]
    for other in group[1:]:
        new = [place for place in other.checked if place not in first.checked]
        _adopt(first, other, new)
    return first
