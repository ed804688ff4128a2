"""Statistics of a pair, and the search for pairs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from functions.research.briefs import Brief, Study, series_of, tables_of
from pairtrader.analysis.finder_options import FinderOptions
from pairtrader.analysis.pair_finder import Candles, find
from pairtrader.analysis.pair_options import PairOptions
from pairtrader.analysis.pair_statistics import analyse
from pairtrader.model.research import Stage
from pairtrader.model.settings import SpreadMode


async def pair(brief: Brief) -> Study:
    """Return the statistics of the job's two markets.

    Raises:
        BadSeries, BadOptions: they can't be had of these prices.
        NoCandles, BadCandles, ExchangeError: there are no prices.
    """
    tables = await tables_of(brief)
    job, given = brief.job, brief.job.parameters
    series = series_of(job, tables)
    first, second = job.symbols
    analysis = analyse(
        series.times,
        series.market1.close,
        series.market2.close,
        series.timeframe_ms,
        PairOptions(
            spread_mode=SpreadMode(given["spread_mode"]),
            ladder=tuple(row["spread"] for row in given["dca_config"] or ()),
            start_prices=(float(series.market1.open[0]), float(series.market2.open[0])),
        ),
        (first, second),
        brief.progress.within(Stage.COMPUTING),
    )
    document = analysis.document()
    return Study(document, _pair_summary(document))


def _pair_summary(document: Mapping[str, Any]) -> dict[str, Any]:
    cointegration, spreads = document["cointegration"], document["spreads"]
    correlations = document["correlation"]
    # Of hours where there are any: those of single bars drown in noise, days are few.
    hourly = [each for each in correlations if each["timeframe_seconds"] == 3600]  # noqa: PLR2004
    shown = (hourly or correlations or [{"pearson": None}])[0]
    return {
        "correlation": shown["pearson"],
        "p_value": cointegration["p_value"],
        "cointegrated": cointegration["cointegrated"],
        "hedge_ratio": document["hedge_ratio"]["ols_1_on_2"],
        "half_life_seconds": spreads["log_ratio"]["half_life"]["seconds"],
        "hurst": spreads["log_ratio"]["hurst"]["exponent"],
        "z": spreads["log_ratio"]["z"],
        "market1": document["market1"],
        "market2": document["market2"],
        "warnings": len(document["warnings"]),
    }


async def finder(brief: Brief) -> Study:
    """Return the pairs among the job's markets.

    Raises:
        BadSeries, BadOptions: they can't be found by these prices.
        NoCandles, BadCandles, ExchangeError: there are no prices.
    """
    tables = await tables_of(brief)
    found = find(
        [
            Candles(symbol, table[0].astype(np.int64), np.ascontiguousarray(table[4]))
            for symbol, table in tables.items()
        ],
        brief.job.period.timeframe_ms,
        FinderOptions(**_filters(brief.job.parameters["filters"] or {})),
        brief.progress.within(Stage.COMPUTING),
    )
    document = found.document()
    return Study(document, _finder_summary(document))


def _filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the finder's options: lengths of time are ms there."""
    options = {k: v for k, v in given.items() if not k.endswith("_seconds")}
    for name in ("min_half_life", "max_half_life"):
        seconds = given.get(f"{name}_seconds")
        options[f"{name}_ms"] = None if seconds is None else seconds * 1000
    return {"limit": 100, **options}


def _finder_summary(document: Mapping[str, Any]) -> dict[str, Any]:
    counts, pairs = document["counts"], document["pairs"]
    summary = {
        "pairs": counts["pairs"],
        "tested": counts["tested"],
        "found": counts["found"],
        "warnings": len(document["warnings"]),
    }
    if not pairs:
        return summary
    best = pairs[0]
    same = ("correlation", "p_value", "hedge_ratio", "half_life_seconds", "hurst", "z")
    return summary | {name: best[name] for name in (*same, "market1", "market2", "score")}
