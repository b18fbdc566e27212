"""The chapter on Task I, the classifier."""

from __future__ import annotations

from studies.report.document import Block, Figure, Heading, Text
from studies.report.evidence import Evidence, TrainedRun
from studies.report.formulas import of_classifier, of_optimizer
from studies.report.pictures import architecture, as_svg
from studies.report.plan import Plan
from studies.report.sections import sweeps
from studies.report.sections.results import results
from studies.report.words import words


def task_one(plan: Plan, evidence: Evidence) -> list[Block]:
    """Network, loss, training, results and sweeps; nothing where the task was left out."""
    if "task_one" not in plan.tasks or not (plan.demanding or evidence.run("task_one")):
        return []
    run = evidence.run("task_one")
    own = run.experiment if run else plan.tasks["task_one"].experiment
    return [
        Heading("Task I: a classifier"),
        Heading("Network and training", 2),
        *(network(run) if run else []),
        *of_classifier(own),
        *of_optimizer(own.optimizer),
        Text(
            f"Batches have {own.data.batch_size} drawings. Training ends after {own.trainer.max_epochs} epochs, or "
            f"after {own.trainer.patience} without a smaller validation loss."
        ),
        Heading("Results", 2),
        *results(plan, evidence, "task_one"),
        *words(plan, "task_one"),
        *sweeps.choice(plan, evidence, "hyperparameters", "How the hyperparameters were chosen", own),
        *sweeps.bars(plan, evidence, "depth", "Number of hidden layers", own),
        *sweeps.bars(plan, evidence, "width", "Width of the hidden layers", own),
        *sweeps.ablation(plan, evidence),
    ]


def network(run: TrainedRun) -> list[Block]:
    """The network drawn, with the number of its weights and where they start."""
    experiment, shape = run.experiment, run.results.shape
    vectors = run.results.weights.get("word_vectors")
    length = vectors.shape[1] if vectors is not None else 0
    drawn = architecture(experiment, shape, len(run.results.categories), length)
    fixed = ("running_mean", "running_var", "num_batches_tracked", "word_vectors")
    count = sum(array.size for name, array in run.results.weights.items() if not name.endswith(fixed))
    starts = {
        "kaiming": "normal with standard deviation √(2 / inputs) [@he2015]",
        "xavier": "normal with standard deviation √(2 / (inputs + outputs)) [@glorot2010]",
        "normal": "normal with standard deviation 0.01",
        "orthogonal": "random orthogonal matrices times √2",
    }
    return [
        Text(
            f"{count:,} parameters. Initial weights: {starts[experiment.initializer]}, drawn by NumPy [@harris2020] "
            f"with seed {experiment.seed} and loaded by both tracks; biases start at 0."
        ),
        Figure(
            "The network: each box a layer with the shape of its output.",
            [as_svg(f"architecture_{experiment.model}", drawn)],
            0.9,
        ),
    ]
