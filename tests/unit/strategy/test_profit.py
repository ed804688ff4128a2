from decimal import Decimal

import pytest

from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Quote
from pairtrader.model.settings import ProfitBasis
from pairtrader.strategy.ladder import entry_amount, leg_imbalance
from pairtrader.strategy.profit import net_pnl, pnl_percent
from tests.fakes.trading_desk import market, settings

D = Decimal
MARKETS = (market("AAA-USDT"), market("BBB-USDT"))


def quotes(bid1: str, ask1: str, bid2: str, ask2: str) -> tuple[Quote, Quote]:
    return Quote("AAA-USDT", D(bid1), D(ask1), 0), Quote("BBB-USDT", D(bid2), D(ask2), 0)


def test_net_pnl_counts_both_legs_fees_funding_and_the_fees_to_come() -> None:
    cycle = Cycle(
        direction=1,
        legs=(Leg(amount=D(-2), cost=D(220)), Leg(amount=D(4), cost=D(200))),
        realised=D("1.5"),
        fees=D("0.21"),
        funding=D("-0.05"),
    )

    pnl = net_pnl(cycle, MARKETS, quotes("103", "104", "51", "52"))

    short, long = D(220) - 2 * D(104), 4 * D(51) - D(200)
    fees_to_come = (D(208) + D(204)) * D("0.0005")
    assert pnl == short + long + D("1.5") - D("0.21") - D("0.05") - fees_to_come


@pytest.mark.parametrize(
    ("basis", "expected"), [(ProfitBasis.NOTIONAL, 1.0), (ProfitBasis.MARGIN, 10.0)]
)
def test_percent_is_of_the_chosen_basis(basis: ProfitBasis, expected: float) -> None:
    percent = pnl_percent(D(4), D(400), settings(profit_basis=basis, leverage=10))
    assert percent == pytest.approx(expected)


def test_nothing_invested_is_no_percent() -> None:
    assert pnl_percent(D(4), D(0), settings()) == 0.0


def test_an_entry_is_cut_down_to_the_grid() -> None:
    assert entry_amount(MARKETS[0], D(100), D("101.2")) == D("0.98")


@pytest.mark.parametrize(
    ("first", "second", "percent"), [("100", "100", 0.0), ("95", "100", 5.0), ("0", "0", 0.0)]
)
def test_imbalance_is_of_the_larger_leg(first: str, second: str, percent: float) -> None:
    assert leg_imbalance(D(first), D(second)) == pytest.approx(percent)
