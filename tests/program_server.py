"""A process that has imported the large libraries, and forks itself for each program that the tests run.

`import lightning` takes 5 to 8 seconds, and a hundred tests run a program; so these share one import. Each program has
a process of its own all the same, in which nothing of the project was imported. Started by tests/conftest.py. It reads
lines of JSON, and answers each with two lines: the new process's number, and when that ends, its exit code and the
seconds of CPU time that it took.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import runpy
import sys
from pathlib import Path

LIBRARIES = (
    "torchmetrics.classification",
    "lightning.pytorch",
    "matplotlib.pyplot",
    "sklearn.metrics",
    "sklearn.manifold",
    "cv2",
    "yaml",
    "jsonargparse",
    "docstring_parser.attrdoc",
    "filelock",
    "optuna",
    "optuna.storages.journal",
    "PIL.Image",
    "pooch",
    "requests",
    "safetensors.numpy",
    "tensorboard.plugins.hparams.summary_v2",
    "tensorboard.summary.writer.event_file_writer",
    "threadpoolctl",
)


def main() -> None:
    """Serve until the input ends; in the forked process, be the program."""
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # else each process would go through all that was imported when it tidies up
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(**json.loads(line))
            return
        print(child, flush=True)
        _, status, used = os.wait4(child, 0)
        print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, flush=True)


def become(
    script: str, arguments: list[str], folder: str, stdout: str, stderr: str, file_size: int | None = None
) -> None:
    """Run `script` in `folder` as `python script arguments` would, with its output in two files.

    No file that it writes may be larger than `file_size` bytes, as after `ulimit -f`.
    """
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    os.chdir(folder)
    for number, path in enumerate((os.devnull, stdout, stderr)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.argv = [script, *arguments]
    if script.endswith(".py"):
        sys.path[0] = os.path.dirname(script)
        runpy.run_path(script, run_name="__main__")
    else:
        sys.path[0] = str(Path(__file__).resolve().parents[1])
        runpy.run_module(script, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
