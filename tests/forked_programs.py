"""Runs the project's programs in processes that are forked from one, which has imported the large libraries."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class ForkedProgram:
    """What a program left."""

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    """Of CPU time, which does not depend on what else the machine does."""


class ProgramServer:
    """The process that forks programs (program_server.py); its folder is all that another process needs to use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = str(folder / "python")
        """Starts programs in place of Python."""

    @classmethod
    def start(cls) -> ProgramServer:
        """Start one that ends with this process."""
        server = cls(Path(tempfile.mkdtemp()))
        atexit.register(shutil.rmtree, server.folder, ignore_errors=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(server.folder / "socket"))
            listener.listen()
            words = [sys.executable, HERE / "program_client.py", server.folder / "socket", sys.executable]
            program, *arguments = map(str, words)
            Path(server.python).write_text(f'#!/bin/sh\nexec {shlex.quote(program)} -IS {shlex.join(arguments)} "$@"\n')
            Path(server.python).chmod(0o700)
            number = listener.fileno()
            command = [sys.executable, str(HERE / "program_server.py"), str(number), server.python]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number])
        atexit.register(_end, process)
        return server

    def run(
        self,
        script: str,
        arguments: Sequence[object],
        folder: Path,
        stops: Sequence[tuple[int, float]],
        file_size: int | None = None,
    ) -> ForkedProgram:
        """Run a script or a package in `folder`.

        `stops` has signals, each with the number of seconds after which it is sent. No file that the program writes may
        be larger than `file_size` bytes.
        """
        with (
            tempfile.TemporaryDirectory() as name,
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server,
        ):
            out, err = Path(name) / "out", Path(name) / "err"
            order: dict[str, Any] = {"script": script, "arguments": [*map(str, arguments)], "folder": str(folder)}
            files = list(enumerate((os.devnull, str(out), str(err))))
            server.connect(str(self.folder / "socket"))
            server.send(json.dumps(order | {"files": files, "file_size": file_size}).encode())
            process = int(server.recv(100))
            timers = [threading.Timer(seconds, _send, (process, number)) for number, seconds in stops]
            for timer in timers:
                timer.start()
            code, used = server.recv(100).split()
            for timer in timers:
                timer.cancel()
            said = [path.read_text(errors="replace") if path.exists() else "" for path in (out, err)]
            return ForkedProgram(int(code), said[0], said[1], float(used))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server, and wait for it."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def _send(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.Signals(number))
