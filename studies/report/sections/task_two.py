"""The chapter on Task II, the dual tower."""

from __future__ import annotations

from studies.report.document import Block, Heading, Text
from studies.report.evidence import Evidence
from studies.report.formulas import TOWERS, of_dual_tower, of_optimizer
from studies.report.plan import Plan
from studies.report.sections import sweeps
from studies.report.sections.common import figures
from studies.report.sections.results import results
from studies.report.sections.task_one import network
from studies.report.words import words


def task_two(plan: Plan, evidence: Evidence) -> list[Block]:
    """Both towers, loss, results and sweeps; nothing where the task was left out."""
    if "task_two" not in plan.tasks or not (plan.demanding or evidence.run("task_two")):
        return []
    run = evidence.run("task_two")
    own = run.experiment if run else plan.tasks["task_two"].experiment
    frozen = "is trained" if own.dual_tower.train_word_tower else "keeps its random initial weights (frozen)"
    vectors = run.data["description"].rpartition("; ")[2] if run else own.data.word_vectors
    is_glove = "glove" in vectors.lower() and "random" not in vectors.lower()
    glove = " GloVe vectors come under the Public Domain Dedication and License." if is_glove else ""
    return [
        Heading("Task II: a dual tower of drawings and words"),
        Heading("Network and training", 2),
        Text(
            "An image tower f and a word tower g map drawings x and the categories' word vectors w (in the layout of "
            f"GloVe [@pennington2014]) to vectors of length 1. The word tower {frozen}. Word vectors: {vectors}.{glove}"
        ),
        TOWERS,
        *(network(run) if run else []),
        *of_dual_tower(own.dual_tower),
        *of_optimizer(own.optimizer),
        Heading("Results", 2),
        *results(plan, evidence, "task_two"),
        *(figures(run, ["loss_terms"], "Each term of the loss by epoch, before its weight.", 0.9) if run else []),
        *words(plan, "task_two"),
        *sweeps.collapse(plan, evidence),
        *sweeps.bars(plan, evidence, "embedding", "Length of the embedding", own),
    ]
