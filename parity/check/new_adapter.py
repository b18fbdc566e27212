"""A first draft of an adapter, from the names in a file (which is parsed, not run)."""

from __future__ import annotations

import ast
from pathlib import Path

from experiment.errors import UserError


def draft(path: Path) -> str:
    """Python source of an adapter for this file.

    Raises UserError for a file that Python cannot read.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path}: line {getattr(error, 'lineno', '?')}: {error}") from error
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if classes:
        return _for_class(path.stem, max(classes, key=lambda node: len(node.body)))
    return _for_functions(path.stem, [node.name for node in tree.body if isinstance(node, ast.FunctionDef)])


def _for_class(module: str, node: ast.ClassDef) -> str:
    methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
    weights = sorted({a for a in _attributes(node) if a.lower().startswith("w")})
    biases = sorted({a for a in _attributes(node) if a.lower().startswith("b") and "batch" not in a})
    pairs = (
        ", ".join(f"(net.{w}, net.{b})" for w, b in zip(weights, biases or weights, strict=False))
        or "(net.W1, net.b1), (net.W2, net.b2)"
    )
    if len(weights) == 1 and weights[0].lower() in ("weights", "w", "ws"):
        pairs = f"*zip(net.{weights[0]}, net.{biases[0] if biases else 'biases'})"
    return _text(
        module,
        f"{module}.{node.name}(sizes[0], sizes[1], sizes[-1])",
        f"[{pairs}]",
        f"net.{_pick(methods, 'forward', 'predict', 'feed')}(X)",
        f"net.{_pick(methods, 'train', 'step', 'fit', 'update')}(X, y, lr)",
    )


def _for_functions(module: str, functions: list[str]) -> str:
    return _text(
        module,
        f"{module}.{_pick(functions, 'init', 'create', 'make')}(sizes)",
        '[(net["W1"], net["b1"]), (net["W2"], net["b2"])]',
        f"{module}.{_pick(functions, 'forward', 'predict', 'feed')}(net, X)",
        f"{module}.{_pick(functions, 'train', 'step', 'update')}(net, X, y, lr)",
    )


def _pick(names: list[str], *words: str) -> str:
    return next((name for word in words for name in names if word in name.lower()), words[0])


def _attributes(node: ast.ClassDef) -> list[str]:
    return [
        item.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Attribute)
        and isinstance(item.value, ast.Name)
        and item.value.id == "self"
        and isinstance(item.ctx, ast.Store)
    ]


def _text(module: str, create: str, weights: str, forward: str, step: str) -> str:
    return f"""import {module}

def create(sizes):            # a new network, e.g. sizes = [12, 9, 9, 5]
    return {create}

def weights(net):             # [(W, b), ...] from the first layer to the last: the arrays themselves, not copies
    return {weights}

def forward(net, X):          # outputs; X has samples as rows or as columns
    return {forward}

def step(net, X, y, lr):      # one training step (or loss(net, X, y) and gradients(net, X, y) -> [(dW, db), ...])
    {step}
"""
