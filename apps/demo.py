"""Draw on a web page, and see both tracks' predictions: python -m apps demo, then open the address that it prints.

It serves the finished runs in logs/ to this machine only; with --host 0.0.0.0 to others, too.
"""

from __future__ import annotations

import socket
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from experiment.errors import UserError, reason_of
from experiment.files import PROJECT

MOST_PORTS = 65535
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def main(arguments: list[str]) -> int:
    """Serve the page until Ctrl-C."""
    parser = ArgumentParser(
        prog="python -m apps demo", description="Draw on a web page, and see both tracks' predictions."
    )
    parser.add_argument("--logs_root", type=Path, default=PROJECT / "logs", help="folder of the runs")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; only this machine by default")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    listener = _listen(options.host, options.port)
    try:
        import uvicorn

        from apps.answers import Answers
        from apps.server import make_app
    except ImportError as error:
        raise UserError(f"the page needs {error.name}: python -m pip install starlette uvicorn.") from error
    if not Answers(options.logs_root).runs():
        raise UserError(f"{options.logs_root}: no finished run on drawings there; train one first.")
    from training.tracks import TRACKS

    for track in TRACKS.values():  # torch takes seconds to load: now, and not at the first stroke
        import_module(f"{track.package}.predictor")
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # a single drawing is answered faster by one thread than by threads that wait for each other
    hosts = LOOPBACK if options.host in ("127.0.0.1", "localhost", "::1") else ["*"]
    app = make_app(options.logs_root, hosts)
    print(f"Draw at http://{options.host}:{listener.getsockname()[1]}/ (Ctrl-C stops the server)", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket at this address, taken before anything is loaded; 0 takes any free port."""
    if not 0 <= port <= MOST_PORTS:
        raise UserError(f"--port must be from 0 to {MOST_PORTS}, but is {port}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or reason_of(error)
        raise UserError(f"--host {host} --port {port}: cannot listen there ({reason}); choose others.") from error
