"""Samples in the documents, taken out as a reader would copy them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_FENCE = re.compile(r"^( *)```(\S*) *(.*)$")
_HEADING = re.compile(r"^#+ ")


@dataclass(frozen=True)
class Sample:
    """One fenced block."""

    line: int
    """Of its first line of text."""
    language: str
    title: str
    """What follows the language: the name of the file that the text is kept in."""
    text: str


def samples(document: Path, section: str = "") -> list[Sample]:
    """Return the blocks of a document, or of the part below the heading `section` alone."""
    found, lines, inside = [], document.read_text().splitlines(), not section
    number = 0
    while number < len(lines):
        line = lines[number]
        if section and _HEADING.match(line) and _depth(line) <= _depth(section):
            inside = line == section
        fence = _FENCE.match(line)
        number += 1
        if fence is None:
            continue
        indent, language, title = fence.groups()
        begin = number
        while lines[number].strip() != "```":
            number += 1
        text = "\n".join(row.removeprefix(indent) for row in lines[begin:number])
        number += 1
        if inside:
            found.append(Sample(begin + 1, language, title, text))
    return found


def _depth(heading: str) -> int:
    return len(heading) - len(heading.lstrip("#"))
