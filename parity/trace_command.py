"""Follow one batch through both tracks: python -m parity trace --config configs/softmax.yaml

What it does is in parity/trace.py, which imports PyTorch: --help answers without.
"""

from __future__ import annotations

from experiment.commandline import parse_command

DESCRIPTION = (
    "Follow one batch through both tracks, layer by layer: outputs, dL/dx and the gradients of all parameters. "
    "Exit code 0: all the same to rounding; 1: a difference, the first one is marked; 2: bad input."
)


def main(arguments: list[str]) -> int:
    """Print the trace, and leave it as a text and a page; 1 if there is a difference."""
    experiment = parse_command(DESCRIPTION, arguments).experiment

    from datamodules.registry import make_data
    from experiment.files import write_text
    from experiment.run import Run
    from parity.trace import as_page, as_text, trace
    from training.program import check_network

    data = make_data(experiment)
    check_network(experiment, data)
    parts = trace(experiment, data)
    heading = f"{experiment.experiment}, {experiment.trainer.dtype}, on {data.description}"
    run = Run.create(experiment, "comparison", kind="comparisons")
    write_text(run.folder / "trace.txt", f"{heading}\n{as_text(parts)}\n")
    write_text(run.folder / "trace.html", as_page(parts, heading))
    print(f"{heading}\n{as_text(parts)}\n\nAs a page: {run.folder / 'trace.html'}")
    return 1 if any(entry.differs for part in parts for entry in part.entries) else 0
