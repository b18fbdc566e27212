"""One training over several processes (Lightning's `ddp`), such that it is the training that one process would do.

The global batch is the one that a single process would see. Process r of W takes its rows n r / W to n (r + 1) / W.
DDP averages the processes' gradients, so each loss is weighted by W n_r / n, n_r being the process's own rows: the
average is then the gradient of the mean over all n rows, also where n is no multiple of W. Dropout draws the global
batch's mask and takes its rows of it. Sums for losses and metrics are added up over all processes.
"""

from __future__ import annotations

import os

RANKS = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
"""Where torchrun, SLURM and Lightning's own launcher say which process this is."""


def process_rank() -> int:
    """This process's number, from 0, among those of the training; known before anything is imported."""
    found = [os.environ[name] for name in RANKS if os.environ.get(name, "").isdigit()]
    return int(found[0]) if found else 0
