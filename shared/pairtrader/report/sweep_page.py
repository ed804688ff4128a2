"""The page of a sweep: which settings did best, and whether that lasted."""

from collections.abc import Mapping, Sequence
from typing import Any

from pairtrader.report.charts import SERIES, Spec, axis, chart, heat_map, marks, thinned
from pairtrader.report.content import Column, Content, settings_part, tiles, warnings_part
from pairtrader.report.figures import figure_of
from pairtrader.report.markup import Markup, element, join, number, percent, section, table

Document = Mapping[str, Any]
SHOWN = (
    "net_pnl",
    "return_on_margin",
    "cagr",
    "max_drawdown",
    "max_drawdown_daily",
    "sharpe",
    "sortino",
    "calmar",
    "cycles",
    "win_rate",
    "profit_factor",
    "exposure",
)
"""Figures of a run in the leaderboard, where the sweep has worked them out."""
MOST_PICTURES = 6
AXES = 2


def sweep_content(document: Document) -> Content:
    """Return the page of a sweep's document."""
    objective, runs = str(document["objective"]), document["runs"]
    content = Content(f"Sweep for {figure_of(objective).label}", _subtitle(document))
    content.add(warnings_part(document))
    content.add(_headlines(document, objective))
    content.add(section("Leaderboard", _leaderboard(content, document, objective)))
    content.add(_heat_map(content, document["parameters"], runs, objective))
    content.add(_by_parameter(content, document["parameters"], runs, objective))
    content.add(_walk_forward(content, document, objective))
    content.add(section("Failures", _failures(document)))
    if document.get("config"):
        content.add(settings_part(document["config"], "Settings varied"))
    return content


def _subtitle(document: Document) -> str:
    data = document.get("data") or {}
    sides = [data.get(side) for side in ("market1", "market2")]
    pair = " / ".join(str(side["symbol"]) for side in sides if side)
    period = f"{data['first']} to {data['last']}" if data.get("first") else ""
    return ", ".join(part for part in (pair, period) if part)


def _objective_of(run: Document, objective: str) -> float | None:
    value = (run.get("metrics") or {}).get(objective)
    return None if value is None else float(value)


def _headlines(document: Document, objective: str) -> Markup:
    figure, runs = figure_of(objective), document["runs"]
    counts = document.get("counts") or {"done": len(runs)}
    best = _objective_of(runs[0], objective) if runs else None
    values = sorted(v for run in runs if (v := _objective_of(run, objective)) is not None)
    middle = values[len(values) // 2] if values else None
    shown = [(f"best {figure.label}", figure.text(best), best)]
    shown.append((f"median {figure.label}", figure.text(middle), middle))
    shown += [
        (f"runs {name.replace('_', ' ')}", number(count), None)
        for name, count in counts.items()
        if count
    ]
    return tiles(shown)


def _leaderboard(content: Content, document: Document, objective: str) -> Markup:
    runs = document["runs"]
    if not runs:
        return Markup("")
    names = [parameter["name"] for parameter in document["parameters"]]
    known = runs[0]["metrics"] or {}
    figures = [objective, *(n for n in SHOWN if n != objective and known.get(n) is not None)]
    columns = [Column("rank", "count"), *(Column(name, "number") for name in names)]
    for name in figures:
        figure = figure_of(name)
        columns.append(Column(figure.label, figure.kind, figure.basis))
    rows = [
        [
            run.get("rank", place),
            *(_cell(run["settings"].get(name)) for name in names),
            *((run["metrics"] or {}).get(name) for name in figures),
        ]
        for place, run in enumerate(runs, 1)
    ]
    return content.sortable("leaderboard", columns, rows)


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | str) or value is None else str(value)


def _heat_map(
    content: Content, parameters: Sequence[Document], runs: Sequence[Document], objective: str
) -> Markup:
    """Return the best objective for each pair of values of the first two parameters that vary."""
    listed = [each for each in parameters if each.get("values") and len(each["values"]) > 1]
    if len(listed) < AXES or not runs:
        return Markup("")
    rows, columns = listed[0], listed[1]
    best: dict[tuple[str, str], float] = {}
    for run in runs:
        value = _objective_of(run, objective)
        key = str(run["settings"].get(rows["name"])), str(run["settings"].get(columns["name"]))
        if value is not None and key not in best:
            best[key] = value
    cells = [
        [best.get((str(row), str(column))) for column in columns["values"]]
        for row in rows["values"]
    ]
    picture = heat_map(columns["values"], rows["values"], cells, (columns["name"], rows["name"]))
    figure = figure_of(objective)
    return section(
        "Heat map",
        content.draw(chart("heat", f"{figure.label} by two parameters", *picture, 420)),
        note=f"{figure.label} of the best run with both values, all else as it was best there.",
    )


def _by_parameter(
    content: Content, parameters: Sequence[Document], runs: Sequence[Document], objective: str
) -> Markup:
    scored = [run for run in runs if _objective_of(run, objective) is not None]
    if not scored:
        return Markup("")
    pictures = [
        content.draw(_scatter(f"parameter{place}", str(parameter["name"]), scored, objective))
        for place, parameter in enumerate(parameters[:MOST_PICTURES])
    ]
    return section(
        "By parameter",
        element("div", join(pictures), class_="halves"),
        note="Every run: a good value shows as a ridge, not as a single point.",
    )


def _scatter(name: str, parameter: str, runs: Sequence[Document], objective: str) -> Spec:
    shown = thinned(runs)
    x = [_cell(run["settings"].get(parameter)) for run in shown]
    y = [_objective_of(run, objective) for run in shown]
    layout = {"xaxis": axis(parameter), "yaxis": axis(figure_of(objective).label)}
    label = f"{figure_of(objective).label} of every run by {parameter}"
    return chart(name, label, [marks(x, y, "run", SERIES[0], "circle")], layout, 280)


def _walk_forward(content: Content, document: Document, objective: str) -> Markup:
    walk = document.get("walk_forward") or []
    if not walk:
        return Markup("")
    figure = figure_of(objective)
    trained = [_of(row["train_metrics"], objective) for row in walk]
    tested = [_of(row["test_metrics"], objective) for row in walk]
    names = [f"split {place}" for place in range(1, len(walk) + 1)]
    bars = [
        {"type": "bar", "x": names, "y": values, "name": name, "marker": {"color": colour}}
        for name, values, colour in (
            ("chosen on", trained, SERIES[1]),
            ("judged on", tested, SERIES[0]),
        )
    ]
    layout = {"yaxis": axis(figure.label), "barmode": "group", "xaxis": {"type": "category"}}
    rows = [
        (
            name,
            _period(row["train"]),
            _period(row["test"]),
            _settings_text(row.get("best_settings")),
            figure.text(train),
            figure.text(test),
            _place(row),
            number(row.get("rank_correlation")),
        )
        for name, row, train, test in zip(names, walk, trained, tested, strict=True)
    ]
    headers = (
        "",
        "chosen on",
        "judged on",
        "best settings",
        f"{figure.label}, chosen",
        f"{figure.label}, judged",
        "place when judged",
        "rank correlation",
    )
    label = f"{figure.label} where settings were chosen, and on the bars behind"
    return section(
        "Walk forward",
        content.draw(chart("walk", label, bars, layout, 300)),
        table(headers, rows, class_="wide"),
        _summary(document.get("walk_forward_summary"), objective),
        note="Settings are chosen on one part and judged on the part behind it. Where the second "
        "bar is much lower, the leaderboard shows luck.",
    )


def _of(metrics: Document | None, objective: str) -> float | None:
    return None if metrics is None else metrics.get(objective)


def _period(part: Document) -> str:
    return f"{part['from'][:10]} to {part['to'][:10]}"


def _settings_text(settings: Document | None) -> str:
    return ", ".join(f"{name} {_cell(value)}" for name, value in (settings or {}).items())


def _place(row: Document) -> str:
    if row.get("test_rank") is None:
        return number(None)
    return f"{row['test_rank']} of {row['runs']}"


def _summary(summary: Document | None, objective: str) -> Markup:
    if not summary:
        return Markup("")
    figure = figure_of(objective)
    rows = [
        (f"{figure.label} where chosen, mean", figure.text(summary.get("train_objective"))),
        (f"{figure.label} where judged, mean", figure.text(summary.get("test_objective"))),
        ("the second in percent of the first", percent(summary.get("efficiency"))),
        ("rank correlation, mean", number(summary.get("rank_correlation"))),
        ("choices that ended in the worse half", percent(summary.get("below_half"))),
    ]
    return table(("", ""), rows)


def _failures(document: Document) -> Markup:
    rows = [
        (_settings_text(each.get("settings")), each.get("failure"), each.get("error") or "")
        for each in document.get("failures") or ()
    ]
    return table(("settings", "kind", "text"), rows) if rows else Markup("")
