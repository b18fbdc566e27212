"""Name drawings of categories that training never showed: python zero_shot.py logs/zero_shot/lightning/<run>.

The run is a dual tower's, trained with --data.unseen (configs/zero_shot.yaml). With --classifier, a classifier's run
with the same unseen categories, its nearest seen category is tried beside it. All further flags are the trainers'.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, replace
from pathlib import Path

from experiment.errors import UserError, run_program


def main() -> int:
    """Print the table; leave it as zero_shot.json and zero_shot.png in the run's folder."""
    parser = ArgumentParser(description="Name drawings of categories that training never showed.", allow_abbrev=False)
    parser.add_argument("run", type=Path, help="folder of a dual tower's run that was trained with --data.unseen")
    parser.add_argument("--classifier", type=Path, help="folder of a classifier's run with the same unseen categories")
    parser.add_argument(
        "--track", choices=("numpy", "lightning"), default="numpy", help="which track looks at drawings"
    )
    parser.epilog = "All further flags are the trainers', for data that has been moved."
    arguments, flags = parser.parse_known_args()
    from matplotlib import rc_context

    from datamodules.choice import make_data
    from experiment.commandline import parse_command
    from experiment.figures.style import STYLE, to_png
    from experiment.files import write_text, written_whole
    from experiment.run import Run
    from experiment.trained import read_trained
    from trained.predictors import import_predictor, read_dual_tower
    from trained.zero_shot import as_text, bars, test_zero_shot

    trained, network = read_dual_tower(arguments.run, arguments.track)
    experiment = parse_command("", ["--config", str(arguments.run / "config.yaml"), *flags]).experiment
    if not experiment.data.unseen:
        raise UserError(f"{arguments.run}: was trained on all of its categories; train with --data.unseen 20.")
    classifier = None
    if arguments.classifier:
        other = read_trained(arguments.classifier)
        if other.experiment.model != "softmax" or other.categories != trained.categories:
            raise UserError(f"--classifier {arguments.classifier}: not a classifier of the same seen categories.")
        classifier = import_predictor(arguments.track)(other)
    data = make_data(replace(experiment, model="softmax"))  # the words are looked up by the test itself
    saw = Run(arguments.run).read_json("data.json", "checksums")["checksums"]
    if saw != data.facts()["checksums"]:
        raise UserError(f"{arguments.run}: was trained on other drawings than {data.description}; give --data.root.")
    print(f"Data: {data.description}", flush=True)
    outcome = test_zero_shot(network, data, classifier)
    print(f"\n{as_text(outcome)}\n")
    with written_whole(arguments.run / "zero_shot.png") as file, rc_context(STYLE):
        file.write(to_png(bars(outcome))[0])
    numbers = asdict(outcome) | {"chance": outcome.chance}
    write_text(arguments.run / "zero_shot.json", json.dumps(numbers, indent=2) + "\n")
    print(f"Written: {arguments.run / 'zero_shot.json'} and zero_shot.png")
    return 0


if __name__ == "__main__":
    run_program(main)
