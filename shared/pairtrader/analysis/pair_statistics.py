"""Everything that is asked of the past of one pair."""

from collections.abc import Callable

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.bot_spread import distribution, spreads
from pairtrader.analysis.cointegration import BothWays, both_ways
from pairtrader.analysis.correlation import Correlation, correlation_of_returns
from pairtrader.analysis.documents import Warned, iso
from pairtrader.analysis.errors import BadSeries
from pairtrader.analysis.half_life import half_life, one_bar_apart
from pairtrader.analysis.hurst import hurst
from pairtrader.analysis.ladder_reach import reach, suggestion
from pairtrader.analysis.pair_analysis import (
    DataFacts,
    HedgeRatios,
    Ladder,
    PairAnalysis,
    SettingsUsed,
    SpreadFigures,
    Spreads,
    Suggestion,
    Volatility,
)
from pairtrader.analysis.pair_options import PairOptions
from pairtrader.analysis.prices import checked_prices, checked_times
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import total_least_squares
from pairtrader.analysis.stability import Stability, stability
from pairtrader.analysis.timeframes import (
    DAY_MS,
    ENOUGH_BARS,
    HOUR_MS,
    YEAR_MS,
    closing_bars,
    gaps,
    timeframe_of_tests,
)
from pairtrader.analysis.unit_root import UnitRoot, unit_root
from pairtrader.analysis.watch import Progress, Watch
from pairtrader.analysis.zscore import Scores, scores
from pairtrader.model.settings import SpreadMode

FEWEST_BARS = 30
PARTS = 5
"""That whoever waits is told of."""
STILL_PERCENT = 1e-9
"""A spread whose standard deviation is below this does not move but for rounding."""
LARGE_MOVE_PERCENT = 30.0
"""As for a bot: beyond it points of difference mislead."""


def analyse(
    times: Integers,
    prices1: Floats,
    prices2: Floats,
    timeframe_ms: int,
    options: PairOptions | None = None,
    symbols: tuple[str | None, str | None] = (None, None),
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PairAnalysis:
    """Return what two markets' prices say about them as a pair.

    Args:
        times: when each bar opens, ms UTC, rising; gaps are bars that are missing.
        prices1: closes of market 1, quote currency.
        prices2: closes of market 2 at the same moments.
        timeframe_ms: length of a bar.
        options: how to look at them.
        symbols: names for the document.
        progress: told after every part.
        cancelled: asked before every part whether to leave it.

    Raises:
        BadSeries: prices that can't be analysed; the text says which and why.
        BadOptions: the text names the option.
        Cancelled: `cancelled` said so.
    """
    study = _Study(times, prices1, prices2, timeframe_ms, options or PairOptions(), symbols)
    return study.run(Watch(progress, cancelled))


class _Study:
    """The pair at hand, on all bars and on those of the tests."""

    def __init__(
        self,
        times: Integers,
        prices1: Floats,
        prices2: Floats,
        timeframe_ms: int,
        options: PairOptions,
        symbols: tuple[str | None, str | None],
    ) -> None:
        self.options, self.symbols, self.bar_ms = options, symbols, timeframe_ms
        names = tuple(symbol or f"market {n}" for n, symbol in enumerate(symbols, start=1))
        self.times = checked_times(times, timeframe_ms, " and ".join(names))
        self.prices1 = checked_prices(prices1, len(self.times), names[0])
        self.prices2 = checked_prices(prices2, len(self.times), names[1])
        if len(self.times) < FEWEST_BARS:
            raise BadSeries(
                f"an analysis needs at least {FEWEST_BARS} bars that both markets have, and here"
                f" are {len(self.times)}: take a longer period or a shorter timeframe"
            )
        self.log1, self.log2 = np.log(self.prices1), np.log(self.prices2)
        self.start_prices = options.start_prices or (
            float(self.prices1[0]),
            float(self.prices2[0]),
        )
        self.test_ms = timeframe_of_tests(self.times, timeframe_ms, options.test_timeframe_ms)
        self.tested = closing_bars(self.times, timeframe_ms, self.test_ms)
        if self.test_ms == timeframe_ms:
            self.tested = np.arange(len(self.times))

    def run(self, watch: Watch) -> PairAnalysis:
        """Return all parts, one after another."""
        watch.at(0, PARTS)
        correlation = self.correlation()
        watch.at(1, PARTS)
        both, residual = self.cointegration()
        watch.at(2, PARTS)
        mode = self.options.spread_mode
        points = spreads(mode, self.prices1, self.prices2, self.start_prices)
        kinds = Spreads(
            fitted=self.fitted(both, residual),
            log_ratio=self.figures("percent", self.log_ratio()[self.tested]),
            bot=self.figures("points", points[self.tested]),
        )
        watch.at(3, PARTS)
        rolling = self.stability(both)
        watch.at(4, PARTS)
        zscore = self.zscore()
        result = PairAnalysis(
            market1=self.symbols[0],
            market2=self.symbols[1],
            data=self.facts(),
            settings=self.settings(zscore, rolling),
            warnings=self.warnings(),
            correlation=correlation,
            volatility=self.volatility(),
            cointegration=both,
            hedge_ratio=self.hedge_ratios(both),
            spreads=kinds,
            zscore=zscore,
            bot_spread=distribution(mode, self.start_prices, self.times, points),
            ladder=self.ladder(points),
            suggestion=Suggestion(suggestion(points)),
            stability=rolling,
        )
        watch.at(PARTS, PARTS)
        return result

    def facts(self) -> DataFacts:
        """Return what the figures are made of."""
        count, missing = gaps(self.times, self.bar_ms)
        return DataFacts(
            timeframe_seconds=self.bar_ms // 1000,
            test_timeframe_seconds=self.test_ms // 1000,
            first=iso(int(self.times[0])),
            last=iso(int(self.times[-1])),
            bars=len(self.times),
            test_bars=len(self.tested),
            gaps=count,
            missing_bars=missing,
        )

    def settings(self, zscore: Scores, rolling: Stability) -> SettingsUsed:
        """Return the options as applied."""
        options = self.options
        return SettingsUsed(
            trend=options.trend,
            lag_choice=options.lag_choice,
            max_lag=options.max_lag,
            spread_mode=options.spread_mode,
            significance=options.significance,
            zscore_window_seconds=zscore.window_seconds,
            stability_window_seconds=rolling.window_seconds,
        )

    def warnings(self) -> tuple[Warned, ...]:
        """Return what to know before believing the figures."""
        found = [
            Warned(
                "in_sample",
                "hedge ratio and fitted spread are fitted to the very bars they are judged on, and"
                " the past does not bind the future",
            )
        ]
        if self.options.test_timeframe_ms is None and self.test_ms < HOUR_MS > self.bar_ms:
            found.append(
                Warned(
                    "shorter_test_timeframe",
                    f"there are not {ENOUGH_BARS} hourly bars: the tests take bars of"
                    f" {self.test_ms // 1000} s",
                )
            )
        if len(self.tested) < ENOUGH_BARS:
            found.append(
                Warned(
                    "few_test_bars",
                    f"the tests have only {len(self.tested)} bars: take a longer period or a"
                    " shorter timeframe",
                )
            )
        count, missing = gaps(self.times, self.bar_ms)
        if count:
            found.append(
                Warned(
                    "gaps",
                    f"{missing} bars are missing in {count} gaps: the tests take the bars on"
                    " either side of a gap as neighbours, returns over a gap are left out",
                )
            )
        if self.options.spread_mode is SpreadMode.DIFFERENCE and self._moved_far():
            found.append(
                Warned(
                    "large_move",
                    f"a market has moved by more than {LARGE_MOVE_PERCENT:.0f} % from its start"
                    " price: points of difference mislead, log_ratio does not",
                )
            )
        return tuple(found)

    def _moved_far(self) -> bool:
        bound = LARGE_MOVE_PERCENT / 100.0
        return any(
            float(prices.max()) / start - 1.0 > bound or 1.0 - float(prices.min()) / start > bound
            for prices, start in zip((self.prices1, self.prices2), self.start_prices, strict=True)
        )

    def correlation(self) -> tuple[Correlation, ...]:
        """Return the correlation by bar, hour and day."""
        longer = [each for each in (HOUR_MS, DAY_MS) if each > self.bar_ms]
        lengths = [self.bar_ms, *(each for each in longer if not each % self.bar_ms)]
        return tuple(self._correlation(each) for each in lengths)

    def _correlation(self, length_ms: int) -> Correlation:
        times, log1, log2 = self.times, self.log1, self.log2
        if length_ms > self.bar_ms:
            there = closing_bars(times, self.bar_ms, length_ms)
            times, log1, log2 = times[there], log1[there], log2[there]
        return correlation_of_returns(times, log1, log2, length_ms)

    def volatility(self) -> Volatility:
        """Return how much each market moves."""
        seconds = self.test_ms // 1000
        steps = one_bar_apart(self.times[self.tested], self.test_ms)
        if np.count_nonzero(steps) < FEWEST_BARS:
            return Volatility(seconds, reason=Reason.TOO_FEW_BARS)
        year = float(np.sqrt(YEAR_MS / self.test_ms)) * 100.0
        first, second = (
            float(np.diff(log[self.tested])[steps].std(ddof=1)) * year
            for log in (self.log1, self.log2)
        )
        if not second:
            return Volatility(seconds, first, second, reason=Reason.CONSTANT)
        return Volatility(seconds, first, second, first / second)

    def cointegration(self) -> tuple[BothWays, Floats | None]:
        """Return both regressions and the better one's residual."""
        options = self.options
        return both_ways(
            self.log1[self.tested],
            self.log2[self.tested],
            options.trend,
            options.lag_choice,
            options.max_lag,
            options.significance,
        )

    def hedge_ratios(self, both: BothWays) -> HedgeRatios:
        """Return the ratios by least squares one way, the other way, and at right angles."""
        forth, back = (way.hedge_ratio for way in both.directions)
        closest = None
        if len(self.tested) > 1:
            closest = total_least_squares(self.log1[self.tested], self.log2[self.tested])
        return HedgeRatios(
            ols_1_on_2=forth,
            ols_2_on_1_inverted=1.0 / back if back else None,
            total_least_squares=closest,
            reason=both.directions[0].reason if forth is None else None,
        )

    def log_ratio(self) -> Floats:
        """Return 100 ln(P1 / P2) of all bars, less its first value: percent."""
        away = self.log1 - self.log2
        result: Floats = (away - away[0]) * 100.0
        return result if float(result.std()) >= STILL_PERCENT else np.zeros(len(result))

    def fitted(self, both: BothWays, residual: Floats | None) -> SpreadFigures:
        """Return how the better regression's residual behaved."""
        if residual is None:
            return SpreadFigures("percent", reason=both.directions[0].reason)
        way = both.directions[both.better or 0]
        if way.reason is Reason.COLLINEAR:
            return SpreadFigures("percent", reason=way.reason)
        test = UnitRoot(
            trend=both.trend,
            statistic=way.statistic,
            p_value=way.p_value,
            critical_values=way.critical_values,
            lags=way.lags,
            observations=way.observations,
            reason=way.reason,
        )
        return self.figures("percent", residual * 100.0, test)

    def figures(self, unit: str, values: Floats, test: UnitRoot | None = None) -> SpreadFigures:
        """Return how `values`, a spread on the bars of the tests, behaved."""
        if len(values) <= 1:
            return SpreadFigures(unit, reason=Reason.TOO_FEW_BARS)
        mean, deviation = float(values.mean()), float(values.std(ddof=1))
        if deviation < STILL_PERCENT:
            return SpreadFigures(unit, mean, deviation, float(values[-1]), reason=Reason.CONSTANT)
        options = self.options
        neighbours = one_bar_apart(self.times[self.tested], self.test_ms)
        return SpreadFigures(
            unit=unit,
            mean=mean,
            sd=deviation,
            last=float(values[-1]),
            z=(float(values[-1]) - mean) / deviation,
            adf=test or unit_root(values, options.trend, options.lag_choice, options.max_lag),
            half_life=half_life(values, self.test_ms, neighbours),
            hurst=hurst(values),
        )

    def zscore(self) -> Scores:
        """Return the scores of the log ratio on all bars."""
        window = self.options.zscore_window_ms
        return scores("log_ratio", self.times, self.log_ratio(), self.bar_ms, window)

    def ladder(self, points: Floats) -> Ladder:
        """Return how often each row was reached."""
        rows = self.options.ladder or tuple(row.spread for row in suggestion(points))
        return Ladder(bool(self.options.ladder), reach(self.times, points, rows))

    def stability(self, both: BothWays) -> Stability:
        """Return the rolling figures, by the better regression's direction."""
        return stability(
            self.times[self.tested],
            self.log1[self.tested],
            self.log2[self.tested],
            self.test_ms,
            self.options.stability_window_ms,
            dependent=both.directions[both.better or 0].dependent,
            trend=self.options.trend,
            lag_choice=self.options.lag_choice,
            max_lag=self.options.max_lag,
            significance=self.options.significance,
        )
