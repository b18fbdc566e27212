"""Judges the end of a step: each parameter's gradient, the learning rate, the update and the running statistics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from parity.bands import FACTOR, largest
from parity.hints import describe
from parity.judge import function
from parity.layer_judge import LayerJudge
from parity.ledger import code_of
from parity.records import LayerCall, StepRecord
from parity.replay import through

SCHEDULE_ROUNDING = 1e-9
"""PyTorch's cosine schedule is a recursion, whose rounding adds up over thousands of steps: a share of the largest
learning rate. A schedule that is one step late differs by more, unless it has millions of steps."""
ADAM_STEP = 32.0
"""Adam's step is at most about 1 / sqrt(1 - beta2) times the learning rate."""


class UpdateJudge(LayerJudge):
    """Called by Lightning's hooks around the optimizer's step."""

    def before_backward(self) -> None:
        """Lightning's gradients must be gone before new ones come."""
        if self.record is None:
            return
        left = [name for name, p in self.model.named_parameters() if p.grad is not None and bool(p.grad.any())]
        what = "Lightning's gradients of the step before are still there"
        self.ledger.check("gradient reset", not left, lambda: self._finding("gradient reset", what, left[0]))

    def before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Each parameter's gradient; then the optimizer gets NumPy's, and NumPy's learning rate."""
        record = self.record
        if record is None:
            return
        trained = {id(parameter) for parameter in self.ours.trained_parameters()}
        trained_names = {name for name, parameter in self.ours.named_parameters() if id(parameter) in trained}
        for name, parameter in self.model.named_parameters():
            ours = record.gradients[name]
            if parameter.grad is None:
                missing = name in trained_names and bool(ours.any())
                what = "only NumPy has a gradient"
                self.ledger.check(
                    "total gradient",
                    not missing,
                    lambda what=what, name=name: self._finding("total gradient", what, name),
                )
                continue
            if record.detailed:
                self._compare_gradient(record, name, ours, parameter.grad.numpy())
            parameter.grad.copy_(torch.from_numpy(ours))
        self.rates = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = record.lr

    def _compare_gradient(self, record: StepRecord, name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
        layer = owner(name, record)
        if layer is None:
            return
        call, key = record.layers[layer][-1], name.removeprefix(f"{layer}.")
        penalty = 2 * self.experiment.optimizer.l2 * largest(record.before[name])
        difference, band = self.bands.judge(
            f"total {name}", ours, theirs, lambda: self._runs_about(layer, call, key, theirs), penalty
        )
        if record.step == 0:
            size = max(largest(theirs), penalty, 1e-300)
            self.context.first_gradients[name] = {
                "absolute": difference, "relative": difference / size, "band": band / size,
            }  # fmt: skip
        code = self._layer_code(layer, "backward")
        if difference <= band:
            relative = difference / max(largest(theirs), 1e-300) if difference else 0.0
            for stage in ("dL/dW", "total gradient", "gradient reset"):
                self.ledger.passed(stage, difference / band if band else 0.0, relative)
            self.before[name] = ours
            return
        with self.paused():
            alone = through(self.modules[layer], call.x, call.grad_y)
        own = call.gradients.get(key, ours)
        where = f"{layer}.{key} ({type(self.layers[layer]).__name__})"
        if key in alone:
            off, limit = self.bands.judge(f"{layer} dL/d{key}", own, alone[key], lambda: self._runs(layer, call, key))
            if off > limit:
                hint = describe(own, alone[key], self.before.get(name))
                stage = "gradient reset" if "step before" in hint else "dL/dW"
                self._add(stage, f"dL/d{key}", where, off, limit, code, hint)
                self.before[name] = ours
                return
        code = code_of(*self._step_methods())
        self._add("total gradient", f"total dL/d{key}", where, difference, band, code, describe(ours, theirs))
        self.before[name] = ours

    def _runs_about(self, layer: str, call: LayerCall, key: str, theirs: np.ndarray) -> list[np.ndarray]:
        """What rounding in the layer does to `theirs`, of which the layer makes only a part, or which went on since.

        A total gradient has the penalty's as well; running statistics have already followed this batch once.
        """
        with self.paused():
            own = through(self.modules[layer], call.x, call.grad_y)
        return [theirs + (run - own[key]) for run in self._runs(layer, call, key)] if key in own else []

    def configure_optimizers(self, configure: Callable[[], Any]) -> Any:
        """Watch the optimizer's steps."""
        configured = configure()
        optimizer = configured["optimizer"] if isinstance(configured, dict) else configured
        self.handles.append(optimizer.register_step_post_hook(lambda *_: self.after_optimizer_step(optimizer)))
        return configured

    def after_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """The update, the learning rate, the running statistics; then Lightning's weights become NumPy's."""
        record = self.record
        if record is None:
            return
        if record.optimized:
            self._compare_rate(record, optimizer)
        else:
            what = f"NumPy's optimizer takes no step after batch {record.batch_idx}"
            code = code_of(
                function("numpy_ref.trainer", "Trainer._train_epoch"), function("numpy_ref.optim", "Optimizer.step")
            )
            self.ledger.add(self._finding("update", what, "", *code))
        state = self.model.state_dict()
        for name, parameter in self.model.named_parameters():
            self._compare_update(record, name, parameter, optimizer)
        if record.detailed:
            self._compare_statistics(record, state)
        with torch.no_grad():
            for name, array in record.after.items():
                if name in state:
                    state[name].copy_(torch.from_numpy(array))
        self.synced, self.record = record.after, None

    def _compare_rate(self, record: StepRecord, optimizer: torch.optim.Optimizer) -> None:
        for group, rate in zip(optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate
        off, limit = abs(record.lr - self.rates[0]), SCHEDULE_ROUNDING * self.highest_lr
        if off <= limit:
            self.ledger.passed("schedule", off / limit, off / max(self.rates[0], 1e-300) if off else 0.0)
            return
        hint = f"NumPy {record.lr:.6g}, Lightning {self.rates[0]:.6g}"
        code = code_of(
            function("numpy_ref.schedules", "make_schedule"), function("numpy_ref.optim", "Optimizer.step"),
            function("lightning_models.schedules", "make_schedule"), self.base.configure_optimizers,
        )  # fmt: skip
        self._add("schedule", "learning rate", self.experiment.optimizer.schedule, off, limit, code, hint)

    def _compare_update(
        self, record: StepRecord, name: str, parameter: torch.nn.Parameter, optimizer: torch.optim.Optimizer
    ) -> None:
        theirs = parameter.detach().numpy()
        ours, before = record.after[name], record.before[name]
        kept = [
            value for value in optimizer.state.get(parameter, {}).values() if torch.is_tensor(value) and value.dim()
        ]
        steps = [record.lr * largest(record.gradients[name]), *(record.lr * largest(value.numpy()) for value in kept)]
        natural = max(largest(theirs), *steps) if self.experiment.optimizer.name == "sgd" else largest(theirs)
        if self.experiment.optimizer.name != "sgd":
            natural = max(natural, ADAM_STEP * record.lr)
        slip = self._slip_of_decay(record, name, parameter, optimizer)
        if slip is not None:  # what it explains is taken off
            ours = theirs + np.sign(ours - theirs) * np.maximum(np.abs(ours - theirs) - slip, 0)
        difference, band = self.bands.judge(f"update of {name}", ours, theirs, list, natural)
        if difference <= band:
            self.ledger.passed("update", difference / band if band else 0.0, difference / max(natural, 1e-300))
            return
        optimizers = {"sgd": "SGD", "adam": "Adam", "adamw": "Adam"}
        code = code_of(function("numpy_ref.optim", optimizers[self.experiment.optimizer.name]), type(optimizer))
        hint = describe(ours - before, theirs - before)
        self._add(
            "update", "change of the weights", name, difference, band, code, hint.replace("NumPy's", "NumPy's step")
        )

    def _slip_of_decay(
        self, record: StepRecord, name: str, parameter: torch.nn.Parameter, optimizer: torch.optim.Optimizer
    ) -> np.ndarray | None:
        """What rounding of gradient + decay · weight does to each of Adam's steps: much where the two cancel.

        Adam divides by the size of the sum, which may be as small as a rounding of either.
        """
        state = optimizer.state.get(parameter, {})
        if self.experiment.optimizer.name != "adam" or "exp_avg_sq" not in state:
            return None
        group = next(group for group in optimizer.param_groups if any(p is parameter for p in group["params"]))
        if not group["weight_decay"]:
            return None
        mean_square = state["exp_avg_sq"].numpy().astype(np.float64) / (1 - group["betas"][1] ** float(state["step"]))
        sizes = np.abs(record.gradients[name]) + group["weight_decay"] * np.abs(record.before[name])
        return FACTOR * self.bands.eps * record.lr * sizes / (np.sqrt(mean_square) + group["eps"])

    def _compare_statistics(self, record: StepRecord, state: Any) -> None:
        for name, tensor in state.items():
            layer, _, key = name.rpartition(".")
            if layer not in record.layers or name in record.gradients or name not in record.after:
                continue
            ours, theirs, call = record.after[name], tensor.numpy(), record.layers[layer][-1]
            if np.issubdtype(theirs.dtype, np.floating):
                runs = partial(self._runs_about, layer, call, key, theirs)
                code = self._layer_code(layer, "forward")
                natural = float(np.abs(call.x).max(initial=0)) ** (2 if key == "running_var" else 1)
                natural *= float(self.modules[layer].momentum or 1.0)
                self._judge("running statistics", name, key, self._called(layer), ours, theirs, runs, natural, code)
            else:
                same = np.array_equal(ours, theirs)
                self.ledger.check(
                    "running statistics",
                    same,
                    lambda key=key, layer=layer: self._finding("running statistics", key, layer),
                )


def owner(name: str, record: StepRecord) -> str | None:
    """The layer that has a parameter: of those that were recorded, the innermost."""
    while name:
        name = name.rpartition(".")[0]
        if record.layers.get(name):
            return name
    return None
