"""Stands in for `python`: the program is run by a process that the program server forks.

This one hands on its arguments, folder, environment and open files, and the signals that it gets, and ends as the
program does; when it is killed, so is the program. What is no file, module or process of multiprocessing is left to
the real Python. Called by the script that tests/forked_programs.py writes: program_client.py SOCKET PYTHON arguments.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from itertools import dropwhile

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def main(address: str, python: str, arguments: list[str]) -> int:
    """Run `python arguments` and return its exit code."""
    order = order_of(arguments)
    if order is None:
        os.execv(python, [python, *arguments])
    order["numbers"] = files = open_files()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps(order).encode()], files)
        program = int(server.recv(100))
        for number in PASSED_ON:
            signal.signal(number, lambda received, _: os.kill(program, received))
        return int(server.recv(100).split()[0])


def order_of(arguments: list[str]) -> dict[str, object] | None:
    """What to run, for the server; None for what it cannot. Python's own flags (-u, -B) are passed over."""
    words = list(dropwhile(lambda word: word.startswith("-") and word not in ("-m", "-c"), arguments))
    is_file = words[0].endswith(".py")
    is_worker = words[0] == "-c" and words[-1] == "--multiprocessing-fork"
    if not (is_file or is_worker or words[0] == "-m"):
        return None
    script, *arguments = [os.path.abspath(words[0]), *words[1:]] if is_file else words[1:]
    first = os.path.dirname(script) if is_file else os.getcwd()
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return {
        "kind": "file" if is_file else "code" if is_worker else "module",
        "script": script,
        "arguments": arguments,
        "files": [],
        "folder": os.getcwd(),
        "path": [first, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))],
        "environment": dict(os.environ),
        "file_size": None if limit == resource.RLIM_INFINITY else limit,
        "own_session": os.getsid(0) == os.getpid(),
    }


def open_files() -> list[int]:
    """The numbers of the streams, and of the files that multiprocessing hands to its processes."""
    numbers = sorted(map(int, os.listdir("/proc/self/fd")))
    return [number for number in numbers if os.path.exists(f"/proc/self/fd/{number}")]  # not that of the list itself


def end(code: int) -> None:
    """End with an exit code, or by the signal that ended the program."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    end(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
