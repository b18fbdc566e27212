"""Show in numbers that both tracks are the same network.

python compare.py --config configs/softmax.yaml              all checks of an experiment, in float64 and float32
python compare.py --config configs/softmax.yaml --trace      one batch, followed layer by layer
python compare.py logs/<...>/numpy/<run> logs/<...>/lightning/<run>     two finished runs
"""

from __future__ import annotations

import sys
from pathlib import Path

from experiment.commandline import parse_command
from experiment.config import Experiment
from experiment.errors import UserError, run_program

DESCRIPTION = (
    "Compare the two tracks. With the flags of an experiment: gradients, an epoch in lock-step and whole trainings, "
    "in float64 and float32; with --trace, one batch layer by layer. With two run folders instead of flags: "
    "their metrics, predictions and curves."
)


def main() -> int:
    """Do the comparison that the arguments ask for; 0 only if all targets hold, else 1."""
    arguments = sys.argv[1:]
    if arguments and not arguments[0].startswith("-"):
        return _two_runs(arguments)
    following = "--trace" in arguments
    command = parse_command(DESCRIPTION, [word for word in arguments if word != "--trace"])
    if command.resume:
        raise UserError("--resume: a comparison is made anew; leave it out.")
    return _trace(command.experiment) if following else _experiment(command.experiment)


def _experiment(experiment: Experiment) -> int:
    from threadpoolctl import threadpool_limits

    from experiment.run import Run
    from parity.checks import compare_experiment, in_both_dtypes
    from parity.report import save, verdict

    settings = in_both_dtypes(experiment)
    print(f"Data: {settings['float64'][1].description}", flush=True)
    run = Run.create(experiment, "comparison")  # after the data: bad data leaves no folder behind
    with threadpool_limits(1, "blas"):  # as in the NumPy track: other threads round otherwise
        comparison = compare_experiment(settings, run.folder)
    save(comparison, run.folder)
    print(f"\n{verdict(comparison)}\n\nPictures and tables: {run.folder / 'comparison.md'}")
    return 0 if comparison.passed else 1


def _two_runs(arguments: list[str]) -> int:
    if len(arguments) != 2:
        raise UserError("give two run folders, or the flags of an experiment (--help lists them).")
    from experiment.commandline import from_yaml
    from experiment.run import Run
    from parity.checks import compare_runs
    from parity.report import save, verdict

    one, other = map(Path, arguments)
    comparison = compare_runs((one, other))
    run = Run.create(from_yaml(one / "config.yaml"), "comparison")
    save(comparison, run.folder)
    print(f"{verdict(comparison)}\n\nPictures and tables: {run.folder / 'comparison.md'}")
    return 0 if comparison.passed else 1


def _trace(experiment: Experiment) -> int:
    from datamodules.choice import make_data
    from experiment.files import write_text
    from experiment.run import Run
    from parity.trace import as_page, as_text, trace

    data = make_data(experiment)
    parts = trace(experiment, data)
    heading = f"{experiment.experiment}, {experiment.trainer.dtype}, on {data.description}"
    run = Run.create(experiment, "comparison")
    write_text(run.folder / "trace.txt", f"{heading}\n{as_text(parts)}\n")
    write_text(run.folder / "trace.html", as_page(parts, heading))
    print(f"{heading}\n{as_text(parts)}\n\nAs a page: {run.folder / 'trace.html'}")
    return 0


if __name__ == "__main__":
    run_program(main)
