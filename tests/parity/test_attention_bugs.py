"""Bugs planted in attention, in blocks and in residual sums: lock-step catches each one and says where it is."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Data, Experiment, Optimizer, Sequence, Softmax, Trainer
from lightning_models.layers import MultiheadAttention
from numpy_ref import layers
from parity.ledger import Status
from parity.replay import through
from parity.replay_attention import attention_number_by_number
from parity.trace import trace
from tests.parity.test_proof import assert_blamed, judged

Small = Callable[..., Experiment]
SEQUENCE: dict[str, Any] = {
    "model": "sequence",
    "sequence": Sequence(dim=8, heads=2, depth=1, feedforward=6),
    "initializer": "xavier",
    "optimizer": Optimizer(name="adamw", lr=0.01, weight_decay=0.01),
    "data": Data(form="strokes", source="doodles", train_per_category=2, test_per_category=1, batch_size=5),
    "trainer": Trainer(max_epochs=1, dtype="float64"),
}
RESNET: dict[str, Any] = {
    "model": "softmax",
    "softmax": Softmax(layers=[
        {"Linear": 6},
        {"Residual": {"layers": [{"Linear": 6}, "BatchNorm1d", "ReLU", {"Dropout": 0.2}]}},
        {"Residual": {"layers": [{"Linear": 4}, "Tanh"], "shortcut": [{"Linear": 4}]}},
    ]),
    "data": Data(source="doodles", train_per_category=5, test_per_category=2, batch_size=8),
    "trainer": Trainer(max_epochs=1, dtype="float64"),
}  # fmt: skip

ATTENTION, ENCODER = layers.MultiheadAttention, layers.TransformerEncoderLayer
FORWARD = "TransformerEncoderLayer.forward"
BUGS: list[tuple[str, type, str, str, str, str, str]] = [
    ("no scale", ATTENTION, "forward", "(x.shape[2] // self.num_heads) ** -0.5", "1", "forward", "self_attn"),
    ("no mask", ATTENTION, "_attend", "self._padding is not None", "False", "forward", "self_attn"),
    ("heads mixed", ATTENTION, "forward", "outputs.transpose(0, 2, 1, 3)", "outputs", "forward", "self_attn"),
    ("softmax's mean", ATTENTION, "_attend_backward", "ds -= (grad * o).sum(axis=-1, keepdims=True)", "pass", "dL/dx",
     "MultiheadAttention.backward"),
    ("softmax's a", ATTENTION, "_attend_backward", "ds *= a", "pass", "dL/dx", "MultiheadAttention.backward"),
    ("dq's scale", ATTENTION, "_attend_backward", "* self._scale", "* 1", "dL/dx", "MultiheadAttention.backward"),
    ("dk's transpose", ATTENTION, "_attend_backward", "ds.transpose(0, 1, 3, 2) @ q", "ds @ q", "dL/dx",
     "MultiheadAttention.backward"),
    ("q and k swapped", ATTENTION, "backward", "[dq, dk, dv]", "[dk, dq, dv]", "dL/dx", "MultiheadAttention.backward"),
    ("bias of out_proj", ATTENTION, "backward", "self.out_proj.bias.grad[...] = grad.sum(axis=0)", "pass", "dL/dW",
     "out_proj.bias"),
    ("first sum left out", ENCODER, "forward", "z = x + self", "z = self", "handover", FORWARD),
    ("second sum of x", ENCODER, "forward", "return z + self", "return x + self", "forward", "layers.2 (T"),
    ("first gradient dropped", ENCODER, "backward", "return dz + self", "return self", "dL/dx", "layers.2 (T"),
    ("second gradient dropped", ENCODER, "backward", "dz = grad + self", "dz = self", "handover",
     "TransformerEncoderLayer.backward"),
    ("positions averaged", layers.LearntPositions, "backward", "grad.sum(axis=0)", "grad.mean(axis=0)", "dL/dW",
     "LearntPositions"),
    ("mean over padding", layers.MaskedMean, "forward", "real.sum(axis=1, keepdims=True)", "real.shape[1]", "forward",
     "MaskedMean"),
]  # fmt: skip
RESIDUAL_BUGS = [
    ("gradient of x dropped", "backward", "self.shortcut.backward(grad) if self.shortcut else grad",
     "self.shortcut.backward(grad) if self.shortcut else 0", "dL/dx"),
    ("shortcut not backwards", "backward", "self.shortcut.backward(grad) if self.shortcut else grad",
     "0 if self.shortcut else grad", "handover"),
    ("x left out", "forward", "if self.shortcut else x", "if self.shortcut else 0", "forward"),
]  # fmt: skip


def plant(monkeypatch: pytest.MonkeyPatch, kind: type, method: str, right: str, wrong: str) -> None:
    """Change a method's text, as a learner may mistype it."""
    original = vars(kind)[method]
    text = textwrap.dedent(inspect.getsource(original))
    assert text.count(right) == 1, right
    names = dict(vars(sys.modules[kind.__module__]))
    exec(text.replace(right, wrong), names)
    names[method].__wrapped__ = original  # so that the proof names its file
    monkeypatch.setattr(kind, method, names[method])


@pytest.mark.parametrize(
    ("kind", "method", "right", "wrong", "stage", "place"), [bug[1:] for bug in BUGS], ids=[bug[0] for bug in BUGS]
)
def test_a_bug_in_the_transformer_is_placed(
    kind: type, method: str, right: str, wrong: str, stage: str, place: str, small: Small,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plant(monkeypatch, kind, method, right, wrong)
    assert_blamed(judged(small(**SEQUENCE)), stage, place)


@pytest.mark.parametrize(
    ("method", "right", "wrong", "stage"), [bug[1:] for bug in RESIDUAL_BUGS], ids=[bug[0] for bug in RESIDUAL_BUGS]
)
def test_a_bug_in_a_residual_sum_is_placed(
    method: str, right: str, wrong: str, stage: str, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, layers.Residual, method, right, wrong)
    assert_blamed(judged(small(**RESNET)), stage, "Residual")


@pytest.mark.parametrize("fields", [SEQUENCE, RESNET], ids=["sequence", "resnet"])
def test_the_right_code_is_not_accused(fields: dict[str, Any], small: Small) -> None:
    ledger = judged(small(**fields))
    ledger.checks["whole training"].expected = False
    ledger.checks["numerical"].expected = False  # tests/networks has central differences of each layer
    unchecked = [check for check in ledger.checks.values() if check.status is Status.NOT_CHECKED]
    assert ledger.held, ledger.first or unchecked


def test_equal_points_may_be_added_up_in_any_way() -> None:
    """Their sum is off by more than any moved input shows; number by number it has the same error as NumPy's."""
    random = np.random.default_rng(0)
    module = MultiheadAttention(6, 2, dtype=torch.float32)
    x = np.tile(random.normal(size=6), (8, 90, 1)).astype(np.float32)
    grad = np.tile(random.normal(size=6), (8, 90, 1)).astype(np.float32)
    run = through(module, x, grad)
    runs = [attention_number_by_number(module, x, grad, run, dtype) for dtype in (None, np.longdouble)]
    for name in ("in_proj_bias", "out_proj.bias"):
        exact, added = runs[1][name], runs[0][name]
        np.testing.assert_allclose(exact, run[name], rtol=1e-4, atol=1e-5 * np.abs(exact).max())
        assert 0 < np.abs(added - exact).max() < 1e-4 * np.abs(exact).max()
        assert np.abs(added - exact).max() > np.abs(run[name] - exact).max()
    assert module.in_proj_weight.grad is None


def test_the_trace_shows_the_bug_first_and_blocks_after_their_parts(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = small(**SEQUENCE)
    titles = [part.title.split(":")[0] for part in trace(experiment, QuickDrawDataModule(experiment))]
    forward, backward = titles[: titles.index("loss cross_entropy")], titles[titles.index("loss") + 1 :]
    assert forward.index("layers.2") == forward.index("layers.2.dropout2") + 1
    assert backward.index("layers.2") == backward.index("layers.2.norm1") + 1
    plant(monkeypatch, ATTENTION, "_attend_backward", "ds *= a", "pass")
    parts = trace(experiment, QuickDrawDataModule(experiment))
    first = [(part.title, entry.what) for part in parts for entry in part.entries if entry.first]
    assert first == [("layers.2.self_attn: MultiheadAttention, backward", "dL/dx")]
