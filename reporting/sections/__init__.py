"""The chapters of the report. Each is a function of the plan and the evidence that returns blocks."""

from __future__ import annotations

from reporting.document import Document
from reporting.evidence import Evidence
from reporting.plan import Plan
from reporting.sections.data import data
from reporting.sections.front import front
from reporting.sections.reproducibility import reproducibility
from reporting.sections.task_one import task_one
from reporting.sections.task_two import task_two

CHAPTERS = (front, data, task_one, task_two, reproducibility)


def write(plan: Plan, evidence: Evidence) -> Document:
    """The whole report."""
    report = plan.report
    number = f"Student number {report.student_number}" if report.student_number else ""
    author = [line for line in (report.name, number, report.course) if line]
    document = Document(report.title, author, report.links, evidence.date())
    for chapter in CHAPTERS:
        document.blocks += chapter(plan, evidence)
    return document
