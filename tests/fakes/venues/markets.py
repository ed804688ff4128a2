"""The markets that all fake exchanges share: prices, candles, settlements of funding."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

MINUTE = 60_000


@dataclass
class Book:
    """One perpetual swap: GALA counts in tens on OKX."""

    base: str
    bid: str
    ask: str
    price_step: str
    contract_size: str
    """Base coins in a contract, on OKX."""
    lot: str
    """Smallest change of an order: contracts on OKX, coins on Binance and Bybit."""
    mark: str | None = None
    """None: the middle of bid and ask."""
    trading: bool = True
    max_leverage: int = 50
    tier: str = "1000000"
    """Largest position at the highest leverage, quote currency; each halving doubles it."""

    @property
    def mid(self) -> Decimal:
        return (Decimal(self.bid) + Decimal(self.ask)) / 2

    @property
    def mark_price(self) -> Decimal:
        return Decimal(self.mark) if self.mark is not None else self.mid

    def tier_at(self, leverage: int) -> Decimal:
        """Largest position at this leverage, quote currency."""
        return Decimal(self.tier) * self.max_leverage / leverage


@dataclass
class FakeMarkets:
    """What the exchanges quote; every answer is a pure function of this."""

    now: Callable[[], int]
    books: dict[str, Book] = field(
        default_factory=lambda: {
            "GALA": Book("GALA", "0.017999", "0.018001", "0.000001", "10", "1"),
            "CHZ": Book("CHZ", "0.040998", "0.041002", "0.000001", "10", "1"),
        }
    )
    funding: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """(time, rate) by base."""

    def move(self, base: str, bid: Decimal, ask: Decimal) -> None:
        self.books[base].bid, self.books[base].ask = format(bid, "f"), format(ask, "f")

    def candles(self, since: int, until: int) -> list[tuple[int, list[str]]]:
        first = -(-since // MINUTE) * MINUTE
        opens = range(first, min(until, self.now()) + 1, MINUTE)
        return [(time, ["0.0180", "0.0182", "0.0179", "0.0181", "1000"]) for time in opens]

    def settlements(self, base: str, since: int, until: int) -> list[tuple[int, str]]:
        return [row for row in self.funding.get(base, []) if since <= row[0] <= until]
