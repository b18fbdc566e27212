"""The report as a list of blocks, from which PDF, HTML and Markdown are written, so that they never disagree.

Text may hold `code`, *emphasis*, **strong**, [a link](https://...) and [@key], which cites an entry of references.yaml.
Headings, figures and tables are numbered here.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Cell = str
CITED = re.compile(r"\[@(\w+)\]")
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|(?<!\w)\*(?P<emph>[^*]+)\*|\[@(?P<cite>\w+)\]|\[(?P<link>[^\]]+)\]\((?P<url>[^)\s]+)\)"
)
NUMBER = re.compile(r"[-+]?[\d,.]+(e[-+]?\d+)?( ?%)?|")


@dataclass(frozen=True)
class Heading:
    """Level 1 begins a chapter, 2 a section, 3 a subsection without a number."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Listing:
    """A list of points."""

    items: list[str]


@dataclass(frozen=True)
class Formula:
    """A displayed formula in Typst's notation and in LaTeX's, and in words for those who cannot see it."""

    typst: str
    latex: str
    words: str


@dataclass(frozen=True)
class Table:
    """Rows of texts under a header; columns of numbers are set flush right."""

    caption: str
    header: list[Cell]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Image:
    """A picture's bytes, and the format that they are in."""

    name: str
    content: bytes
    format: Literal["svg", "png"]


@dataclass(frozen=True)
class Figure:
    """Pictures side by side under one caption. `width` is their share of the page."""

    caption: str
    images: list[Image]
    width: float = 1.0


@dataclass(frozen=True)
class Code:
    """Commands or a file, letter by letter."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something the reader must not miss; `command` mends it."""

    text: str
    command: str = ""


Block = Heading | Text | Listing | Formula | Table | Figure | Code | Notice


@dataclass
class Document:
    """The whole report."""

    title: str
    author: list[str]
    """Name, student number, course: what stands under the title, line by line."""
    links: dict[str, str]
    date: str
    """Of the newest run, YYYY-MM-DD; empty where no run tells."""
    blocks: list[Block] = field(default_factory=list)


def as_plain(document: Document, references: dict[str, str]) -> dict[str, Any]:
    """The document as plain values with all numbers set, which both writers render as they stand.

    Each block gets a `kind`, each text becomes spans, and the cited references follow as a last chapter.
    """
    cited: list[str] = []
    counts = {"Figure": 0, "Table": 0, "Heading": [0, 0]}
    blocks = [_plain(block, counts, cited) for block in document.blocks]
    if cited:
        blocks.append(_plain(Heading("References"), counts, cited))
        items = [_spans(references[key], []) for key in cited]
        blocks.append({"kind": "references", "items": items})
    return {
        "title": document.title,
        "author": document.author,
        "links": [{"text": text, "url": url} for text, url in document.links.items()],
        "date": document.date,
        "blocks": blocks,
    }


def images(document: Document) -> list[Image]:
    """All pictures of the document."""
    return [image for block in document.blocks if isinstance(block, Figure) for image in block.images]


def _plain(block: Block, counts: dict[str, Any], cited: list[str]) -> dict[str, Any]:
    kind = type(block).__name__
    plain: dict[str, Any] = {"kind": kind.lower()}
    if isinstance(block, Heading):
        chapter, section = counts["Heading"]
        counts["Heading"] = [chapter + (block.level == 1), 0 if block.level == 1 else section + (block.level == 2)]
        number = ".".join(str(each) for each in counts["Heading"][: block.level]) if block.level < 3 else ""
        return plain | {"text": block.text, "level": block.level, "number": number}
    if isinstance(block, Table | Figure):
        counts[kind] += 1
        plain |= {"number": f"{kind} {counts[kind]}", "caption": _spans(block.caption, cited)}
    if isinstance(block, Table):
        rows = [[_spans(cell, cited) for cell in row] for row in block.rows]
        header = [_spans(cell, cited) for cell in block.header]
        numeric = [all(NUMBER.fullmatch(row[column]) for row in block.rows) for column in range(len(header))]
        return plain | {"header": header, "rows": rows, "numeric": numeric}
    if isinstance(block, Figure):
        names = [f"{image.name}.{image.format}" for image in block.images]
        return plain | {
            "images": names,
            "width": block.width,
            "alt": "".join(span["text"] for span in plain["caption"]),
        }
    if isinstance(block, Listing):
        return plain | {"items": [_spans(item, cited) for item in block.items]}
    if isinstance(block, Text):
        return plain | {"spans": _spans(block.text, cited)}
    if isinstance(block, Notice):
        return plain | {"spans": _spans(block.text, cited), "command": block.command}
    return plain | asdict(block)


def _spans(text: str, cited: list[str]) -> list[dict[str, str]]:
    """Text as pieces of one style each."""
    spans, place = [], 0
    for found in INLINE.finditer(text):
        spans.append({"style": "plain", "text": text[place : found.start()]})
        place = found.end()
        if found["link"]:
            spans.append({"style": "link", "text": found["link"], "url": found["url"]})
        elif found["cite"]:
            if found["cite"] not in cited:
                cited.append(found["cite"])
            spans.append({"style": "plain", "text": f"[{cited.index(found['cite']) + 1}]"})
        else:
            style = next(name for name in ("code", "strong", "emph") if found[name])
            spans.append({"style": style, "text": found[style]})
    spans.append({"style": "plain", "text": text[place:]})
    return [span for span in spans if span["text"]]
