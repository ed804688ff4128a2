"""Statistics of pairs for a terminal, and the finder's pairs as a table of values."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from pairtrader.cli.output import DASH, Style, duration, number, table
from pairtrader.cli.summary import warnings

Document = Mapping[str, Any]

REASONS = {
    "too_few_bars": "too few bars",
    "constant": "does not move",
    "collinear": "both move as one",
    "not_mean_reverting": "does not come back",
    "faster_than_a_bar": "within one bar",
}
PAIR_COLUMNS = (
    "rank",
    "market1",
    "market2",
    "score",
    "bars",
    "correlation",
    "p_value",
    "adjusted_p_value",
    "statistic",
    "dependent",
    "hedge_ratio",
    "log_ratio_p_value",
    "half_life_bars",
    "half_life_seconds",
    "hurst",
    "spread_sd",
    "z",
    "volatility_ratio",
)
OUT_OF_SAMPLE_COLUMNS = ("p_value", "statistic", "hedge_ratio", "passed")


def pair_text(document: Document, style: Style) -> str:
    """Return what there is to say about one pair."""
    parts = [
        _head(document),
        _correlation(document, style),
        _cointegration(document, style),
        _spreads(document["spreads"], style),
        _ladder(document, style),
        _stability(document["stability"], style),
        warnings(document["warnings"], style),
    ]
    return "\n\n".join(parts)


def _head(document: Document) -> str:
    data, score = document["data"], document["zscore"]
    pair = f"{document['market1'] or 'market 1'} / {document['market2'] or 'market 2'}"
    missing = f", {data['missing_bars']:,} missing" if data["missing_bars"] else ""
    return (
        f"{pair}, {data['first']} to {data['last']},"
        f" {data['bars']:,} bars of {duration(data['timeframe_seconds'])}{missing}\n"
        f"Tests on {data['test_bars']:,} bars of {duration(data['test_timeframe_seconds'])}\n"
        f"z-score of ln(P1 / P2) now: {number(score['whole'])} over the whole time,"
        f" {number(score['rolling'])} over the last {duration(score['window_seconds'])}"
    )


def _correlation(document: Document, style: Style) -> str:
    rows = [
        (
            duration(row["timeframe_seconds"]),
            f"{row['returns']:,}",
            number(row["pearson"], 3),
            number(row["spearman"], 3),
            _reason(row),
        )
        for row in document["correlation"]
    ]
    volatility = document["volatility"]
    lines = [
        style.heading("Correlation of log returns"),
        _indented(table(("bars of", "returns", "Pearson", "Spearman", ""), rows)),
        f"  Volatility {number(volatility['market1'], 1)} % and"
        f" {number(volatility['market2'], 1)} % a year, ratio {number(volatility['ratio'])}",
    ]
    return "\n".join(lines)


def _cointegration(document: Document, style: Style) -> str:
    test = document["cointegration"]
    rows = [
        (
            f"{way['dependent']} on {way['regressor']}",
            number(way["hedge_ratio"], 4),
            number(way["r_squared"], 3),
            number(way["statistic"], 3),
            number(way["p_value"], 4),
            number((way["critical_values"] or {}).get("5%"), 3),
            DASH if way["lags"] is None else way["lags"],
            "better" if test["better"] == index else _reason(way),
        )
        for index, way in enumerate(test["directions"])
    ]
    headers = ("market", "hedge ratio", "R²", "statistic", "p", "5 % at", "lags", "")
    verdict = {
        True: "cointegrated by this test",
        False: "not cointegrated by this test",
        None: "could not be tested",
    }[test["cointegrated"]]
    ratios = document["hedge_ratio"]
    lines = [
        style.heading("Cointegration (Engle-Granger, both ways round)"),
        _indented(table(headers, rows)),
        "  p of the better way, doubled for looking twice:"
        f" {number(test['p_value'], 4)}, {verdict}",
        "  Notional of market 2 for 1 of market 1:"
        f" {number(ratios['ols_1_on_2'], 3)} (1 on 2),"
        f" {number(ratios['ols_2_on_1_inverted'], 3)} (2 on 1),"
        f" {number(ratios['total_least_squares'], 3)} (total least squares)",
    ]
    return "\n".join(lines)


SPREAD_NAMES = {
    "fitted": "fitted residual",
    "log_ratio": "equal notionals",
    "bot": "the bot's spread",
}


def _spreads(spreads: Document, style: Style) -> str:
    rows = []
    for name, label in SPREAD_NAMES.items():
        figures = spreads[name]
        adf, life = figures["adf"] or {}, figures["half_life"] or {}
        rows.append(
            (
                label,
                "%" if figures["unit"] == "percent" else figures["unit"],
                number(figures["mean"]),
                number(figures["sd"]),
                number(figures["last"]),
                number(figures["z"]),
                number(adf.get("p_value"), 4),
                duration(life.get("seconds")),
                number((figures["hurst"] or {}).get("exponent")),
                _reason(figures) or _reason(life),
            )
        )
    headers = ("spread", "unit", "mean", "sd", "last", "z", "ADF p", "half-life", "Hurst", "")
    return f"{style.heading('Does it come back?')}\n{_indented(table(headers, rows))}"


def _ladder(document: Document, style: Style) -> str:
    kind = "the ladder" if document["ladder"]["given"] else "quantiles of the past, no advice"
    rows = [
        (
            row["times"],
            number(row["spread"]),
            number(row["distance"]),
            row["reached"],
            f"{row['reached_above']} / {row['reached_below']}",
            f"{number(row['share_beyond'])} %",
            duration(row["to_half"]["median_seconds"]),
            duration(row["to_zero"]["median_seconds"]),
            row["to_zero"]["open"],
        )
        for row in document["ladder"]["rows"]
    ]
    headers = (
        "row",
        "spread",
        "from zero",
        "reached",
        "above / below",
        "bars beyond",
        "back to half",
        "back to zero",
        "not back",
    )
    spread = document["bot_spread"]
    title = f"Rows of the spread in points, {spread['mode']} ({kind}); times back are medians"
    return (
        f"{style.heading(title)}\n{_indented(table(headers, rows))}\n"
        f"  Lowest {number(spread['lowest'])}, highest {number(spread['highest'])},"
        f" mean distance from zero {number(spread['mean_absolute'])}"
    )


def _stability(rolling: Document, style: Style) -> str:
    title = style.heading("Stability")
    if rolling["cointegrated_share"] is None:
        return f"{title}\n  {_reason(rolling)}"
    ratio, together = rolling["hedge_ratio"], rolling["correlation"]
    return (
        f"{title}\n  cointegrated in {rolling['cointegrated_windows']} of {rolling['windows']}"
        f" windows of {duration(rolling['window_seconds'])}"
        f" ({number(rolling['cointegrated_share'], 1)} %, p at most {rolling['significance']:g})\n"
        f"  hedge ratio {number(ratio['min'])} to {number(ratio['max'])},"
        f" correlation {number(together['min'])} to {number(together['max'])}"
    )


def finder_text(document: Document, style: Style) -> str:
    """Return the pairs found, and how many were tried for them."""
    data, counts = document["data"], document["counts"]
    if data["first"] is None:
        head = f"{counts['symbols']} markets without a bar in common time"
    else:
        head = (
            f"{counts['symbols']} markets, {data['first']} to {data['last']},"
            f" {data['bars']:,} bars of {duration(data['test_timeframe_seconds'])}"
        )
    passed = (
        f"{counts['pairs']:,} pairs tried, {counts['tested']:,} tested for cointegration,"
        f" {counts['found']:,} passed"
    )
    parts = [f"{head}\n{passed}{_rejections(document['rejected'])}"]
    if document["pairs"]:
        title = f"Pairs by {document['settings']['sort']}"
        parts.append(f"{style.heading(title)}\n{_indented(_pairs(document['pairs']))}")
        left = counts["found"] - counts["shown"]
        if left:
            parts[-1] += f"\n  and {left:,} more: --limit shows them"
    if document["warnings"]:
        parts.append(warnings(document["warnings"], style))
    return "\n\n".join(parts)


def _rejections(rejected: Document) -> str:
    reasons = [f"{name} {count:,}" for name, count in rejected.items() if count]
    return f"\nNot passed: {', '.join(reasons)}" if reasons else ""


def _pairs(pairs: list[Document]) -> str:
    rows = [
        (
            pair["rank"],
            pair["market1"],
            pair["market2"],
            number(pair["score"], 1),
            number(pair["correlation"], 3),
            number(pair["p_value"], 4),
            number(pair["adjusted_p_value"], 4),
            number(pair["out_of_sample"]["p_value"], 4),
            number(pair["hedge_ratio"], 3),
            duration(pair["half_life_seconds"]),
            number(pair["spread_sd"]),
            number(pair["z"]),
        )
        for pair in pairs
    ]
    headers = (
        "#",
        "market 1",
        "market 2",
        "score",
        "r",
        "p",
        "adjusted p",
        "p out of sample",
        "hedge ratio",
        "half-life",
        "sd %",
        "z",
    )
    return table(headers, rows)


def finder_csv(document: Document) -> str:
    """Return the pairs as comma-separated values, every figure a column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*PAIR_COLUMNS, *(f"out_of_sample_{name}" for name in OUT_OF_SAMPLE_COLUMNS)])
    for pair in document["pairs"]:
        beyond = pair["out_of_sample"]
        writer.writerow(
            [
                *(pair[name] for name in PAIR_COLUMNS),
                *(beyond[name] for name in OUT_OF_SAMPLE_COLUMNS),
            ]
        )
    return text.getvalue()


def _reason(figures: Document) -> str:
    code = figures.get("reason")
    return REASONS[code] if code else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
