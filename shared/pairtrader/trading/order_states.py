"""An order's life as a table: what a later answer about it may say.

Exchanges answer from several machines: a look-up may be older than the one before. What would lead
backwards is an old answer and is passed over; what the table does not know of leads backwards.
"""

from pairtrader.model.order import OrderReport, OrderStatus

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset(OrderStatus),
    OrderStatus.OPEN: frozenset({OrderStatus.OPEN, OrderStatus.CLOSED, OrderStatus.CANCELED}),
    # A fill may overtake the cancel: the order was filled after all, or in a larger part.
    OrderStatus.CANCELED: frozenset({OrderStatus.CANCELED, OrderStatus.CLOSED}),
    OrderStatus.CLOSED: frozenset({OrderStatus.CLOSED}),
    OrderStatus.REJECTED: frozenset({OrderStatus.REJECTED}),
}


def leads_on(known: OrderReport, seen: OrderReport) -> bool:
    """Whether `seen` may follow `known`: the status moves on, and nothing filled is taken back."""
    return seen.status in TRANSITIONS[known.status] and seen.filled >= known.filled


def newer(known: OrderReport | None, seen: OrderReport | None) -> OrderReport | None:
    """Return the later of two answers about one order; None only if neither says anything."""
    if known is None or seen is None:
        return known or seen
    return seen if leads_on(known, seen) else known
