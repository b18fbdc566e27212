"""Name drawings of categories that training never showed: python -m apps zero-shot logs/zero_shot/lightning/<run>.

The run is a dual tower's, trained with --data.unseen (configs/zero_shot.yaml). With --classifier, a classifier's run
with the same unseen categories, its nearest seen category is tried beside it. All further flags are the trainers'.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, replace
from pathlib import Path

from experiment.errors import UserError
from experiment.registry import MODELS


def main(arguments: list[str]) -> int:
    """Print the table; leave it as zero_shot.json and zero_shot.png in the run's folder."""
    parser = ArgumentParser(
        prog="python -m apps zero-shot",
        description="Name drawings of categories that training never showed.",
        allow_abbrev=False,
    )
    parser.add_argument("run", type=Path, help="folder of a dual tower's run that was trained with --data.unseen")
    parser.add_argument("--classifier", type=Path, help="folder of a classifier's run with the same unseen categories")
    parser.add_argument(
        "--track", choices=("numpy", "lightning"), default="numpy", help="which track looks at drawings"
    )
    parser.epilog = "All further flags are the trainers', for data that has been moved."
    options, flags = parser.parse_known_args(arguments)
    from matplotlib import rc_context

    from apps.predictors import read_dual_tower
    from apps.zero_shot_evaluation import as_text, bars, evaluate_zero_shot
    from datamodules.registry import make_data
    from experiment.commandline import parse_command
    from experiment.files import atomic_write, write_text
    from experiment.run import Run
    from experiment.trained_run import read_trained
    from training.tracks import load_track
    from visualization.figures.style import STYLE, to_png

    trained, network = read_dual_tower(options.run, options.track)
    experiment = parse_command("", ["--config", str(options.run / "config.yaml"), *flags]).experiment
    if not experiment.data.unseen:
        raise UserError(f"{options.run}: was trained on all of its categories; train with --data.unseen 20.")
    classifier = None
    if options.classifier:
        other = read_trained(options.classifier)
        if MODELS[other.experiment.model].needs_words or other.categories != trained.categories:
            raise UserError(f"--classifier {options.classifier}: not a classifier of the same seen categories.")
        classifier = load_track(options.track).predictor(other)
    data = make_data(replace(experiment, model="softmax"))  # the words are looked up by the test itself
    saw = Run(options.run).read_json("data.json", "checksums")["checksums"]
    if saw != data.metadata()["checksums"]:
        raise UserError(f"{options.run}: was trained on other drawings than {data.description}; give --data.root.")
    print(f"Data: {data.description}", flush=True)
    outcome = evaluate_zero_shot(network, data, classifier)
    print(f"\n{as_text(outcome)}\n")
    with atomic_write(options.run / "zero_shot.png") as file, rc_context(STYLE):
        file.write(to_png(bars(outcome))[0])
    numbers = asdict(outcome) | {"chance": outcome.chance}
    write_text(options.run / "zero_shot.json", json.dumps(numbers, indent=2) + "\n")
    print(f"Written: {options.run / 'zero_shot.json'} and zero_shot.png")
    return 0
