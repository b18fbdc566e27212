"""The chapters on Task I, the classifier: from scratch, and with the library."""

from __future__ import annotations

from reporting.document import Block, Figure, Heading, Text
from reporting.evidence import Evidence, TrainedRun
from reporting.formulas import of_classifier, of_optimizer
from reporting.pictures import architecture, as_svg
from reporting.plan import Plan
from reporting.sections import searches
from reporting.sections.tracks import both, results


def task_one(plan: Plan, evidence: Evidence) -> list[Block]:
    """Both chapters."""
    run = evidence.runs.get(("task_one", "numpy")) or evidence.runs.get(("task_one", "lightning"))
    own = run.experiment if run else plan.tasks["task_one"].experiment
    blocks: list[Block] = [Heading("Task I, from scratch: a classifier in NumPy"), Heading("Architecture", 2)]
    blocks += network(run) if run else []
    blocks += of_classifier(own)
    blocks += [
        Heading("Why this depth and width", 2),
        *searches.bars(plan, evidence, "depth", own, "Number of hidden layers"),
        *searches.bars(plan, evidence, "width", own, "Width of the hidden layers"),
        Heading("Training", 2),
        *of_optimizer(own.optimizer),
        Text(
            f"Batches have {own.data.batch_size} drawings. Training ends after {own.trainer.max_epochs} epochs, or "
            f"after {own.trainer.patience} without a smaller validation loss."
        ),
        Heading("Results", 2),
        *results(plan, evidence, "task_one", "numpy", closer=True),
        Heading("How the hyperparameters were chosen", 2),
        Text(
            "Each combination is a training of its own, judged by its smallest validation loss; the searching is "
            "Optuna's [@akiba2019]."
        ),
        *searches.ranking(plan, evidence, "hyperparameters", own, "Hyperparameters"),
        *searches.heatmap(evidence, "hyperparameters"),
        *searches.tested(evidence, "hyperparameters"),
        Heading("What improves the network", 2),
        *searches.ablation(plan, evidence),
        Heading("Task I, with the library: the same classifier in PyTorch Lightning"),
        Heading("Results", 2),
        *results(plan, evidence, "task_one", "lightning", closer=False),
        *both(plan, evidence, "task_one"),
    ]
    return blocks


def network(run: TrainedRun) -> list[Block]:
    """The network drawn, with the number of its weights and where they start."""
    experiment, shape = run.experiment, run.results.shape
    vectors = run.results.weights.get("word_vectors")
    length = vectors.shape[1] if vectors is not None else 0
    drawn = architecture(experiment, shape, len(run.results.categories), length)
    fixed = ("running_mean", "running_var", "num_batches_tracked", "word_vectors")
    count = sum(array.size for name, array in run.results.weights.items() if not name.endswith(fixed))
    starts = {
        "kaiming": "normal with standard deviation √(2 / inputs), which suits ReLU layers [@he2015]",
        "xavier": "normal with standard deviation √(2 / (inputs + outputs)) [@glorot2010]",
        "normal": "normal with standard deviation 0.01",
        "orthogonal": "random orthogonal matrices times √2",
    }
    return [
        Text(
            f"The network has {count:,} parameters. Initial weights are {starts[experiment.initializer]}; biases "
            f"start at 0. They are drawn by NumPy with seed {experiment.seed}, and both tracks load them."
        ),
        Figure(
            "The network: each box a layer with the shape of what leaves it.",
            [as_svg(f"architecture_{experiment.model}", drawn)],
            0.95,
        ),
    ]
