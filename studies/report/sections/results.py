"""The results of a task, in both tracks."""

from __future__ import annotations

from matplotlib import rc_context

from studies.report.document import Block, Figure, Text
from studies.report.evidence import Evidence, TrainedRun
from studies.report.pictures import as_svg, both_curves
from studies.report.plan import Plan
from studies.report.sections.common import NAMES, figures, metrics_table, missing, per_category
from training.tracks import TRACKS
from visualization.figures.style import STYLE


def results(plan: Plan, evidence: Evidence, task: str) -> list[Block]:
    """Metrics, curves and figures; the full report shows all figures, and those of both tracks."""
    runs = [evidence.runs[task, track] for track in TRACKS if (task, track) in evidence.runs]
    if not runs:
        return [missing("Its run", plan.training(task, "numpy"))]
    blocks: list[Block] = [metrics_table(runs, plan.report.full)]
    if len(runs) == 2:
        same = int((runs[0].results.predictions == runs[1].results.predictions).sum())
        total = len(runs[0].results.labels)
        blocks.append(Text(f"The two tracks predict the same category for {same:,} of {total:,} test drawings."))
        with rc_context(STYLE):
            picture = as_svg(f"{task}_both_curves", both_curves(runs))
        caption = "Learning curves; where both tracks agree, Lightning's dots lie on NumPy's lines."
        blocks.append(Figure(caption, [picture], 0.95))
    else:
        blocks += figures(runs[0], ["curves"], f"Learning curves, {NAMES[runs[0].metrics['track']]} track.", 0.95)
    for run in runs if plan.report.full else runs[:1]:
        blocks += _one_track(run, plan.report.full)
    return blocks


def _one_track(run: TrainedRun, full: bool) -> list[Block]:
    track = f"{NAMES[run.metrics['track']]} track"
    blocks = [
        per_category(run),
        *figures(run, ["roc_curves", "pr_curves"], f"ROC and precision-recall curves of the test, {track}.", 0.9),
        *figures(run, ["confusion_matrix", "reliability"], f"Confusion matrix and reliability, {track}.", 0.75),
        *figures(run, ["predictions"], f"Correct predictions, and the most confident wrong ones, {track}.", 0.75),
    ]
    if full:
        blocks += figures(run, ["first_layer"], f"Weights of the first layer, {track}.", 0.75)
        blocks += figures(run, ["feature_maps"], f"Feature maps, {track}.", 0.85)
        caption = f"The last hidden layer by t-SNE [@vandermaaten2008], {track}."
        blocks += figures(run, ["tsne"], caption, 0.95)
        blocks += figures(run, ["true_class_probability"], f"Probability of the true category, {track}.", 0.7)
        blocks += figures(run, ["confused_pairs"], f"Categories most often confused, {track}.", 0.7)
    return blocks
