"""The flags of both trainers, made by jsonargparse from the dataclasses of `experiment/config.py`."""

from __future__ import annotations

import copy
import re
from argparse import ArgumentError, ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import jsonargparse

from experiment.config import Experiment
from experiment.errors import UserError, did_you_mean
from experiment.registry import CHOICES, choices_help
from experiment.yaml_files import dump_yaml, load_yaml, read_yaml

Kind = TypeVar("Kind")
"""A dataclass whose fields all have defaults."""
NO_FIELDS = ("config", "resume", "help", "print_config")
"""Flags that a file cannot give: jsonargparse would take them for fields, and they would have no effect."""


@dataclass(frozen=True)
class Command:
    """What the user asked for: an experiment, and the run to go on with, if any."""

    experiment: Experiment
    resume: Path | None


def parse_command(description: str, arguments: Sequence[str]) -> Command:
    """Read the flags and files. `--help` and `--print_config` print and exit; a mistake is a `UserError`."""
    resume = _resumed_run(arguments)
    if resume is not None:  # the run's own config comes first, so that flags are compared with it
        arguments = ["--config", str(resume / "config.yaml"), *arguments]
    contents = tuple(_content(Path(name)) for name in _values_of("--config", arguments))
    return Command(copy.deepcopy(_experiment(description, tuple(arguments), contents)), resume)


def to_yaml(experiment: Experiment) -> str:
    """The whole experiment as YAML that `--config` reads again."""
    return dump_yaml(asdict(experiment))


def from_yaml(path: Path) -> Experiment:
    """Read a `config.yaml` that a run left, with the same checks as the flags'."""
    return parse_command("", ["--config", str(path)]).experiment


def read_dataclass(kind: type[Kind], path: Path) -> Kind:
    """Read a YAML file with the fields of a dataclass, with the same checks as an experiment's."""
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_class_arguments(kind, nested_key=None)
    found = _parse(parser, ["--config", str(path)], kind)
    return kind(**{name: getattr(found, name) for name in get_type_hints(kind)})


def flat_fields(section: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"optimizer": {"lr": 0.1}} becomes {"optimizer.lr": 0.1}; `lightning` stays one field."""
    flat: dict[str, Any] = {}
    for name, value in section.items():
        nested = isinstance(value, dict) and name != "lightning"
        flat |= flat_fields(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return flat


@cache  # it takes a while to make, and a sweep or a report parses many times
def _parser(with_help: bool) -> jsonargparse.ArgumentParser:
    # what the flags mean stands in the source of config.py, which takes 0.2 s to read
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=with_help)
    parser = jsonargparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--config", action="config", help="YAML file of an experiment; later flags win over it.")
    parser.add_class_arguments(Experiment, nested_key=None)
    for action in parser._actions:
        if action.dest in CHOICES:
            action.help = f"{action.help} {choices_help(action.dest)}."
    parser.add_argument(
        "--resume", metavar="RUN", type=str, help="Folder of a run to continue after its last complete epoch."
    )
    return parser


@lru_cache(maxsize=256)  # parsing takes 30 ms, and a report or a sweep reads the same experiments many times
def _experiment(description: str, arguments: tuple[str, ...], contents: tuple[bytes, ...]) -> Experiment:
    """What flags, and files with these contents, say."""
    parser = _parser(bool({"--help", "-h"} & set(arguments)))
    parser.description = description
    found = _parse(parser, arguments, Experiment)
    return Experiment(**{name: getattr(found, name) for name in Experiment.__dataclass_fields__})


def _content(file: Path) -> bytes:
    """What is in a file; of one that cannot be read, its reader will tell."""
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:
        return b""


def _parse(parser: jsonargparse.ArgumentParser, arguments: Sequence[str], kind: type) -> Any:
    """The fields of `kind` that files and flags give."""
    for config in _values_of("--config", arguments):
        if not config:
            raise UserError("--config needs the name of a file.")
        _check_file(Path(config), kind)
    for argument in arguments:
        if "*" in argument:  # perhaps an alias of YAML
            flag, _, value = argument.partition("=")
            _check_value(flag, value or argument)
    try:
        return parser.instantiate(parser.parse_args(list(arguments)))
    except (ArgumentError, TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise UserError(_one_line(str(error), arguments, kind)) from error
    except RecursionError as error:
        raise UserError("the flags are nested too deeply.") from error


def _resumed_run(arguments: Sequence[str]) -> Path | None:
    named = _value_of("--resume", arguments)
    if named is None:
        return None
    run = Path(named)
    if not named or not (run / "config.yaml").is_file():
        nothing = named and run.is_dir() and not any(run.iterdir())
        why = "it is empty: its run was stopped too early" if nothing else "it has no config.yaml"
        raise UserError(f"--resume {named!r}: not the folder of a run ({why}); leave --resume out for a new run.")
    return run


def _values_of(flag: str, arguments: Sequence[str]) -> list[str]:
    finder = ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    finder.add_argument(flag, dest="values", action="append")
    try:
        return finder.parse_known_args(arguments)[0].values or []
    except ArgumentError:  # the flag lacks its value: the full parser says it better
        return []


def _value_of(flag: str, arguments: Sequence[str]) -> str | None:
    """The value of `flag`; of several, the last."""
    return next(reversed(_values_of(flag, arguments)), None)


def _check_file(config: Path, kind: type) -> None:
    """Refuse what jsonargparse passes over in silence, such as `data: 3`, or never comes to the end of."""
    content = read_yaml(config)
    if not isinstance(content, dict):
        raise UserError(f"{config}: not a YAML file of {_called(kind)}: it must have fields, {{name: value}}.")
    for name in content:
        if not isinstance(name, str) or (name in NO_FIELDS and content[name] is not None):  # --print_config: null
            raise UserError(_unknown("key", str(name), kind, str(config)))
    for name, section in get_type_hints(kind).items():
        value = content.get(name, {})
        if is_dataclass(section) and not isinstance(value, dict):
            raise UserError(f"{config}: {name!r} must be a section with keys of its own, but is {value!r}.")


def _check_value(flag: str, value: str) -> None:
    try:
        load_yaml(value)
    except UserError as error:
        if "alias" in str(error):  # what else is wrong with it, jsonargparse says
            raise UserError(f"{flag}: {error}") from error


def _one_line(message: str, arguments: Sequence[str], kind: type) -> str:
    """Put jsonargparse's message into one line, in the words of a user, with a suggestion."""
    message = " ".join(message.split())
    message = re.sub(r"(?:typing\.)?Literal(\[.*?\])", r"one of \1", message)
    message = re.sub(r"<class '(\w+)'>", r"\1", message)
    message = re.sub(
        r"Does not validate against any of the Union subtypes Subtypes: \[(.*)\] Errors: .* Given value: ",
        r"Expected \1. Got value: ",
        message,
    )
    message = re.sub(r"Expected an? ", "expected ", message)
    message = re.sub(r'^Parser key "(.*?)": ', r"--\1: ", message)
    config = _value_of("--config", arguments)
    unknown = re.search(r"unrecognized arguments: (--[^\s=]+)", message)
    if unknown:
        return _unknown("flag", unknown[1], kind)
    unknown = re.search(r"Group '(.*?)' does not accept option '(.*?)'", message)
    if unknown:
        return _unknown("key", f"{unknown[1]}.{unknown[2]}", kind, config)
    unknown = re.search(r"(?:Key|Option) '(.*?)' is not (?:expected|accepted)", message)
    if unknown:
        return _unknown("key", unknown[1], kind, config)
    if "parsing config" in message or "Unexpected config" in message:
        return f"{config}: not a YAML file of {_called(kind)}: " + message.replace(' in "<unicode string>",', " in")
    return message


def _unknown(what: str, name: str, kind: type, config: str | None = None) -> str:
    where = f" in {config}" if config else ""
    names = flat_fields(asdict(kind()))
    all_of_them = "--help lists all." if kind is Experiment else f"There are {', '.join(names)}."
    return f"unknown {what} {name!r}{where}.{did_you_mean(name.lstrip('-'), names)} {all_of_them}"


def _called(kind: type) -> str:
    return f"{'an' if kind is Experiment else 'a'} {kind.__name__.lower()}"
