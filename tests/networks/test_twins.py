"""Both packages have the same names in the same order, with the same arguments; every exception gives its reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import PROJECT

NUMPY, LIGHTNING = PROJECT / "numpy_ref", PROJECT / "lightning_models"

ONLY_NUMPY_MODULES = {
    "layers": "a package, where PyTorch has `torch.nn`",
    "module": "PyTorch's torch.nn.Module, Parameter and Sequential",
    "parallel": "threads for large products, which PyTorch has built in",
    "train": "the entry point; the Lightning track's is train_lightning.py",
}
ONLY_LIGHTNING_MODULES = {
    "callbacks": "what the NumPy Trainer does in its loop",
    "fast_paths": "makes Lightning's own steps cheaper",
    "layers": "the two layers that PyTorch has otherwise",
    "lightning_trainer": "Lightning's Trainer with the `lightning:` section",
    "processes": "several processes, only in the Lightning track",
    "threads": "torch's threads and torch.compile",
}
ONLY_NUMPY_NAMES = {
    "backward": "PyTorch has autograd",
    "backward_parameters": "PyTorch has autograd",
    "losses.softmax": "torch.softmax",
    "losses.MarginLoss.forward": "inherited from torch.nn.MultiMarginLoss",
    "optim.Optimizer": "torch.optim.Optimizer",
    "optim.SGD": "torch.optim.SGD",
    "optim.Adam": "torch.optim.Adam and AdamW",
    "optim.pack": "`fused=True` in torch.optim",
    "schedules.step_lr": "torch.optim.lr_scheduler.StepLR",
    "schedules.cosine_annealing_lr": "torch.optim.lr_scheduler.CosineAnnealingLR",
    "schedules.one_cycle_lr": "torch.optim.lr_scheduler.OneCycleLR",
}
ONLY_LIGHTNING_NAMES = {
    "classifier.Sums": "the NumPy track adds numbers up at once; torch would wait for the device",
    "classifier.Classifier.reset_parameters": "a model starts right in anybody's Trainer; see start_model",
    "classifier.Classifier.scalars": "Lightning's metrics are made before the first batch",
    "classifier.Classifier.predict_step": "for Lightning's Trainer.predict",
    "classifier.Classifier.batch_values": "the NumPy track sees each batch's loss at once",
    "classifier.Classifier.on_": "Lightning's hooks; the NumPy Trainer has a loop",
    "metrics.WeightedMean": "a torchmetrics.Metric, which Lightning logs",
    "metrics.mean_metrics": "torchmetrics, which Lightning logs",
    "metrics.default_dtype": "torchmetrics computes in torch's default dtype",
}
OTHER_ARGUMENTS = {
    "optim.make_optimizer": "PyTorch's schedules change an optimizer; NumPy's optimizer asks its schedule",
    "schedules.make_schedule": "PyTorch's schedules change an optimizer; NumPy's optimizer asks its schedule",
    "softmax.SoftmaxClassifier.__init__": "keyword arguments for anybody's own code come last",
    "dual_tower.DualTower.__init__": "keyword arguments for anybody's own code come last",
}

MODULES = sorted(
    path.stem for path in NUMPY.glob("*.py") if (LIGHTNING / path.name).is_file() and path.stem != "__init__"
)


def public_names(path: Path) -> dict[str, list[str]]:
    """Public classes, functions and methods of a file, in order, each with its arguments; also `__init__`."""
    names: dict[str, list[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else []
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names[f"{path.stem}.{node.name}"] = _arguments(node)
        for member in members:
            if isinstance(member, ast.FunctionDef):
                names[f"{path.stem}.{node.name}.{member.name}"] = _arguments(member)  # type: ignore[attr-defined]
    return {
        name: arguments for name, arguments in names.items() if not name.split(".")[-1].startswith("_") or "__" in name
    }


def _arguments(node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*node.args.args, *node.args.kwonlyargs)] if isinstance(node, ast.FunctionDef) else []


def _excused(name: str, reasons: dict[str, str]) -> bool:
    """Whether the name, its class, or a method's name alone has a reason; one that ends in `_` is a beginning."""
    starts = [reason for reason in reasons if reason.endswith("_")]
    parents = [name.rsplit(".", count)[0] for count in (0, 1)]
    return any(each in reasons for each in (*parents, name.split(".")[-1])) or any(name.startswith(s) for s in starts)


def test_both_packages_have_the_same_modules() -> None:
    ours = {path.stem for path in NUMPY.glob("*.py")} | {path.name for path in NUMPY.iterdir() if path.is_dir()}
    theirs = {path.stem for path in LIGHTNING.glob("*.py")}
    ours, theirs = ours - {"__pycache__"}, theirs - {"__pycache__"}
    assert ours - theirs == ONLY_NUMPY_MODULES.keys() - theirs
    assert theirs - ours == ONLY_LIGHTNING_MODULES.keys() - ours
    assert {"classifier", "softmax", "dual_tower", "network", "trainer", "registry", "predictor"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_twins_have_the_same_names_in_the_same_order(module: str) -> None:
    ours, theirs = (public_names(folder / f"{module}.py") for folder in (NUMPY, LIGHTNING))
    common = [name for name in ours if name in theirs]
    assert common == [name for name in theirs if name in ours]
    assert [name for name in ours if name not in theirs and not _excused(name, ONLY_NUMPY_NAMES)] == []
    assert [name for name in theirs if name not in ours and not _excused(name, ONLY_LIGHTNING_NAMES)] == []


@pytest.mark.parametrize("module", MODULES)
def test_twins_take_the_same_arguments_in_the_same_order(module: str) -> None:
    ours, theirs = (public_names(folder / f"{module}.py") for folder in (NUMPY, LIGHTNING))
    for name in ours.keys() & theirs.keys():
        if name in OTHER_ARGUMENTS:
            assert set(ours[name]) & set(theirs[name])
        else:
            assert ours[name] == theirs[name], name


def test_every_reason_is_still_needed() -> None:
    ours, theirs = ({n for m in MODULES for n in public_names(folder / f"{m}.py")} for folder in (NUMPY, LIGHTNING))
    for reasons, only in ((ONLY_NUMPY_NAMES, ours - theirs), (ONLY_LIGHTNING_NAMES, theirs - ours)):
        for reason in reasons:
            assert any(_excused(name, {reason: ""}) for name in only), reason
    both = ours & theirs
    assert OTHER_ARGUMENTS.keys() <= both
