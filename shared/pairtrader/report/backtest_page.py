"""The page of one run."""

from collections.abc import Mapping, Sequence
from typing import Any

from pairtrader.report.charts import (
    GAIN,
    LINE,
    LOSS,
    SERIES,
    TIME_AXIS,
    Spec,
    axis,
    chart,
    histogram,
    level,
    line,
    marks,
    thinned,
)
from pairtrader.report.content import Column, Content, settings_part, tiles, warnings_part
from pairtrader.report.figures import GROUPS, HEADLINES, figure_of
from pairtrader.report.markup import (
    Markup,
    duration,
    element,
    join,
    number,
    percent,
    section,
    table,
)

Document = Mapping[str, Any]
OPEN = "open"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_BARS = 3_000
"""Cycles drawn one by one; of more, the latest are."""
LONG_HOURS = 48
"""Median holding from which on times are drawn in days."""
FULL_TONE_PERCENT = 20.0
"""A month's return of this size has the full colour."""


def backtest_content(document: Document) -> Content:
    """Return the page of a result document."""
    data = document["data"]
    pair = f"{data['market1']['symbol']} / {data['market2']['symbol']}"
    content = Content(f"Backtest of {pair}", _subtitle(document))
    content.add(warnings_part(document))
    content.add(_headlines(document["metrics"]))
    content.add(section("Equity", content.draw(_equity_chart(document["equity"]["curve"]))))
    content.add(
        section(
            "Spread",
            content.draw(_spread_chart(document)),
            note="Dashed: the first row of the ladder; dotted: its further rows, were each entered "
            "right at its spread. Marks lie at the close that decided.",
        )
    )
    content.add(section("Returns by month", _months(document["equity"]["daily"])))
    _add_cycle_charts(content, document["cycles"])
    content.add(_figures(document["metrics"]))
    content.add(section("Why cycles ended, and rows entered", _counts(document["metrics"])))
    content.add(section("Cycles", _cycle_table(content, document["cycles"])))
    content.add(settings_part(document["config"]))
    content.add(section("Data", _data(document)))
    return content


def _subtitle(document: Document) -> str:
    data = document["data"]
    bars = f"{data['bars']:,} bars of {duration(data['timeframe_seconds'])}"
    return f"{data['first']} to {data['last']}, {bars}"


def _headlines(metrics: Mapping[str, Any]) -> Markup:
    signed = {"net_pnl", "return_on_margin", "sharpe"}
    return tiles(
        [
            (
                figure_of(name).label,
                figure_of(name).text(metrics.get(name)),
                metrics.get(name) if name in signed else None,
            )
            for name in HEADLINES
        ]
    )


def _equity_chart(curve: Mapping[str, Any]) -> Spec:
    falls = [None if each is None else -each for each in curve["drawdown"]]
    below = line(
        curve["times"], falls, "drawdown", LOSS, yaxis="y2", fill="tozeroy", fillcolor="--lossFill"
    )
    layout = {
        "xaxis": {**TIME_AXIS, "anchor": "y2"},
        "yaxis": axis("equity", domain=[0.34, 1]),
        "yaxis2": axis("drawdown, %", domain=[0, 0.27], rangemode="tozero"),
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": 1.08},
    }
    label = "Equity at the closes, and its drawdown from the highest value until then"
    return chart(
        "equity", label, [line(curve["times"], curve["equity"], "equity"), below], layout, 420
    )


def _spread_chart(document: Document) -> Spec:
    spread = document["spread"]
    traces = [line(spread["times"], spread["spread"], "spread", SERIES[1])]
    pairs = [order for order in document["orders"] if order["market"] == 1]
    closed_at_loss = {row["number"] for row in document["cycles"] if row["net_pnl"] < 0}
    traces += [
        marks(
            [order["signal_at"] for order in found],
            [order["spread"] for order in found],
            name,
            colour,
            symbol,
            text=[f"cycle {order['cycle']}, {order['reason']}" for order in found],
        )
        for name, colour, symbol, found in _marked(pairs, closed_at_loss)
        if found
    ]
    layout = {
        "xaxis": dict(TIME_AXIS),
        "yaxis": axis("points", zeroline=True),
        "shapes": _ladder_lines(spread["rows"]),
        "legend": {"orientation": "h", "y": -0.15},
    }
    label = "Spread at the closes with the ladder's rows, entries and closes"
    return chart("spread", label, traces, layout, 420)


def _marked(
    pairs: Sequence[Document], lost: set[int]
) -> list[tuple[str, str, str, list[Document]]]:
    """Return orders of market 1 by what they were, with name, colour and symbol."""
    entries = [order for order in pairs if order["purpose"] == "entry"]
    closes = [order for order in pairs if order["purpose"] == "close"]
    sold = [order for order in entries if order["side"] == "sell"]
    bought = [order for order in entries if order["side"] == "buy"]
    won = [order for order in closes if order["cycle"] not in lost]
    gone = [order for order in closes if order["cycle"] in lost]
    return [
        ("entry, market 1 sold", SERIES[2], "triangle-down", thinned(sold)),
        ("entry, market 1 bought", SERIES[3], "triangle-up", thinned(bought)),
        ("close with a profit", GAIN, "circle-open", thinned(won)),
        ("close with a loss", LOSS, "x", thinned(gone)),
    ]


def _ladder_lines(rows: Sequence[float]) -> list[Spec]:
    lines, distance = [], 0.0
    for place, row in enumerate(rows):
        distance += row
        dash = "dot" if place else "dash"
        lines += [level(distance, dash=dash), level(-distance, dash=dash)]
    return lines


def _add_cycle_charts(content: Content, cycles: Sequence[Mapping[str, Any]]) -> None:
    if not cycles:
        return
    nets = [row["net_pnl"] for row in cycles]
    held, unit = _holdings(cycles)
    net_bins = histogram(nets, "cycles", "net PnL", signed=True)
    held_bins = histogram(held, "cycles", f"{unit} open", signed=False)
    halves = join(
        [
            content.draw(chart("nets", "How often cycles brought in how much", *net_bins, 280)),
            content.draw(chart("holding", "How long cycles were open", *held_bins, 280)),
        ]
    )
    latest = len(cycles) > MOST_BARS
    content.add(
        section(
            "Net PnL by cycle",
            content.draw(_cycle_chart(cycles[-MOST_BARS:], sum(nets[:-MOST_BARS]))),
            note=f"The latest {MOST_BARS:,} of {len(cycles):,} cycles." if latest else "",
        )
    )
    content.add(section("Distributions", element("div", halves, class_="halves")))


def _holdings(cycles: Sequence[Mapping[str, Any]]) -> tuple[list[float], str]:
    hours = sorted(row["holding_seconds"] / 3600 for row in cycles)
    median = hours[len(hours) // 2]
    if median > LONG_HOURS:
        return [each / 24 for each in hours], "days"
    return (hours, "hours") if median >= 1 else ([each * 60 for each in hours], "minutes")


def _cycle_chart(cycles: Sequence[Mapping[str, Any]], before: float) -> Spec:
    numbers = [row["number"] for row in cycles]
    nets = [row["net_pnl"] for row in cycles]
    total, sums = before, []
    for net in nets:
        total += net
        sums.append(total)
    bars = {
        "type": "bar",
        "x": numbers,
        "y": nets,
        "name": "net PnL",
        "text": [row["reason"] for row in cycles],
        "textposition": "none",
        "marker": {"color": [LOSS if net < 0 else GAIN for net in nets], "line": {"width": 0}},
    }
    layout = {
        "xaxis": axis("cycle"),
        "yaxis": axis("net PnL"),
        "yaxis2": axis(
            "sum", overlaying="y", side="right", showgrid=False, tickmode="auto", zeroline=False
        ),
        "legend": {"orientation": "h", "y": -0.2},
        "bargap": 0.1,
    }
    label = "Net profit of every cycle, and their sum"
    return chart(
        "cycles-chart", label, [bars, line(numbers, sums, "sum", LINE, yaxis="y2")], layout
    )


def _months(days: Sequence[Mapping[str, Any]]) -> Markup:
    """Return simple returns by calendar month (UTC), years as rows."""
    growth: dict[int, dict[int, float]] = {}
    for day in days:
        if day["return"] is None:
            continue
        year, month = int(day["day"][:4]), int(day["day"][5:7])
        of_year = growth.setdefault(year, {})
        of_year[month] = of_year.get(month, 1.0) * (1 + day["return"] / 100)
        of_year[0] = of_year.get(0, 1.0) * (1 + day["return"] / 100)
    rows = [
        [year, *(_tinted(of_year.get(month)) for month in (*range(1, 13), 0))]
        for year, of_year in sorted(growth.items())
    ]
    return table(("", *MONTHS, "year"), rows, class_="months") if rows else Markup("")


def _tinted(growth: float | None) -> Markup | str:
    if growth is None:
        return ""
    change = (growth - 1) * 100
    strength = min(1.0, abs(change) / FULL_TONE_PERCENT) * 70
    tone = "gain" if change >= 0 else "loss"
    style = f"background:color-mix(in srgb,var(--{tone}) {strength:.0f}%,transparent)"
    return element("span", percent(change), class_="tint", style=style)


def _figures(metrics: Mapping[str, Any]) -> Markup:
    parts = []
    for title, figures in GROUPS:
        rows = [
            (figure.label, figure.text(metrics[figure.name]), figure.basis)
            for figure in figures
            if figure.name in metrics
        ]
        parts.append(element("div", join([element("h3", title), table(("", "", ""), rows)])))
    return section("Figures", element("div", join(parts), class_="columns figures"))


def _counts(metrics: Mapping[str, Any]) -> Markup:
    reasons = [(name.replace("_", " "), number(n)) for name, n in metrics["reasons"].items()]
    rows = [(f"row {n}", number(count)) for n, count in enumerate(metrics["levels"], 1)]
    parts = [table(("ended by", "cycles"), reasons), table(("ladder", "entries"), rows)]
    return element("div", join(parts), class_="columns")


CYCLE_COLUMNS = {
    "number": Column("cycle", "count"),
    "direction": Column("side", "text", "of market 1"),
    "opened_at": Column("opened", "time"),
    "closed_at": Column("closed", "time"),
    "reason": Column("ended by", "text"),
    "levels": Column("rows", "count", "rows of the ladder entered"),
    "first_spread": Column("first spread", "number", "points"),
    "close_spread": Column("close spread", "number", "points"),
    "invested": Column("invested", "money", "entry notional of both legs"),
    "gross_pnl": Column("price profit", "money"),
    "fees": Column("fees", "money"),
    "funding": Column("funding", "money", "received less paid"),
    "net_pnl": Column("net PnL", "money"),
    "return_on_notional": Column("on notional", "percent", "of invested"),
    "return_on_margin": Column("on margin", "percent", "of the margin behind invested"),
    "holding_seconds": Column("held", "duration"),
}


def _cycle_table(content: Content, cycles: Sequence[Mapping[str, Any]]) -> Markup:
    if not cycles:
        return Markup("")
    rows = [[_shown(name, row[name]) for name in CYCLE_COLUMNS] for row in cycles]
    return content.sortable("cycles", list(CYCLE_COLUMNS.values()), rows)


def _shown(name: str, value: Any) -> Any:
    if name == "direction":
        return "sold" if value > 0 else "bought"
    return value.replace("_", " ") if name == "reason" else value


def _data(document: Document) -> Markup:
    data = document["data"]
    rows = [
        (
            side,
            data[side]["symbol"],
            data[side].get("file") or data[side].get("source") or "",
            number(data[side]["bars"]),
        )
        for side in ("market1", "market2")
    ]
    facts = [
        ("first bar", data["first"]),
        ("last bar", data["last"]),
        ("bars of both", number(data["bars"])),
        ("gaps", number(data["gaps"])),
        ("missing bars", number(data["missing_bars"])),
        ("bars of one only", number(data["unpaired_bars"])),
        ("started at", document["started_at"]),
        ("start prices", " and ".join(f"{price:g}" for price in document["start_prices"])),
    ]
    return join([table(("", "symbol", "from", "bars"), rows), table(("", ""), facts)])
