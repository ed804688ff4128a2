"""What a run has brought: figures, tables and curves, as one document."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from typing import Any

from pairtrader.backtest.books import Books, books_of
from pairtrader.backtest.config import FROM_THE_FIRST_BAR, BacktestConfig
from pairtrader.backtest.cycles import Cycles, cycles_of
from pairtrader.backtest.drawdown import Drawdown, drawdown_of
from pairtrader.backtest.equity import Days, Equity, days_of, equity_of
from pairtrader.backtest.metrics import Metrics, metrics_of
from pairtrader.backtest.remarks import Remark, gaps_of, remarks_on
from pairtrader.backtest.series import Floats, PairSeries
from pairtrader.backtest.tables import (
    cycle_rows,
    equity_table,
    iso_time,
    order_rows,
    spread_table,
)
from pairtrader.backtest.trades import Outcome

VERSION = 1
MONEY_PLACES = Decimal("1e-8")
"""As settings hold money."""


@dataclass(frozen=True, slots=True)
class MarketSource:
    """Where the candles of one market came from."""

    bars: int
    """Of the file or recording, those without a partner as well."""
    symbol: str | None = None
    """None: as the settings name it."""
    file: str | None = None
    source: str | None = None
    """Such as an exchange, where it was no file."""

    def document(self, symbol: str) -> dict[str, Any]:
        """Return it as plain JSON values, `symbol` standing in where none is known."""
        origin = {"file": self.file} if self.source is None else {"source": self.source}
        return {"symbol": self.symbol or symbol, **origin, "bars": self.bars}


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where the prices of a run came from."""

    market1: MarketSource
    market2: MarketSource
    unpaired_bars: int = 0
    """Bars that only one of both markets has."""
    remarks: tuple[Remark, ...] = ()
    """What the reader of the files had to say."""

    @classmethod
    def unnamed(cls, series: PairSeries) -> "DataSource":
        """Return the source of prices that came from nowhere in particular."""
        return cls(MarketSource(len(series)), MarketSource(len(series)))


@dataclass(frozen=True)
class BacktestResult:
    """One run with all that follows from it; what costs time is worked out when asked for."""

    series: PairSeries
    config: BacktestConfig
    outcome: Outcome
    source: DataSource
    books: Books
    equity: Equity

    @cached_property
    def curve(self) -> Floats:
        """Equity at the close of every bar from the first one that was looked at."""
        return self.equity.curve()

    @cached_property
    def days(self) -> Days:
        """Equity at the end of every UTC day."""
        return days_of(self.equity)

    @cached_property
    def cycles(self) -> Cycles:
        """Round trips, the open one last."""
        return cycles_of(self.series, self.outcome, self.config, self.books)

    @cached_property
    def drawdown(self) -> Drawdown:
        """Largest fall at any bar's close."""
        return drawdown_of(self.curve, self.equity.initial_capital)

    @cached_property
    def metrics(self) -> Metrics:
        """All figures."""
        return self._metrics(self.drawdown)

    @cached_property
    def light_metrics(self) -> Metrics:
        """The figures without the three that need the equity of every bar: those are None."""
        return self._metrics(None)

    def _metrics(self, drawdown: Drawdown | None) -> Metrics:
        return metrics_of(
            self.series, self.config, self.equity, self.days, self.books, self.cycles, drawdown
        )

    @cached_property
    def warnings(self) -> list[Remark]:
        """What must be known before the figures are believed, the gravest first."""
        own = remarks_on(
            self.series, self.outcome, self.config, self.equity, self.cycles, self.curve
        )
        said = {remark.code for remark in own}
        return [*own, *(each for each in self.source.remarks if each.code not in said)]

    def document(self) -> dict[str, Any]:
        """Return everything as plain JSON values; docs/backtest.md explains the fields.

        Times are ISO-8601 UTC, those of curves ms UTC; what does not exist is None.
        """
        return {
            **self._head(),
            "cycles": cycle_rows(self.books, self.cycles, self.config),
            "orders": order_rows(self.series, self.books, self.config),
            "equity": equity_table(self.equity, self.days, self.curve, self.drawdown),
            "spread": spread_table(
                self.series, self.config, self.outcome.start_prices, self.outcome.first_bar
            ),
        }

    def overview(self, cycles: int) -> dict[str, Any]:
        """Return the document without orders and curves, and with the last `cycles` cycles only."""
        since = max(len(self.cycles) - cycles, 0)
        return {
            **self._head(),
            "cycles": cycle_rows(self.books, self.cycles, self.config, since),
        }

    def _head(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "config": self._config_document(),
            "data": self._data_document(),
            "start_prices": list(self.outcome.start_prices),
            "started_at": iso_time(int(self.series.times[self.outcome.first_bar])),
            "warnings": [remark.document() for remark in self.warnings],
            "metrics": self.metrics.document(),
        }

    def _config_document(self) -> dict[str, Any]:
        settings, terms = self.config.settings, self.config.terms
        document = {**settings.model_dump(mode="json"), **terms.model_dump(mode="json")}
        if settings.start_time == FROM_THE_FIRST_BAR:
            document["start_time"] = iso_time(int(self.series.times[self.outcome.first_bar]))
        if terms.initial_capital is None:
            capital = settings.max_position_value / settings.leverage
            rounded = capital.quantize(MONEY_PLACES, ROUND_DOWN).normalize()
            document["initial_capital"] = format(rounded, "f")
        return document

    def _data_document(self) -> dict[str, Any]:
        series, settings, gaps = self.series, self.config.settings, gaps_of(self.series)
        return {
            "market1": self.source.market1.document(settings.market1_symbol),
            "market2": self.source.market2.document(settings.market2_symbol),
            "timeframe_seconds": series.timeframe_ms / 1000,
            "first": iso_time(int(series.times[0])),
            "last": iso_time(int(series.times[-1])),
            "bars": len(series),
            "gaps": gaps.count,
            "missing_bars": gaps.missing,
            "unpaired_bars": self.source.unpaired_bars,
        }


def result_of(
    series: PairSeries,
    config: BacktestConfig,
    outcome: Outcome,
    source: DataSource | None = None,
) -> BacktestResult:
    """Return the result of a run; without `source` the prices come from nowhere in particular."""
    books = books_of(series, outcome.trades)
    return BacktestResult(
        series=series,
        config=config,
        outcome=outcome,
        source=source or DataSource.unnamed(series),
        books=books,
        equity=equity_of(series, outcome, config, books),
    )
