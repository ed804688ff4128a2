"""A sweep's result for a terminal and for files."""

import argparse
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pairtrader.backtest.changes import changed
from pairtrader.backtest.sweep.document import Sweep
from pairtrader.backtest.sweep.heat_map import HeatMap, axes_of, heat_map
from pairtrader.cli.figures import text_of
from pairtrader.cli.output import (
    DASH,
    Style,
    json_text,
    number,
    print_text,
    short,
    table,
    write_text,
)
from pairtrader.cli.summary import data_line, warnings

SHOWN = ("net_pnl", "return_on_margin", "sharpe", "max_drawdown_daily", "win_rate", "cycles")
MOST_COLUMNS = 12
DAYS = 3 * 86_400
"""Seconds; parts of a history shorter than that are told by the minute."""

Document = dict[str, Any]


def tell(sweep: Sweep, args: argparse.Namespace) -> None:
    """Print what a sweep has found, and write the files that were asked for."""
    document = sweep.document()
    text = json_text(document) if args.json or args.out else ""
    if args.out:
        write_text(args.out, text + "\n")
    if args.csv:
        write_text(args.csv, leaderboard_csv(document))
    if args.best:
        write_text(args.best, best_config(document))
    if args.html:
        from pairtrader.cli.pages import write_page  # noqa: PLC0415

        write_page(args.html, document)
    if args.json:
        print_text(text)
        return
    axes = axes_of(sweep.space, args.heat_map or ())
    shown = heat_map(axes, sweep.answers, sweep.goal) if axes else None
    print_text(sweep_text(document, shown, args.top, Style(no_color=args.no_color)))


def sweep_text(document: Document, shown: HeatMap | None, top: int, style: Style) -> str:
    """Return leaderboard, heat map and walk forward for reading."""
    parts = [_head(document), _leaderboard(document, top, style)]
    if shown is not None:
        parts.append(_heat_map(shown, document["objective"], style))
    if document["walk_forward"]:
        parts.append(_walk_forward(document, style))
    if document["warnings"]:
        parts.append(warnings(document["warnings"], style))
    return "\n\n".join(parts)


def best_config(document: Document) -> str:
    """Return the configuration of the best run, for `pairtrader backtest`."""
    best = document["runs"][0]["settings"]
    return json.dumps(changed(document["config"], best), indent=2) + "\n"


def leaderboard_csv(document: Document) -> str:
    """Return all runs, the best first: settings, then figures."""
    names = [parameter["name"] for parameter in document["parameters"]]
    metrics = [n for n in _metric_names(document) if n not in ("levels", "reasons")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rank", *names, *metrics])
    for run in document["runs"]:
        values = [run["settings"][name] for name in names]
        cells = [json.dumps(v) if isinstance(v, list | dict) else v for v in values]
        writer.writerow([run["rank"], *cells, *(run["metrics"][name] for name in metrics)])
    return text.getvalue()


def _metric_names(document: Document) -> Sequence[str]:
    return list(document["runs"][0]["metrics"]) if document["runs"] else []


def _head(document: Document) -> str:
    counts = document["counts"]
    asked = f"{counts['asked']:,} settings ({document['mode']}), {counts['done']:,} run"
    resumed = f", {counts['resumed']:,} of them before" if counts["resumed"] else ""
    return f"{data_line({'missing_bars': 0, **document['data']})}\n{asked}{resumed}"


def _leaderboard(document: Document, top: int, style: Style) -> str:
    objective, runs = document["objective"], document["runs"]
    shown = [objective, *(name for name in SHOWN if name != objective)]
    names = [parameter["name"] for parameter in document["parameters"]]
    rows = [
        (
            run["rank"],
            *(short(run["settings"][name]) for name in names),
            *(text_of(name, run["metrics"]) for name in shown),
        )
        for run in runs[:top]
    ]
    heading = f"Best {len(rows)} of {len(runs):,} by {objective}" if runs else "No run has figures"
    if not rows:
        return style.heading(heading)
    return f"{style.heading(heading)}\n{table(('#', *names, *shown), rows)}"


def _heat_map(shown: HeatMap, objective: str, style: Style) -> str:
    columns = shown.columns.labels[:MOST_COLUMNS]
    rows = [
        [short(label), *(number(cell) for cell in cells[: len(columns)])]
        for label, cells in zip(shown.rows.labels, shown.cells, strict=True)
    ]
    more = len(shown.columns.labels) - len(columns)
    rest = f" ({more} more columns in the report)" if more else ""
    heading = f"Best {objective}: {shown.rows.name} down, {shown.columns.name} across{rest}"
    return f"{style.heading(heading)}\n{table(['', *map(short, columns)], rows)}"


def _walk_forward(document: Document, style: Style) -> str:
    objective = document["objective"]
    timeframe = document["data"]["timeframe_seconds"]
    short_ones = any(f["test"]["bars"] * timeframe < DAYS for f in document["walk_forward"])
    rows = [
        (
            _period(fold["train"], short_ones),
            _period(fold["test"], short_ones),
            _settings(fold["best_settings"]),
            DASH if fold["train_metrics"] is None else text_of(objective, fold["train_metrics"]),
            DASH if fold["test_metrics"] is None else text_of(objective, fold["test_metrics"]),
            DASH if fold["test_rank"] is None else f"{fold['test_rank']} of {fold['runs']}",
            number(fold["rank_correlation"]),
        )
        for fold in document["walk_forward"]
    ]
    headers = ("chosen on", "judged on", "best settings", "chosen at", "got", "rank", "order kept")
    lines = [style.heading(f"Walk forward by {objective}"), table(headers, rows)]
    found = document["walk_forward_summary"]
    lines.append(
        f"In the mean {number(found['train_objective'])} where chosen, "
        f"{number(found['test_objective'])} behind"
        + (f" ({number(found['efficiency'], 0)} %)" if found["efficiency"] is not None else "")
        + f"; rank correlation {number(found['rank_correlation'])}; the choice ended in the worse "
        f"half {number(found['below_half'], 0)} % of the time"
    )
    return "\n".join(lines)


def _period(part: Document, by_minutes: bool) -> str:
    length = 16 if by_minutes else 10
    begin, end = (part[edge][:length].replace("T", " ") for edge in ("from", "to"))
    return f"{begin} to {end}"


def _settings(settings: Mapping[str, Any] | None) -> str:
    if settings is None:
        return DASH
    return " ".join(f"{name}={short(value)}" for name, value in settings.items())
