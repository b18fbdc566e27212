"""A diagnosis in words, for the console and the pages. Hint 1: only where. 2: what kind. 3: formula and our line."""

from __future__ import annotations

from parity.check.catalogue import CATALOGUE
from parity.check.diagnosis import Diagnosis, Finding


def place_in_words(finding: Finding, d: Diagnosis) -> str:
    """Where, as a student counts: layers from 1."""
    if finding.layer is None or finding.place in ("loss", "procedure"):
        return {"forward": "forward pass", "procedure": "training procedure"}.get(finding.place, finding.place)
    layer = finding.layer
    width = f" ({d.sizes[layer]} → {d.sizes[layer + 1]})" if layer + 1 < len(d.sizes) else ""
    return f"{finding.place}, layer {layer + 1}{width}"


def finding_lines(finding: Finding, d: Diagnosis, hints: int) -> list[str]:
    """One finding as lines of text."""
    lines = [f"✗ {place_in_words(finding, d)}"]
    mistake = CATALOGUE[finding.id]
    if hints >= 2:
        name = f"[{finding.id}] " if finding.reproduced else ""
        lines.append(f"    {name}{mistake.kind}")
        if finding.also:
            lines.append(f"    the same numbers would come from: {', '.join(finding.also[:3])}")
        if finding.detail:
            lines.append(f"    {finding.detail}")
    if hints >= 3:
        for entry, yours, right in finding.numbers[:1]:
            lines.append(f"    at {entry}: yours {yours:.8g}, right {right:.8g}")
        if mistake.formula:
            lines.append(f"    right: {mistake.formula}")
        if mistake.line:
            lines.append(f"    ours:  {mistake.line}")
    return lines


def verdict(d: Diagnosis) -> str:
    """The one line that sums up."""
    if d.exit_code == 2 and d.checked and d.missing:
        return (
            f"only partly checked: no mistake in {', '.join(d.checked)}; not compared: {', '.join(d.missing)}; "
            "say where they are in an adapter (--new-adapter)"
        )
    if d.exit_code == 2:
        return f"could not be checked: {d.error or 'nothing could be compared; write an adapter (--new-adapter)'}"
    if not d.findings:
        return f"no mistake found (compared: {', '.join(d.checked)})"
    count = len(d.findings)
    return f"{count} mistake{'s' if count > 1 else ''} found"


def as_text(d: Diagnosis, hints: int = 3) -> str:
    """One screen."""
    lines = [f"{d.network}: {verdict(d)}"]
    if d.exit_code == 2 and not d.checked:
        return lines[0]
    if d.sizes:
        lines.append(f"  read as: {d.style}, {' → '.join(map(str, d.sizes))}, {d.form}")
        calls = ", ".join(f"{part}: {name}()" for part, name in d.calls.items())
        lines.append(f"  called:  {calls}")
    for finding in d.findings[:4]:
        lines += ["  " + line for line in finding_lines(finding, d, hints)]
    if len(d.findings) > 4:
        lines.append(f"  … and {len(d.findings) - 4} more")
    lines += [f"  ✓ {what}" for what in d.fine]
    lines += [f"  · {note}" for note in d.notes[:3]]
    if d.not_checked:
        lines.append(f"  ? not seen, so not checked: {', '.join(dict.fromkeys(d.not_checked))}")
    return "\n".join(lines)
