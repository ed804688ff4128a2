"""What a download has fetched so far, kept beside its file so that nothing is asked for twice."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairtrader.history.errors import BadData
from pairtrader.history.times import utc
from pairtrader.history.writing import replaced

_VERSION = 1
_ENDING = ".journal"


@dataclass(frozen=True, slots=True)
class Span:
    """Times from `since` up to, not including, `until` (ms UTC)."""

    since: int
    until: int

    def holds(self, other: "Span") -> bool:
        """Return whether all of `other` lies within."""
        return self.since <= other.since and other.until <= self.until

    def touches(self, other: "Span") -> bool:
        """Return whether nothing lies between the two."""
        return self.since <= other.until and other.since <= self.until

    def __str__(self) -> str:
        return f"{utc(self.since)} to {utc(self.until)}"


@dataclass(frozen=True, slots=True)
class Finished:
    """A file that was downloaded whole, and how it looked then."""

    asked: Span
    size: int
    modified: int
    """ns."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A file on its way: what was fetched, and how many bytes of it are sound."""

    fetched: Span
    size: int


@dataclass(frozen=True, slots=True)
class Journal:
    """The state of one download."""

    origin: str
    """Where the data come from; they are not mixed with others'."""
    finished: Finished | None = None
    partial: Partial | None = None


def journal_of(path: Path) -> Path:
    """Return where the journal of a file lies."""
    return path.with_name(f".{path.name}{_ENDING}")


def read_journal(path: Path, origin: str) -> Journal:
    """Return the journal of a file; an empty one where there is none that can be read.

    Raises:
        BadData: the file comes from elsewhere.
    """
    try:
        found = json.loads(journal_of(path).read_text())
        if found["version"] != _VERSION:
            return Journal(origin)
        journal = Journal(
            str(found["origin"]), _finished(found["finished"]), _partial(found["partial"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Journal(origin)
    if journal.origin != origin:
        text = f"was downloaded from {journal.origin}, not from {origin}: name another folder"
        raise BadData(path, text)
    return journal


def write_journal(path: Path, journal: Journal) -> None:
    """Keep the journal of a file.

    Raises:
        OSError: it could not be written.
    """
    document = {"version": _VERSION, **asdict(journal)}
    with replaced(journal_of(path)) as file:
        file.write(json.dumps(document).encode())


def _finished(found: Any) -> Finished | None:
    if found is None:
        return None
    return Finished(_span(found["asked"]), int(found["size"]), int(found["modified"]))


def _partial(found: Any) -> Partial | None:
    return None if found is None else Partial(_span(found["fetched"]), int(found["size"]))


def _span(found: Any) -> Span:
    return Span(int(found["since"]), int(found["until"]))
