"""Judges each layer of a step: its input, its output, and the gradients on their way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lightning_models.layers import Dropout
from numpy_ref.module import Sequential
from parity.bands import largest
from parity.judge import Given, Judge
from parity.ledger import code_of
from parity.records import LayerCall
from parity.replay import DX, Y


class LayerJudge(Judge):
    """Called by hooks before and after each of PyTorch's layers."""

    def layer_input(self, name: str, inputs: Any) -> Any:
        """Before a layer: it must get what NumPy's got."""
        call = self._call(name)
        if call is None:
            self._compare_presence(name)
            return None
        x = inputs[0]
        same = x.shape == call.x.shape and np.array_equal(x.detach().numpy(), call.x)
        if not same:
            code = self._around_code(name, "forward") + code_of(Sequential.forward) + self._layer_code(name, "forward")
            self._judge("handover", f"{name} x", "input", self._called(name), call.x, x, list, 1.0, code)
        else:
            self.ledger.passed("handover")
        if x.shape != call.x.shape:
            self.context.end()
        given = torch.from_numpy(call.x.copy())
        if not x.requires_grad:
            return (given,)
        return (Given.apply(x, given, lambda grad: self.input_gradient(name, call, grad)),)

    def _compare_presence(self, name: str) -> None:
        """A layer that PyTorch passes through must have been passed through in NumPy."""
        record = self.record
        if record is not None and record.detailed and name not in record.layers and not self._constant(name):
            what, code = "only Lightning passes through the layer", self._around_code(name, "forward")
            self.ledger.add(self._finding("handover", what, self._called(name), *code))

    def _constant(self, name: str) -> bool:
        """Whether the layer belongs to a frozen word tower, whose output may be kept from before."""
        frozen = self.experiment.model == "dual_tower" and not self.experiment.dual_tower.train_word_tower
        return frozen and name.startswith("word_")

    def layer_output(self, name: str, output: torch.Tensor) -> Any:
        """After a layer: its output, given the same input."""
        call = self._call(name)
        if call is None:
            return None
        record = self.record
        assert record is not None
        self.open[name].pop(0)
        if call.changed_input:
            code = self._layer_code(name, "forward")
            self.ledger.add(self._finding("handover", "forward changes its input in place", self._called(name), *code))
        stage = "forward" if record.kind == "train" else "evaluation"
        if isinstance(self.modules[name], Dropout) and record.kind == "train":
            stage = self._mask_stage(call, output.detach().numpy())
        what = "output" if record.kind == "train" else f"output in the {record.kind}"
        code = self._layer_code(name, "forward")
        if stage == "masks":  # the step tells the layer where in the training it is
            code += code_of(*self._step_methods())
        self._judge(
            stage, f"{name} {Y} {record.kind}", what, self._called(name), call.y, output,
            lambda: self._runs(name, call, Y), 0.0, code,
        )  # fmt: skip
        if tuple(output.shape) != call.y.shape:
            self.context.end()
        if not output.requires_grad:
            return torch.from_numpy(call.y.copy())
        return Given.apply(output, torch.from_numpy(call.y), lambda grad: self.output_gradient(name, call, grad))

    def _mask_stage(self, call: LayerCall, theirs: np.ndarray) -> str:
        """ "masks" if other numbers are dropped, else "forward"."""
        shown = call.x != 0
        if call.y.shape == theirs.shape and np.array_equal((call.y == 0) & shown, (theirs == 0) & shown):
            self.ledger.passed("masks")
            return "forward"
        return "masks"

    def output_gradient(self, name: str, call: LayerCall, theirs: np.ndarray) -> np.ndarray:
        """dL/dy on its way into a layer: what the next layer gave."""
        code = self._around_code(name, "backward") + code_of(Sequential.backward_parameters)
        code += self._layer_code(name, "backward")
        if call.grad_y is None:
            self.ledger.add(self._finding("handover", "NumPy's backward is never called", self._called(name), *code))
            return theirs
        if np.array_equal(call.grad_y, theirs):
            self.ledger.passed("handover")
        else:
            record = self.record
            among = (
                largest(record.score_grad) * record.scores.shape[1] if record and record.score_grad is not None else 0
            )
            what = "gradient that reaches the layer"
            self._judge("handover", f"{name} dL/dy", what, self._called(name), call.grad_y, theirs, list, among, code)
        return call.grad_y if call.grad_y.shape == theirs.shape else theirs

    def input_gradient(self, name: str, call: LayerCall, theirs: np.ndarray) -> np.ndarray:
        """dL/dx on its way out of a layer."""
        if call.grad_x is None:
            return theirs
        natural = largest(call.grad_y) if call.grad_y is not None and not self._has_weights(name) else 0.0
        code = self._layer_code(name, "backward")
        self._judge(
            "dL/dx", f"{name} {DX}", "dL/dx", self._called(name), call.grad_x, theirs,
            lambda: self._runs(name, call, DX), natural, code,
        )  # fmt: skip
        return call.grad_x if call.grad_x.shape == theirs.shape else theirs
