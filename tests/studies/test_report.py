"""The report: PDF and HTML of one structure, from whatever the logs hold; missing and unlike runs are named."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
import yaml
from filelock import FileLock
from matplotlib.figure import Figure as Canvas

from experiment.errors import UserError
from experiment.run import Run, finished_runs
from studies.report import pictures
from studies.report.document import Document, Image
from studies.report.evidence import gather, unlike
from studies.report.plan import Plan, Sweeps, Words, as_line, read_plan
from studies.report.sections import common, write
from studies.report.sections.front import front
from studies.report.sections.reproducibility import reproducibility
from studies.report.writers import as_html, as_pdf, references
from tests.conftest import PROJECT, Program, assert_refused, program_in

TASKS = f"task_one: {PROJECT}/configs/softmax.yaml\ntask_two: {PROJECT}/configs/dual_tower.yaml\n"
SWEEP = (
    "name: tiny\nparameters:\n  dual_tower.train_word_tower: [false, true]\n  dual_tower.margin_weight: [0.0, 1.0]\n"
)
MADE_BEFORE = (("train_lightning.py",), ("parity", "compare"))
"""What is made for Task I before the report starts, since it goes faster by `program_in`."""


@dataclass
class Made:
    """A report made by its program, with the flags of its runs."""

    folder: Path
    config: Path
    flags: list[str]
    said: str

    def pdf(self) -> bytes:
        """The PDF as it was written."""
        return (self.folder / "report" / "report.pdf").read_bytes()

    def pages(self) -> list[str]:
        """The text of the PDF's pages."""
        return [str(page) for page in json.loads((self.folder / "pages.json").read_text())]

    def html(self) -> str:
        """The HTML as it was written."""
        return (self.folder / "report" / "report.html").read_text(encoding="utf-8")

    def plan(self, **changes: str) -> Plan:
        """The report's plan, with other flags at the end."""
        return read_plan(self.config, [*self.flags, *(f"--{name}={value}" for name, value in changes.items())])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, glove: Path) -> Made:
    """A whole report on doodles, whose runs are tiny; all but two of them the report makes itself."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared
    folder = shared / "report"
    flags = [f"--logs_root={folder / 'logs'}", f"--data.word_vectors={folder / 'glove.txt'}", "--figures=false"]
    with FileLock(shared / "report.lock"):  # the first of pytest's processes makes it, for all of them
        if not (folder / "said.txt").is_file():
            folder.mkdir()
            shutil.copy(glove, folder / "glove.txt")
            write_configs(folder)
            run = program_in(folder)
            for program in MADE_BEFORE:
                assert run(*program, "--config", folder / "one.yaml", *flags).returncode == 0
            done = run("studies", "report", folder / "report.yaml", *flags)
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "pages.json").write_text(json.dumps(text_of((folder / "report" / "report.pdf").read_bytes())))
            (folder / "said.txt").write_text(done.stdout)
    return Made(folder, folder / "report.yaml", flags, (folder / "said.txt").read_text(encoding="utf-8"))


def write_configs(folder: Path) -> None:
    """A report's config, and those of its tiny experiments."""
    small = {"optimizer": {"lr": 0.05}, "trainer": {"max_epochs": 2}}
    small["data"] = {"source": "doodles", "train_per_category": 30, "test_per_category": 8}
    one = {"experiment": "one", "softmax": {"hidden_dims": [6]}} | small
    two = {"experiment": "two", "model": "dual_tower", "dual_tower": {"image_dims": [6], "margin_weight": 1.0}} | small
    (folder / "one.yaml").write_text(yaml.safe_dump(one))
    (folder / "two.yaml").write_text(yaml.safe_dump(two))
    (folder / "sweep.yaml").write_text("base: two.yaml\n" + SWEEP)
    names = ("hyperparameters", "depth", "width", "ablation", "word_tower", "embedding")
    report: dict[str, Any] = {
        "name": "Ada L.",
        "links": {"the code": "https://example.org/code"},
        "task_one": "one.yaml",
    }
    report |= {"task_two": "two.yaml", "sweeps": dict.fromkeys(names, "sweep.yaml")}
    report |= {"full": True, "words": {"discussion": "own.md", "data": "I chose *doodles*."}}
    (folder / "report.yaml").write_text(yaml.safe_dump(report))
    (folder / "own.md").write_text("What I **found** [@he2015].\n\n- one\n- two\n\n## In detail\n\n```\nx = 1\n```\n")


def runs_of(folder: Path) -> list[dict[str, Any]]:
    """The metrics of the report's four runs."""
    paths = [path for name in ("one", "two") for path in (folder / "logs" / name).glob("[nl]*/*/metrics.json")]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def text_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


# --- the whole report


def test_what_was_missing_was_made_once(made: Made) -> None:
    assert made.said.count("numpy_ref/train.py") == 2 and made.said.count("train_lightning.py") == 1
    assert made.said.count("parity compare") == 1 and made.said.count("studies sweep") == 1
    assert len(runs_of(made.folder)) == 4
    assert not gather(made.plan()).missing(made.plan())


@pytest.mark.parametrize("name", ["report.pdf", "report.html"])
def test_the_numbers_of_the_runs_stand_in_it(made: Made, name: str) -> None:
    content = (made.folder / "report" / name).read_bytes()
    text = "\n".join(made.pages()) if name.endswith("pdf") else content.decode()
    for metrics in runs_of(made.folder):
        values = list(metrics["test"].values())
        values += [row[key] for row in metrics["test_per_class"].values() for key in row if key != "support"]
        for value in values:
            assert f"{value:.4f}" in text
        assert f"{metrics['validation_best']['loss']:.4f}" in text
    for word in ("Ada L.", "Gradients of the first iteration", "layers.1.weight", "References", "margin_weight"):
        assert word in text, word
    assert "found" in text and "In detail" in text  # the author's words


def test_doodles_are_called_so_on_the_first_page(made: Made) -> None:
    assert "Nothing in it is a result on Quick, Draw!" in " ".join(made.pages()[0].split())


def test_the_same_runs_give_the_same_bytes(made: Made) -> None:
    document = write(made.plan(), gather(made.plan()))
    assert as_pdf(document) == made.pdf()
    assert as_html(document) == made.html()
    assert document.date and document.date in made.html()


def test_every_picture_is_there_and_within_the_page(made: Made) -> None:
    sources = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', made.html())
    assert len(sources) > 25
    assert all(source.startswith("data:image/") and len(source) > 500 for source, _ in sources)
    assert all(alt and "[@" not in alt and "`" not in alt for _, alt in sources)
    assert not re.search(r'(src|href)="(?!data:|#|https://)', made.html())


def test_numbers_of_figures_and_tables_agree(made: Made) -> None:
    numbers = re.findall(r"<strong>((?:Figure|Table) \d+)\.</strong>", made.html())
    text = "\n".join(made.pages())
    assert len(numbers) == len(set(numbers)) > 30
    assert all(f"{number}." in text for number in numbers)


@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_it_without_a_request_or_an_error(made: Made, browser: Any, width: int) -> None:
    said: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url[:5] not in ("data:", "file:") else None)
    page.goto((made.folder / "report" / "report.html").as_uri())
    broken = page.evaluate("[...document.images].filter(image => !image.complete || !image.naturalWidth).length")
    across = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert said == []
    assert broken == 0
    assert across <= width


# --- what is missing, foreign, or unlike


def test_without_runs_the_commands_of_the_tasks_are_named(tmp_path: Path, program: Program) -> None:
    done = program("studies", "report", "--logs_root", tmp_path / "none", "--data.source=doodles")
    assert done.returncode == 0, done.stderr
    text = " ".join("\n".join(text_of((tmp_path / "report" / "report.pdf").read_bytes())).split())
    for command in ("numpy_ref/train.py --config", "train_lightning.py --config", "--data.source=doodles"):
        assert command in text
    assert "sweep" not in text  # it was not asked for


def test_foreign_and_half_written_folders_are_passed_over_and_named(made: Made, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    for kind in ("", "_sweeps", "_comparisons"):
        shutil.copytree(made.folder / f"logs{kind}", tmp_path / f"logs{kind}")
    (logs / "lightning_logs" / "version_0").mkdir(parents=True)
    (logs / "one" / "numpy" / "notes").mkdir()
    half = logs / "one" / "numpy" / "2999-01-01_00-00-00"
    half.mkdir()
    shutil.copy(next((logs / "one" / "numpy").glob("2*/config.yaml")), half)
    damaged = logs / "one" / "numpy" / "2999-01-01_00-00-01"
    shutil.copytree(
        next(path for path in (logs / "one" / "numpy").glob("2*") if (path / "metrics.json").is_file()), damaged
    )
    (damaged / "predictions.npz").write_bytes(b"PK")
    plan = made.plan(logs_root=str(logs))
    evidence = gather(plan)
    assert len(evidence.runs) == 4 and not evidence.missing(plan)
    reasons = {folder.name: reason for folder, reason in evidence.skipped.items()}
    assert "not a folder of this project's runs" in reasons["version_0"]
    assert "not a run of this project" in reasons["notes"]
    assert "not finished" in reasons[half.name]
    assert "predictions.npz: missing or damaged" in reasons[damaged.name]
    html = as_html(Document("", [], {}, "", reproducibility(plan, evidence)))
    assert all(name in html for name in reasons)


def test_parts_with_other_data_are_named_first(made: Made) -> None:
    evidence = gather(made.plan())
    assert unlike(evidence) == []
    run = evidence.runs["task_two", "lightning"]
    run.metrics["data"] = run.data | {"checksums": {}}
    html = as_html(Document("", [], {}, "", front(made.plan(), evidence)))
    assert "Other data than the first run" in html.split("<h2")[0]  # it stands before all else


def copied(source: Path, logs: Path, name: str, **changes: str) -> Path:
    """A copy of a run under another name, with other texts in its config and data."""
    folder = logs / source.parents[1].name / source.parent.name / name
    shutil.copytree(source, folder)
    for file, change in (("config.yaml", "config"), ("metrics.json", "metrics")):
        old, _, new = changes.get(change, "|").partition("|")
        content = (folder / file).read_text()
        assert old in content
        (folder / file).write_text(content.replace(old, new))
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"config": "dtype: float32|dtype: float64"},
        {"metrics": '"train_images": "|"train_images": "0'},
        {"config": "lr: 0.05|lr: 0.5"},
    ],
)
def test_only_equal_runs_are_paired(
    changes: dict[str, str], made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_saved", lambda canvas, file_format: b"<svg/>")  # nobody looks at them here
    monkeypatch.setattr(common, "FIGURES", dict.fromkeys(common.FIGURES, lambda results: Canvas()))
    logs, plan = tmp_path / "logs", made.plan(logs_root=str(tmp_path / "logs"))
    plan.demanding = False
    runs = gather(made.plan()).runs
    ours, theirs = (runs["task_one", track].folder for track in ("numpy", "lightning"))
    copied(ours, logs, "2999-01-01_00-00-01_float32")
    copied(theirs, logs, "2999-01-01_00-00-02_float64", **changes)
    evidence = gather(plan)
    assert list(evidence.runs) == [("task_one", "lightning")]  # the newest one stands alone
    document = as_html(write(plan, evidence))
    assert (
        "Task I has no run of the NumPy track with the same settings" in document and "difference</th>" not in document
    )
    copied(theirs, logs, "2999-01-01_00-00-00_float32")
    evidence = gather(plan)
    names = [run.folder.name for run in evidence.pair("task_one")]
    assert names == ["2999-01-01_00-00-01_float32", "2999-01-01_00-00-00_float32"]
    assert [folder.name for folder, _ in evidence.others] == ["2999-01-01_00-00-02_float64"]


def test_a_command_in_the_report_makes_its_numbers(glove: Path, tmp_path: Path, program: Program) -> None:
    flags = ["--data.source=doodles", "--data.train_per_category=30", "--data.test_per_category=8", "--figures=false"]
    flags += [f"--data.word_vectors={glove}", "--dual_tower.image_dims=[6]", "--optimizer.schedule=cosine", "--seed=3"]
    flags += [
        "--optimizer.name=adam",
        "--trainer.max_epochs=2",
        f"--logs_root={tmp_path / 'a b'}",
        "--trainer.dtype=float64",
    ]
    assert program("numpy_ref/train.py", "--config", PROJECT / "configs/dual_tower.yaml", *flags).returncode == 0
    assert program("studies", "report", f"--logs_root={tmp_path / 'a b'}").returncode == 0
    blocks = re.findall(r"```\n(.*?)\n```", (tmp_path / "report" / "report.md").read_text(), re.DOTALL)
    typed = program_in(PROJECT)  # "in the project's folder"
    commands = [shlex.split(block.replace("\\\n", "")) for block in blocks]
    scripts = [command[1] for command in commands]
    assert scripts == ["train_lightning.py", "numpy_ref/train.py"]  # the partner that is missing, and the run itself
    for command in commands:
        assert command[0] == "python"
        assert typed(command[1], *command[2:]).returncode == 0
    runs = finished_runs(tmp_path / "a b")
    again, first = (run for run in runs if run.parent.name == "numpy")
    (partner,) = (run for run in runs if run.parent.name == "lightning")
    assert (first / "history.csv").read_bytes() == (again / "history.csv").read_bytes()
    tests = [Run(run).read_json("metrics.json")["test"] for run in (first, again, partner)]
    assert tests[0] == tests[1]
    assert tests[0]["loss"] == pytest.approx(tests[2]["loss"], rel=1e-9)


def test_a_run_with_other_settings_is_not_the_one_that_was_asked_for(made: Made) -> None:
    plan = made.plan(**{"optimizer.lr": "0.5"})
    missing = [as_line(command) for command in gather(plan).missing(plan)]
    for made_again in ("numpy_ref/train.py", "parity compare", "studies sweep"):
        assert any(made_again in line for line in missing), made_again


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nam: Ada\n", ("unknown key 'nam'", "Did you mean 'name'")),
        ("links: {code: example.org}\n", ("links", "https://")),
        (TASKS + "sweeps: {hyperparameters: nowhere.yaml}\n", ("cannot read", "nowhere.yaml", "No such file")),
        ("task_one: nowhere.yaml\n", ("nowhere.yaml",)),
        (f"task_three: {PROJECT}/configs/softmax.yaml\n" + TASKS, ("task_three", "model softmax", "model sequence")),
        ("title: [1]\n", ("title",)),
    ],
)
def test_a_wrong_config_is_refused(content: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "report.yaml").write_text(content)
    with pytest.raises(UserError) as caught:
        read_plan(tmp_path / "report.yaml", [])
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_refusal_leaves_nothing_behind(program: Program, tmp_path: Path) -> None:
    assert_refused(program("studies", "report", "nowhere.yaml"), "nowhere.yaml")
    assert_refused(program("studies", "report", "--no.such.flag=1"), "--no.such.flag")
    assert list(tmp_path.iterdir()) == []


# --- length, formats, the author's words


@pytest.fixture
def drawn_before(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures that are in the whole report are not drawn again."""
    saved = pictures._saved

    def image(name: str, canvas: Any, file_format: Any) -> Image:
        path = made.folder / "report" / "figures" / f"{name}.{file_format}"
        return Image(name, path.read_bytes() if path.is_file() else saved(canvas, file_format), file_format)

    monkeypatch.setattr(pictures, "_saved", lambda canvas, file_format: canvas)
    monkeypatch.setattr(pictures, "Image", image)


@pytest.mark.usefixtures("drawn_before")
def test_by_default_it_is_short_and_leaves_out_what_was_not_asked_for(made: Made) -> None:
    plan = made.plan()
    short = Plan(replace(plan.report, full=False), plan.folder, plan.flags, demanding=True)
    evidence = gather(short)
    pdf = as_pdf(write(short, evidence))
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) <= 14 < len(made.pages())
    bare = Plan(
        replace(short.report, sweeps=Sweeps(), task_two=None, words=Words()), plan.folder, plan.flags, demanding=True
    )
    text = "\n".join(text_of(as_pdf(write(bare, gather(bare)))))
    assert "Task II" not in text and "sweep" not in text and "missing" not in text and "Discussion" not in text


def test_only_settings_in_force_are_listed(made: Made) -> None:
    html = made.html()
    assert "optimizer.momentum" in html and "dual_tower.margin" in html
    assert "beta1" not in html and "dual_tower.temperature" not in html and "decay_every" not in html


def test_markdown_has_all_pictures_formulas_and_words(made: Made) -> None:
    folder = made.folder / "report"
    text = (folder / "report.md").read_text()
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert len(pictures) > 25 and all((folder / path).stat().st_size > 500 for path in pictures)
    assert r"\frac{e^{z_c}}" in text and text.count("$$") % 2 == 0
    assert "What I **found** [" in text and "- one\n- two" in text and "### " in text and "```\nx = 1\n```" in text
    assert "I chose *doodles*." in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len(tables) > 60


def test_configs_and_references_are_sound() -> None:
    plan = read_plan(PROJECT / "configs" / "report.yaml", [])
    assert plan.tasks["task_two"].experiment.model == "dual_tower"
    texts = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "studies" / "report").rglob("*.py"))
    assert set(re.findall(r"\[@(\w+)\]", texts)) - {"key"} <= set(references())
