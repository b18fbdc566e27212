"""How many processor cores there are for this process."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
"""Where control groups of version 2 and 1 say how much time in each period a container gets."""


@cache
def usable_cores(cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """How many cores this process may use: those it is bound to, and no more than a container's quota of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for files in QUOTAS:
        with suppress(OSError, ValueError):  # another version or system, or "max"
            quota, period = " ".join((cgroups / file).read_text(encoding="ascii") for file in files).split()
            if int(quota) > 0:  # -1: no quota
                cores = max(1, min(cores, int(quota) // int(period)))
    return cores
