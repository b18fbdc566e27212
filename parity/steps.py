"""Judges each step of both trainings by hooks in the Lightning track: see parity/lockstep.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from experiment.errors import UserError
from lightning_models.classifier import Classifier as TorchClassifier
from lightning_models.layers import Dropout
from numpy_ref.classifier import Classifier as NumpyClassifier
from parity.bands import largest
from parity.hints import describe
from parity.judge import Given, function
from parity.ledger import Finding, code_of
from parity.records import State, StepRecord
from parity.replay import perturbed_losses, perturbed_scores
from parity.update_judge import UpdateJudge

PASSES = {"train": "_train_epoch", "validation": "_validate", "test": "_scores"}
"""NumPy's methods that pass through a split."""


class StepJudge(UpdateJudge):
    """Compares what happens within a step."""

    def __init__(self, context: Any, ours: NumpyClassifier, theirs: TorchClassifier) -> None:
        super().__init__(context, ours, theirs)
        self._expect()

    def _expect(self) -> None:
        """What this experiment must have to be compared."""
        self.ledger.expect(
            *("split", "batches", "pixels", "initial weights", "handover", "forward", "scores", "loss"),
            *("loss gradient", "dL/dx", "dL/dW", "gradient reset", "total gradient", "schedule", "update"),
            *("between steps", "evaluation", "training metrics", "validation", "early stopping", "best epoch"),
            *("test scores", "probabilities", "metrics"),
        )
        if any(isinstance(module, _BatchNorm) for module in self.modules.values()):
            self.ledger.expect("running statistics")
        if any(isinstance(module, Dropout) for module in self.modules.values()):
            self.ledger.expect("masks")
        if sum(1 for name in self.layers if next(self.modules[name].parameters(), None) is not None) < 2:
            self.ledger.checks["dL/dx"].expected = False  # nothing lies before the only layer with weights

    def finish(self) -> None:
        """Nothing more comes."""
        self.record = None

    # --- Lightning's hooks

    def watched_model(self) -> TorchClassifier:
        """The model, with its steps watched; `release` undoes it."""
        judge, base = self, self.base

        class Watched(base):  # type: ignore[misc,valid-type]
            def training_step(self, batch: Any, batch_idx: int = 0) -> Any:
                return judge.training_step(super().training_step, batch, batch_idx)

            def validation_step(self, batch: Any, batch_idx: int = 0) -> Any:
                return judge.evaluation_step("validation", super().validation_step, batch, batch_idx)

            def test_step(self, batch: Any, batch_idx: int = 0) -> Any:
                return judge.evaluation_step("test", super().test_step, batch, batch_idx)

            def forward(self, images: torch.Tensor) -> torch.Tensor:
                return judge.forward(super().forward, images)

            def loss_terms(self, scores: torch.Tensor, labels: torch.Tensor) -> Any:
                return judge.loss_terms(super().loss_terms, scores, labels)

            def configure_optimizers(self) -> Any:
                return judge.configure_optimizers(super().configure_optimizers)

            def on_before_backward(self, loss: torch.Tensor) -> None:
                super().on_before_backward(loss)
                judge.before_backward()

            def on_before_optimizer_step(self, optimizer: Any) -> None:
                super().on_before_optimizer_step(optimizer)
                judge.before_optimizer_step(optimizer)

        Watched.__name__, Watched.__qualname__, Watched.__module__ = base.__name__, base.__qualname__, base.__module__
        self.model.__class__ = Watched
        for name in self.layers:
            self._hook(name, self.modules[name])
        return self.model

    def release(self) -> None:
        """Take the hooks away."""
        self.record = None
        for handle in self.handles:
            handle.remove()
        self.handles.clear()
        self.model.__class__ = self.base

    def _hook(self, name: str, module: torch.nn.Module) -> None:
        def pre_hook(_: torch.nn.Module, inputs: Any) -> Any:
            return self.layer_input(name, inputs)

        def hook(_: torch.nn.Module, inputs: Any, output: torch.Tensor) -> Any:
            return self.layer_output(name, output)

        self.handles += [module.register_forward_pre_hook(pre_hook), module.register_forward_hook(hook)]

    # --- a step

    def compare_initial_weights(self, ours: State) -> None:
        """Both tracks start from the same weights, bit by bit."""
        theirs = {name: tensor.numpy() for name, tensor in self.model.state_dict().items()}
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            same = name in ours and name in theirs and np.array_equal(ours[name], theirs[name])
            self.ledger.check("initial weights", same, lambda name=name: self._initial_finding(name, ours, theirs))
        self.synced = {name: array.copy() for name, array in ours.items()}
        for name, tensor in self.model.state_dict().items():
            if name in ours and ours[name].shape == tuple(tensor.shape):
                tensor.copy_(torch.from_numpy(ours[name]))

    def _initial_finding(self, name: str, ours: State, theirs: State) -> Finding:
        hint = describe(ours[name], theirs[name]) if name in ours and name in theirs else "only one track has it"
        code = code_of(
            function("numpy_ref.trainer", "start_model"), function("lightning_models.trainer", "start_model")
        )
        return Finding("initial weights", "initial weights", name, 0, 1, code=code, hint=hint)

    def training_step(self, step: Callable[..., Any], batch: Any, batch_idx: int) -> Any:
        """Lightning's training step beside NumPy's."""
        if self.record is not None:
            self.ledger.add(self._finding("update", "Lightning makes no optimizer step after this batch", ""))
        try:
            record = self._next("train", batch_idx)
        except UserError as error:  # NumPy's loss is no number; is Lightning's, from the same weights?
            loss = step(batch, batch_idx)
            if bool(torch.isfinite(loss["loss"] if isinstance(loss, dict) else loss)):
                code = code_of(*self._step_methods())
                self.ledger.add(self._finding("loss", f"only the NumPy track stops: {error}", "", *code))
                self.context.end()
            raise
        self._compare_batch(record, batch)
        self._compare_between(record)
        for track, training in (("NumPy", record.training), ("Lightning", self._all_training())):
            self.ledger.check(
                "evaluation",
                training,
                lambda track=track: self._finding(
                    "evaluation", f"{track} trains in evaluation mode", "", *self._modes(track, "train")
                ),
            )
        result = step(batch, batch_idx)
        loss = result["loss"] if isinstance(result, dict) else result
        self._compare_loss("loss", record.loss, float(loss.detach()))
        return result

    def evaluation_step(self, kind: str, step: Callable[..., Any], batch: Any, batch_idx: int) -> Any:
        """A batch of the validation or the test."""
        trainer = self.model.trainer
        if trainer.sanity_checking:
            return step(batch, batch_idx)
        record = self._next(kind, batch_idx)
        self._compare_batch(record, batch)
        if kind == "validation":
            self._compare_between(record)
        elif record.before:
            self._compare_tested_weights(record)
        lightning_evaluates = not any(module.training for module in self.modules.values())
        for track, evaluates in (("NumPy", not record.training), ("Lightning", lightning_evaluates)):
            what = f"{track} runs its {kind} in training mode"
            self.ledger.check(
                "evaluation",
                evaluates,
                lambda what=what, track=track: self._finding("evaluation", what, "", *self._modes(track, kind)),
            )
        result = step(batch, batch_idx)
        self.record = None
        return result

    def _next(self, kind: str, batch_idx: int) -> StepRecord:
        """NumPy's record of the same batch; another batch is a finding, and the end."""
        epoch = int(self.model.trainer.current_epoch)
        situation = f"Lightning takes {kind} batch {batch_idx} of epoch {epoch + 1}"
        record: StepRecord = self.context.expect(StepRecord, situation)
        if (record.kind, record.batch_idx) != (kind, batch_idx):
            self.context.differs(record, situation)
        self.record, self.runs = record, {}
        self.open = {name: list(calls) for name, calls in record.layers.items()}
        if kind == "train":
            self.context.steps += 1
            self.context.detailed += record.detailed
        return record

    def _all_training(self) -> bool:
        return self.model.training and all(self.modules[name].training for name in self.layers)

    def _modes(self, track: str, kind: str) -> tuple[str, ...]:
        """Where a track switches between training and evaluation."""
        hook = getattr(self.base, f"on_{kind}_epoch_start", None)
        return code_of(function("numpy_ref.trainer", f"Trainer.{PASSES[kind]}") if track == "NumPy" else hook)

    def _compare_batch(self, record: StepRecord, batch: Any) -> None:
        images, labels = batch[0].numpy(), batch[1].numpy()
        same = np.array_equal(record.images, images) and np.array_equal(record.labels, labels)
        self.ledger.check("batches", same, lambda: self._batch_finding(record, images, labels))
        self.epochs.batch(record)
        if not same and record.images.shape == images.shape:
            batch[0].copy_(torch.from_numpy(record.images))  # from here on each is judged by NumPy's batch
            batch[1].copy_(torch.from_numpy(record.labels))
        elif not same:
            self.context.end()

    def _batch_finding(self, record: StepRecord, images: np.ndarray, labels: np.ndarray) -> Finding:
        what = "images" if not np.array_equal(record.images, images) else "labels"
        ours, theirs = (record.images, images) if what == "images" else (record.labels, labels)
        hint = describe(ours, theirs)
        if what == "images" and ours.shape == theirs.shape and _same_rows(ours, theirs):
            hint = "the same images in another order"
        code = code_of(
            function("numpy_ref.trainer", f"Trainer.{PASSES[record.kind]}"), _method(self.data, "batches"),
            function("datamodules.lightning_adapter", "HostBatches.of_epoch"),
        )  # fmt: skip
        return self._finding("batches", f"{what} of {record.kind} batch {record.batch_idx}", "", *code, hint=hint)

    def _compare_between(self, record: StepRecord) -> None:
        """Nothing but the optimizer changes weights; from here on each track has NumPy's."""
        theirs = dict(self.model.state_dict())
        after = "between two steps" if record.kind == "train" else "before the validation"
        for name, ours in record.before.items():
            for track, array in (("NumPy", ours), ("Lightning", theirs[name].numpy())):
                same = name not in self.synced or np.array_equal(array, self.synced[name])
                what = f"{track}'s weights changed {after}"
                self.ledger.check(
                    "between steps", same, lambda what=what, name=name: self._finding("between steps", what, name)
                )
            theirs[name].copy_(torch.from_numpy(ours))
            self.synced[name] = ours

    def _compare_tested_weights(self, record: StepRecord) -> None:
        """The test is made with the weights that were saved as the best; from here on Lightning has NumPy's."""
        theirs = dict(self.model.state_dict())
        lightning = {name: theirs[name].numpy().copy() for name in record.before}
        for track, tested in (("NumPy", record.before), ("Lightning", lightning)):
            self.epochs.compare_tested(track.lower(), tested)
        for name, ours in record.before.items():
            theirs[name].copy_(torch.from_numpy(ours))

    def forward(self, forward: Callable[..., torch.Tensor], images: torch.Tensor) -> torch.Tensor:
        """The model's scores."""
        record = self.record
        if record is None or not np.array_equal(images.numpy(), record.images):
            return forward(images)
        scores = forward(images)
        for name in [name for name, calls in self.open.items() if calls]:
            what, code = "only NumPy passes through the layer", self._around_code(name, "forward")
            self.ledger.add(self._finding("handover", what, self._called(name), *code))
        stage = "test scores" if record.kind == "test" else "scores"
        detailed = record.detailed and record.kind == "train"

        def runs() -> list[np.ndarray]:
            if detailed:
                return []
            with self.paused():
                return list(perturbed_scores(self.model, record.images, self.random))

        natural = 1.0 if self.experiment.model == "dual_tower" else 0.0
        code = self._model_code("forward")
        self._judge(stage, f"{record.kind} scores", "scores", "", record.scores, scores, runs, natural, code)
        self.epochs.scores(record, scores.detach().numpy())
        if record.scores.shape != tuple(scores.shape):
            self.context.end()
        if record.kind == "test":  # its scores are the result
            return scores
        if not scores.requires_grad:
            return torch.from_numpy(record.scores.copy())
        return cast(torch.Tensor, Given.apply(scores, torch.from_numpy(record.scores), self.score_gradient))

    def score_gradient(self, theirs: np.ndarray) -> np.ndarray:
        """dL/dscores, as it enters the network."""
        record = self.record
        if record is None or record.score_grad is None:
            return theirs
        scores, labels = record.scores, record.labels

        def runs() -> list[np.ndarray]:
            with self.paused():
                return [grad for _, grad in perturbed_losses(self.model, scores, labels, self.random)]

        natural = self._steepness() / len(labels)
        code = code_of(*(type(loss).backward for _, loss in self.ours.losses().values()), *self._step_methods())
        self._judge("loss gradient", "dL/dscores", "dL/dscores", "", record.score_grad, theirs, runs, natural, code)
        return record.score_grad if record.score_grad.shape == theirs.shape else theirs

    def _steepness(self) -> float:
        """The largest derivative that the loss can have by a score of one sample."""
        towers = self.experiment.dual_tower
        if self.experiment.model != "dual_tower":
            return 1.0
        return towers.cosine_weight + towers.margin_weight + towers.contrast_weight / towers.temperature

    def loss_terms(self, terms_of: Callable[..., Any], scores: torch.Tensor, labels: torch.Tensor) -> Any:
        """The loss and its terms."""
        terms = terms_of(scores, labels)
        record = self.record
        if record is None or len(labels) != len(record.labels):
            return terms
        found = {name: float(value.detach()) for name, value in terms.items()}
        self.epochs.terms(record, found)
        names = [*record.terms, *(name for name in found if name not in record.terms)]
        for name in sorted(names, key="loss".__eq__):  # each term before their sum
            ours, theirs = record.terms.get(name, float("nan")), found.get(name, float("nan"))
            self._compare_loss(name, ours, theirs)
        return terms

    def _compare_loss(self, name: str, ours: float, theirs: float) -> None:
        record = self.record
        assert record is not None

        def runs() -> list[np.ndarray]:
            with self.paused():
                moved = perturbed_losses(self.model, record.scores, record.labels, self.random)
                return [np.array([terms.get(name, float("nan"))]) for terms, _ in moved]

        stage = "loss" if record.kind == "train" else "validation"
        natural = 1.0 + self._steepness() * largest(record.scores)
        what = "loss" if name == "loss" else f"loss term {name.removeprefix('loss_')}"
        losses = self.ours.losses()
        loss = losses.get(name.removeprefix("loss_"))
        kinds = [type(loss[1]).forward] if loss else []
        code = code_of(*kinds, *(() if loss else (type(self.ours).loss_terms, self.base.loss_terms)))
        self._judge(stage, f"{record.kind} {name}", what, "", np.array([ours]), np.array([theirs]), runs, natural, code)


def _same_rows(a: np.ndarray, b: np.ndarray) -> bool:
    return sorted(row.tobytes() for row in a) == sorted(row.tobytes() for row in b)


def _method(thing: Any, name: str) -> Any:
    return getattr(type(thing), name, None)
