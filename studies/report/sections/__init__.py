"""The chapters of the report. Each is a function of the plan and the evidence that returns blocks."""

from __future__ import annotations

from studies.report.document import Document
from studies.report.evidence import Evidence
from studies.report.plan import Plan
from studies.report.sections.common import own_chapter
from studies.report.sections.comparison import comparison
from studies.report.sections.data import data
from studies.report.sections.front import front
from studies.report.sections.reproducibility import reproducibility
from studies.report.sections.task_one import task_one
from studies.report.sections.task_three import task_three
from studies.report.sections.task_two import task_two


def write(plan: Plan, evidence: Evidence) -> Document:
    """The whole report."""
    report = plan.report
    number = f"Student number {report.student_number}" if report.student_number else ""
    author = [line for line in (report.name, number, report.course) if line]
    document = Document(report.title, author, report.links, evidence.date())
    for chapter in (front, data, task_one, task_two, task_three, comparison):
        document.blocks += chapter(plan, evidence)
    document.blocks += own_chapter(plan, "discussion", "Discussion")
    document.blocks += own_chapter(plan, "conclusion", "Conclusion")
    document.blocks += reproducibility(plan, evidence)
    return document
