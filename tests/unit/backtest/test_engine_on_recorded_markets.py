"""Every recorded data set under random settings, and the live bot's own sums on one of them."""

import random
from dataclasses import asdict
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import Prepared, run
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.exchanges.simulated.universe import LISTINGS
from pairtrader.model.account import Simulation
from pairtrader.model.settings import BotSettings
from pairtrader.strategy import decision
from tests.backtest_cases import assert_same_as_loop, random_document
from tests.plain_loop import PlainLoop
from tests.recorded import candles
from tests.recorded_pairs import PAIRS, recorded_pair

SETTINGS_EACH = 40
"""For each of the five data sets."""
WINDOW = 9_000
EVERY_PAIR = [(dataset, coins) for dataset, pairs in PAIRS.items() for coins in pairs]


def parity(
    dataset: str, coins: tuple[str, str], draw: random.Random, bars: slice, runs: int
) -> int:
    """Return how many trades the runs agreed on."""
    series, trades = recorded_pair(dataset, coins, bars), 0
    prepared = Prepared(series)
    engines = (False, True) if find_spec("numba") else (False,)
    for _ in range(runs):
        document = random_document(draw, draw.choice([0.7, 2.0, 6.0]))
        document["funding"] = document["funding"] and series.funding1 is not None
        config = BacktestConfig.of(document)
        trades += len(assert_same_as_loop(series, config, *engines, prepared=prepared).rows)
    return trades


@pytest.mark.parametrize("dataset", PAIRS)
def test_every_data_set_runs_as_the_plain_loop_does(dataset: str) -> None:
    draw = random.Random(dataset)
    trades = 0
    for coins in PAIRS[dataset]:
        begin = draw.randrange(0, 20_000) if dataset != "perp_5m_2023-07" else 0
        bars = slice(begin, begin + WINDOW)
        trades += parity(dataset, coins, draw, bars, SETTINGS_EACH // len(PAIRS[dataset]))

    assert trades > 200


@pytest.mark.soak
@pytest.mark.parametrize(("dataset", "coins"), EVERY_PAIR)
def test_every_pair_runs_as_the_plain_loop_does_from_end_to_end(
    dataset: str, coins: tuple[str, str]
) -> None:
    assert parity(dataset, coins, random.Random(f"{dataset} {coins}"), slice(None), 60) > 500


def test_the_engine_trades_what_the_sums_in_decimals_trade() -> None:
    rows = [candles("perp_1m_2025-05", coin)[4_400:16_400] for coin in ("LTC", "LINK")]
    symbols, simulation = ("LTC-USDT", "LINK-USDT"), Simulation(slippage=Decimal("0.0001"))
    markets = tuple(LISTINGS[symbol].market(simulation) for symbol in symbols)
    settings: dict[str, Any] = {
        "market1_symbol": symbols[0],
        "market2_symbol": symbols[1],
        "dca_config": [
            {"times": 1, "spread": 0.5, "multiplier": 1},
            {"times": 2, "spread": 0.3, "multiplier": 1},
            {"times": 3, "spread": 0.2, "multiplier": 1.5},
        ],
        "profit_ratio": 0.15,
        "stop_loss_ratio": 0.6,
        "investment_per_order": "100",
        "max_position_value": "2000",
        "liquidation_guard": False,
        "max_price_jump": 100,
    }
    live = BotSettings(
        bot_name="x", exchange_account_id="x", start_time="2025-05-04T16:00:00Z", **settings
    )
    closes = [[Decimal(row["close"]) for row in each] for each in rows]
    starts = (Decimal(rows[0][0]["open"]), Decimal(rows[1][0]["open"]))
    plain = PlainLoop(live, (markets[0], markets[1]), starts, Decimal("0.0001"))
    plain.run(zip(*closes, strict=True))
    config = BacktestConfig.of(
        {
            **settings,
            "fill_at": "signal_close",
            "taker_fee": float(simulation.taker_fee),
            "slippage": 0.0001,
            "lot_steps": True,
            "markets": {market.symbol: asdict(market) for market in markets},
        }
    )
    bars = [
        Bars(*(np.array([float(r[k]) for r in each]) for k in ("open", "close"))) for each in rows
    ]
    times = np.array([int(row["timestamp"]) for row in rows[0]], np.int64)

    trades = run(PairSeries(times, 60_000, bars[0], bars[1]), config, fast=False).trades

    legs = list(zip(plain.trades[::2], plain.trades[1::2], strict=True))
    assert len(legs) > 60
    assert trades.signal.tolist() == trades.bar.tolist() == [first.candle for first, _ in legs]
    sides = np.where(trades.action <= decision.ADD, trades.direction, -trades.direction)
    assert [("sell" if side > 0 else "buy") for side in sides] == [first.side for first, _ in legs]
    for leg, (amounts, prices) in enumerate(
        ((trades.amount1, trades.price1), (trades.amount2, trades.price2))
    ):
        assert amounts == pytest.approx([float(pair[leg].amount) for pair in legs], rel=1e-9)
        assert prices == pytest.approx([float(pair[leg].price) for pair in legs], rel=1e-9)
    closed = trades.net[trades.action > decision.ADD]
    assert closed == pytest.approx([float(profit) for profit in plain.profits], rel=1e-9)
