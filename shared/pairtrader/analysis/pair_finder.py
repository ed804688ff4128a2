"""Which of many markets make pairs: all against all, and honest about how many were tried."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.cointegration import BothWays, both_ways
from pairtrader.analysis.correlation import correlation_matrix
from pairtrader.analysis.documents import Warned, iso
from pairtrader.analysis.errors import BadSeries
from pairtrader.analysis.finder_options import FEWEST_OF_A_HALF, FinderOptions
from pairtrader.analysis.finder_result import (
    FILTERS,
    CorrelationMatrix,
    Counts,
    Finder,
    FinderFacts,
    FinderSettings,
    SymbolFacts,
)
from pairtrader.analysis.found_pairs import FoundPair, OutOfSample, ordered, score
from pairtrader.analysis.half_life import HalfLife, half_life, one_bar_apart
from pairtrader.analysis.hurst import hurst
from pairtrader.analysis.multiple_testing import benjamini_hochberg
from pairtrader.analysis.prices import checked_prices, checked_times
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import is_constant, line
from pairtrader.analysis.timeframes import HOUR_MS, closing_bars, timeframe_of_tests
from pairtrader.analysis.unit_root import unit_root
from pairtrader.analysis.watch import Progress, Watch


@dataclass(frozen=True, slots=True)
class Candles:
    """Closes of one market, quote currency; times are when the bars open, ms UTC, rising."""

    symbol: str
    times: Integers
    prices: Floats


def find(
    candles: Sequence[Candles],
    timeframe_ms: int,
    options: FinderOptions | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Finder:
    """Return the pairs of `candles` that pass the filters, the best first.

    Args:
        candles: two markets or more, each symbol once.
        timeframe_ms: length of a bar, the same for all.
        options: filters and order.
        progress: told now and then how many of the pairs are done.
        cancelled: asked before every pair whether to leave it.

    Raises:
        BadSeries: prices that can't be analysed; the text names the market.
        BadOptions: the text names the option.
        Cancelled: `cancelled` said so.
    """
    return _Search(candles, timeframe_ms, options or FinderOptions()).run(
        Watch(progress, cancelled)
    )


@dataclass(frozen=True, slots=True)
class _Tested:
    """A pair that was tested for cointegration."""

    row1: int
    row2: int
    there: Integers
    """Moments of the grid that both have."""
    both: BothWays
    residual: Floats

    @property
    def p_value(self) -> float:
        """Return the better way's, doubled."""
        return 1.0 if self.both.p_value is None else self.both.p_value

    @property
    def dependent(self) -> int:
        """Return the number of the market that is explained."""
        return self.both.directions[self.both.better or 0].dependent

    @property
    def hedge_ratio(self) -> float | None:
        """Return market 2's notional for one of market 1."""
        return _of_market_1(self.both.directions[self.both.better or 0].hedge_ratio, self.dependent)


def _of_market_1(ratio: float | None, dependent: int) -> float | None:
    """Return a regression's ratio as market 2's notional for one of market 1."""
    if not ratio:
        return None
    return ratio if dependent == 1 else 1.0 / ratio


class _Search:
    """All markets on one grid of time."""

    def __init__(
        self, candles: Sequence[Candles], timeframe_ms: int, options: FinderOptions
    ) -> None:
        symbols = tuple(each.symbol for each in candles)
        twice = [symbol for symbol, count in Counter(symbols).items() if count > 1]
        if twice:
            raise BadSeries(f"{twice[0]} is there twice: give every market once")
        if len(symbols) <= 1:
            raise BadSeries("pairs need at least two markets")
        self.options, self.bar_ms, self.symbols = options, timeframe_ms, symbols
        self.rejected: Counter[str] = Counter()
        checked = [_checked(each, timeframe_ms) for each in candles]
        longest = max((each.times for each in checked), key=len)
        self.test_ms = timeframe_of_tests(longest, timeframe_ms, options.test_timeframe_ms)
        resampled = [self._resampled(each) for each in checked]
        self.times = np.unique(np.concatenate([each.times for each in resampled]))
        self.logs = np.full((len(symbols), len(self.times)), np.nan)
        for row, each in enumerate(resampled):
            self.logs[row, np.searchsorted(self.times, each.times)] = np.log(each.prices)
        self.facts = tuple(self._facts(each) for each in resampled)
        returns = np.diff(self.logs, axis=1)
        returns[:, ~one_bar_apart(self.times, self.test_ms)] = np.nan
        self.correlations, _ = correlation_matrix(returns)

    def _resampled(self, candles: Candles) -> Candles:
        if self.test_ms == self.bar_ms:
            return candles
        there = closing_bars(candles.times, self.bar_ms, self.test_ms)
        return Candles(candles.symbol, candles.times[there], candles.prices[there])

    def _facts(self, candles: Candles) -> SymbolFacts:
        times, reason = candles.times, None
        if len(times) < self.options.min_bars:
            reason = Reason.TOO_FEW_BARS
        elif is_constant(candles.prices):
            reason = Reason.CONSTANT
        return SymbolFacts(
            symbol=candles.symbol,
            bars=len(times),
            first=iso(int(times[0])) if len(times) else None,
            last=iso(int(times[-1])) if len(times) else None,
            used=reason is None,
            reason=reason,
        )

    def run(self, watch: Watch) -> Finder:
        """Return the search's result."""
        pairs = len(self.symbols) * (len(self.symbols) - 1) // 2
        likely = self._likely()
        skipped = pairs - len(likely)
        tested: list[_Tested] = []
        for done, (row1, row2) in enumerate(likely):
            watch.at(skipped + done, pairs)
            one = self._test(row1, row2)
            if one is not None:
                tested.append(one)
        found = self._found(tested, pairs)
        watch.at(pairs, pairs)
        shown = found if self.options.limit is None else found[: self.options.limit]
        counts = Counts(len(self.symbols), pairs, len(tested), len(found), len(shown))
        there = len(self.times) > 0
        return Finder(
            data=FinderFacts(
                timeframe_seconds=self.bar_ms // 1000,
                test_timeframe_seconds=self.test_ms // 1000,
                first=iso(int(self.times[0])) if there else None,
                last=iso(int(self.times[-1])) if there else None,
                bars=len(self.times),
                symbols=self.facts,
            ),
            settings=FinderSettings.of(self.options),
            counts=counts,
            rejected={name: self.rejected[name] for name in FILTERS},
            warnings=self._warnings(counts),
            correlation_matrix=CorrelationMatrix(self.symbols, self.correlations),
            pairs=tuple(replace(pair, rank=rank) for rank, pair in enumerate(shown, start=1)),
        )

    def _warnings(self, counts: Counts) -> tuple[Warned, ...]:
        found = []
        by_luck = counts.tested * self.options.max_p_value
        if counts.tested > 1:
            found.append(
                Warned(
                    "many_pairs",
                    f"{counts.pairs} pairs were tried and {counts.tested} tested: about"
                    f" {by_luck:.1f} of the tested would pass max_p_value"
                    f" {self.options.max_p_value:g} by luck alone; believe adjusted_p_value and"
                    " the out-of-sample check rather than p_value",
                )
            )
        if self.options.test_timeframe_ms is None and self.test_ms < HOUR_MS > self.bar_ms:
            found.append(
                Warned(
                    "shorter_test_timeframe",
                    f"too few hourly bars: everything is measured on {self.test_ms // 1000} s",
                )
            )
        left_out = [facts.symbol for facts in self.facts if not facts.used]
        if left_out:
            found.append(
                Warned(
                    "symbols_left_out",
                    f"not to be paired: {', '.join(left_out)} (too few bars, or no movement)",
                )
            )
        return tuple(found)

    def _likely(self) -> list[tuple[int, int]]:
        """Return the pairs that are worth a test."""
        known = np.isfinite(self.logs).astype(np.float64)
        shared = known @ known.T
        likely = []
        for row1 in range(len(self.symbols)):
            for row2 in range(row1 + 1, len(self.symbols)):
                together = self.correlations[row1, row2]
                if shared[row1, row2] < self.options.min_bars:
                    self.rejected["too_few_bars"] += 1
                elif not np.isfinite(together):
                    self.rejected["constant"] += 1
                elif together < self.options.min_correlation:
                    self.rejected["min_correlation"] += 1
                else:
                    likely.append((row1, row2))
        return likely

    def _test(self, row1: int, row2: int) -> _Tested | None:
        there = np.flatnonzero(np.isfinite(self.logs[row1]) & np.isfinite(self.logs[row2]))
        options = self.options
        both, residual = both_ways(
            self.logs[row1, there],
            self.logs[row2, there],
            options.trend,
            options.lag_choice,
            options.max_lag,
        )
        if both.better is None or residual is None:
            reason = both.directions[0].reason or Reason.COLLINEAR
            self.rejected[reason.value] += 1
            return None
        return _Tested(row1, row2, there, both, residual)

    def _found(self, tested: list[_Tested], pairs: int) -> list[FoundPair]:
        chances = np.array([each.p_value for each in tested])
        adjusted = benjamini_hochberg(chances, pairs)
        found = []
        for each, honest in zip(tested, adjusted.tolist(), strict=True):
            times = self.times[each.there]
            lasting = half_life(each.residual, self.test_ms, one_bar_apart(times, self.test_ms))
            obstacle = self._obstacle(each, honest, lasting)
            if obstacle:
                self.rejected[obstacle] += 1
            else:
                found.append(self._row(each, honest, lasting))
        return ordered(found, self.options.sort)

    def _obstacle(self, pair: _Tested, adjusted: float, lasting: HalfLife) -> str | None:
        options = self.options
        if pair.p_value > options.max_p_value:
            return "max_p_value"
        if options.max_adjusted_p_value is not None and adjusted > options.max_adjusted_p_value:
            return "max_adjusted_p_value"
        low, high = options.min_half_life_seconds, options.max_half_life_seconds
        if (low is not None and (lasting.seconds is None or lasting.seconds < low)) or (
            high is not None and (lasting.seconds is None or lasting.seconds > high)
        ):
            return "half_life"
        deviation, ratio = options.max_hedge_deviation, pair.hedge_ratio
        if deviation is not None and (ratio is None or abs(ratio - 1.0) > deviation):
            return "max_hedge_deviation"
        return None

    def _row(self, pair: _Tested, adjusted: float, lasting: HalfLife) -> FoundPair:
        log1, log2 = self.logs[pair.row1, pair.there], self.logs[pair.row2, pair.there]
        way = pair.both.directions[pair.both.better or 0]
        options = self.options
        equal = unit_root(log1 - log2, options.trend, options.lag_choice, options.max_lag)
        deviation = float(pair.residual.std(ddof=1))
        steps = one_bar_apart(self.times[pair.there], self.test_ms)
        moves = [float(np.diff(log)[steps].std(ddof=1)) for log in (log1, log2)]
        row = FoundPair(
            rank=0,
            market1=self.symbols[pair.row1],
            market2=self.symbols[pair.row2],
            score=0.0,
            bars=len(pair.there),
            correlation=float(self.correlations[pair.row1, pair.row2]),
            p_value=pair.p_value,
            adjusted_p_value=adjusted,
            statistic=way.statistic,
            dependent=pair.dependent,
            hedge_ratio=pair.hedge_ratio,
            log_ratio_p_value=equal.p_value,
            half_life_bars=lasting.bars,
            half_life_seconds=lasting.seconds,
            hurst=hurst(pair.residual).exponent,
            spread_sd=deviation * 100.0,
            z=float(pair.residual[-1]) / deviation,
            volatility_ratio=moves[0] / moves[1] if moves[1] else None,
            out_of_sample=self._out_of_sample(log1, log2, pair.dependent),
        )
        return replace(row, score=score(row))

    def _out_of_sample(self, log1: Floats, log2: Floats, dependent: int) -> OutOfSample:
        middle = len(log1) // 2
        if middle < FEWEST_OF_A_HALF:
            return OutOfSample(reason=Reason.TOO_FEW_BARS)
        y, x = (log1, log2) if dependent == 1 else (log2, log1)
        fitted = line(y[:middle], x[:middle])
        if fitted is None:
            return OutOfSample(reason=Reason.CONSTANT)
        options = self.options
        ratio = _of_market_1(fitted.slope_in_x, dependent)
        rest = y[middle:] - fitted.slope_in_x * x[middle:]
        test = unit_root(rest, options.trend, options.lag_choice, options.max_lag)
        if test.p_value is None:
            return OutOfSample(hedge_ratio=ratio, reason=test.reason)
        passed = test.p_value <= options.max_p_value
        return OutOfSample(test.p_value, test.statistic, ratio, passed)


def _checked(candles: Candles, timeframe_ms: int) -> Candles:
    times = checked_times(candles.times, timeframe_ms, candles.symbol)
    prices = checked_prices(candles.prices, len(times), candles.symbol)
    return Candles(candles.symbol, times, prices)
