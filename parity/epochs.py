"""Judges what is said of whole epochs and of the test: means, early stopping, the best weights, scores, metrics.

Each number is worked out here again from what was seen on the way: the loss of each batch, the scores, the labels. So
neither track is the measure of the other, and a wrong mean is named where it is made.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from experiment.history import best_row, ended_by
from experiment.run import Row
from experiment.weights import BEST, FIRST, load_weights
from lightning_models.classifier import Classifier as TorchClassifier
from lightning_models.metrics import compute_test_metrics as metrics_by_torch
from numpy_ref.classifier import Classifier as NumpyClassifier
from numpy_ref.metrics import compute_test_metrics as metrics_by_sklearn
from parity.bands import apart, moved_by_rounding
from parity.data_judge import DataJudge
from parity.ledger import Finding, code_of
from parity.metrics import metrics_by_definition, probabilities_by_definition, ties_in_top
from parity.records import State, StepRecord
from parity.replay import model_scores
from training.results import TrainingResult

MEANS = {"float64": 1e-11, "float32": 1e-5}
"""Relative rounding of a mean over thousands of losses, by the dtype of each."""
METRICS = {"float64": 1e-9, "float32": 2e-6}
"""The same for test metrics, which add up thousands of probabilities."""
TIE = 1e3
"""Validation losses that differ by fewer roundings may be ordered either way."""


class Split:
    """What both tracks saw and computed in one pass through a split."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.labels: list[np.ndarray] = []
        self.terms: dict[str, list[dict[str, float]]] = {"numpy": [], "lightning": []}
        self.scores: dict[str, list[np.ndarray]] = {"numpy": [], "lightning": []}

    def mean(self, track: str, name: str) -> float:
        """The mean of a loss term over all samples."""
        values = np.array([terms[name] for terms in self.terms[track]], np.float64)
        return float(np.average(values, weights=self.counts[: len(values)]))

    def accuracy(self, track: str) -> tuple[float, float]:
        """The share of right predictions: with ties counted as wrong, and as right."""
        scores, labels = np.concatenate(self.scores[track]), np.concatenate(self.labels)
        own = scores[np.arange(len(labels)), labels]
        others = scores.copy()
        others[np.arange(len(labels)), labels] = -np.inf
        best = others.max(axis=1)
        return float((own > best).mean()), float((own >= best).mean())


class EpochJudge:
    """Compares epochs and results; `context` is the lock-step with its ledger and NumPy's events."""

    def __init__(self, context: Any, ours: NumpyClassifier, theirs: TorchClassifier) -> None:
        self.context, self.ledger, self.ours, self.model = context, context.ledger, ours, theirs
        self.experiment, self.data = context.experiment, context.data
        self.dtype = self.experiment.trainer.dtype
        self.splits: dict[str, Split] = {}
        self.rows: list[Row] = []
        self.data_judge = DataJudge(context)

    def batch(self, record: StepRecord) -> None:
        """A batch that both tracks got."""
        split = self.splits.setdefault(record.kind, Split())
        split.counts.append(len(record.labels))
        split.labels.append(record.labels)
        self.data_judge.batch(record)

    def scores(self, record: StepRecord, theirs: np.ndarray) -> None:
        """The scores of a batch in both tracks."""
        split = self.splits.setdefault(record.kind, Split())
        split.scores["numpy"].append(record.scores)
        split.scores["lightning"].append(theirs if record.kind == "test" else record.scores)

    def terms(self, record: StepRecord, theirs: dict[str, float]) -> None:
        """The loss terms of a batch in both tracks."""
        split = self.splits.setdefault(record.kind, Split())
        split.terms["numpy"].append(record.terms)
        split.terms["lightning"].append(theirs)

    # --- an epoch

    def end(self, row: Row) -> None:
        """Lightning's row of the history beside NumPy's, and both beside what was seen."""
        event = self.context.expect_epoch()
        self.context.numpy_states.append(event.state)
        epoch = int(event.row["epoch"])
        self.data_judge.epoch(epoch)
        rows = {"numpy": event.row, "lightning": row}
        self._compare_columns(rows, epoch)
        for kind, prefix, stage in (("train", "train", "training metrics"), ("validation", "val", "validation")):
            split = self.splits.pop(kind, None)
            if split is None:
                continue
            for track, values in rows.items():
                self._compare_means(split, track, values, prefix, stage, epoch)
        self.rows.append(event.row)

    def _compare_columns(self, rows: dict[str, Row], epoch: int) -> None:
        ours, theirs = rows["numpy"], rows["lightning"]
        names = {tag for tag in ours if not tag.startswith("time/")}
        same = names == {tag for tag in theirs if not tag.startswith("time/")}
        what = "the two histories have different columns"
        self.ledger.check("training metrics", same, lambda: Finding("training metrics", what, epoch=epoch))
        for name in ("epoch", "step"):
            what = f"column {name} of the history: NumPy {ours.get(name)}, Lightning {theirs.get(name)}"
            self.ledger.check(
                "training metrics", ours.get(name) == theirs.get(name),
                lambda what=what: Finding("training metrics", what, epoch=epoch),
            )  # fmt: skip
        rate = abs(ours.get("lr", 0) - theirs.get("lr", 0)) <= 1e-9 * self.experiment.optimizer.lr
        what = f"learning rate in the history: NumPy {ours.get('lr')}, Lightning {theirs.get('lr')}"
        code = code_of(_trainer("numpy").fit, _trainer("lightning").fit)
        self.ledger.check("schedule", rate, lambda: Finding("schedule", what, epoch=epoch, code=code))

    def _compare_means(self, split: Split, track: str, row: Row, prefix: str, stage: str, epoch: int) -> None:
        for tag, value in row.items():
            if not tag.startswith(f"{prefix}/"):
                continue
            name = tag.removeprefix(f"{prefix}/")
            if name == "accuracy":
                low, high = split.accuracy(track)
                off = max(low - value, value - high, 0.0)
                limit, expected = 1e-6, low
            elif any(name not in terms for terms in split.terms[track]):
                continue
            else:
                expected = split.mean(track, name)
                off = abs(value - expected)
                limit = MEANS[self.dtype] * max(abs(expected), 1e-3)
            if off <= limit:
                self.ledger.passed(stage, off / limit, off / max(abs(expected), 1e-300))
                continue
            where = {"numpy": "NumPy", "lightning": "Lightning"}[track]
            hint = f"reported {value:.6g}, from the batches {expected:.6g}"
            model = self.ours if track == "numpy" else self.model
            code = code_of(getattr(type(model), "means", None), getattr(type(model), f"{_step(prefix)}_step", None))
            self.ledger.add(Finding(stage, f"{tag}", where, None, epoch, off, limit, code, hint))

    # --- the end of training

    def tie(self) -> bool:
        """Whether two validation losses are equal to rounding, so that either may count as the smaller."""
        losses = [row["val/loss"] for row in self.rows]
        eps = float(np.finfo(self.dtype).eps)
        close = TIE * eps * max((abs(loss) for loss in losses), default=0.0)
        best = np.minimum.accumulate(losses) if losses else np.array([])
        return bool(any(abs(loss - low) <= close for loss, low in zip(losses[1:], best[:-1], strict=True)))

    def compare_stopping(self, histories: dict[str, list[Row]]) -> None:
        """Each track stops where patience or the epochs run out, and keeps the weights of the best epoch."""
        settings = self.experiment.trainer
        for track, history in histories.items():
            losses = [row["val/loss"] for row in history]
            end, best = expected_end(losses, settings.patience, settings.max_epochs)
            what = f"{track} trains {len(losses)} epochs, patience and max_epochs say {end}"
            code = code_of(_trainer(track).fit, ended_by)
            self.ledger.check(
                "early stopping",
                len(losses) == end,
                partial(Finding, "early stopping", what, epoch=end, code=code),
            )
            self._compare_best(track, best)

    def _compare_best(self, track: str, best: int) -> None:
        folder = self.context.runs[track].folder
        first = load_weights(folder / FIRST)[0] if (folder / FIRST).is_file() else {}
        kept = self.context.numpy_states[0]
        as_first = all(np.array_equal(first.get(name, np.empty(0)), array) for name, array in kept.items())
        what, code = f"{track} keeps other weights than epoch 1's as {FIRST}", code_of(_trainer(track).fit)
        self.ledger.check("best epoch", as_first, lambda: Finding("best epoch", what, epoch=1, code=code))
        saved, _ = load_weights(folder / BEST)
        states = self.context.numpy_states
        wrong = [name for name in saved if not np.array_equal(saved[name], states[best].get(name, np.empty(0)))]
        if not wrong or (track == "lightning" and self.tie()):
            self.ledger.passed("best epoch")
            return
        same = [
            epoch for epoch, state in enumerate(states, start=1) if np.array_equal(saved[wrong[0]], state[wrong[0]])
        ]
        kept = f"those of epoch {same[0]}" if same else "those of no epoch's end"
        what = f"{track} keeps other weights than epoch {best + 1}'s: {kept}"
        code = code_of(best_row, getattr(_trainer(track), "_save", None))
        self.ledger.add(Finding("best epoch", what, wrong[0], None, best + 1, code=code))

    # --- the test

    def compare_tested(self, track: str, weights: State) -> None:
        """The weights of a track when its test begins are those that it saved as the best."""
        saved, _ = load_weights(self.context.runs[track].folder / BEST)
        wrong = [name for name, array in weights.items() if not np.array_equal(array, saved.get(name, np.empty(0)))]
        states = self.context.numpy_states
        same = [epoch for epoch, state in enumerate(states, start=1) if wrong and _equal(weights, state)]
        hint = f"these are the weights of epoch {same[0]}" if same else ""
        what, code = f"{track} tests other weights than its best ones", code_of(_trainer(track).test)
        finding = partial(Finding, "test scores", what, wrong[0] if wrong else "", code=code, hint=hint)
        self.ledger.check("test scores", not wrong, finding)

    def compare_results(self, results: dict[str, TrainingResult]) -> None:
        """Scores, probabilities, predictions and every metric of the test, in both tracks."""
        split = self.splits.pop("test", Split())
        labels = self.data.labels("test")
        for track, result in results.items():
            seen = split.scores[track]
            same = bool(seen) and np.array_equal(np.concatenate(seen), result.scores)
            what = f"{track}'s test scores are not those of its test batches"
            code = code_of(_trainer(track).test)
            self.ledger.check("test scores", same, lambda what=what, code=code: Finding("test scores", what, code=code))
            if len(result.scores) != len(labels):
                what = f"{track} tests {len(result.scores)} images, the test split has {len(labels)}"
                self.ledger.add(Finding("test scores", what, code=code))
                continue
            self._compare_tested_weights(track, result)
            self._compare_probabilities(track, result)
            self._compare_metrics(track, result, labels)

    def _compare_tested_weights(self, track: str, result: TrainingResult) -> None:
        """The test is made with the best weights, not the last."""
        images = _batch_of(self.data, "test")
        saved, _ = load_weights(self.context.runs[track].folder / BEST)
        expected = self._scores_with(saved, images)
        random = np.random.default_rng(0)
        runs = [
            self._scores_with({name: moved_by_rounding(array, random) for name, array in saved.items()}, images)
            for _ in range(2)
        ]
        off = apart(result.scores[: len(images)], expected)
        eps = float(np.finfo(self.dtype).eps)
        limit = 32 * max([eps * max(1.0, float(np.abs(expected).max())), *(apart(run, expected) for run in runs)])
        if off <= limit:
            self.ledger.passed("test scores", off / limit)
            return
        last = self._scores_with(self.context.numpy_states[-1], images)
        hint = "these are the scores of the last weights" if apart(result.scores[: len(images)], last) <= limit else ""
        code = code_of(_trainer(track).test)
        self.ledger.add(
            Finding(
                "test scores", f"{track}'s test scores with its best weights", "", None, None, off, limit, code, hint
            )
        )

    def _scores_with(self, state: State, images: np.ndarray) -> np.ndarray:
        training = self.model.training
        self.model.eval()
        scores = model_scores(self.model, images, state)
        self.model.train(training)
        return scores

    def _compare_probabilities(self, track: str, result: TrainingResult) -> None:
        independent = self.experiment.model == "softmax" and self.experiment.softmax.loss == "binary_cross_entropy"
        expected = probabilities_by_definition(result.scores, independent)
        off, limit = (
            apart(result.probabilities, expected),
            64 * float(np.finfo(self.dtype).eps) * (1 + float(np.abs(result.scores).max(initial=0))),
        )
        code = code_of((type(self.ours) if track == "numpy" else type(self.model)).probabilities)
        if off <= limit:
            self.ledger.passed("probabilities", off / limit, off)
        else:
            self.ledger.add(Finding("probabilities", f"{track}'s probabilities", "", None, None, off, limit, code))

    def _compare_metrics(self, track: str, result: TrainingResult, labels: np.ndarray) -> None:
        """Every number of the test beside its definition."""
        probabilities = np.asarray(result.probabilities)
        expected = _flat(metrics_by_definition(labels, probabilities, self.data.categories))
        code = code_of(_metrics_of(track))
        values, tied = _flat(result.test), ties_in_top(labels, probabilities)
        scores, right = torch.from_numpy(np.array(result.scores)), torch.from_numpy(labels)
        self.model.eval()
        with torch.no_grad():
            expected["overall loss"] = float(self.model.loss_terms(scores, right)["loss"])
        for name in [*expected, *(name for name in values if name not in expected)]:
            found, wanted = values.get(name, float("nan")), expected.get(name, float("nan"))
            if name not in expected or (tied and ("top" in name or "map" in name)):
                continue
            off, limit = _difference(found, wanted), METRICS[self.dtype] * max(1.0, abs(wanted))
            if off <= limit:
                self.ledger.passed("metrics", off / limit, off)
            else:
                hint = f"{track} says {found:.6g}, the definition {wanted:.6g}"
                self.ledger.add(Finding("metrics", name, track, None, None, off, limit, code, hint))


def _difference(found: float, wanted: float) -> float:
    """|found - wanted|; two that are no numbers are equal, one alone is infinitely far."""
    if found != found or wanted != wanted:
        return 0.0 if (found != found) == (wanted != wanted) else float("inf")
    return abs(found - wanted)


def _metrics_of(track: str) -> Any:
    return metrics_by_sklearn if track == "numpy" else metrics_by_torch


def expected_end(losses: list[float], patience: int, max_epochs: int) -> tuple[int, int]:
    """After how many epochs a training ends, and its best epoch (from 0), by the rule of Lightning's EarlyStopping."""
    best, waited = 0, 0
    for epoch, loss in enumerate(losses):
        if epoch and loss < losses[best]:
            best, waited = epoch, 0
        elif epoch:
            waited += 1
        if waited >= patience or epoch + 1 >= max_epochs:
            return epoch + 1, best
    return len(losses) + 1, best


def _equal(weights: State, state: State) -> bool:
    return all(np.array_equal(array, state.get(name, np.empty(0))) for name, array in weights.items())


def _batch_of(data: Any, split: str) -> np.ndarray:
    images: np.ndarray = next(data.batches(split))[0]
    return images


def _flat(test: dict[str, Any]) -> dict[str, float]:
    values = {f"overall {name}": float(value) for name, value in test["overall"].items()}
    for category, metrics in test["per_class"].items():
        values |= {f"{name} of {category}": float(value) for name, value in metrics.items()}
    return values


def _step(prefix: str) -> str:
    return {"train": "training", "val": "validation"}[prefix]


def _trainer(track: str) -> Any:
    from importlib import import_module

    return import_module("numpy_ref.trainer" if track == "numpy" else "lightning_models.trainer").Trainer
