"""What one exchange object costs a cold process: the slim import against CCXT's whole one.

Each figure is the median of processes of their own, both kinds taking turns; bytecode is compiled
before. Machines differ and share their processors: the ratios count, not the seconds.
"""

import sys

import pytest

from tests.benchmarks.cold_process import Measure, compare

MAX_TIME_RATIO = 0.45
MAX_MEMORY_RATIO = 0.55

WHOLE = "import ccxt.async_support as ccxt\nexchange = ccxt.{0}()\n"
SLIM = """
from pairtrader.exchanges.ccxt_slim import exchange_class
exchange = exchange_class({0!r})()
"""
ADAPTER = """
from pairtrader.exchanges.factory import create_exchange
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName
name = ExchangeName({0!r}.replace("usdm", ""))
account = ExchangeAccount("a", "u", name, AccountMode.PAPER, "", True, 0, 0, "a")
create_exchange(account, clock=lambda: 0, account_store=None, candle_source=None)
"""


@pytest.mark.parametrize("name", ["okx", "binanceusdm", "bybit"])
def test_one_exchange_costs_less_than_half_of_all(
    name: str, measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ("all of ccxt", "slim import", "our adapter")
    costs = compare(measure, *(script.format(name) for script in (WHOLE, SLIM, ADAPTER)))
    whole = costs[0]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name:<14}{'time':>10}{'ratio':>8}{'memory':>11}{'ratio':>8}  modules\n"
        )
        for label, cost in zip(labels, costs, strict=True):
            sys.stdout.write(
                f"  {label:<12}{cost.milliseconds:>7.0f} ms"
                f"{cost.milliseconds / whole.milliseconds:>8.2f}{cost.megabytes:>8.1f} MB"
                f"{cost.megabytes / whole.megabytes:>8.2f}{cost.modules:>9}\n"
            )
    assert costs[1].milliseconds <= MAX_TIME_RATIO * whole.milliseconds
    assert costs[1].megabytes <= MAX_MEMORY_RATIO * whole.megabytes
