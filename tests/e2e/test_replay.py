"""Recorded markets through deployed ticks: order for order what a plain loop says."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import run
from pairtrader.backtest.result import result_of
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.exchanges.simulated.universe import LISTINGS
from pairtrader.model.account import Simulation
from pairtrader.model.settings import BotSettings
from tests.e2e.conftest import Stack, Trader, recorded
from tests.plain_loop import PlainLoop

SLIPPAGE = Decimal("0.0001")
SETTINGS: dict[str, Any] = {
    "dca_config": [
        {"times": 1, "spread": 0.5, "multiplier": 1},
        {"times": 2, "spread": 0.3, "multiplier": 1},
        {"times": 3, "spread": 0.2, "multiplier": 1.5},
    ],
    "profit_ratio": 0.15,
    "stop_loss_ratio": 0.6,
    "tick_interval_seconds": 60,
    "investment_per_order": "100",
    "max_position_value": "2000",
    "pause_after_close": False,
}
WINDOWS = [("LTC", "LINK", 4_400), ("XLM", "XRP", 11_000)]
WINDOW_CANDLES, MONTH_CANDLES = 1_100, 42_720


def moment(candle: dict[str, str]) -> str:
    return datetime.fromtimestamp(int(candle["timestamp"]) / 1000, UTC).isoformat()


class Replay:
    """One pair, replayed by the deployed bot and by the plain loop."""

    def __init__(self, stack: Stack, pair: tuple[str, str, int], count: int) -> None:
        coin1, coin2, first = pair
        self.stack, self.trader = stack, Trader(stack)
        self.symbols = (f"{coin1}-USDT", f"{coin2}-USDT")
        self.candles = (recorded(coin1, first, count), recorded(coin2, first, count))
        dataset = f"{coin1}-{coin2}-{first}-{count}".lower()
        for symbol, rows in zip(self.symbols, self.candles, strict=True):
            stack.upload_candles(dataset, symbol, rows)
        self.account = self.trader.account(
            source="replay", dataset=dataset, pace="step", funding=False, slippage=str(SLIPPAGE)
        )
        self.settings = {
            **SETTINGS,
            "market1_symbol": self.symbols[0],
            "market2_symbol": self.symbols[1],
            "start_time": moment(self.candles[0][0]),
        }

    def deployed(self) -> tuple[str, list[dict[str, Any]]]:
        """Tick through all candles; return the bot and each candle's report, from the second on."""
        bot_id = self.trader.bot(self.account, **self.settings)
        self.trader.post(f"/bots/{bot_id}/start")
        self.trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
        self.stack.take_schedule_away(bot_id)
        return bot_id, [self.stack.tick(bot_id) for _ in self.candles[0][1:]]

    def plain(self) -> PlainLoop:
        """Return what the strategy says by itself."""
        simulation = Simulation(slippage=SLIPPAGE)
        markets = tuple(LISTINGS[symbol].market(simulation) for symbol in self.symbols)
        starts = [Decimal(rows[0]["open"]) for rows in self.candles]
        settings = BotSettings(bot_name="x", exchange_account_id="x", **self.settings)
        loop = PlainLoop(settings, (markets[0], markets[1]), (starts[0], starts[1]), SLIPPAGE)
        rows1, rows2 = self.candles
        return loop.run(
            (Decimal(row1["close"]), Decimal(row2["close"]))
            for row1, row2 in zip(rows1, rows2, strict=True)
        )

    def check(self) -> PlainLoop:
        """Compare both, order for order."""
        bot_id, reports = self.deployed()
        loop = self.plain()
        assert [report["spread"] for report in reports] == loop.spreads[1:]
        deciding = [n for n, report in enumerate(reports, 1) if report["result"] == "traded"]
        assert deciding == sorted({trade.candle for trade in loop.trades} - {0})
        orders = self.trader.all_of(f"/bots/{bot_id}/orders")[::-1]
        assert [_order(each) for each in _in_pairs(orders, self.symbols)] == [
            (t.action, t.symbol, t.side, t.amount, t.price) for t in loop.trades
        ]
        cycles = self.trader.all_of(f"/bots/{bot_id}/cycles")[::-1]
        closed = [Decimal(cycle["net_pnl"]) for cycle in cycles if cycle["closed_at"]]
        assert closed == pytest.approx(loop.profits, rel=Decimal("1e-9"))
        self._check_backtest(loop, [float(profit) for profit in closed])
        return loop

    def _check_backtest(self, loop: PlainLoop, profits: list[float]) -> None:
        """The engine on the same candles: same bars, actions, sides, amounts, profits."""
        document = self.backtest()
        assert [
            (o["signal_bar"], o["reason"], o["symbol"], o["side"]) for o in document["orders"]
        ] == [(t.candle, t.action, t.symbol, t.side) for t in loop.trades]
        for name in ("amount", "price"):
            assert [order[name] for order in document["orders"]] == pytest.approx(
                [float(getattr(trade, name)) for trade in loop.trades], rel=1e-9
            )
        cycles = [cycle for cycle in document["cycles"] if cycle["reason"] != "open"]
        assert [cycle["net_pnl"] for cycle in cycles] == pytest.approx(profits, rel=1e-9)

    def backtest(self) -> dict[str, Any]:
        """Return what the backtest makes of the same candles, fees and steps."""
        simulation = Simulation(slippage=SLIPPAGE)
        config = BacktestConfig.of(
            {
                **self.settings,
                "fill_at": "signal_close",
                "taker_fee": float(simulation.taker_fee),
                "slippage": float(SLIPPAGE),
                "lot_steps": True,
                "markets": {
                    symbol: asdict(LISTINGS[symbol].market(simulation)) for symbol in self.symbols
                },
            }
        )
        times = np.array([int(row["timestamp"]) for row in self.candles[0]], np.int64)
        market1, market2 = (
            Bars(*(np.array([float(row[column]) for row in rows]) for column in ("open", "close")))
            for rows in self.candles
        )
        series = PairSeries(times, 60_000, market1, market2)
        return result_of(series, config, run(series, config)).document()


def _in_pairs(orders: list[dict[str, Any]], symbols: tuple[str, str]) -> list[dict[str, Any]]:
    """Both legs of a round are written in one millisecond: market 1 first."""
    return sorted(orders, key=lambda o: (o["created_at"], symbols.index(o["symbol"])))


def _order(order: dict[str, Any]) -> tuple[str, str, str, Decimal, Decimal]:
    assert order["status"] == "closed"
    assert Decimal(order["filled_amount"]) == Decimal(order["amount"])
    return (
        order["reason"],
        order["symbol"],
        order["side"],
        Decimal(order["amount"]),
        Decimal(order["price"]),
    )


def _check_all(stack: Stack, pool: ThreadPoolExecutor, count: int) -> None:
    windows = WINDOWS if count < MONTH_CANDLES else [(a, b, 0) for a, b, _ in WINDOWS]
    replays = [Replay(stack, window, count) for window in windows]
    for loop in pool.map(Replay.check, replays):
        actions = {trade.action for trade in loop.trades}
        assert {"level 1", "level 2", "take_profit", "stop_loss"} <= actions


def test_two_recorded_pairs_trade_order_for_order_like_the_plain_loop(
    stack: Stack, pool: ThreadPoolExecutor
) -> None:
    _check_all(stack, pool, WINDOW_CANDLES)


@pytest.mark.soak
def test_a_whole_recorded_month(stack: Stack, pool: ThreadPoolExecutor) -> None:
    _check_all(stack, pool, MONTH_CANDLES)
