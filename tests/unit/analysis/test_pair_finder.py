"""The pair finder: what is found, what is filtered, and what is told about luck."""

import json
from typing import Any

import numpy as np
import pytest

from pairtrader.analysis.errors import BadOptions, BadSeries, Cancelled
from pairtrader.analysis.finder_options import FinderOptions
from pairtrader.analysis.finder_result import FILTERS, Finder
from pairtrader.analysis.found_pairs import SORTS
from pairtrader.analysis.half_life import half_life
from pairtrader.analysis.pair_finder import Candles, find
from pairtrader.analysis.pair_options import PairOptions
from pairtrader.analysis.pair_statistics import analyse
from pairtrader.analysis.unit_root import unit_root
from tests.made_markets import Floats, hours, recorded_closes, reverting, walk

HOUR = 3_600_000
COUNT = 720
ALL = FinderOptions(min_correlation=-1.0, max_p_value=1.0)


def market(symbol: str, logarithm: Floats) -> Candles:
    return Candles(symbol, hours(len(logarithm)), 10.0 * np.exp(logarithm))


COMMON = walk(1, COUNT)
MARKETS = [
    market("AAA-USDT", COMMON),
    market("BBB-USDT", 0.9 * COMMON + reverting(2, COUNT, step=0.003)),
    market("CCC-USDT", 1.4 * COMMON + reverting(3, COUNT, step=0.004)),
    market("DDD-USDT", COMMON + walk(4, COUNT, 0.006)),
    market("EEE-USDT", walk(5, COUNT)),
]


def names(found: Finder) -> set[tuple[str, str]]:
    return {(pair.market1[:3], pair.market2[:3]) for pair in found.pairs}


def test_pairs_that_were_made_are_found_and_others_not() -> None:
    found = find(MARKETS, HOUR)
    assert names(found) >= {("AAA", "BBB"), ("AAA", "CCC"), ("BBB", "CCC")}
    assert not any("EEE" in pair for pair in names(found))
    assert [pair.rank for pair in found.pairs] == list(range(1, len(found.pairs) + 1))
    best = found.pairs[0]
    assert best.out_of_sample.passed is True
    assert best.adjusted_p_value >= best.p_value


def test_every_pair_is_accounted_for_once() -> None:
    found = find(MARKETS, HOUR)
    assert found.counts.pairs == 10
    assert sum(found.rejected.values()) + found.counts.found == 10
    assert tuple(found.rejected) == FILTERS


def test_figures_are_those_of_the_analysis_of_the_pair() -> None:
    found = find(MARKETS, HOUR, ALL)
    assert found.counts.shown == 10
    by_symbol = {each.symbol: each for each in MARKETS}
    for pair in found.pairs:
        one, two = by_symbol[pair.market1], by_symbol[pair.market2]
        alone = analyse(one.times, one.prices, two.prices, HOUR, PairOptions())
        assert pair.correlation == pytest.approx(alone.correlation[0].pearson, abs=1e-9)
        assert pair.p_value == pytest.approx(alone.cointegration.p_value, abs=1e-12)
        assert pair.half_life_bars == pytest.approx(alone.spreads.fitted.half_life.bars)
        assert pair.hurst == pytest.approx(alone.spreads.fitted.hurst.exponent)
        assert pair.spread_sd == pytest.approx(alone.spreads.fitted.sd)
        assert pair.z == pytest.approx(alone.spreads.fitted.z)
        assert pair.log_ratio_p_value == pytest.approx(alone.spreads.log_ratio.adf.p_value)
        assert pair.volatility_ratio == pytest.approx(alone.volatility.ratio)
        ratios = alone.hedge_ratio
        expected = (ratios.ols_1_on_2, ratios.ols_2_on_1_inverted)[pair.dependent - 1]
        assert pair.hedge_ratio == pytest.approx(expected)


def test_out_of_sample_holds_the_second_half_by_the_first_halfs_ratio() -> None:
    (pair,) = find(MARKETS[:2], HOUR, ALL).pairs
    logs = [np.log(each.prices) for each in MARKETS[:2]]
    y, x = logs if pair.dependent == 1 else logs[::-1]
    half = COUNT // 2
    slope = np.polyfit(x[:half], y[:half], 1)[0]
    expected = unit_root(y[half:] - slope * x[half:])
    assert pair.out_of_sample.statistic == pytest.approx(expected.statistic, rel=1e-6)
    ratio = slope if pair.dependent == 1 else 1 / slope
    assert pair.out_of_sample.hedge_ratio == pytest.approx(ratio)


def test_a_pair_that_parts_in_the_second_half_fails_out_of_sample() -> None:
    second = 0.9 * COMMON + reverting(2, COUNT, step=0.003)
    second[COUNT // 2 :] += walk(9, COUNT // 2, 0.02)
    (pair,) = find([MARKETS[0], market("BBB-USDT", second)], HOUR, ALL).pairs
    assert pair.out_of_sample.passed is not None
    assert pair.out_of_sample.p_value is not None
    assert pair.out_of_sample.p_value > 0.05


@pytest.mark.parametrize(
    ("options", "filter_name"),
    [
        ({"min_correlation": 0.99}, "min_correlation"),
        ({"min_correlation": -1.0, "max_p_value": 1e-9}, "max_p_value"),
        ({"max_adjusted_p_value": 1e-12}, "max_adjusted_p_value"),
        ({"max_half_life_ms": HOUR}, "half_life"),
        ({"min_half_life_ms": 1000 * HOUR}, "half_life"),
        ({"max_hedge_deviation": 0.0}, "max_hedge_deviation"),
        ({"min_bars": 721}, "too_few_bars"),
    ],
)
def test_what_a_filter_takes_out_is_counted_under_its_name(
    options: dict[str, Any], filter_name: str
) -> None:
    found = find(MARKETS, HOUR, FinderOptions(**options))
    assert found.counts.found == 0
    assert found.rejected[filter_name] > 0


@pytest.mark.parametrize("sort", SORTS)
def test_sorted_by_any_column(sort: str) -> None:
    options = FinderOptions(min_correlation=-1.0, max_p_value=1.0, sort=sort)
    pairs = find(MARKETS, HOUR, options).pairs
    assert len(pairs) == 10
    values = [
        each.out_of_sample.p_value if sort == "out_of_sample" else getattr(each, sort)
        for each in pairs
    ]
    known = [abs(value) if sort == "z" else value for value in values if value is not None]
    assert known == sorted(known, reverse=SORTS[sort])
    assert all(value is None for value in values[len(known) :])


def test_the_limit_shows_the_first_and_counts_all() -> None:
    options = FinderOptions(min_correlation=-1.0, max_p_value=1.0, limit=3)
    found = find(MARKETS, HOUR, options)
    assert (found.counts.found, found.counts.shown, len(found.pairs)) == (10, 3, 3)
    assert found.pairs == find(MARKETS, HOUR, ALL).pairs[:3]


def test_walks_make_finds_by_luck_that_the_adjusted_value_does_not_make() -> None:
    common = walk(100, 500)
    walks = [market(f"W{n:02d}", common + walk(n, 500)) for n in range(30)]
    found = find(walks, HOUR, FinderOptions(min_correlation=0.3))
    assert 0 < found.counts.found < 0.1 * found.counts.tested
    assert sum(pair.adjusted_p_value <= 0.05 for pair in found.pairs) <= 3
    (warning,) = (each for each in found.warnings if each.code == "many_pairs")
    assert "435 pairs were tried" in warning.text


def test_markets_of_other_times_are_compared_where_both_have_bars() -> None:
    early = Candles("EARLY", hours(400), np.exp(COMMON[:400]))
    part = slice(250, 720)
    late = Candles("LATE", hours(720)[part], np.exp((COMMON + reverting(1, COUNT))[part]))
    (pair,) = find([early, late], HOUR, ALL).pairs
    assert pair.bars == 150
    both = slice(250, 400)
    alone = analyse(hours(720)[both], early.prices[both], late.prices[:150], HOUR, PairOptions())
    assert pair.p_value == pytest.approx(alone.cointegration.p_value, abs=1e-12)
    nothing = find([early, Candles("LATER", hours(900)[500:], np.exp(walk(1, 400)))], HOUR, ALL)
    assert (nothing.counts.found, nothing.rejected["too_few_bars"]) == (0, 1)


def test_markets_that_can_not_be_paired_are_named() -> None:
    still = Candles("STILL", hours(COUNT), np.ones(COUNT))
    short = Candles("SHORT", hours(20), np.exp(walk(1, 20)))
    empty = Candles("EMPTY", hours(0), np.empty(0))
    found = find([*MARKETS[:2], still, short, empty], HOUR, ALL)
    used = {facts.symbol: (facts.used, facts.reason) for facts in found.data.symbols}
    assert used["AAA-USDT"] == (True, None)
    assert used["STILL"] == (False, "constant")
    assert used["SHORT"] == used["EMPTY"] == (False, "too_few_bars")
    assert found.rejected["constant"] == 2
    assert found.rejected["too_few_bars"] == 7
    json.dumps(found.document(), allow_nan=False)


def test_the_same_market_under_two_names_is_collinear() -> None:
    twin = Candles("TWIN", MARKETS[0].times, 5.0 * MARKETS[0].prices)
    found = find([MARKETS[0], twin], HOUR, ALL)
    assert (found.counts.found, found.rejected["collinear"]) == (0, 1)


def test_the_document_holds_only_finite_numbers() -> None:
    document = find(MARKETS, HOUR, ALL).document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["kind"] == "finder"
    matrix = document["correlation_matrix"]
    assert matrix["symbols"] == [each.symbol for each in MARKETS]
    assert [len(row) for row in matrix["values"]] == [5] * 5
    assert all(0 <= pair["score"] <= 100 for pair in document["pairs"])


def test_exchanging_the_order_of_the_markets_finds_the_same() -> None:
    forth, back = find(MARKETS, HOUR, ALL), find(MARKETS[::-1], HOUR, ALL)
    scores = {frozenset((pair.market1, pair.market2)): pair.score for pair in forth.pairs}
    for pair in back.pairs:
        assert pair.score == pytest.approx(scores[frozenset((pair.market1, pair.market2))])


def test_minutes_are_measured_by_the_hour() -> None:
    coins = ("LTC", "LINK", "AVAX", "ETC")
    candles = [Candles(coin, *recorded_closes("perp_1m_2025-05", coin)) for coin in coins]
    found = find(candles, 60_000, ALL)
    assert (found.data.timeframe_seconds, found.data.test_timeframe_seconds) == (60, 3600)
    assert found.data.bars == 712
    (pair,) = (each for each in found.pairs if {each.market1, each.market2} == {"LTC", "LINK"})
    assert pair.half_life_seconds == pytest.approx(20 * 3600, rel=0.01)


def test_progress_is_told_and_a_call_off_obeyed() -> None:
    told: list[tuple[int, int]] = []
    find(MARKETS, HOUR, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    with pytest.raises(Cancelled):
        find(MARKETS, HOUR, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("candles", "text"),
    [
        (MARKETS[:1], "at least two"),
        ([], "at least two"),
        ([MARKETS[0], MARKETS[0]], "AAA-USDT is there twice"),
        ([MARKETS[0], market("NAN", np.full(50, np.nan))], "NAN has no price above zero at bar 0"),
        ([MARKETS[0], Candles("ODD", hours(50)[::-1], np.ones(50))], "times of ODD"),
        ([MARKETS[0], Candles("CUT", hours(50), np.ones(49))], "CUT must have one price"),
    ],
)
def test_markets_that_can_not_be_searched_are_refused_by_name(
    candles: list[Candles], text: str
) -> None:
    with pytest.raises(BadSeries, match=text):
        find(candles, HOUR)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"min_correlation": 1.1}, "min_correlation"),
        ({"max_p_value": 0.0}, "max_p_value"),
        ({"max_adjusted_p_value": 2.0}, "max_adjusted_p_value"),
        ({"min_half_life_ms": -1}, "min_half_life must"),
        ({"max_hedge_deviation": float("nan")}, "max_hedge_deviation"),
        ({"max_lag": -1}, "max_lag"),
        ({"min_bars": 10}, "min_bars"),
        ({"sort": "luck"}, "sort must be one of score"),
        ({"limit": 0}, "limit"),
    ],
)
def test_options_that_can_not_be_right_are_refused_by_name(
    wrong: dict[str, Any], text: str
) -> None:
    with pytest.raises(BadOptions, match=text):
        FinderOptions(**wrong)


def test_half_life_of_a_found_pair_is_the_residuals() -> None:
    (pair,) = find(MARKETS[:2], HOUR, ALL).pairs
    logs = [np.log(each.prices) for each in MARKETS[:2]]
    y, x = logs if pair.dependent == 1 else logs[::-1]
    slope, level = np.polyfit(x, y, 1)
    expected = half_life(y - slope * x - level, HOUR)
    assert pair.half_life_seconds == pytest.approx(expected.seconds, rel=1e-6)
