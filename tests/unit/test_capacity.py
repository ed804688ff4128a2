"""How many bots one address may run on an exchange; docs/capacity.md says the same."""

import re
from pathlib import Path

import pytest

from pairtrader.model.account import ExchangeName
from pairtrader.model.capacity import ALLOWANCES, bots_of, capacity_of, load_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "capacity.md"
INTERVALS = (1, 2, 5, 10, 30, 60)


@pytest.mark.parametrize(
    ("exchange", "interval", "load", "bots"),
    [
        # 12 ticks a minute of 2 requests each, out of half of 600.
        (ExchangeName.OKX, 5, 24, 12),
        # 12 ticks of weight 4, positions for 5, a sixtieth of two incomes of 30; half of 2400.
        (ExchangeName.BINANCE, 5, 54, 22),
        (ExchangeName.BYBIT, 5, 27, 133),
        # 60 / 7 ticks a minute are 8 or 9: the greater number counts.
        (ExchangeName.OKX, 7, 18, 16),
    ],
)
def test_bots_that_one_address_carries(
    exchange: ExchangeName, interval: int, load: int, bots: int
) -> None:
    assert load_of(exchange, interval) == load
    assert bots_of(exchange, interval) == bots


def test_our_own_exchange_takes_as_many_as_one_likes() -> None:
    assert load_of(ExchangeName.SIMULATED, 1) == 0
    assert capacity_of(ExchangeName.SIMULATED) is None
    assert bots_of(ExchangeName.SIMULATED, 1) is None


def test_every_other_exchange_has_a_limit() -> None:
    assert set(ALLOWANCES) == set(ExchangeName) - {ExchangeName.SIMULATED}


@pytest.mark.parametrize("exchange", ALLOWANCES)
def test_a_longer_interval_never_weighs_more(exchange: ExchangeName) -> None:
    loads = [load_of(exchange, interval) for interval in range(1, 61)]
    assert loads == sorted(loads, reverse=True)
    assert min(loads) > 0


def test_the_page_names_the_numbers_that_the_code_keeps() -> None:
    rows = re.findall(r"^\| (OKX|Binance|Bybit) \|(.+)\|$", PAGE.read_text(), re.MULTILINE)
    told = {name.lower(): [int(cell) for cell in row.split("|")] for name, row in rows}
    assert told == {
        str(exchange): [bots_of(exchange, interval) for interval in INTERVALS]
        for exchange in ALLOWANCES
    }
