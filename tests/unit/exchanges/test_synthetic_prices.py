"""Synthetic prices: the same everywhere, bounded, and lively enough to trade within minutes."""

import json
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairtrader.exchanges.simulated.noise import lattice_value, noise_key, smooth_noise
from pairtrader.exchanges.simulated.price_arrays import synthetic_bars
from pairtrader.exchanges.simulated.prices import (
    FUNDING_INTERVAL_MS,
    funding_times,
    synthetic_candle,
    synthetic_funding_rate,
    synthetic_quote,
)
from pairtrader.exchanges.simulated.universe import LISTINGS, derived_market
from pairtrader.model.account import Simulation

NOW = 1_790_000_000_000
MINUTE = 60_000
SHARED = Path(__file__).resolve().parents[3] / "shared"
symbols = st.sampled_from(sorted(LISTINGS))
times = st.integers(0, 4 * 10**12)
seeds = st.integers(0, 2**31 - 1)


def test_prices_are_what_they_were_when_first_written_down() -> None:
    quotes = [synthetic_quote(1, s, NOW) for s in ("BTC-USDT", "GALA-USDT", "CHZ-USDT")]
    assert [(str(q.bid), str(q.ask)) for q in quotes] == [
        ("93279.2", "93297.9"),
        ("0.017942", "0.017946"),
        ("0.040763", "0.040773"),
    ]


def test_another_process_sees_the_same_prices() -> None:
    script = (
        f"import json, sys; sys.path.insert(0, {str(SHARED)!r})\n"
        "from pairtrader.exchanges.simulated.prices import synthetic_quote\n"
        f"print(json.dumps([str(synthetic_quote(5, 'XRP-USDT', {NOW} + i * 777).mid) "
        "for i in range(50)]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    here = [str(synthetic_quote(5, "XRP-USDT", NOW + i * 777).mid) for i in range(50)]
    assert json.loads(answer.stdout) == here


@given(seeds, symbols, times)
def test_a_quote_is_on_the_grid_narrow_and_near_its_level(
    seed: int, symbol: str, time: int
) -> None:
    listing = LISTINGS[symbol]
    quote = synthetic_quote(seed, symbol, time)
    assert 0 < quote.bid < quote.ask
    assert quote.bid % listing.price_step == quote.ask % listing.price_step == 0
    half = (quote.ask - quote.bid) / 2
    assert half <= quote.mid * Decimal("0.0001") + listing.price_step
    assert Decimal("0.93") < quote.mid / listing.price < Decimal("1.07")


@given(seeds, symbols, times)
def test_a_candle_opens_at_the_quote_and_closes_at_the_next_open(
    seed: int, symbol: str, time: int
) -> None:
    open_time = time // MINUTE * MINUTE
    far = open_time + 10 * MINUTE
    candle = synthetic_candle(seed, symbol, open_time, MINUTE, far)
    following = synthetic_candle(seed, symbol, open_time + MINUTE, MINUTE, far)
    assert candle.open == synthetic_quote(seed, symbol, open_time).mid
    assert candle.close == following.open
    assert candle.low <= min(candle.open, candle.close)
    assert candle.high >= max(candle.open, candle.close)


def test_a_candle_under_way_knows_no_future() -> None:
    candle = synthetic_candle(1, "LTC-USDT", NOW, MINUTE, NOW + 10_000)
    assert candle.close == synthetic_quote(1, "LTC-USDT", NOW + 10_000).mid
    newborn = synthetic_candle(1, "LTC-USDT", NOW, MINUTE, NOW)
    assert newborn.open == newborn.close == newborn.high == newborn.low


@given(seeds, times, st.integers(1, 10**7))
def test_noise_is_bounded_and_continuous(seed: int, time: int, period: int) -> None:
    key = noise_key(seed, "x")
    value = smooth_noise(key, time, period)
    assert -1.0 <= value <= 1.0
    at_lattice = time // period * period
    assert smooth_noise(key, at_lattice, period) == lattice_value(key, at_lattice // period)


def spread(seed: int, time: int, start: int) -> float:
    p1, p2, s1, s2 = (
        float(synthetic_quote(seed, symbol, t).mid)
        for t in (time, start)
        for symbol in ("GALA-USDT", "CHZ-USDT")
    )
    return (p1 / s1 - p2 / s2) * 100


def test_a_pairs_spread_swings_by_points_within_minutes_and_never_runs_away() -> None:
    day = [spread(1, NOW + i * 5_000, NOW) for i in range(17_280)]
    assert max(map(abs, day)) < 12
    windows = [day[i : i + 36] for i in range(0, len(day), 36)]
    swings = [max(window) - min(window) for window in windows]
    assert 2.5 < median(swings) < 8
    assert sum(swing > 1.5 for swing in swings) / len(swings) > 0.95


def seconds_to_complete(seed: int, start: int, profit: float) -> int | None:
    """Seconds a plain ladder of 1.0, 0.8, 0.5 points needs to open and to earn `profit` percent."""
    rows, level, direction, last = (1.0, 0.8, 0.5), 0, 0, 0.0
    entries: list[float] = []
    for tick in range(0, 1_800, 5):
        now = spread(seed, start + tick * 1_000, start)
        if level:
            gain = sum(direction * (entry - now) for entry in entries) / 2 / len(entries) - 0.12
            if gain >= profit:
                return tick
        if level < len(rows) and (
            abs(now) >= rows[0] if not level else direction * (now - last) >= rows[level]
        ):
            direction = direction or (1 if now > 0 else -1)
            entries.append(now)
            level, last = level + 1, now
    return None


@pytest.mark.parametrize(("profit", "typical"), [(0.4, 120), (1.0, 180)])
def test_a_bot_opens_and_closes_within_minutes(profit: float, typical: int) -> None:
    runs = [seconds_to_complete(seed, NOW + seed * 1_000_003, profit) for seed in range(60)]
    done = sorted(1_800 if run is None else run for run in runs)
    assert median(done) <= typical
    assert done[int(len(done) * 0.9)] <= 600


def test_seeds_and_symbols_have_markets_of_their_own() -> None:
    mids = {
        synthetic_quote(seed, symbol, NOW).mid / LISTINGS[symbol].price
        for seed in range(5)
        for symbol in LISTINGS
    }
    assert len(mids) == 5 * len(LISTINGS)


@given(seeds, symbols, st.integers(0, 10**5))
def test_funding_is_small_and_every_eight_hours(seed: int, symbol: str, count: int) -> None:
    settlement = count * FUNDING_INTERVAL_MS
    assert abs(synthetic_funding_rate(seed, symbol, settlement)) <= Decimal("0.0001")
    assert list(funding_times(settlement, settlement + FUNDING_INTERVAL_MS)) == [
        settlement + FUNDING_INTERVAL_MS
    ]
    assert list(funding_times(settlement - 1, settlement)) == [settlement]
    assert list(funding_times(settlement, settlement + FUNDING_INTERVAL_MS - 1)) == []


def test_listed_markets_have_a_usable_grid() -> None:
    assert len(LISTINGS) >= 20
    contract_sizes = set()
    for listing in LISTINGS.values():
        market = listing.market(Simulation())
        assert market.round_amount(market.min_amount) == market.min_amount
        assert market.smallest_order(listing.price) < 20
        assert listing.price / listing.price_step > 5_000
        assert market.max_market_amount is not None
        assert market.round_amount(market.max_market_amount) == market.max_market_amount
        contract_sizes.add(market.contract_size)
    assert len(contract_sizes) > 3


@pytest.mark.parametrize(
    ("price", "step", "price_step"),
    [
        ("64000", "0.00001", "1"),
        ("87.5", "0.01", "0.001"),
        ("1.5", "0.1", "0.0001"),
        ("0.25", "1", "0.00001"),
        ("0.0000123", "1000", "0.000000001"),
    ],
)
def test_steps_of_an_unlisted_market_fit_its_price(price: str, step: str, price_step: str) -> None:
    market = derived_market("NEW-USDC", Decimal(price), Simulation())
    assert (market.symbol, market.base, market.quote) == ("NEW-USDC", "NEW", "USDC")
    assert market.price_step == Decimal(price_step)
    assert market.smallest_order(Decimal(price)) <= 20
    assert market.amount_step <= Decimal(20) / Decimal(price)


@pytest.mark.parametrize("timeframe", [60_000, 300_000, 900_000, 3_600_000])
@pytest.mark.parametrize("symbol", LISTINGS)
def test_arrays_of_candles_are_the_candles_bit_for_bit(symbol: str, timeframe: int) -> None:
    chance = random.Random(f"{symbol}{timeframe}")
    first = 1_767_225_600_000 // timeframe
    bars = [*range(first, first + 3), *(chance.randrange(2 * first) for _ in range(4))]
    opens = np.array(sorted(bars)) * timeframe
    found = synthetic_bars(7, symbol, opens, timeframe)
    for at, open_time in enumerate(opens.tolist()):
        candle = synthetic_candle(7, symbol, open_time, timeframe, 2**53)
        prices = (candle.open, candle.high, candle.low, candle.close)
        assert found[:, at].tolist() == [float(price) for price in prices]
