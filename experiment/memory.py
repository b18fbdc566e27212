"""Refuses what does not fit into memory before the operating system ends the program, which leaves no word behind."""

from __future__ import annotations

import os

from experiment.errors import UserError


def check_memory(needed: int, what: str) -> None:
    """Refuse, with a line that begins with `what`, to take more bytes than the machine has."""
    memory = physical_memory()
    if memory is not None and needed > memory:
        raise UserError(f"{what} needs {needed / 1e9:,.0f} GB of memory, but this machine has {memory / 1e9:,.0f} GB.")


def physical_memory() -> int | None:
    """The machine's memory in bytes; None where the operating system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
