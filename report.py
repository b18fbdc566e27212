"""Write a report on the runs in the logs, as PDF and as HTML: python report.py [configs/report.yaml] [flags].

Without a config it takes whatever is in logs/. With one, runs that are missing are made first. All further flags are
the trainers'.
"""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from experiment.errors import UserError, run_program


def main() -> int:
    """Make what is missing, if a config asks for it, and write the report."""
    words = sys.argv[1:]
    config = Path(words.pop(0)) if words and not words[0].startswith("-") else None
    parser = ArgumentParser(
        usage="report.py [configs/report.yaml] [--out DIR] [flags]", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--out", type=Path, default=Path("report"), help="folder for report.pdf and report.html")
    parser.epilog = "All further flags are the trainers', on top of each config."
    arguments, flags = parser.parse_known_args(words)
    from experiment.files import write_text, written_whole
    from reporting.evidence import gather
    from reporting.plan import read_plan
    from reporting.sections import write
    from reporting.writers import as_html, as_pdf

    plan = read_plan(config, flags)
    evidence = gather(plan)
    if config:
        _make(evidence.missing(plan))
        evidence = gather(plan)
    for folder, reason in sorted(evidence.skipped.items()):
        print(f"passed over: {folder}: {reason}")
    document = write(plan, evidence)
    pdf, html = as_pdf(document), as_html(document)
    with written_whole(arguments.out / "report.pdf") as file:
        file.write(pdf)
    write_text(arguments.out / "report.html", html)
    left = evidence.missing(plan)
    if left:
        print(f"{len(left)} parts are missing; the first page says which commands make them.")
    print(f"Report: {arguments.out / 'report.pdf'} and {arguments.out / 'report.html'}")
    return 0


def _make(commands: list[list[str]]) -> None:
    """Run commands, one after the other; their output goes to the terminal."""
    from reporting.plan import as_line, to_run

    for number, command in enumerate(commands, start=1):
        print(f"[{number}/{len(commands)}] {as_line(command)}", flush=True)
        code = subprocess.run(to_run(command), check=False).returncode
        # compare.py ends with 1 where a target is missed: that is a result, and stands in the report
        if code and not (command[1] == "compare.py" and code == 1):
            raise UserError(f"{as_line(command)}: ended with exit code {code} (its own words are above).")


if __name__ == "__main__":
    run_program(main)
