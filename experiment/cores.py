"""How many processor cores there are for this process."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def usable_cores() -> int:
    """How many cores this process may use: those it is bound to, and no more than a container's quota of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # another system, or "max": no quota
        return cores
