"""A recorded month through each exchange's wire format gives the simulated exchange's trades."""

import pytest

from tests.wire_replay import compare


@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
def test_a_recorded_month_trades_as_on_the_simulated_exchange(name: str) -> None:
    assert compare(name, "perp_5m_2023-07", ("LTC", "ETH")) > 100


@pytest.mark.soak
@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
@pytest.mark.parametrize("coins", [("LTC", "LINK"), ("XLM", "XRP")])
def test_a_recorded_month_of_minutes(name: str, coins: tuple[str, str]) -> None:
    assert compare(name, "perp_1m_2025-05", coins) > 100
