"""Classify drawings: python -m apps predict logs/softmax/numpy/<run> drawing.png more.npy strokes.ndjson.

Of several runs the probabilities are averaged, also of one on pictures and one on strokes.
"""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from experiment.errors import UserError
from experiment.files import write_text

TOP = 3


def main(arguments: list[str]) -> int:
    """Print label, probability and the top three of each drawing; with --out write them as CSV too."""
    parser = ArgumentParser(prog="python -m apps predict", description="Name drawings with a trained run, or several.")
    parser.add_argument("run", type=Path, help="folder of a run: logs/<experiment>/<track>/<run>")
    parser.add_argument(
        "paths",
        type=Path,
        nargs="*",
        metavar="run or drawings",
        help="further runs, whose probabilities are averaged; pictures, .npy of bitmaps (N, 28, 28), .ndjson of "
        "strokes; with several runs and no drawings, the test accuracy of their average",
    )
    parser.add_argument("--track", choices=("numpy", "lightning"), default="numpy", help="which track predicts")
    parser.add_argument("--out", type=Path, help="CSV file to write the predictions to")
    options = parser.parse_args(arguments)
    folders = [options.run, *(path for path in options.paths if path.is_dir())]
    drawings = [path for path in options.paths if not path.is_dir()]
    if drawings:
        return _name(folders, drawings, options.track, options.out)
    if len(folders) < 2:
        raise UserError("give drawings to name, or a second run to average with.")
    return _test_together(folders)


def _test_together(folders: list[Path]) -> int:
    from apps.together import average_on_test, check_same_categories
    from experiment.trained_run import read_trained

    check_same_categories([read_trained(folder) for folder in folders])
    each, together = average_on_test(folders)
    for folder, accuracy in zip(folders, each, strict=True):
        print(f"{folder}: test accuracy {accuracy:.4f}")
    print(f"mean of their probabilities: test accuracy {together:.4f}")
    return 0


def _name(folders: list[Path], drawings: list[Path], track: str, out: Path | None) -> int:
    from apps.together import check_same_categories
    from datamodules.inputs import read_images
    from experiment.trained_run import read_trained
    from training.tracks import load_track

    runs = [read_trained(folder) for folder in folders]
    check_same_categories(runs)
    inputs = {path: [read_images(path, trained.shape) for trained in runs] for path in drawings}
    predictors, categories = [load_track(track).predictor(trained) for trained in runs], runs[0].categories
    top = min(TOP, len(categories))
    header = ["file", "row", "label", "probability"]
    header += [f"{what}_{place}" for place in range(2, top + 1) for what in ("label", "probability")]
    rows: list[list[object]] = []
    for path, forms in inputs.items():
        found = [network.probabilities(form) for network, form in zip(predictors, forms, strict=True)]
        for row, probabilities in enumerate(found[0] if len(found) == 1 else np.mean(found, axis=0)):
            best = [(categories[c], float(probabilities[c])) for c in (-probabilities).argsort()[:top]]
            others = ", ".join(f"{name} {probability:.3f}" for name, probability in best[1:])
            name = str(path) if len(forms[0]) == 1 else f"{path}[{row}]"
            print(f"{name}: {best[0][0]} {best[0][1]:.3f}  (then {others})")
            rows.append([path, row, *(item for pair in best for item in pair)])
    if out:
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([header, *rows])
        write_text(out, table.getvalue())
    return 0
