"""Write a report on the runs in the logs, as PDF, HTML and Markdown: python -m studies report

Without a config it uses the runs in logs/. With one (such as configs/report.yaml), missing runs are made first.
"""

from __future__ import annotations

import os
import subprocess
from argparse import ArgumentParser
from pathlib import Path

from experiment.errors import UserError
from experiment.files import PROJECT


def main(arguments: list[str]) -> int:
    """Make what is missing, if a config asks for it, and write the report."""
    words = list(arguments)
    config = Path(words.pop(0)) if words and not words[0].startswith("-") else None
    parser = ArgumentParser(
        usage="python -m studies report [configs/report.yaml] [--out DIR] [flags]",
        description=__doc__,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--out", type=Path, default=Path("report"), help="folder for report.pdf, report.html and report.md"
    )
    parser.epilog = "All further flags are the trainers', on top of each config."
    options, flags = parser.parse_known_args(words)
    from experiment.files import atomic_write, write_text
    from studies.report.evidence import gather
    from studies.report.plan import read_plan
    from studies.report.sections import write
    from studies.report.writers import as_html, as_markdown, as_pdf

    plan = read_plan(config, flags)
    evidence = gather(plan)
    if config:
        _make(evidence.missing(plan))
        evidence = gather(plan)
    for folder, reason in sorted(evidence.skipped.items()):
        print(f"not used: {folder}: {reason}")
    document = write(plan, evidence)
    pdf, html, (markdown, pictures) = as_pdf(document), as_html(document), as_markdown(document)
    with atomic_write(options.out / "report.pdf") as file:
        file.write(pdf)
    write_text(options.out / "report.html", html)
    for path, content in pictures.items():
        with atomic_write(options.out / path) as file:
            file.write(content)
    write_text(options.out / "report.md", markdown)
    left = evidence.missing(plan)
    if left:
        print(f"{len(left)} parts are missing; the first page says which commands make them.")
    print(f"Report: {options.out / 'report.pdf'}, report.html and report.md")
    return 0


def _make(commands: list[list[str]]) -> None:
    """Run commands, one after the other; their output goes to the terminal."""
    from studies.report.plan import as_line, to_run

    for number, command in enumerate(commands, start=1):
        print(f"[{number}/{len(commands)}] {as_line(command)}", flush=True)
        code = subprocess.run(to_run(command), env=os.environ | {"PYTHONPATH": str(PROJECT)}, check=False).returncode
        # a comparison ends with 1 where the tracks differ: that is a result, and stands in the report
        if code and not (command[2:4] == ["parity", "compare"] and code == 1):
            raise UserError(f"{as_line(command)}: ended with exit code {code} (its error message is above).")
