"""Classify drawings: python -m apps predict logs/softmax/numpy/<run> drawing.png more.npy strokes.ndjson."""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser
from pathlib import Path

from experiment.files import write_text

TOP = 3


def main(arguments: list[str]) -> int:
    """Print label, probability and the top three of each drawing; with --out write them as CSV too."""
    parser = ArgumentParser(prog="python -m apps predict", description="Name drawings with a trained run.")
    parser.add_argument("run", type=Path, help="folder of a run: logs/<experiment>/<track>/<run>")
    parser.add_argument(
        "drawings", type=Path, nargs="+", help="pictures, .npy of bitmaps (N, 28, 28), .ndjson of strokes"
    )
    parser.add_argument("--track", choices=("numpy", "lightning"), default="numpy", help="which track predicts")
    parser.add_argument("--out", type=Path, help="CSV file to write the predictions to")
    options = parser.parse_args(arguments)
    from datamodules.inputs import read_images
    from experiment.trained_run import read_trained
    from training.tracks import load_track

    trained = read_trained(options.run)
    predictor = load_track(options.track).predictor(trained)
    images = {path: read_images(path, trained.shape) for path in options.drawings}
    top = min(TOP, len(trained.categories))
    header = ["file", "row", "label", "probability"]
    header += [f"{what}_{place}" for place in range(2, top + 1) for what in ("label", "probability")]
    rows: list[list[object]] = []
    for path, bitmaps in images.items():
        for row, probabilities in enumerate(predictor.probabilities(bitmaps)):
            best = [(trained.categories[c], float(probabilities[c])) for c in (-probabilities).argsort()[:top]]
            others = ", ".join(f"{name} {probability:.3f}" for name, probability in best[1:])
            name = str(path) if len(bitmaps) == 1 else f"{path}[{row}]"
            print(f"{name}: {best[0][0]} {best[0][1]:.3f}  (then {others})")
            rows.append([path, row, *(item for pair in best for item in pair)])
    if options.out:
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([header, *rows])
        write_text(options.out, table.getvalue())
    return 0
