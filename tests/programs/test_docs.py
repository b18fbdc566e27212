"""The commands, examples and links of README.md, CONTRIBUTING.md and docs/.

Each command runs as it stands, but for shorter trainings on fewer drawings. A new command has to be one of `KINDS`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml

from experiment.commandline import from_yaml, parse_command
from studies.reproduce.published import read_reported
from studies.sweep.definition import read_sweep
from tests.conftest import PROJECT, Program, fast_python, program_in
from tests.data.test_datasets import make_cifar10, make_mnist

PAGES = {
    path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
    for path in (PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md")))
}


def blocks(language: str, page: str | None = None) -> list[str]:
    """The fenced blocks in a language, of a page or of all."""
    texts = PAGES.values() if page is None else [PAGES[page]]
    return [block for text in texts for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)]


COMMANDS = list(
    dict.fromkeys(
        line.split("  #")[0].strip()
        for block in blocks("sh")
        for line in re.sub(r"\\\n\s*", "", block).splitlines()
        if line.strip() and not line.startswith("#")
    )
)
KINDS = {
    "train": r"python (numpy_ref/train|train_lightning)\.py( |$)",
    "torchrun": r"torchrun .* train_lightning\.py ",
    "parity compare": r"python -m parity compare ",
    "parity trace": r"python -m parity trace ",
    "parity check": r"python -m parity check ",  # tests/parity/check
    "studies sweep": r"python -m studies sweep ",
    "studies reproduce": r"python -m studies reproduce ",
    "studies report": r"python -m studies report( |$)",
    "apps predict": r"python -m apps predict ",
    "apps search": r"python -m apps search( |$)",
    "apps zero-shot": r"python -m apps zero-shot ",
    "apps demo": r"python -m apps demo$",  # tests/apps/test_demo.py
    "apps export": r"python -m apps export ",
    "benchmarks": r"python benchmarks/\w+\.py( |$)",
    "install": r"python -m (venv \.venv|pip install )",
    "activate": r"\. \.venv/bin/activate$",
    "make": r"make ",
    "tensorboard": r"tensorboard --logdir logs$",
}
SHORT = ["--data.source", "doodles", "--data.train_per_category", "20", "--data.test_per_category", "5"]
SHORT += ["--trainer.max_epochs", "1", "--figures", "false"]


def of_kind(kind: str) -> list[str]:
    """The commands of a kind."""
    return [command for command in COMMANDS if re.match(KINDS[kind], command)]


def without_data(command: str) -> str:
    """The command without the flags that say which data it takes."""
    return re.sub(r" --data\.(root|source|word_vectors) \S+", "", command)


def arguments_of(command: str, folder: Path | None = None) -> list[str]:
    """The words behind `python` or `python -m`; configs are the project's, and <run> is the one run in its folder."""
    words = shlex.split(command.replace("configs/", f"{PROJECT.as_posix()}/configs/"))
    words = words[2:] if words[1] == "-m" else words[1:]
    return [_the_run(word, folder) if folder and "<run>" in word else word for word in words]


def _the_run(word: str, folder: Path) -> str:
    (run,) = (folder / word.removesuffix("/<run>")).iterdir()
    return str(run)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, glove: Path) -> Path:
    """A folder with a short run for each <run> in the docs, and with drawings to predict."""
    folder = tmp_path_factory.mktemp("docs")
    run = program_in(folder)
    flags = [*SHORT, "--logs_root", "logs", "--data.word_vectors", glove]
    unseen = [*flags, "--data.unseen", 2, "--dual_tower.image_dims", "[8]"]
    for script, *more in (
        ("numpy_ref/train.py", *flags),
        ("train_lightning.py", *flags),
        ("numpy_ref/train.py", *unseen, "--experiment", "zero_shot", "--model", "dual_tower"),
        ("train_lightning.py", *unseen, "--experiment", "zero_shot", "--model", "dual_tower"),
        ("train_lightning.py", *unseen, "--experiment", "zero_shot_classifier"),
        ("numpy_ref/train.py", *flags, "--model", "sequence", "--data.form", "strokes", "--experiment", "sequence"),
    ):
        result = run(script, *more)
        assert result.returncode == 0, result.stderr
    for small, large in (("sequence/numpy", "all_345_sequence"), ("softmax/lightning", "all_345_cnn")):
        shutil.copytree(folder / "logs" / small, folder / "logs" / large / "lightning")  # these train for minutes
    cv2.imwrite(str(folder / "drawing.png"), np.pad(np.zeros((60, 30), np.uint8), 20, constant_values=255))
    np.save(folder / "more.npy", np.stack([255 * np.eye(28, dtype=np.uint8)] * 2))
    (folder / "strokes.ndjson").write_text('{"drawing": [[[0, 9], [0, 9]]]}\n', encoding="utf-8")
    return folder


# --- the commands


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_of_one_kind(command: str) -> None:
    kinds = [kind for kind, pattern in KINDS.items() if re.match(pattern, command)]
    assert len(kinds) == 1, f"{command}: {kinds}; add its kind to KINDS, and a test that runs it"


def test_there_are_commands_of_every_kind() -> None:
    assert len(of_kind("train")) >= 8
    assert [kind for kind in KINDS if not of_kind(kind)] in ([], ["parity check"])


TRAININGS = sorted({without_data(command) for command in of_kind("train") if "<run>" not in command})
TRAININGS = [command for command in TRAININGS if not re.search(r"all_345/dual_tower\.yaml|classifier\.yaml", command)]
"""(Those two differ from their neighbours by settings alone, which tests/programs/test_config.py reads.)"""


@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=[pytest.mark.processes] if "ddp" in c else []) for c in TRAININGS]
)
def test_trainings_run(command: str, program: Program, glove: Path, tmp_path: Path) -> None:
    script, *arguments = arguments_of(command)
    data, label = SHORT, "doodles: DOODLES made by this project, NOT Quick, Draw!"
    if "345" in command or "zero_shot" in command:  # there are five categories of doodles
        arguments += ["--data.categories", "[rabbit, yoga, hand, snowman, motorbike]"]
        arguments += ["--data.unseen", "2"] if "zero_shot" in command else []
    if "3_mnist" in command or "4_cifar10" in command:
        name, make = ("mnist", make_mnist) if "3_mnist" in command else ("cifar-10-batches-bin", make_cifar10)
        data, label = [*SHORT[6:], "--data.root", str(make(tmp_path / name))], ""
    if {"--help", "--print_config"} & set(arguments):
        result = program(script, *arguments)
    else:
        result = program(script, *arguments, *data, "--logs_root", tmp_path, "--data.word_vectors", glove)
        assert result.stdout.startswith(f"Data: {label}")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


@pytest.mark.processes
@pytest.mark.parametrize("command", of_kind("torchrun"))
def test_torchrun_runs(command: str, tmp_path: Path) -> None:
    words = shlex.split(command.replace("train_lightning.py", f"{PROJECT.as_posix()}/train_lightning.py"))
    words[0] = str(Path(sys.executable).with_name(words[0]))
    environment = os.environ | {"PYTHON_EXEC": fast_python()}  # for the processes that torchrun starts
    done = subprocess.run(
        [*words, *SHORT, "--logs_root", tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("softmax/lightning/*/metrics.json"))) == 1


def test_a_run_is_resumed(folder: Path, tmp_path: Path) -> None:
    (command,) = (command for command in of_kind("train") if "--resume" in command)
    copy = shutil.copytree(folder, tmp_path / "copy")  # other tests compare the run as it is
    done = program_in(copy)(*arguments_of(command, copy))
    assert done.returncode == 0, done.stderr
    assert "Test: accuracy" in done.stdout


@pytest.mark.parametrize("command", [*of_kind("parity compare"), *of_kind("parity trace")])
def test_comparisons_run(command: str, folder: Path, glove: Path, tmp_path: Path) -> None:
    if "<run>" in command:
        package, *arguments = arguments_of(command, folder)
    else:
        package, *arguments = arguments_of(without_data(command))
        arguments += [*SHORT, "--logs_root", tmp_path.as_posix(), "--data.word_vectors", str(glove)]
        arguments += ["--data.train_per_category", "6", "--data.batch_size", "12"]  # each step is compared
        arguments += ["--trainer.patience", "1"]  # trainings by script try whether it is kept
    if "cifar10" in command:
        arguments += ["--data.source", "auto", "--data.root", str(make_cifar10(tmp_path / "cifar-10-batches-bin"))]
    result = program_in(folder)(package, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("command", of_kind("studies sweep"))
def test_sweeps_run(command: str, program: Program, tmp_path: Path) -> None:
    package, *arguments = arguments_of(without_data(command))
    result = program(package, *arguments, *SHORT, "--logs_root", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "18 trials" in result.stdout and "Test of the best" in result.stdout


@pytest.mark.parametrize("command", of_kind("studies reproduce"))
def test_published_reports_are_there(command: str) -> None:  # tests/studies and visualization reproduce a small one
    _, _, published, *flags = arguments_of(command)
    configs = {path.stem for path in Path(published).glob("*.yaml")} - {"reported"}
    assert configs == {Path(row.config).stem for row in read_reported(Path(published)).rows}
    for name in configs:
        assert f"| {name} | accuracy |" in PAGES["docs/published_reports.md"]
    parse_command("", flags)


def test_reports_are_written(program: Program, tmp_path: Path) -> None:
    commands = of_kind("studies report")
    assert any("configs/report.yaml" in command for command in commands)  # tests/studies/test_report.py makes one
    result = program("studies", "report", "--logs_root", tmp_path / "logs")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "report" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_predictions_are_made(folder: Path) -> None:
    for command in of_kind("apps predict"):
        result = program_in(folder)(*arguments_of(command, folder))
        assert result.returncode == 0, result.stderr
        assert result.stdout
    assert len((folder / "preds.csv").read_text(encoding="utf-8").splitlines()) == 1 + 4


@pytest.mark.parametrize("command", [*of_kind("apps search"), *of_kind("apps zero-shot"), *of_kind("apps export")])
def test_trained_runs_are_used(command: str, folder: Path) -> None:
    package, *arguments = arguments_of(command, folder)
    if arguments[0] == "search":
        arguments += ["--logs_root", "logs"]
    result = program_in(folder)(package, *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout


@pytest.mark.parametrize("command", of_kind("benchmarks"))
def test_benchmarks_are_there(command: str) -> None:
    script, *flags = arguments_of(command)
    source = (PROJECT / script).read_text(encoding="utf-8")
    if "ArgumentParser(" not in source:
        parse_command("", flags)
    for flag in (word for word in flags if word.startswith("--") and "ArgumentParser(" in source):
        assert f'"{flag}"' in source, flag


@pytest.mark.parametrize("command", of_kind("install"))
def test_what_is_installed_is_pinned(command: str) -> None:
    pinned = "".join((PROJECT / f"requirements{kind}.txt").read_text(encoding="utf-8") for kind in ("", "-dev"))
    for word in shlex.split(command)[4:]:
        assert word == "-r" or (PROJECT / word).is_file() or f"\n{word}==" in pinned, word


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize("target", sorted({word for command in of_kind("make") for word in command.split()[1:]}))
def test_make_targets_exist(target: str) -> None:
    subprocess.run(["make", "-n", target], cwd=PROJECT, check=True, capture_output=True)


def test_tensorboard_can_be_started() -> None:
    assert of_kind("tensorboard")
    done = subprocess.run(
        [Path(sys.executable).with_name("tensorboard"), "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("2.")


# --- the examples


def test_the_twin_is_one() -> None:
    ours, theirs = blocks("python", "README.md")
    numpy_side: dict[str, type] = {}
    torch_side: dict[str, type] = {}
    exec(ours, {"np": np}, numpy_side)
    exec(theirs, {"torch": torch}, torch_side)
    random = np.random.default_rng(0)
    x, weight, bias, grad = (random.normal(size=size) for size in ((5, 4), (3, 4), 3, (5, 3)))
    layer, twin = numpy_side["Linear"](weight, bias), torch_side["Linear"](torch.tensor(weight), torch.tensor(bias))
    inputs = torch.tensor(x, requires_grad=True)
    outputs = twin(inputs)
    np.testing.assert_allclose(layer.forward(x), outputs.detach().numpy(), rtol=1e-12)
    outputs.backward(torch.tensor(grad))
    assert inputs.grad is not None
    np.testing.assert_allclose(layer.backward(grad), inputs.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.weight_grad, twin.weight.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.bias_grad, twin.bias.grad.numpy(), rtol=1e-12)


def test_the_networks_yaml_is_an_experiment(tmp_path: Path) -> None:
    (text,) = blocks("yaml", "docs/your_own_network.md")
    (tmp_path / "network.yaml").write_text(text, encoding="utf-8")
    assert len(from_yaml(tmp_path / "network.yaml").softmax.layers or []) == 7


def test_the_sweeps_yaml_is_a_sweep(tmp_path: Path) -> None:
    (text,) = blocks("yaml", "docs/sweeps.md")
    (tmp_path / "sweep.yaml").write_text(text.replace("../", f"{PROJECT.as_posix()}/configs/"), encoding="utf-8")
    assert read_sweep(tmp_path / "sweep.yaml", []).trials == 20


def test_the_cluster_scripts_flags_exist() -> None:
    (script,) = blocks("bash", "docs/several_processes.md")
    (command,) = re.findall(r"^srun (.*)", script.replace("\\\n", ""), re.M)
    _, *flags = arguments_of(command)
    assert parse_command("", flags).experiment.lightning["num_nodes"] == 2


# --- the pages


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the website make them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_pictures_and_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        path = (PROJECT / page).parent / target if target else PROJECT / page
        assert path.exists(), link
        if page.startswith("docs/"):  # the website has nothing else
            assert path.resolve().is_relative_to(PROJECT / "docs"), link
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_short(page: str) -> None:
    assert len(PAGES[page].splitlines()) <= (150 if page == "README.md" else 200)


def test_every_page_is_in_the_navigation() -> None:
    navigation = yaml.safe_load((PROJECT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = re.findall(r"[\w/]+\.md", str(navigation))
    assert sorted(f"docs/{name}" for name in listed) == sorted(page for page in PAGES if page.startswith("docs/"))


def test_readme_names_files_that_exist() -> None:
    (layout,) = (block for block in blocks("", "README.md") if "numpy_ref/" in block)
    for name in re.findall(r"(?:^|  )([\w/]+(?:/|\.py))(?=\s)", layout, re.M):
        assert (PROJECT / name).exists(), name


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page: str) -> None:
    packages = "|".join(path.name for path in PROJECT.iterdir() if path.is_dir())
    for name in re.findall(rf"`((?:{packages})/[\w/.]*)`", PAGES[page]):
        if not name.startswith(("logs/", "data/")):
            assert (PROJECT / name).exists(), name
