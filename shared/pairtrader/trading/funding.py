"""Funding paid and received by the open cycle, from the exchange's own history."""

from dataclasses import dataclass, replace
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import ExchangeError
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market


@dataclass(frozen=True, slots=True)
class Funding:
    """Settlements of both legs that are not booked yet."""

    amounts: tuple[Decimal, Decimal]
    """Received less paid on each leg, quote currency."""
    until: tuple[int, int]
    """Settlements of each leg up to here are included, ms UTC.

    Each leg has its own: a settlement may fall between the two requests.
    """

    def book(self, cycle: Cycle) -> Cycle:
        """Return the cycle with these settlements, each counted once."""
        funding, legs = cycle.funding, []
        for leg, amount, until in zip(cycle.legs, self.amounts, self.until, strict=True):
            if until > leg.funding_until:
                funding += amount
                leg = replace(leg, funding_until=until)  # noqa: PLW2901
            legs.append(leg)
        return replace(cycle, funding=funding, legs=(legs[0], legs[1]))


NO_FUNDING = Funding((Decimal(0), Decimal(0)), (0, 0))


async def funding_due(
    markets: tuple[Market, Market], cycle: Cycle, exchange: BaseExchange
) -> Funding:
    """Return what was settled since the last booking; nothing where the exchange does not say.

    A history that can't be read now is read again by a later tick; a close does not wait for it.
    """
    first = await _of_leg(markets[0], cycle.legs[0], cycle.opened_at, exchange)
    second = await _of_leg(markets[1], cycle.legs[1], cycle.opened_at, exchange)
    return Funding((first[0], second[0]), (first[1], second[1]))


async def _of_leg(
    market: Market, leg: Leg, opened_at: int, exchange: BaseExchange
) -> tuple[Decimal, int]:
    until = max(leg.funding_until, opened_at)
    try:
        payments = await exchange.funding(market, until)
    except ExchangeError:
        return Decimal(0), 0
    amount = sum((payment.amount for payment in payments), Decimal(0))
    return amount, max((payment.timestamp for payment in payments), default=0)
