"""YAML from users: UTF-8, without aliases that never end or that would fill the memory, and without two meanings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from experiment.errors import UserError, explain, reason_of

MOST_NODES = 100_000
"""Values of the largest file that is read, with its aliases written out."""
MOST_BYTES = 1 << 20
SURPRISING = re.compile(r"[-+]?(0[0-7_]+|[0-9_]+(:[0-5]?[0-9])+)")
"""Whole numbers that YAML 1.1 reads in another base: 010 is 8, and 1:30 is 90."""


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; one that is empty or damaged is a `UserError`."""
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: not a file, but a folder or a pipe, which can be read only once; give a file.")
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a UTF-8 file (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise UserError(f"cannot read {explain(error)}.") from error
    if len(content) > MOST_BYTES:
        raise UserError(f"{path}: more than {MOST_BYTES:,} bytes, so not a file of settings; give another.")
    try:
        values = load_yaml(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if values is None:
        raise UserError(f"{path}: empty, so not a YAML file with fields; write some, or leave it out.")
    return values


def load_yaml(text: str) -> Any:
    """The content of YAML text; None where there is none.

    By PyYAML's parser in Python: libyaml's takes files that this one refuses, and others mean something else to it.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, set(), {}) > MOST_NODES:
            raise UserError(f"more than {MOST_NODES:,} values, aliases (*name) written out; shorten it.")
        return loader.construct_document(node)
    except RecursionError as error:
        raise UserError("nested too deeply.") from error
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError, LookupError) as error:
        reason = reason_of(error).replace(' in "<unicode string>",', " in")
        raise UserError(f"not a YAML file: {reason}.") from error


def dump_yaml(value: Any) -> str:
    """YAML text of numbers, texts, lists and dicts, whose order is kept."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's, five times as fast, where it is installed
    return str(yaml.dump(value, Dumper=dumper, sort_keys=False))


def _size(node: yaml.Node, above: set[int], known: dict[int, int]) -> int:
    """How many values a node holds, itself included, with aliases written out; `above` has the nodes around it.

    Raises:
        UserError: a value is within itself, or would be read as something else than it seems.
    """
    if id(node) in above:
        raise UserError("an alias (*name) stands within what it refers to; write it out.")
    if id(node) not in known:
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            _check_keys([key for key, _ in node.value])
            children = [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            children = node.value
        elif node.tag == "tag:yaml.org,2002:int" and SURPRISING.fullmatch(node.value):
            meaning = yaml.safe_load(node.value)
            raise UserError(f"{node.value} in line {node.start_mark.line + 1} would be read as {meaning}; write that.")
        known[id(node)] = 1 + sum(_size(child, above | {id(node)}, known) for child in children)
    return known[id(node)]


def _check_keys(keys: list[yaml.Node]) -> None:
    """Refuse a key that stands twice, of which PyYAML would take the last without a word."""
    found = set()
    for key in keys:
        if isinstance(key, yaml.ScalarNode):
            if key.value in found:
                raise UserError(f"{key.value!r} stands twice, again in line {key.start_mark.line + 1}; leave one out.")
            found.add(key.value)
