"""Write a trained network as an ONNX file: python export.py logs/softmax/numpy/<run> --onnx.

The run may be of either track. The file takes images (B, C, H, W) from 0 to 1 and gives probabilities; it is written
only if onnxruntime makes of it what the network makes of the run's test images.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from experiment.errors import UserError, run_program

LIMIT = 1e-5
"""Probabilities may differ so much."""


def main() -> int:
    """Write the file, and say how near its probabilities are."""
    parser = ArgumentParser(description="Write a trained network as an ONNX file.")
    parser.add_argument("run", type=Path, help="folder of a run, of either track")
    parser.add_argument("--onnx", type=Path, nargs="?", const=Path("model.onnx"), required=True, help="where to")
    arguments = parser.parse_args()
    from experiment.figures.results import read_results
    from experiment.files import written_whole
    from experiment.run import Run
    from experiment.trained import read_trained

    trained = read_trained(arguments.run)
    images = read_results(Run(arguments.run)).examples["images"]
    _need_packages()
    from trained.onnx import as_onnx, largest_difference
    from trained.predictors import import_predictor

    network = import_predictor("lightning")(trained)
    content = as_onnx(trained, network)
    apart = largest_difference(content, network, images)
    if not apart <= LIMIT:
        raise UserError(f"{arguments.run}: onnxruntime's probabilities differ by {apart:.1e}; nothing was written.")
    with written_whole(arguments.onnx) as file:
        file.write(content)
    print(f"Written: {arguments.onnx}; on {len(images):,} test images its probabilities differ by {apart:.1e} at most.")
    return 0


def _need_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError(f"--onnx needs {error.name}: python -m pip install onnx onnxscript onnxruntime.") from error


if __name__ == "__main__":
    run_program(main)
