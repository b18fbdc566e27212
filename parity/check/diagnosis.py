"""What was found out about a network: mistakes by name, what is fine, and what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Finding:
    """One mistake: its id in the catalogue, where it is, and how surely it is known."""

    id: str
    place: str  # forward, loss, gradients, update, procedure
    layer: int | None = None  # counted from 0; None: everywhere, or no layer
    option: str = ""
    also: list[str] = field(default_factory=list)  # other ids whose numbers are the same
    numbers: list[tuple[str, float, float]] = field(default_factory=list)  # (entry, the person's, the right one)
    detail: str = ""
    reproduced: bool = True


@dataclass
class Diagnosis:
    """The findings of one network. `checked` says which places were compared at all."""

    findings: list[Finding] = field(default_factory=list)
    fine: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # what a right verdict would need and nobody could compare
    error: str = ""
    network: str = ""
    form: str = ""
    sizes: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    style: str = ""
    calls: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids of the mistakes, surest first; ids with the same numbers follow the one they share."""
        first = [f.id for f in self.findings]
        return list(dict.fromkeys(first + [other for f in self.findings for other in f.also]))

    @property
    def exit_code(self) -> int:
        """0: everything compared and no mistake found; 1: a mistake; 2: not or only partly compared."""
        if self.findings:
            return 1
        return 2 if self.error or not self.checked or self.missing else 0

    @property
    def unexplained(self) -> int:
        """How many findings are differences without a name."""
        return sum(not f.reproduced for f in self.findings)


def rank(d: Diagnosis) -> tuple[int, ...]:
    """Less is better: what was compared comes first, then what is wrong without a name, then what is wrong."""
    return (
        -len(d.checked) - 2 * ("gradients" in d.checked or "update" in d.checked),
        d.unexplained,
        len(d.findings),
        len(d.notes),
    )
