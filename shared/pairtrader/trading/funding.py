"""Funding paid and received by the open cycle, from the exchange's own history."""

from dataclasses import dataclass, replace
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import ExchangeError
from pairtrader.model.bot import Cycle
from pairtrader.model.market import Market


@dataclass(frozen=True, slots=True)
class Funding:
    """Settlements not booked yet."""

    amount: Decimal
    """Received less paid, quote currency."""
    until: int
    """Settlements up to here are included, ms UTC; 0 for none."""

    def book(self, cycle: Cycle) -> Cycle:
        """Return the cycle with these settlements, each counted once."""
        if self.until <= cycle.funding_until:
            return cycle
        return replace(cycle, funding=cycle.funding + self.amount, funding_until=self.until)


NO_FUNDING = Funding(Decimal(0), 0)


async def funding_due(
    markets: tuple[Market, Market], cycle: Cycle, exchange: BaseExchange
) -> Funding:
    """Return what was settled since the last booking; nothing where the exchange does not say.

    A history that can't be read now is read again by a later tick; a close does not wait for it.
    """
    amount, until = Decimal(0), cycle.funding_until
    try:
        for market in markets:
            for payment in await exchange.funding(market, cycle.funding_until):
                amount += payment.amount
                until = max(until, payment.timestamp)
    except ExchangeError:
        return NO_FUNDING
    return Funding(amount, until)
