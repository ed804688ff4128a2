"""How many bots one address may run on an exchange.

All bots of a stack leave through one address, whoever owns them and whatever their accounts' mode:
exchanges count what comes from it. Weights are in the unit that the exchange counts in.
"""

from dataclasses import dataclass
from fractions import Fraction

from pairtrader.model.account import ExchangeName

SHARE = Fraction(1, 2)
"""Of what an exchange allows, the part that watching bots may take. The other half is for orders,
their look-ups, funding after a full hour, enquiries of the API, and for bots whose ticks meet."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an exchange takes from one address, and what it counts for a bot's requests."""

    per_minute: int
    """Weight one address may spend in a minute."""
    quotes: int
    """Weight of the two quotes of one tick."""
    watch: int
    """Weight of comparing the books with the account, done once a minute while a cycle is open."""


ALLOWANCES = {
    # 20 requests in 2 s for each address, counted for the ticker alone; positions and funding are
    # counted for each user. https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-ticker
    ExchangeName.OKX: Allowance(per_minute=600, quotes=2, watch=0),
    # A weight of 2,400 a minute for each address; a symbol's book ticker weighs 2, all positions
    # together 5, a symbol's income 30 (once an hour). GET /fapi/v1/exchangeInfo (rateLimits), and
    # https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
    ExchangeName.BINANCE: Allowance(per_minute=2_400, quotes=4, watch=6),
    # 600 requests in 5 s for each address, whatever they ask; two positions a minute, two funding
    # histories an hour. https://bybit-exchange.github.io/docs/v5/rate-limit
    ExchangeName.BYBIT: Allowance(per_minute=7_200, quotes=2, watch=3),
}
"""Exchanges that are left out take as much as one likes."""


def load_of(exchange: ExchangeName, interval_seconds: int) -> int:
    """Return the weight that a bot of this interval asks of `exchange` in a minute."""
    allowance = ALLOWANCES.get(exchange)
    if allowance is None:
        return 0
    ticks = -(-60 // interval_seconds)
    return ticks * allowance.quotes + allowance.watch


def capacity_of(exchange: ExchangeName) -> int | None:
    """Return the weight a minute that all bots on `exchange` may ask, None for any."""
    allowance = ALLOWANCES.get(exchange)
    return None if allowance is None else int(allowance.per_minute * SHARE)


def bots_of(exchange: ExchangeName, interval_seconds: int) -> int | None:
    """Return how many bots of this interval `exchange` carries, None for any number."""
    capacity = capacity_of(exchange)
    return None if capacity is None else capacity // load_of(exchange, interval_seconds)
