"""Funding paid and received by the open cycle, from the exchange's own history."""

import asyncio
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
    asked_at: int = 0
    """When both histories were read, ms UTC; 0 where they need not be spared."""

    def book(self, cycle: Cycle) -> Cycle:
        """Return the cycle with these settlements, each counted once."""
        funding, legs = cycle.funding, []
        for leg, amount, until in zip(cycle.legs, self.amounts, self.until, strict=True):
            if until > leg.funding_until:
                funding += amount
                leg = replace(leg, funding_until=until)  # noqa: PLW2901
            legs.append(leg)
        asked_at = max(cycle.funding_asked_at, self.asked_at)
        legs_now = (legs[0], legs[1])
        return replace(cycle, funding=funding, legs=legs_now, funding_asked_at=asked_at)


_NOTHING = (Decimal(0), 0)
NO_FUNDING = Funding((Decimal(0), Decimal(0)), (0, 0))
PUBLISHED_AFTER_MS = 90_000
"""How long after the full hour exchanges may take to publish a settlement."""


async def funding_due(
    markets: tuple[Market, Market],
    cycle: Cycle,
    exchange: BaseExchange,
    now: int,
    *,
    published_after_ms: int = PUBLISHED_AFTER_MS,
) -> Funding:
    """Return what was settled since the last booking; nothing where the exchange does not say.

    Where settlements fall on full hours only, it is asked once after each of them, giving the
    exchange `published_after_ms`. A history that can't be read now is read again by a later tick; a
    close does not wait for it.
    """
    asked_at, grid = cycle.funding_asked_at, exchange.funding_grid_ms
    # What was settled before the cycle opened is none of its.
    since = asked_at - published_after_ms if asked_at else cycle.opened_at
    if grid and (now - published_after_ms) // grid <= since // grid:
        return NO_FUNDING
    first, second = await asyncio.gather(
        _of_leg(markets[0], cycle.legs[0], cycle.opened_at, exchange),
        _of_leg(markets[1], cycle.legs[1], cycle.opened_at, exchange),
    )
    if first is None or second is None:
        return _booked(first, second, asked_at=0)
    return _booked(first, second, asked_at=now if grid else 0)


def _booked(
    first: tuple[Decimal, int] | None, second: tuple[Decimal, int] | None, *, asked_at: int
) -> Funding:
    one, other = first or _NOTHING, second or _NOTHING
    return Funding((one[0], other[0]), (one[1], other[1]), asked_at)


async def _of_leg(
    market: Market, leg: Leg, opened_at: int, exchange: BaseExchange
) -> tuple[Decimal, int] | None:
    """Return the sum and the last settlement's time, None where the exchange did not answer."""
    until = max(leg.funding_until, opened_at)
    try:
        payments = await exchange.funding(market, until)
    except ExchangeError:
        return None
    amount = sum((payment.amount for payment in payments), Decimal(0))
    return amount, max((payment.timestamp for payment in payments), default=0)
