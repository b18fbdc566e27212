"""The chapter on the data: samples, counts, source, licence and attribution."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from matplotlib import rc_context

from studies.report.document import Block, Figure, Heading, Table, Text
from studies.report.evidence import Evidence
from studies.report.pictures import as_png, samples
from studies.report.plan import Plan
from studies.report.sections.common import LONGEST, own_chapter
from studies.report.words import words
from visualization.figures.style import STYLE

ATTRIBUTION = {
    "doodles": "The drawings are made by this project's program from jittered strokes, under the project's licence.",
    "mnist": "MNIST [@lecun1998] is by Yann LeCun, Corinna Cortes and Christopher Burges.",
    "cifar10": "CIFAR-10 [@krizhevsky2009] is by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton.",
}
QUICKDRAW = (
    "The drawings are from Quick, Draw! [@ha2018], made available by Google under the Creative Commons Attribution 4.0 "
    "International licence, [creativecommons.org/licenses/by/4.0](https://creativecommons.org/licenses/by/4.0/). "
    "Players of the game drew them in up to 20 seconds."
)


def data(plan: Plan, evidence: Evidence) -> list[Block]:
    """What the networks learn from."""
    if not evidence.runs:
        return own_chapter(plan, "data", "Data")
    blocks: list[Block] = [Heading("Data")]
    run = next(iter(evidence.runs.values()))
    metadata = run.data
    blocks += [
        Text(f"Source: {metadata['description']}."),
        Text(ATTRIBUTION.get(metadata["source"], QUICKDRAW)),
    ]
    with rc_context(STYLE):
        picture = as_png("samples", samples(run.results))
    blocks.append(
        Figure(f"Test drawings of each category: {metadata['label']} ({metadata['source']}).", [picture], 0.8)
    )
    blocks.append(_counts(metadata))
    blocks.append(
        Text(
            f"{_form(metadata['shape'])} {run.experiment.data.val_fraction:.0%} of the "
            f"training drawings, chosen at random with seed {run.experiment.seed}, are for validation: for "
            "hyperparameters, the best epoch and early stopping. The test drawings are used once, at the end."
        )
    )
    augmentation = run.experiment.data.augmentation
    if augmentation.active:
        changes = ", ".join(f"{name} {value:g}" for name, value in asdict(augmentation).items() if value)
        blocks.append(Text(f"Training drawings are augmented in each epoch: {changes}."))
    return [*blocks, *words(plan, "data")]


def _form(shape: list[int]) -> str:
    """What a network gets of a drawing."""
    if len(shape) == 2:
        return f"A drawing is a sequence of at most {shape[0]} points of its strokes, with {shape[1]} numbers each."
    return f"A drawing has {shape[1]} x {shape[2]} pixels, divided by 255."


def _counts(metadata: dict[str, Any]) -> Table:
    """How many drawings of each category; of very many categories, of the first ones."""
    counts, names = metadata["counts"], metadata["categories"]
    splits = {"train": "training", "validation": "validation", "test": "test"}
    by_category = metadata["per_category"]
    rows = [[name, *(str(by_category[split][c]) for split in splits)] for c, name in enumerate(names)]
    rows = [*rows[:LONGEST], ["all", *(f"{counts[split]:,}" for split in splits)]]
    more = f", of which the first {LONGEST} are shown" if len(names) > LONGEST else ""
    return Table(f"Number of drawings of the {len(names)} categories{more}.", ["category", *splits.values()], rows)
