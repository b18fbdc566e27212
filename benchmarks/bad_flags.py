"""Cases of bad_inputs.py: flags and programs that are given what they cannot have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.damages import words_text
from benchmarks.program_runs import TRACKS
from experiment.commandline import flat_fields
from experiment.config import Experiment

SMALL = ["--data.source=doodles", "--data.train_per_category=40", "--data.test_per_category=10"]
SMALL += ["--trainer.max_epochs=2", "--figures=false", "--logs_root=logs"]


@dataclass(frozen=True)
class Case:
    """One call of a program."""

    name: str
    script: str
    arguments: list[str]
    words: tuple[str, ...]
    """The refusal must have one of these: the file, or the flag."""
    prepare: Callable[[Path], None] = lambda folder: None
    """Puts its files into the case's folder."""
    refused: bool = True
    """Whether it must be refused; else it may also be right: a changed byte can be a pixel."""


def flag_cases() -> Iterator[Case]:
    """Each field of the config with values that it cannot have."""
    for name, value in flat_fields(asdict(Experiment())).items():
        if name in (
            "lightning",
            "logs_root",
            "data.root",
            "data.url",
            "data.word_vectors",
            "experiment",
            "data.categories",
        ):
            continue
        bad = ["{a: [", "[[1], {b: 2}]"]
        if value is not None and not isinstance(value, str):
            bad += ["abc", "nothing at all"]
        if isinstance(value, int | float) and not isinstance(value, bool):
            bad += [".nan", "-1", "1e400", "-.inf", "--"]
        if isinstance(value, list):
            bad += ["[0]", "[1.5]", "[a]"]
        if isinstance(value, str):
            bad += ["nothing such", "3"]
        for wrong in bad:
            yield _training(f"--{name}={wrong}", (name,))
    wrong_flags = {
        "--data.categories=[cat]": "data.categories",
        "--data.categories=[cat, unicorn]": "unicorn",
        "--data.categories=": "data.categories",
        "--data.root=nowhere": "data.root",
        "--data.root=" + "a" * 300: "aaa",
        "--experiment=../up": "experiment",
        "--experiment=": "experiment",
        "--logs_root=/dev/null": "logs_root",
        "--resume=": "--resume",
        "--resume=nowhere": "nowhere",
        "--resume=.": "--resume",
        "--config=": "config",
        "--config=nowhere.yaml": "nowhere.yaml",
        "--softmax.hidden_dims=[100000000000]": "softmax",
        "--softmax.hidden_dims=[10000000, 10000000]": "softmax",
        "--softmax.layers=[{Linear: 1000000000000000000000}]": "softmax",
        "--softmax.layers=&a [*a]": "alias",
        "--softmax.layers=[Linear]": "softmax.layers",
        "--softmax.layers=[[[]]]": "softmax.layers",
        "--softmax.layers=[{Conv2d: {out_channels: 4, kernel_size: 99}}]": "softmax.layers",
        "--softmax.layers=[{Conv2d: {out_channels: 1000000000000, kernel_size: 3}}]": "softmax",
        "--data.train_per_category=100000000000000": "train_per_category",
        "--data.batch_size=1.5": "data.batch_size",
        "--optimizer.lr=1e300": "learning rate",
        "--optimizer=3": "optimizer",
        "--data=[1]": "data",
        "--seed": "seed",
        "surplus": "surplus",
        "--no_such_flag=1": "no_such_flag",
        "--optimizer.lrr=1": "optimizer.lr",
    }
    for flag, word in wrong_flags.items():
        yield _training(flag, (word,))
        yield Case(f"lightning {flag}", TRACKS["lightning"], [*SMALL, flag], (word,))
    for flag in (
        "temperature=1e-300",
        "embedding_dim=100000000000",
        "image_dims=[100000000000]",
        "word_dims=[100000000000]",
    ):
        yield _training(
            f"--dual_tower.{flag}",
            ("dual_tower", "word_vectors"),
            "--model=dual_tower",
            "--data.word_vectors=words.txt",
        )
    for wrong in (
        "accumulate_grad_batches=0",
        "devices=0",
        "devices=many",
        "precision=3",
        "max_epochs=3",
        "accelerator=quantum",
        "gradient_clip_val=abc",
        "nothing=1",
        "strategy=none",
        "limit_train_batches=-1",
        "callbacks=[1]",
    ):
        yield Case(
            f"lightning --lightning.{wrong}", TRACKS["lightning"], [*SMALL, f"--lightning.{wrong}"], ("lightning",)
        )


def program_cases(run: Path, towers: Path) -> Iterator[Case]:
    """Programs without what they need, or with too much."""
    for package in ("apps", "studies", "parity"):
        yield Case(f"{package} unknown", package, ["nothing"], ("nothing",))
        yield Case(f"{package} unknown flag", package, ["--nothing"], ("nothing",))
    needs: dict[str, list[tuple[list[str], str]]] = {
        "apps": [
            (["predict", "nowhere", "x.png"], "nowhere"),
            (["predict", str(run), "nowhere.png"], "nowhere.png"),
            (["predict", str(run), "."], "."),
            (["predict", str(run), "nowhere.npy"], "nowhere.npy"),
            (["predict", str(run), "nowhere.ndjson"], "nowhere.ndjson"),
            (["search", "rabbit", "--run", "nowhere"], "nowhere"),
            (["search", "rabbit", "--run", str(run)], "dual tower"),
            (["search", "rabbit", "--logs_root", "nowhere"], "nowhere"),
            (["search", "qwertyzxcv", "--run", str(towers)], "qwertyzxcv"),
            (["search", "nowhere.png", "--run", str(towers)], "nowhere.png"),
            (["search", "rabbit", "--run", str(towers), "--count", "0"], "--count"),
            (["search", "rabbit", "--run", str(towers), "--split", "unseen"], "--split"),
            (["search", "rabbit", "--run", str(towers), "--seed", "abc"], "seed"),
            (["zero-shot", "nowhere"], "nowhere"),
            (["zero-shot", str(towers)], "unseen"),
            (["export", "nowhere", "--onnx"], "nowhere"),
            (["demo", "--logs_root", "nowhere"], "nowhere"),
            (["demo", "--port", "99999"], "--port"),
            (["demo", "--port", "-5"], "--port"),
            (["demo", "--host", "no such host"], "--host"),
        ],
        "studies": [
            (["sweep", "nowhere.yaml"], "nowhere.yaml"),
            (["sweep", "."], "."),
            (["sweep", "sweep.yaml", "--jobs", "0"], "--jobs"),
            (["sweep", "sweep.yaml", "--trials", "-3"], "--trials"),
            (["sweep", "sweep.yaml", "--storage", "nothing://x"], "nothing://x"),
            (["sweep", "sweep.yaml", "--storage", "sqlite:////dev/null/x.db"], "/dev/null"),
            (["sweep", "sweep.yaml", "--optimizer.lrr", "3"], "optimizer.lr"),
            (["reproduce", "nowhere"], "nowhere"),
            (["report", "--config", "nowhere.yaml"], "nowhere.yaml"),
        ],
        "parity": [
            (["compare", "--config", "nowhere.yaml"], "nowhere.yaml"),
            (["compare", "--optimizer.lrr", "3"], "optimizer.lr"),
            (["trace", "--seed", "abc"], "seed"),
        ],
    }

    def prepare(folder: Path) -> None:
        (folder / "sweep.yaml").write_text("parameters: {optimizer.lr: [0.1]}")

    for package, calls in needs.items():
        for arguments, word in calls:
            yield Case(f"{package} {' '.join(arguments)[-60:]}", package, arguments, (word,), prepare)


def _training(flag: str, words: tuple[str, ...], *more: str) -> Case:
    def prepare(folder: Path) -> None:
        (folder / "words.txt").write_text(words_text())

    return Case(flag, TRACKS["numpy"], [*SMALL, *more, flag], words, prepare)
