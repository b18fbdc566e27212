"""Was everything compared? A network with a place that nobody looked at is not called right."""

from __future__ import annotations

import ast
import re

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.inside.names import fits_role
from parity.check.inside.syntax import parse
from parity.check.seen import Session

SPECIAL = {
    "dropout": r"drop_?out|keep_?prob|drop_?(rate|prob|p|mask)|p_?(drop|keep)$",
    "batch norm": r"batch_?norm|^bn(\d|_|$)|running_?(mean|var)|moving_?(mean|var)",
    "learning-rate schedule": r"schedul|lr_?decay|decay_?(lr|rate|steps?)|anneal|warm_?up|learning_?rate_?decay",
    "accuracy": r"^_?(get_|calc\w*_|compute_)?acc(uracy)?(_score)?$",
}
"""Parts of a training that single steps do not show, by the names of functions, classes and parameters."""
UPDATE = r"update|^_?step|_step$|apply|optimi[sz]e|sgd|adam|descent|train|fit$|learn(?!ing_?rate)"
"""Names of functions, methods and classes that change weights."""


def missing(d: Diagnosis, group: list[Session], source: str) -> list[str]:
    """What a network without findings was not compared in, one clause each; empty where everything was."""
    found = []
    nodes = _nodes(source)
    if "forward" not in d.checked:
        found.append("the outputs (no function with known numbers)")
    if not {"gradients", "update"} & set(d.checked):
        found.append("the gradients")
    if ("update" not in d.checked and _has_update(source)) or "the update rule was not recognised" in d.notes:
        found.append("the update of the weights")
    elif (
        any(note.startswith("the learning rate is not known") for note in d.notes)
        and "gradients" not in d.checked
        and any(
            fits_role(name, "lr") for name in _named(nodes) | _read(nodes)
        )  # else a constant factor is the learning rate
    ):
        found.append("the size of the gradients (the learning rate is not known)")
    if "loss" in d.not_checked and any(s.steps[0].loss is not None for s in group):
        found.append("the loss (its value was not recognised)")
    if any("only weights" in note for note in d.notes):
        found.append("the biases")
    if any("a whole epoch" in note for note in d.notes):
        found.append("the training procedure")
    return found + [name for name in mentioned(source) if name not in d.checked]


def judge_accuracies(sessions: list[Session], d: Diagnosis) -> None:
    """Add what the accuracy functions were found to do."""
    found = {name: verdict for s in sessions for name, verdict in s.accuracy.items() if verdict != "unknown"}
    wrong = [name for name, verdict in found.items() if verdict == "wrong axis"]
    if found and "accuracy" not in d.checked:
        d.checked.append("accuracy")
    if wrong:
        d.findings.append(Finding("accuracy_wrong_axis", "procedure", detail=f"{wrong[0]}()"))
    elif found:
        d.fine.append(f"accuracy: {', '.join(found)}")


def mentioned(source: str) -> list[str]:
    """Which of SPECIAL a file's functions, classes, attributes and parameters (those that it uses) are called after."""
    nodes = _nodes(source)
    read = _read(nodes)
    names = _named(nodes) - {node.arg for node in nodes if isinstance(node, ast.arg) and node.arg not in read}
    return [what for what, pattern in SPECIAL.items() if any(re.search(pattern, name, re.I) for name in names)]


def _has_update(source: str) -> bool:
    """Whether a file defines anything that changes weights: an adapter, or a file of gradients only, may not."""
    return any(re.search(UPDATE, name, re.I) for name in _defined(_nodes(source)))


def _defined(nodes: list[ast.AST]) -> set[str]:
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _named(nodes: list[ast.AST]) -> set[str]:
    """Names of functions, classes, parameters and attributes."""
    names = _defined(nodes) | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _read(nodes: list[ast.AST]) -> set[str]:
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _nodes(source: str) -> list[ast.AST]:
    try:
        return list(ast.walk(parse(source)))
    except (SyntaxError, ValueError):
        return []
