"""Show in numbers that both tracks are the same network.

python -m parity compare --config configs/softmax.yaml              everything a training does, in float64 and float32
python -m parity compare --config configs/softmax.yaml --thorough   the layers of every step, however long the training
python -m parity compare logs/<...>/numpy/<run> logs/<...>/lightning/<run>     two finished runs
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from experiment.commandline import from_yaml, parse_command
from experiment.config import Experiment
from experiment.errors import UserError

DESCRIPTION = (
    "Compare the two tracks. With the flags of an experiment: every step of both trainings in lock-step, gradients "
    "against central differences, and whole trainings, in float64 and float32. --thorough compares the layers of every "
    "step of a long training, too. With two run folders instead of flags: their metrics, predictions and curves. "
    "Exit code 0: all the same; 1: a difference; 2: bad input."
)
DTYPES: tuple[Literal["float64", "float32"], ...] = ("float64", "float32")


@dataclass
class Comparison:
    """The outcome of all checks of one experiment."""

    heading: str
    data: dict[str, Any]
    """What the runs note down about their data."""
    lockstep: dict[str, Any] = field(default_factory=dict)
    whole: dict[str, Any] = field(default_factory=dict)
    finished: dict[str, Any] = field(default_factory=dict)
    """Two finished runs by a name for tables."""
    thorough: bool = False

    @property
    def held(self) -> bool:
        """Whether everything that was to be compared was compared and is the same."""
        compared = [lockstep.ledger.held for lockstep in self.lockstep.values()]
        compared += [finished.same for finished in self.finished.values() if not self.lockstep]
        return bool(compared) and all(compared)


def main(arguments: list[str]) -> int:
    """Do the comparison that the arguments ask for; 0 only if everything held, else 1."""
    if arguments and not arguments[0].startswith("-"):
        return _two_runs(arguments)
    thorough = "--thorough" in arguments
    command = parse_command(DESCRIPTION, [word for word in arguments if word != "--thorough"])
    if command.resume:
        raise UserError("--resume: a comparison starts anew; leave it out.")
    return _experiment(command.experiment, thorough)


def _experiment(experiment: Experiment, thorough: bool) -> int:
    from experiment.run import Run
    from parity.report import save, verdict

    settings = in_both_dtypes(experiment)
    print(f"Data: {settings['float64'][1].description}", flush=True)
    run = Run.create(experiment, "comparison", kind="comparisons")  # after the data: bad data leaves no folder behind
    comparison = compare_experiment(settings, run.folder, thorough)
    save(comparison, run.folder, experiment.figures)
    print(f"\n{verdict(comparison)}\n\nFigures and tables: {run.folder / 'comparison.md'}")
    return 0 if comparison.held else 1


def in_both_dtypes(experiment: Experiment) -> dict[str, Any]:
    """The experiment in float64 and in float32, each with its data."""
    from datamodules.registry import make_data
    from training.program import check_network

    settings: dict[str, Any] = {}
    for dtype in DTYPES:
        one = replace(experiment, figures=False, trainer=replace(experiment.trainer, dtype=dtype))
        settings[dtype] = one, make_data(one)
        check_network(*settings[dtype])
    return settings


def compare_experiment(settings: dict[str, Any], folder: Path, thorough: bool = False) -> Comparison:
    """Every check in each dtype; the trained runs are kept in `folder`."""
    import torch
    from threadpoolctl import threadpool_limits

    from parity.numerical import compare_numerically
    from parity.stopping import compare_stopping

    experiment, data = next(iter(settings.values()))
    heading = f"{experiment.experiment}, on {data.label}: {data.description}"
    comparison = Comparison(heading, data.metadata(), thorough=thorough)
    threads = torch.get_num_threads()
    with threadpool_limits(1, "blas"):  # as in the NumPy track: another number of threads rounds differently
        for dtype, (one, its_data) in settings.items():
            _compare_dtype(comparison, dtype, one, its_data, folder / f"runs_{dtype}")
        ledger = next(iter(comparison.lockstep.values())).ledger
        for stage, check in (("numerical", compare_numerically), ("early stopping", compare_stopping)):
            try:
                check(experiment, data, ledger)
            except Exception as error:
                ledger.failed(stage, error)
    torch.set_num_threads(threads)
    return comparison


def _compare_dtype(comparison: Comparison, dtype: str, experiment: Experiment, data: Any, folder: Path) -> None:
    from parity.finished import compare_finished
    from parity.lockstep import compare_in_lockstep
    from parity.whole import compare_whole
    from training.program import begin
    from training.results import save_results

    kept = replace(experiment, logs_root=str(folder))
    print(f"{dtype}: lock-step", end="", flush=True)
    runs = {"numpy": begin(kept, "numpy", data, data.metadata())}
    runs["lightning"] = begin(replace(kept, experiment="lockstep"), "lightning", data, data.metadata())
    lockstep = compare_in_lockstep(kept, data, runs, comparison.thorough)
    comparison.lockstep[dtype] = lockstep
    if lockstep.ledger.findings or "numpy" not in lockstep.results:
        print(flush=True)
        lockstep.ledger.checks["whole training"].note = "not compared: see the first difference"
        return
    print(", whole trainings", flush=True)
    alone = begin(kept, "lightning", data, data.metadata())
    whole = compare_whole(kept, data, alone, lockstep)
    comparison.whole[dtype] = whole
    save_results(runs["numpy"], kept, "numpy", data, data.metadata(), lockstep.results["numpy"])
    save_results(alone, kept, "lightning", data, data.metadata(), whole.result)
    comparison.finished[dtype] = compare_finished((runs["numpy"].folder, alone.folder))


def _two_runs(arguments: list[str]) -> int:
    from experiment.run import Run
    from parity.report import save, verdict

    if len(arguments) != 2:
        raise UserError("give two run folders, or the flags of an experiment (--help lists them).")
    one, other = map(Path, arguments)
    comparison = compare_runs((one, other))
    run = Run.create(from_yaml(one / "config.yaml"), "comparison", kind="comparisons")
    save(comparison, run.folder)
    print(f"{verdict(comparison)}\n\nFigures and tables: {run.folder / 'comparison.md'}")
    return 0 if comparison.held else 1


def compare_runs(folders: tuple[Path, Path]) -> Comparison:
    """Compare two finished runs' results."""
    from parity.finished import compare_finished

    finished = compare_finished(folders)
    metadata = finished.one.metrics["data"]
    comparison = Comparison(f"{finished.one.name} and {finished.other.name}, on {metadata['label']}", metadata)
    comparison.finished["finished runs"] = finished
    return comparison
