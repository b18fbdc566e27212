"""A process that has imported the large libraries, and forks itself for each program that the tests run.

`import lightning` takes 5 to 8 seconds, and hundreds of tests run a program; so these share one import. Each program
has a process of its own all the same, in which nothing of the project was imported.

tests/forked_programs.py starts it with the number of a listening socket and the path of a script in its arguments; it
ends when its input ends. It answers each client on that socket with two messages: the new process's number, and when
that ends, its exit code and the seconds of CPU time that it took. The script runs tests/program_client.py in place of
Python; programs find it as `sys.executable`.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import multiprocessing
import os
import resource
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "torchmetrics.classification",
    "lightning.pytorch",
    "alembic.command",
    "attrs",
    "gensim.models",
    "google_crc32c",
    "jinja2",
    "markdown_it",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.orm",
    "typst",
    "sklearn.metrics",
    "sklearn.manifold",
    "cv2",
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
    "threadpoolctl",
    "yaml",
)


def main(number: int, python: str) -> None:
    """Serve on the socket of this number until the input ends; in the forked process, be the program."""
    gc.disable()  # of all this nothing is garbage
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):  # the program that needs it says so better
            importlib.import_module(library)
    gc.freeze()  # else each process would go through it when it tidies up
    gc.enable()
    sys.executable = python
    multiprocessing.set_executable(python)
    if sys.dont_write_bytecode:  # each source is compiled once all the same
        sys.pycache_prefix, sys.dont_write_bytecode = f"{python}_bytecode", False
    listener = socket.socket(fileno=number)
    running: list[Running] = []
    while True:
        files = [file for one in running for file in (one.client, one.end)]
        ready, _, _ = select.select([sys.stdin, listener, *files], [], [])
        if sys.stdin in ready:
            end_early()
            return
        for one in running[:]:
            if one.end in ready:
                one.finish()
                running.remove(one)
            elif one.client in ready:  # the end of the client is the program's end, too
                one.kill()
        if listener not in ready:
            continue
        client, _ = listener.accept()
        order = receive(client)
        if order is None:
            client.close()
            continue
        own_session = order.pop("own_session", False)
        process = os.fork()
        if not process:
            for file in (listener, client, *(one.client for one in running)):
                file.close()
            if own_session:
                os.setsid()
            become(**order)
            end_early()
            return
        tell(client, str(process))
        running.append(Running(process, client, own_session))
        for _, file in order["files"]:
            if isinstance(file, int):
                os.close(file)


class Running:
    """A program that was forked for a client."""

    def __init__(self, process: int, client: socket.socket, own_session: bool) -> None:
        self.process, self.client, self.own_session = process, client, own_session
        self.end = os.pidfd_open(process)
        """A file that can be read when the program has ended."""

    def kill(self) -> None:
        """End the program, and what it started in its session."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if self.own_session else os.kill)(self.process, signal.SIGKILL)

    def finish(self) -> None:
        """Tell the client how the program ended."""
        _, status, used = os.wait4(self.process, 0)
        tell(self.client, f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime}")
        self.client.close()
        os.close(self.end)


def tell(client: socket.socket, text: str) -> None:
    """Send a message to a client, unless it was killed."""
    with contextlib.suppress(OSError):
        client.send(text.encode())


def receive(client: socket.socket) -> dict[str, Any] | None:
    """A client's order, with its open files; None where the client was killed before it sent one."""
    message, received, _, _ = socket.recv_fds(client, 1 << 20, 50)
    if not message:
        return None
    order: dict[str, Any] = json.loads(message)
    return order | {"files": order["files"] + list(zip(order.pop("numbers", []), received, strict=True))}


def become(
    script: str,
    arguments: list[str],
    folder: str,
    files: list[tuple[int, int | str]],
    kind: str = "",
    path: list[str] | None = None,
    environment: dict[str, str] | None = None,
    file_size: int | None = None,
) -> None:
    """Run `script` in `folder` as `python script arguments` would.

    `files` are the numbers of its streams and other open files, each with an open file or the path of one. `script` is
    of the kind "file", "module" or "code"; without a kind, its name tells. `path` is the beginning of `sys.path`: by
    default the script's folder, or the project's for one of its packages. No file that it writes may be larger than
    `file_size` bytes, as after `ulimit -f`.
    """
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    os.chdir(folder)
    put_in_place(files)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.argv = [script, *arguments]
    kind = kind or ("file" if script.endswith(".py") else "module")
    sys.path[:1] = path or [str(Path(script).parent if kind == "file" else PROJECT)]
    try:
        if kind == "file":
            runpy.run_path(script, run_name="__main__")
        elif kind == "module":
            runpy.run_module(script, run_name="__main__", alter_sys=True)
        else:
            sys.argv[0] = "-c"
            exec(script, {"__name__": "__main__"})
    except SystemExit as stop:
        if isinstance(stop.code, int | None):
            end_early(stop.code or 0)
        raise


def end_early(code: int = 0) -> None:
    """End as Python does, but without freeing all that was imported, which takes a third of a second."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):  # then Python itself ends, and says so
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def put_in_place(files: list[tuple[int, int | str]]) -> None:
    """Give open files their numbers; first numbers that none of them gets, so that none takes another's place."""
    opened = [os.open(file, os.O_RDWR | os.O_CREAT, 0o600) if isinstance(file, str) else file for _, file in files]
    away = [fcntl.fcntl(file, fcntl.F_DUPFD, 200) for file in opened]
    for file in opened:
        os.close(file)
    for (number, _), file in zip(files, away, strict=True):
        os.dup2(file, number)
        os.close(file)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
