"""What a later answer about an order may say: an old answer takes nothing back."""

from decimal import Decimal

import pytest

from pairtrader.model.order import Fill, OrderReport, OrderStatus, OrderType, Side
from pairtrader.trading.order_states import TRANSITIONS, newer

S = OrderStatus


def report(status: OrderStatus, filled: str = "0") -> OrderReport:
    fills = (Fill(Decimal(filled), Decimal(100), Decimal(0), 0),) if filled != "0" else ()
    return OrderReport(
        "c1", "x1", "AAA-USDT", Side.BUY, OrderType.MARKET, status, Decimal(1), fills, 0
    )


@pytest.mark.parametrize(
    ("known", "seen", "kept"),
    [
        ((S.PENDING, "0"), (S.REJECTED, "0"), "seen"),
        ((S.OPEN, "0"), (S.OPEN, "0.4"), "seen"),
        ((S.OPEN, "0.4"), (S.CANCELED, "0.4"), "seen"),
        ((S.OPEN, "0.4"), (S.CLOSED, "1"), "seen"),
        ((S.CANCELED, "0"), (S.CLOSED, "1"), "seen"),  # filled after cancel
        ((S.CANCELED, "0.4"), (S.CANCELED, "0.6"), "seen"),
        ((S.OPEN, "0.4"), (S.OPEN, "0"), "known"),
        ((S.OPEN, "0.4"), (S.CANCELED, "0"), "known"),
        ((S.OPEN, "0"), (S.REJECTED, "0"), "known"),
        ((S.CANCELED, "0.4"), (S.OPEN, "0.4"), "known"),
        ((S.CLOSED, "1"), (S.OPEN, "0"), "known"),
        ((S.CLOSED, "1"), (S.CANCELED, "1"), "known"),
        ((S.REJECTED, "0"), (S.OPEN, "0"), "known"),
    ],
)
def test_the_later_answer_counts_unless_it_leads_backwards(
    known: tuple[OrderStatus, str], seen: tuple[OrderStatus, str], kept: str
) -> None:
    first, second = report(*known), report(*seen)
    assert newer(first, second) is (second if kept == "seen" else first)


def test_an_answer_counts_more_than_none() -> None:
    one = report(S.OPEN)
    assert newer(None, one) is newer(one, None) is one
    assert newer(None, None) is None


def test_every_status_has_a_row_and_what_is_final_never_opens_again() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)
    for status, following in TRANSITIONS.items():
        assert status in following
        if status.is_final:
            assert following <= {S.CLOSED, S.CANCELED, S.REJECTED}
