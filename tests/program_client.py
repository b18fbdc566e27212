"""Stands in for `python`: the program is run by a process that the program server forks.

This one hands on its arguments, folder, environment and streams, and the signals that it gets, and ends as the program
does; when it is killed, so is the program. What is no file or module (`python -c`) is left to the real Python. Called
by the script that tests/conftest.py writes: program_client.py SOCKET PYTHON arguments.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def main(address: str, python: str, arguments: list[str]) -> int:
    """Run `python arguments` and return its exit code."""
    order = order_of([word for word in arguments if word != "-u"])
    if order is None:
        os.execv(python, [python, *arguments])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps(order).encode()], [0, 1, 2])
        program = int(server.recv(100))
        for number in PASSED_ON:
            signal.signal(number, lambda received, _: os.kill(program, received))
        return int(server.recv(100).split()[0])


def order_of(words: list[str]) -> dict[str, object] | None:
    """What to run, for the server; None for what it cannot."""
    is_module = words[0] == "-m"
    if not is_module and not words[0].endswith(".py"):
        return None
    script, *arguments = words[1:] if is_module else [os.path.abspath(words[0]), *words[1:]]
    first = os.getcwd() if is_module else os.path.dirname(script)
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return {
        "script": script,
        "arguments": arguments,
        "folder": os.getcwd(),
        "path": [first, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))],
        "environment": dict(os.environ),
        "file_size": None if limit == resource.RLIM_INFINITY else limit,
        "own_session": os.getsid(0) == os.getpid(),
    }


def end(code: int) -> None:
    """End with an exit code, or by the signal that ended the program."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    end(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
