"""Draw on a web page, and watch both tracks answer: python demo.py, then open the address that it prints.

It serves the finished runs in logs/ on this machine alone; --host 0.0.0.0 lets others in, too.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from experiment.errors import UserError, run_program
from experiment.files import PROJECT

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def main() -> int:
    """Serve the page until Ctrl-C."""
    parser = ArgumentParser(description="Draw on a web page, and watch both tracks answer.")
    parser.add_argument("--logs_root", type=Path, default=PROJECT / "logs", help="folder of the runs")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; only this machine by default")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    try:
        import uvicorn

        from trained.server import Answers, make_app
    except ImportError as error:
        raise UserError(f"the page needs {error.name}: python -m pip install starlette uvicorn.") from error
    if not Answers(arguments.logs_root).runs():
        raise UserError(f"{arguments.logs_root}: no finished run on drawings there; train one first.")
    from trained.predictors import TRACKS, import_predictor

    for track in TRACKS:
        import_predictor(track)  # torch takes seconds to load: now, and not at the first stroke
    hosts = LOOPBACK if arguments.host in ("127.0.0.1", "localhost", "::1") else ["*"]
    app = make_app(arguments.logs_root, hosts)
    print(f"Draw at http://{arguments.host}:{arguments.port}/ (Ctrl-C ends it)", flush=True)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")
    return 0


if __name__ == "__main__":
    run_program(main)
