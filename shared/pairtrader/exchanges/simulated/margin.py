"""What positions bind, what is free, and where a position would be liquidated."""

from collections.abc import Mapping
from decimal import Decimal

from pairtrader.exchanges.simulated.books import ZERO, Books, Holding
from pairtrader.model.account import MarginMode

MAINTENANCE = Decimal("0.005")
"""Maintenance margin, fraction of the notional."""

Marks = Mapping[str, Decimal]
"""Mid prices by symbol; a symbol without one is valued at the price last seen of it."""


def mark_of(symbol: str, holding: Holding, marks: Marks) -> Decimal:
    """Return the price to value a holding at."""
    return marks.get(symbol) or holding.mark or holding.entry_price


def equity(books: Books, marks: Marks) -> Decimal:
    """Return balance plus unrealised profit, quote currency."""
    return books.balance + sum(
        (held.unrealised(mark_of(s, held, marks)) for s, held in books.holdings.items()), ZERO
    )


def margin_used(books: Books, marks: Marks) -> Decimal:
    """Return what positions and resting orders bind, quote currency."""
    positions = sum(
        (
            abs(held.amount) * mark_of(symbol, held, marks) / books.setting(symbol).leverage
            for symbol, held in books.holdings.items()
        ),
        ZERO,
    )
    orders = sum(
        (
            order.amount * order.price / books.setting(order.symbol).leverage
            for order in books.resting
            if not order.reduce_only
        ),
        ZERO,
    )
    return positions + orders


def free_margin(books: Books, marks: Marks) -> Decimal:
    """Return what new positions may bind, quote currency; negative when over-committed."""
    return equity(books, marks) - margin_used(books, marks)


def liquidation_price(books: Books, symbol: str, marks: Marks) -> Decimal | None:
    """Return an estimate of the price that would liquidate the position, None where none would.

    Cross margin: the price at which the whole account's equity falls to its maintenance margin
    while all other prices stay.
    """
    held = books.holding(symbol)
    if not held.amount:
        return None
    size, entry = abs(held.amount), held.entry_price
    sign = 1 if held.amount > 0 else -1
    setting = books.setting(symbol)
    if setting.margin_mode is MarginMode.ISOLATED:
        buffer = held.cost / setting.leverage
    else:
        buffer = equity(books, marks) - held.unrealised(mark_of(symbol, held, marks))
        buffer -= sum(
            (
                abs(other.amount) * mark_of(name, other, marks) * MAINTENANCE
                for name, other in books.holdings.items()
                if name != symbol
            ),
            ZERO,
        )
    price = (sign * size * entry - buffer) / (size * (sign - MAINTENANCE))
    return price if price > 0 else None
