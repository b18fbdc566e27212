"""The chapter on Task II, the dual tower, in both tracks."""

from __future__ import annotations

from reporting.document import Block, Heading, Text
from reporting.evidence import Evidence
from reporting.formulas import TOWERS, of_dual_tower, of_optimizer
from reporting.plan import Plan
from reporting.sections import searches
from reporting.sections.common import figures
from reporting.sections.task_one import network
from reporting.sections.tracks import both, results


def task_two(plan: Plan, evidence: Evidence) -> list[Block]:
    """Architecture, loss terms, results, challenges, and the library's version."""
    run = evidence.runs.get(("task_two", "numpy")) or evidence.runs.get(("task_two", "lightning"))
    own = run.experiment if run else plan.tasks["task_two"].experiment
    frozen = "is trained as well" if own.dual_tower.train_word_tower else "keeps its random start (frozen)"
    blocks: list[Block] = [
        Heading("Task II: a dual tower that compares drawings with words"),
        Heading("Both towers", 2),
        Text(
            "An image tower f and a word tower g map drawings x and the categories' word vectors w (in the layout of "
            f"GloVe [@pennington2014]) to vectors of length 1. The word tower {frozen}. The network never sees labels "
            "as numbers: a category is where its word lies."
        ),
        TOWERS,
    ]
    if run:
        glove = " GloVe vectors come under the Public Domain Dedication and License."
        words = run.data["description"]
        blocks.append(Text(f"Data and word vectors: {words}.{glove if 'glove' in words.lower() else ''}"))
        blocks += network(run)
    blocks += [
        Heading("Terms of the loss, and why", 2),
        *of_dual_tower(own.dual_tower),
        *of_optimizer(own.optimizer),
    ]
    terms = figures(run, ["loss_terms"], "Each term of the loss by epoch, before its weight.", 0.95) if run else []
    blocks += [
        *terms,
        Heading("Results from scratch", 2),
        *results(plan, evidence, "task_two", "numpy", closer=True),
        Heading("Challenges: does a trained word tower collapse?", 2),
        *searches.collapse(plan, evidence),
        Heading("Length of the embedding", 2),
        *searches.bars(plan, evidence, "embedding", own, "Length of the embedding"),
        Heading("Results with the library", 2),
        *results(plan, evidence, "task_two", "lightning", closer=False),
        *both(plan, evidence, "task_two"),
    ]
    return blocks
