"""Compares both tracks on random experiments: no crash, and no correct code accused.

python benchmarks/random_experiments.py --count 300 --jobs 2

Each experiment draws a network (all layers, in any order that fits), a loss, an optimizer, a schedule, an initializer,
a batch size from 1 on, 2 to 10 categories and how long to train; `python -m parity compare` must then hold in float64
and float32. A setting that the project refuses with one line (a learning rate that diverges, batch norm on a single
image) counts as refused. In the end the differences are shown as shares of their bands: how near correct code comes to
being accused.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np  # noqa: E402

CATEGORIES = ("apple", "banana", "book", "bird", "cat", "clock", "door", "eye", "fish", "hat")
SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Shares of a band at which the table of differences is cut."""
Result = dict[str, Any]


def main() -> None:
    """Run the experiments, print what did not hold, and the table."""
    parser = argparse.ArgumentParser(description="Compare both tracks on random experiments.")
    parser.add_argument("--count", type=int, default=300, help="how many experiments")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first one; each is a function of its number"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    numbers = range(options.first, options.first + options.count)
    results: list[Result] = []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        root = make_drawings(Path(name))
        pool = ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"))
        tasks = [pool.submit(compare, number, root) for number in numbers]
        for task in as_completed(tasks):
            results.append(task.result())
            _print_one(results[-1])
        pool.shutdown()
    print(summary(results, time.perf_counter() - start))
    if any(result["outcome"] in ("accused", "crashed") for result in results):
        sys.exit(1)


def make_drawings(folder: Path) -> Path:
    """Files in the official format for ten categories: doodles, mirrored for the second five."""
    from datamodules.sources import doodles
    from experiment.config import Data

    drawn = doodles.load(Data(train_per_category=50, test_per_category=20))
    for number, name in enumerate(CATEGORIES):
        images = np.concatenate(
            [part[labels == number % 5] for part, labels in (
                (drawn.train_images, drawn.train_labels), (drawn.test_images, drawn.test_labels))]
        )  # fmt: skip
        images = images[:, :, ::-1] if number >= 5 else images
        np.save(folder / f"{name}.npy", images.reshape(len(images), -1))
    return folder


def compare(number: int, root: Path) -> Result:
    """The outcome of one experiment."""
    import warnings

    from experiment.errors import UserError
    from parity.compare import compare_experiment, in_both_dtypes

    warnings.filterwarnings("ignore")
    fields = draw(np.random.default_rng(number))
    result: Result = {"number": number, "outcome": "held", "detail": "", "fields": fields, "ratios": []}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as logs, contextlib.redirect_stdout(io.StringIO()):
        try:
            comparison = compare_experiment(in_both_dtypes(build(fields, root, logs)), Path(logs) / "comparison")
            for dtype, lockstep in comparison.lockstep.items():
                ledger = lockstep.ledger
                result["ratios"] += [
                    (dtype, stage, check.ratio) for stage, check in ledger.checks.items() if check.compared
                ]
                result["limited"] = [f"{dtype} {stage}" for stage, check in ledger.checks.items() if check.limited]
                if not ledger.held:
                    open_rows = [stage for stage, check in ledger.checks.items() if check.status.value == "NOT CHECKED"]
                    result["outcome"] = "accused"
                    result["detail"] += f"{dtype}: {ledger.first or f'not checked: {open_rows}'} "
        except UserError as error:
            result |= {"outcome": "refused", "detail": str(error)}
        except Exception:
            result |= {"outcome": "crashed", "detail": traceback.format_exc()}
    return result | {"seconds": time.perf_counter() - start}


def draw(random: np.random.Generator) -> dict[str, Any]:
    """A random experiment as plain values."""
    kind = random.random()
    dual = bool(kind < 0.35)
    fields: dict[str, Any] = {
        "model": "dual_tower" if dual else "sequence" if kind > 0.9 else "softmax",
        "seed": int(random.integers(0, 1000)),
        "initializer": str(random.choice(["kaiming", "xavier", "normal", "orthogonal"])),
        "layers": draw_layers(random),
        "categories": list(CATEGORIES[: int(random.integers(2, 11))]),
        "batch_size": int(random.choice([1, 2, 3, 7, 16, 32, 50])),
        "per_category": int(random.integers(8, 40)),
        "max_epochs": int(random.integers(1, 5)),
        "patience": int(random.integers(1, 4)),
        "augment": bool(random.random() < 0.25),
    }
    smoothing = float(random.choice([0.0, 0.0, 0.1]))
    if dual:
        weights = [float(random.choice([0.0, 0.5, 1.0])) for _ in range(3)]
        fields["dual"] = {
            "embedding_dim": int(random.choice([1, 2, 8, 16])), "word_dims": [int(random.integers(2, 12))],
            "train_word_tower": bool(random.random() < 0.5), "cosine_weight": weights[0] or 1.0,
            "margin_weight": weights[1], "contrast_weight": weights[2], "label_smoothing": smoothing,
        }  # fmt: skip
    elif fields["model"] == "sequence":
        heads = int(random.integers(1, 4))
        fields["sequence"] = {
            "heads": heads, "dim": heads * int(random.choice([2, 4])), "depth": int(random.integers(1, 3)),
            "feedforward": int(random.integers(3, 20)), "dropout": float(random.choice([0.0, 0.2])),
            "positions": str(random.choice(["learnt", "sinusoidal", "none"])), "label_smoothing": smoothing,
        }  # fmt: skip
    else:
        binary = bool(random.random() < 0.25)
        fields["softmax"] = {"loss": "binary_cross_entropy" if binary else "cross_entropy"}
        fields["softmax"] |= {} if binary else {"label_smoothing": smoothing}
    name = str(random.choice(["sgd", "adam", "adamw"]))
    momentum = float(random.choice([0.0, 0.5, 0.9]))
    fields["optimizer"] = {
        "name": name, "lr": float(10 ** random.uniform(-4, -1 if name == "sgd" else -2)), "momentum": momentum,
        "nesterov": bool(momentum and random.random() < 0.4), "weight_decay": float(random.choice([0.0, 0.0, 0.01])),
        "l2": float(random.choice([0.0, 0.0, 1e-3])),
        "schedule": str(random.choice(["constant", "step", "cosine", "one_cycle"])),
        "decay_every": int(random.integers(1, 3)), "warmup": float(random.choice([0.1, 0.3, 0.5])),
    }  # fmt: skip
    return fields


def draw_layers(random: np.random.Generator) -> list[Any]:
    """Hidden layers in an order that fits: some over channels, then some over features."""
    layers: list[Any] = []
    flat = ["ReLU", "LeakyReLU", "Tanh", "Sigmoid", *_newer()]
    for _ in range(int(random.integers(0, 3))):
        kernel = int(random.choice([1, 2, 3, 5]))
        options = {"out_channels": int(random.integers(1, 5)), "kernel_size": kernel}
        options |= {"stride": int(random.choice([1, 1, 2])), "padding": int(random.integers(0, kernel // 2 + 1))}
        layers.append({"Conv2d": options})
        if random.random() < 0.4:
            layers.append("BatchNorm2d")
        layers.append(str(random.choice(flat)))
        if random.random() < 0.4:
            size = int(random.choice([2, 3]))
            stride = int(random.choice([1, size]))
            layers.append({str(random.choice(["MaxPool2d", "AvgPool2d"])): {"kernel_size": size, "stride": stride}})
        if random.random() < 0.2:
            same = {"out_channels": options["out_channels"], "kernel_size": 3, "padding": 1}
            layers.append({"Residual": {"layers": [{"Conv2d": same}, "BatchNorm2d", str(random.choice(flat))]}})
    if layers and random.random() < 0.2:
        layers.append({"AdaptiveAvgPool2d": 1})
    for _ in range(int(random.integers(0, 3))):
        layers.append({"Linear": int(random.integers(1, 20))})
        if random.random() < 0.3:
            layers.append("BatchNorm1d")
        elif _has("LayerNorm") and random.random() < 0.2:
            layers.append("LayerNorm")
        layers.append(str(random.choice(flat)))
        if random.random() < 0.3:
            layers.append({"Dropout": float(random.choice([0.1, 0.5]))})
    return layers


def _has(name: str) -> bool:
    from numpy_ref import layers

    return hasattr(layers, name)


def _newer() -> list[str]:
    return [name for name in ("GELU", "SiLU") if _has(name)]


def build(fields: dict[str, Any], root: Path, logs: str) -> Any:
    """The experiment of `draw`'s values."""
    from experiment.config import Augmentation, Data, DualTower, Experiment, Optimizer, Sequence, Softmax, Trainer

    strokes = fields["model"] == "sequence"
    moved = {"rotation": 10, "shift": 1} | ({"drop_strokes": 0.2, "jitter": 1} if strokes else {})
    where: dict[str, Any] = {"source": "bitmaps", "root": str(root), "categories": fields["categories"]}
    data = Data(
        **({"source": "doodles", "form": "strokes"} if strokes else where), batch_size=fields["batch_size"],
        train_per_category=fields["per_category"], test_per_category=8, word_vectors="no-such-model",
        augmentation=Augmentation(**moved) if fields["augment"] else Augmentation(),
    )  # fmt: skip
    sections: dict[str, Any] = {"softmax": Softmax(layers=fields["layers"], **fields.get("softmax", {}))}
    if "dual" in fields:
        sections["dual_tower"] = DualTower(image_layers=fields["layers"], **fields["dual"])
    if strokes:
        sections = {"sequence": Sequence(**fields["sequence"])}
    trainer = Trainer(max_epochs=fields["max_epochs"], patience=fields["patience"])
    return Experiment(
        model=fields["model"], seed=fields["seed"], initializer=fields["initializer"], logs_root=logs, figures=False,
        data=data, optimizer=Optimizer(**fields["optimizer"]), trainer=trainer, **sections,
    )  # fmt: skip


def summary(results: list[Result], seconds: float) -> str:
    """How many held, and the differences of those as shares of their bands."""
    outcomes = Counter(result["outcome"] for result in results)
    limited = sum(1 for result in results if result.get("limited"))
    lines = [
        f"\n{len(results)} experiments: {outcomes['held']} held, {outcomes['refused']} refused, "
        f"{outcomes['accused']} accused, {outcomes['crashed']} crashed ({seconds / 60:.0f} min); "
        f"{limited} with a row that rounding limits",
        "\nlargest difference of each row and dtype, as a share of its band:",
    ]
    for dtype in ("float64", "float32"):
        ratios = [ratio for result in results for kind, _, ratio in result["ratios"] if kind == dtype]
        cells = [
            f"<= {share:g}: {sum(ratio <= share for ratio in ratios) / max(1, len(ratios)):.4f}" for share in SHARES
        ]
        lines.append(f"{dtype}  {'  '.join(cells)}  largest {max(ratios, default=0):.2f}  ({len(ratios)} rows)")
    return "\n".join(lines)


def _print_one(result: Result) -> None:
    if result["outcome"] != "held":
        print(f"{result['number']}: {result['outcome']}: {result['detail']}", flush=True)
        if result["outcome"] != "refused":
            print(f"   {result['fields']}", flush=True)


if __name__ == "__main__":
    main()
