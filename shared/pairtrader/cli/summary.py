"""A run's result for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pairtrader.cli.figures import FIGURES
from pairtrader.cli.output import DASH, Style, duration, number, table

LAST_CYCLES = 10
_SIGNED = frozenset({"net_pnl", "return_on_margin", "return_on_notional", "cagr", "expectancy"})

Document = Mapping[str, Any]


def summary(document: Document, style: Style) -> str:
    """Return what there is to say about a run: data, figures, reasons, last cycles, warnings."""
    parts = [_head(document), _figures(document["metrics"], style)]
    parts += _counts(document["metrics"])
    if document["cycles"]:
        parts.append(_cycles(document["cycles"], style))
    if document["warnings"]:
        parts.append(warnings(document["warnings"], style))
    return "\n\n".join(parts)


def warnings(rows: Sequence[Document], style: Style) -> str:
    """Return what must be known before figures are believed."""
    lines = [style.warning(f"  ! {row['text']}") for row in rows]
    return "\n".join([style.heading("Warnings"), *lines])


def data_line(data: Document) -> str:
    """Return what the prices were."""
    pair = f"{data['market1']['symbol']} / {data['market2']['symbol']}"
    length = duration(data["timeframe_seconds"])
    gaps = f", {data['missing_bars']:,} missing" if data["missing_bars"] else ""
    return f"{pair}, {data['first']} to {data['last']}, {data['bars']:,} bars of {length}{gaps}"


def _head(document: Document) -> str:
    config = document["config"]
    fills = f"{config['fill_at']}, taker fee {_percent(config['taker_fee'])}"
    slippage = f"slippage {_percent(config['slippage'])}"
    return f"{data_line(document['data'])}\nFills at {fills}, {slippage}"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:g} %"


def _figures(metrics: Document, style: Style) -> str:
    width = max(len(figure.label) for figure in FIGURES)
    values = {figure.name: figure.text(metrics[figure.name]) for figure in FIGURES}
    right = max(map(len, values.values()))
    lines = []
    for figure in FIGURES:
        value = values[figure.name].rjust(right)
        if figure.name in _SIGNED:
            value = style.signed(metrics[figure.name], value)
        lines.append(f"  {figure.label.ljust(width)}  {value}  {figure.basis}".rstrip())
    return "\n".join([style.heading("Figures"), *lines])


def _counts(metrics: Document) -> Iterator[str]:
    if metrics["reasons"]:
        reasons = (f"{reason} {count:,}" for reason, count in metrics["reasons"].items())
        levels = (f"row {row}: {count:,}" for row, count in enumerate(metrics["levels"], 1))
        yield f"Closed by  {', '.join(reasons)}\nEntries    {', '.join(levels)}"


def _cycles(cycles: Sequence[Document], style: Style) -> str:
    shown, count = cycles[-LAST_CYCLES:], cycles[-1]["number"]
    heading = "Cycles" if len(shown) == count else f"Last {len(shown)} of {count:,}"
    rows = [
        (
            cycle["number"],
            cycle["opened_at"],
            duration(cycle["holding_seconds"]),
            "sell/buy" if cycle["direction"] > 0 else "buy/sell",
            cycle["levels"],
            number(cycle["first_spread"], 3),
            DASH if cycle["close_spread"] is None else number(cycle["close_spread"], 3),
            number(cycle["invested"]),
            number(cycle["net_pnl"]),
            cycle["reason"],
        )
        for cycle in shown
    ]
    headers = ("#", "opened", "held", "sides", "rows", "spread", "at close", "invested", "net")
    return f"{style.heading(heading)}\n{table((*headers, 'reason'), rows)}"
