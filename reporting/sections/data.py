"""The chapter on the data: samples, counts, source, licence and attribution."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from matplotlib import rc_context

from experiment.figures.style import STYLE
from reporting.document import Block, Figure, Heading, Table, Text
from reporting.evidence import Evidence
from reporting.pictures import as_png, samples
from reporting.plan import Plan
from reporting.sections.common import LONGEST, missing

ATTRIBUTION = {
    "doodles": "The drawings are made by this project's own program from jittered strokes; they are nobody's data, and "
    "come under the project's licence.",
    "mnist": "MNIST [@lecun1998] is by Yann LeCun, Corinna Cortes and Christopher Burges.",
    "cifar10": "CIFAR-10 [@krizhevsky2009] is by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton.",
}
QUICKDRAW = (
    "The drawings are from Quick, Draw! [@ha2018], made available by Google under the Creative Commons Attribution 4.0 "
    "International licence, [creativecommons.org/licenses/by/4.0](https://creativecommons.org/licenses/by/4.0/). "
    "Players of the game drew them in up to 20 seconds; nobody has checked them all, so some are unfinished or show "
    "something else."
)


def data(plan: Plan, evidence: Evidence) -> list[Block]:
    """What the networks learn from."""
    blocks: list[Block] = [Heading("Data")]
    if not evidence.runs:
        return [*blocks, missing("A run that shows its data", plan.training("task_one", "numpy"))]
    run = next(iter(evidence.runs.values()))
    facts = run.data
    blocks += [
        Text(f"Source: {facts['description']}."),
        Text(ATTRIBUTION.get(facts["source"], QUICKDRAW)),
    ]
    with rc_context(STYLE):
        picture = as_png("samples", samples(run.results))
    blocks.append(Figure(f"Test drawings of each category: {facts['label']} ({facts['source']}).", [picture], 0.8))
    blocks.append(_counts(facts))
    height, width = facts["shape"][1:]
    blocks.append(
        Text(
            f"A drawing has {height} x {width} pixels, which are divided by 255. The validation drawings are a random "
            f"share ({run.experiment.data.val_fraction:.0%}) of the training drawings, drawn once with seed "
            f"{run.experiment.seed}, the same for both tasks and both tracks. They alone decide on hyperparameters, "
            "on the best epoch and on when to stop; the test drawings are looked at once, at the end."
        )
    )
    augmentation = run.experiment.data.augmentation
    if augmentation.active:
        changes = ", ".join(f"{name} {value:g}" for name, value in asdict(augmentation).items() if value)
        blocks.append(Text(f"Training drawings are changed at random, anew in each epoch: {changes}."))
    return blocks


def _counts(facts: dict[str, Any]) -> Table:
    """How many drawings of each category; of very many categories, of the first ones."""
    counts, names = facts["counts"], facts["categories"]
    splits = {"train": "training", "validation": "validation", "test": "test"}
    by_category = facts.get("per_category", {})  # runs of earlier versions lack it
    rows = [[name, *(str(by_category[split][c]) for split in splits)] for c, name in enumerate(names) if by_category]
    rows = [*rows[:LONGEST], ["all", *(f"{counts[split]:,}" for split in splits)]]
    more = f", of which the first {LONGEST} are shown" if len(names) > LONGEST else ""
    return Table(f"Number of drawings of the {len(names)} categories{more}.", ["category", *splits.values()], rows)
