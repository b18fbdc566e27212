"""The typed config: files and flags, what is refused, and that help comes at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from experiment.commandline import flat_fields, from_yaml, parse_command, to_yaml
from experiment.config import Experiment, Optimizer
from experiment.errors import UserError
from tests.conftest import PROJECT, TRACKS, Program, assert_refused

CONFIGS = [
    path
    for pattern in ("*.yaml", "all_345/*.yaml", "recipes/*.yaml", "reports/*/*.yaml")
    for path in sorted((PROJECT / "configs").glob(pattern))
    if path.name not in ("reported.yaml", "report.yaml")  # read by test_figures.py and test_report.py
]


def parse(*arguments: str) -> Experiment:
    """What these flags ask for."""
    return parse_command("", arguments).experiment


def test_bare_is_the_softmax_config() -> None:
    assert parse() == Experiment() == from_yaml(PROJECT / "configs" / "softmax.yaml")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_configs_are_sound(path: Path) -> None:
    assert from_yaml(path).experiment.endswith(path.stem)


def test_flags_win_over_the_file() -> None:
    path = str(PROJECT / "configs" / "dual_tower.yaml")
    experiment = parse("--config", path, "--trainer.max_epochs", "3", "--dual_tower.image_dims", "[8]")
    assert (experiment.model, experiment.trainer.max_epochs) == ("dual_tower", 3)
    assert experiment.dual_tower.image_dims == [8] and experiment.dual_tower.margin_weight == 1


def test_every_field_is_a_flag_with_help() -> None:
    names = flat_fields(asdict(Experiment()))
    assert {"data.augmentation.rotation", "optimizer.lr", "seed"} <= names.keys()
    for name, value in names.items():
        text = "null" if value is None else yaml.safe_dump(value, default_flow_style=True).splitlines()[0]
        assert parse(f"--{name}={text}") == Experiment()


def test_yaml_comes_back_whole(tmp_path: Path) -> None:
    experiment = Experiment(seed=7, optimizer=Optimizer(lr=1e-4), lightning={"accelerator": "cpu"})
    (tmp_path / "config.yaml").write_text(to_yaml(experiment))
    assert from_yaml(tmp_path / "config.yaml") == experiment


BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15))
"""YAML of 15 lines that is 9 ** 14 values when its aliases are written out."""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--optimizer.lrr", "1"], "Did you mean 'optimizer.lr'"),
        (["--optimizer.lr", "fast"], "--optimizer.lr"),
        (["--optimizer.lr", "-1"], "--optimizer.lr must be above 0"),
        (["--optimizer.lr", "nan"], "--optimizer.lr"),
        (["--trainer.max_epochs", "2.5"], "--trainer.max_epochs: expected int"),
        (["--trainer.max_epochs", "0"], "--trainer.max_epochs must be"),
        (["--trainer.dtype", "float16"], "--trainer.dtype"),
        (["--data.val_fraction", "1"], "--data.val_fraction"),
        (["--data.categories", "cat"], "--data.categories"),
        (["--data.categories", "[cat]"], "at least two"),
        (["--data.categories", "[cat,cat]"], "repeated"),
        (["--softmax.hidden_dims", "[12,-3]"], "--softmax.hidden_dims"),
        (["--optimizer.nesterov", "true", "--optimizer.momentum", "0"], "--optimizer.momentum"),
        (["--dual_tower.cosine_weight", "0"], "--dual_tower.cosine_weight"),
        (["--experiment", "../out"], "plain folder name"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
        (["--resume", "nowhere"], "not the folder of a run"),
        (["--resume"], "--resume"),
        (["--resume", ""], "--resume"),
        (["--config", ""], "--config"),
        (["--config", "."], "not a file, but a folder"),
        (["--softmax.layers", "&a [*a]"], "alias"),
        (["--dual_tower.temperature", "1e-300"], "--dual_tower.temperature"),
        (["surplus"], "surplus"),
    ],
)
def test_bad_flags_are_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse(*arguments)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("optimizer: {lrr: 3}", "Did you mean 'optimizer.lr'"),
        ("optimiser: {lr: 3}", "unknown key 'optimiser"),
        ("sed: 3", "Did you mean 'seed'"),
        ("trainer: {max_epochs: many}", "--trainer.max_epochs"),
        ("data: 3", "'data' must be a section"),
        ("optimizer: {lr: [", "not a YAML file"),
        ("[1, 2]", "not a YAML file"),
        ("", "not a YAML file"),
        ("# seed: 3\n", "empty"),
        ("1: 2", "unknown key '1'"),
        ("seed: &a [*a]", "alias"),
        (BOMB, "aliases (*name) written out"),
        ("data: " + "[" * 100_000, "nested too deeply"),
        ("seed: 2001-99-99", "not a YAML file"),
        ("seed: !!int ", "not a YAML file"),
        ("seed: !!bool perhaps", "not a YAML file"),
        ("seed: !!timestamp now", "not a YAML file"),
        ("data: {root: data,\tseed: 1}\nseed\t: 1", "not a YAML file"),
        ("seed: " + "9" * 5000, "not a YAML file"),
        ("seed: !!python/object/apply:os.getcwd []", "not a YAML file"),
        ("experiment: café".encode("latin-1"), "not a UTF-8 file"),
        ("seed: 3".encode("utf-16"), "not a UTF-8 file"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bad_files_are_refused(content: str | bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as refusal:
        parse("--config", str(path))
    assert words in str(refusal.value)


@pytest.mark.parametrize("script", TRACKS.values())
def test_help_and_mistakes_come_before_heavy_imports(script: str) -> None:
    code = f"""
import runpy, sys
sys.argv = [{script!r}, "--optimizer.lrr", "1"]
sys.path.insert(0, {str((PROJECT / script).parent)!r})
try:
    runpy.run_path({str(PROJECT / script)!r}, run_name="__main__")
except SystemExit as stop:
    heavy = set(sys.modules) & {{"torch", "lightning", "matplotlib", "sklearn", "tensorboard", "cv2", "numpy"}}
    print(stop.code, sorted(heavy))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "2 []", done.stderr


def test_no_subcommand_imports_a_framework_for_its_help() -> None:
    code = """
import sys
from importlib import import_module
for package in ("parity", "studies", "apps"):
    for name, _ in import_module(f"{package}.__main__").SUBCOMMANDS.values():
        try:
            import_module(name).main(["--help"])
        except SystemExit as stop:
            assert not stop.code, name
        heavy = set(sys.modules) & {"torch", "lightning", "matplotlib", "sklearn", "tensorboard", "optuna"}
        assert not heavy, (name, heavy)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr


def test_print_config_can_be_used_as_config(program: Program, tmp_path: Path) -> None:
    printed = program(TRACKS["numpy"], "--seed", 9, "--print_config").stdout
    (tmp_path / "printed.yaml").write_text(printed)
    assert parse("--config", str(tmp_path / "printed.yaml")) == Experiment(seed=9)


@pytest.mark.parametrize("script", TRACKS.values())
def test_programs_say_it_in_one_line(script: str, program: Program) -> None:
    assert_refused(program(script, "--optimizer.lrr", 1), "--optimizer.lrr", "Did you mean")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "windows.yaml").write_bytes(b"\xef\xbb\xbfseed: 5\r\n")
    assert parse("--config", str(tmp_path / "windows.yaml")).seed == 5


def test_aliases_are_no_mistake_in_themselves(tmp_path: Path) -> None:
    (tmp_path / "aliases.yaml").write_text("softmax: {hidden_dims: &dims [3, 4]}\ndual_tower: {word_dims: *dims}\n")
    assert parse("--config", str(tmp_path / "aliases.yaml")).dual_tower.word_dims == [3, 4]
