"""`python -m PACKAGE SUBCOMMAND ...`: lists the subcommands, and imports only the one that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

from experiment.errors import UserError, did_you_mean, run_program

Subcommands = Mapping[str, tuple[str, str]]
"""Name → (module with a `main(arguments)`, one line of help)."""


def run_subcommands(package: str, description: str, subcommands: Subcommands) -> None:
    """Run the subcommand that stands first on the command line, and exit with its code."""
    run_program(lambda: _run(package, description, subcommands, sys.argv[1:]))


def _run(package: str, description: str, subcommands: Subcommands, arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(_overview(package, description, subcommands))
        return 0
    if name not in subcommands:
        known = ", ".join(subcommands)
        raise UserError(
            f"python -m {package}: unknown command {name!r}.{did_you_mean(name, subcommands)} Known: {known}."
        )
    code: int = import_module(subcommands[name][0]).main(arguments[1:])
    return code


def _overview(package: str, description: str, subcommands: Subcommands) -> str:
    width = max(map(len, subcommands))
    lines = [f"usage: python -m {package} COMMAND [options]", "", description, "", "commands:"]
    lines += [f"  {name.ljust(width)}  {line}" for name, (_, line) in subcommands.items()]
    return "\n".join([*lines, "", f"python -m {package} COMMAND --help explains one of them."])
