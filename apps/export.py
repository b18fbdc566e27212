"""Write a trained network as an ONNX file: python -m apps export logs/softmax/numpy/<run> --onnx.

The run may be of either track. The file takes images (B, C, H, W) from 0 to 1, or the points of strokes as
`datamodules/sequences.py` gives them to a network (B, 96, 6), and gives probabilities; it is written
only if onnxruntime makes of it what the network makes of the run's test images.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from experiment.errors import UserError

LIMIT = 1e-5
"""Probabilities may differ so much."""


def main(arguments: list[str]) -> int:
    """Write the file, and say how near its probabilities are."""
    parser = ArgumentParser(prog="python -m apps export", description="Write a trained network as an ONNX file.")
    parser.add_argument("run", type=Path, help="folder of a run, of either track")
    parser.add_argument("--onnx", type=Path, nargs="?", const=Path("model.onnx"), required=True, help="where to")
    options = parser.parse_args(arguments)
    from experiment.files import atomic_write
    from experiment.registry import MODELS
    from experiment.run import Run
    from experiment.trained_run import read_trained
    from visualization.run_data import read_results

    trained = read_trained(options.run)
    as_strokes = MODELS[trained.experiment.model].form == "strokes"
    images = read_results(Run(options.run)).examples.get("points" if as_strokes else "images")
    fits = (trained.shape[0], 3) if as_strokes else trained.shape[1:]
    if images is None or images.dtype != "uint8" or images.shape[1:3] != fits:
        raise UserError(f"{options.run / 'examples.npz'}: has no images of this run; this run cannot be exported.")
    _need_packages()
    from apps.onnx_file import as_onnx, largest_difference
    from training.tracks import load_track

    network = load_track("lightning").predictor(trained)
    content = as_onnx(trained, network)
    apart = largest_difference(content, network, images)
    if not apart <= LIMIT:
        raise UserError(f"{options.run}: onnxruntime's probabilities differ by {apart:.1e}; nothing was written.")
    with atomic_write(options.onnx) as file:
        file.write(content)
    print(f"Written: {options.onnx}; on {len(images):,} test images its probabilities differ by {apart:.1e} at most.")
    return 0


def _need_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError(f"--onnx needs {error.name}: python -m pip install onnx onnxscript onnxruntime.") from error
