"""NautilusTrader 1.221, the last for Python 3.11: bars of two perpetuals, market orders.

Each bar of market 2 comes right behind market 1's of the same minute, and both are decided on
then: the orders fill at once, at the closes.
"""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import nautilus_trader
import numpy as np
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import BTC, ETH, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from pairtrader.strategy import decision
from tests.benchmarks.backtest import callback, pair_data
from tests.benchmarks.backtest.callback import CLOSES, ENTRIES, FIELDS, LEVEL, ORDER1, ORDER2
from tests.benchmarks.backtest.worker import serve, timed

VENUE = Venue("MADEUP")
SIZE_DECIMALS = 9
"""The finest this build holds; amounts are cut to it, nobody else's are."""
look = callback.looking(decision.decide, decision.rearm)


def instrument(name: str, base: Currency, fee: float) -> CryptoPerpetual:
    """Return a perpetual on the grid of the made-up prices."""
    step = Decimal(1).scaleb(-SIZE_DECIMALS)
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol(name), VENUE),
        raw_symbol=Symbol(name),
        base_currency=base,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=pair_data.DECIMALS,
        size_precision=SIZE_DECIMALS,
        price_increment=Price(10.0**-pair_data.DECIMALS, pair_data.DECIMALS),
        size_increment=Quantity(step, SIZE_DECIMALS),
        margin_init=Decimal("0.1"),
        margin_maint=Decimal("0.005"),
        maker_fee=Decimal(repr(fee)),
        taker_fee=Decimal(repr(fee)),
        ts_event=0,
        ts_init=0,
    )


class Pair(Strategy):
    """Asks the callback once both bars of a minute are there."""

    def __init__(
        self, markets: tuple[CryptoPerpetual, CryptoPerpetual], rules: tuple[Any, ...]
    ) -> None:
        super().__init__()
        self._markets = markets
        self._rules = rules
        self._price1 = 0.0
        self.books = [0.0] * FIELDS

    def on_start(self) -> None:
        """Listen to both markets."""
        for market in self._markets:
            self.subscribe_bars(BarType.from_str(f"{market.id}-1-MINUTE-LAST-EXTERNAL"))

    def on_bar(self, bar: Bar) -> None:
        """Decide on the second bar of a minute."""
        if bar.bar_type.instrument_id == self._markets[0].id:
            self._price1 = bar.close.as_double()
            return
        if look(self.books, self._price1, bar.close.as_double(), *self._rules) > decision.HOLD:
            for market, amount in zip(
                self._markets, (self.books[ORDER1], self.books[ORDER2]), strict=True
            ):
                self._order(market, amount)

    def _order(self, market: CryptoPerpetual, amount: float) -> None:
        held = self.portfolio.net_position(market.id)
        size = abs(held) if self.books[LEVEL] == 0.0 else abs(amount)
        self.submit_order(
            self.order_factory.market(
                market.id,
                OrderSide.BUY if amount > 0 else OrderSide.SELL,
                Quantity(size, SIZE_DECIMALS),
            )
        )


def run(folder: Path, bars: int) -> dict[str, Any]:
    """Run the reference settings once; making bars and engine is not timed."""
    document = callback.reference()
    closes = [np.asarray(pair_data.closes(folder, leg, bars)) for leg in (1, 2)]
    fee = document["taker_fee"]
    markets = (instrument("FIRST", BTC, fee), instrument("SECOND", ETH, fee))
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money(Decimal(document["initial_capital"]), USDT)],
        default_leverage=Decimal(document["leverage"]),
    )
    for market, closing in zip(markets, closes, strict=True):
        engine.add_instrument(market)
        engine.add_data(_bars(market, closing))
    strategy = Pair(markets, callback.rules(document, closes[0][0], closes[1][0]))
    engine.add_strategy(strategy)
    taken, _ = timed(engine.run)
    equity = engine.portfolio.account(VENUE).balance_total(USDT).as_double()
    for market, closing in zip(markets, closes, strict=True):
        open_ = engine.portfolio.net_position(market.id)
        equity -= abs(float(open_)) * closing[-1] * fee
        for position in engine.cache.positions_open(instrument_id=market.id):
            last = Price(float(closing[-1]), pair_data.DECIMALS)
            equity += position.unrealized_pnl(last).as_double()
    orders = len(engine.cache.orders_closed())
    engine.dispose()
    return {
        **taken,
        "closes": int(strategy.books[CLOSES]),
        "entries": int(strategy.books[ENTRIES]),
        "orders": orders,
        "equity": equity,
    }


def _bars(market: CryptoPerpetual, closing: np.ndarray) -> list[Bar]:
    opening = pair_data.opens(closing)
    frame = pd.DataFrame(
        {
            "open": opening,
            "high": np.maximum(opening, closing),
            "low": np.minimum(opening, closing),
            "close": closing,
            "volume": 1e6,
        },
        index=pd.to_datetime(
            pair_data.times(len(closing)) + pair_data.MINUTE_MS, unit="ms", utc=True
        ),
    )
    kind = BarType.from_str(f"{market.id}-1-MINUTE-LAST-EXTERNAL")
    bars: list[Bar] = BarDataWrangler(kind, market).process(frame)
    return bars


def main() -> None:
    """Serve the bars of the folder that is named."""
    folder = Path(sys.argv[1])
    serve(
        {"run": lambda bars: run(folder, bars)},
        0.0,
        nautilus_trader=nautilus_trader.__version__,
        numpy=np.__version__,
        pandas=pd.__version__,
    )


if __name__ == "__main__":
    main()
