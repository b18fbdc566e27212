"""YAML from users: UTF-8, without aliases that never end or that would fill the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from experiment.errors import UserError, explain, reason_of

MOST_NODES = 100_000
"""Values of the largest file that is read, with its aliases written out."""


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; one that is empty or damaged is a `UserError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a UTF-8 file (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise UserError(f"cannot read {explain(error)}.") from error
    try:
        content = load_yaml(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if content is None:
        raise UserError(f"{path}: empty, so not a YAML file with fields; write some, or leave it out.")
    return content


def load_yaml(text: str) -> Any:
    """The content of YAML text; None where there is none."""
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        if node is not None and _size(node, set(), {}) > MOST_NODES:
            raise UserError(f"more than {MOST_NODES:,} values, aliases (*name) written out; shorten it.")
        return yaml.safe_load(text)
    except RecursionError as error:
        raise UserError("nested too deeply.") from error
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        reason = reason_of(error).replace(' in "<unicode string>",', " in")
        raise UserError(f"not a YAML file: {reason}.") from error


def _size(node: yaml.Node, above: set[int], known: dict[int, int]) -> int:
    """How many values a node holds, itself included, with aliases written out; `above` has the nodes around it."""
    if id(node) in above:
        raise UserError("an alias (*name) stands within what it refers to; write it out.")
    if id(node) not in known:
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            children = [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            children = node.value
        known[id(node)] = 1 + sum(_size(child, above | {id(node)}, known) for child in children)
    return known[id(node)]
