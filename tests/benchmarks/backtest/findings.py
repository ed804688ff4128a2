"""What a bench has found, as a document and as lines."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison: the same work done by both."""

    name: str
    peer: str
    ours: list[float]
    """Seconds, or megabytes."""
    theirs: list[float]
    target: float
    """At least so many times ours is theirs."""
    unit: str = "s"
    scale: float = 1.0
    """What theirs is multiplied with: more bars than were run."""
    note: str = ""
    ours_processor: list[float] = field(default_factory=list)
    theirs_processor: list[float] = field(default_factory=list)
    """Seconds of processors, where both sides know them."""

    @property
    def reached(self) -> bool:
        """Whether the ratio is as demanded."""
        return self.ratio >= self.target

    @property
    def ratio(self) -> float:
        """How many times ours theirs is, medians."""
        return self.scale * median(self.theirs) / median(self.ours)

    @property
    def best_ratio(self) -> float:
        """The same of the least of each."""
        return self.scale * min(self.theirs) / min(self.ours)

    @property
    def processor_ratio(self) -> float | None:
        """The same of processor time, medians: a busy machine hardly changes it."""
        if not self.ours_processor or not self.theirs_processor:
            return None
        return self.scale * median(self.theirs_processor) / median(self.ours_processor)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "name": self.name,
            "peer": self.peer,
            "unit": self.unit,
            "ours": self.ours,
            "theirs": self.theirs,
            "scale": self.scale,
            "ratio": self.ratio,
            "best_ratio": self.best_ratio,
            "processor_ratio": self.processor_ratio,
            "target": self.target,
            "note": self.note,
        }

    def line(self) -> str:
        """Return it as a line of a table: median and least of each, then how many times."""
        ours, theirs = (self._cell(*side) for side in self._sides)
        processor = f", processor {self.processor_ratio:,.1f}" if self.processor_ratio else ""
        return (
            f"{self.name:44s} {ours:>24s}  {self.peer:14s} {theirs:>28s}"
            f"  x {self.ratio:,.1f} (least {self.best_ratio:,.1f}{processor})  {self._wanted}"
        )

    def markdown(self) -> str:
        """Return it as a row of `Findings.markdown`."""
        ours, theirs = (self._cell(*side) for side in self._sides)
        cells = (self.name, ours, f"{self.peer} {theirs}", f"{self.ratio:,.1f}", self._wanted)
        return f"| {' | '.join(cells)} |"

    @property
    def _sides(self) -> tuple[tuple[list[float], float], tuple[list[float], float]]:
        return (self.ours, 1.0), (self.theirs, self.scale)

    @property
    def _wanted(self) -> str:
        return f">= {self.target:g}" if self.target else ""

    def _cell(self, values: list[float], scale: float) -> str:
        factor, unit = (1.0, "MB") if self.unit == "MB" else (1_000.0, "ms")
        middle, least = (factor * scale * choose(values) for choose in (median, min))
        return f"{middle:,.1f} ({least:,.1f}) {unit}"


@dataclass(repr=False)
class Findings:
    """What a bench has found."""

    rows: dict[str, Row] = field(default_factory=dict)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    """Closes and equity of everybody over the same bars."""
    sweep_closes: dict[str, list[int]] = field(default_factory=dict)
    lengths: dict[str, dict[int, float]] = field(default_factory=dict)
    """Median seconds by bars."""
    floors: dict[int, dict[str, float]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """Versions, imports, compilation, peaks."""

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "rows": {key: row.document() for key, row in self.rows.items()},
            "agreement": self.agreement,
            "lengths": self.lengths,
            "floors": self.floors,
            "facts": self.facts,
        }

    def lines(self) -> list[str]:
        """Return what stands beside the comparisons."""
        lines = [
            f"{each['who']}: {each['bars']:,} bars, {each['entries']:,} entries, "
            f"{each['closes']:,} closes, net {each['net']:.9f}"
            for each in self.agreement
        ]
        for kind, by_bars in self.lengths.items():
            for bars, taken in by_bars.items():
                floors = ", ".join(
                    f"{taken / floor:,.1f} x {name} ({1_000 * floor:.3f} ms)"
                    for name, floor in self.floors[bars].items()
                )
                lines.append(f"{kind}: {bars:,} bars in {1_000 * taken:,.2f} ms; {floors}")
        return lines

    def markdown(self) -> str:
        """Return all comparisons as a table for docs/performance.md."""
        head = ["| | ours | theirs | times | wanted |", "|---|---|---|---|---|"]
        return "\n".join([*head, *(row.markdown() for row in self.rows.values())]) + "\n"
