"""The perpetual swaps that the simulated exchange lists."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from pairtrader.model.account import Simulation
from pairtrader.model.market import Market


@dataclass(frozen=True, slots=True)
class Listing:
    """One swap as the simulated exchange lists it."""

    base: str
    price: Decimal
    """Level that the synthetic price wanders around, USDT."""
    price_step: Decimal
    contract_size: Decimal
    """Base coins in one contract."""
    lot: Decimal
    """Smallest change of an order, in contracts; also the smallest order."""
    max_leverage: int = 50

    @property
    def symbol(self) -> str:
        """API spelling."""
        return f"{self.base}-USDT"

    def market(self, simulation: Simulation) -> Market:
        """Return the market with the fees of the account's simulation."""
        step = self.contract_size * self.lot
        return Market(
            symbol=self.symbol,
            base=self.base,
            quote="USDT",
            amount_step=step,
            min_amount=step,
            min_notional=_MIN_NOTIONAL,
            price_step=self.price_step,
            taker_fee=simulation.taker_fee,
            maker_fee=simulation.maker_fee,
            contract_size=self.contract_size,
            max_market_amount=_whole_steps(_MAX_MARKET_NOTIONAL / self.price, step),
            max_leverage=self.max_leverage,
        )


_MIN_NOTIONAL = Decimal(5)
_MAX_MARKET_NOTIONAL = Decimal(2_000_000)
_LEVELS_BELOW_PRICE = 5
"""Digits of a price: what steps are derived from where a symbol is not listed."""


def _whole_steps(amount: Decimal, step: Decimal) -> Decimal:
    return (amount / step).to_integral_value(ROUND_FLOOR) * step


def _listing(base: str, price: str, price_step: str, size: str, lot: str, top: int) -> Listing:
    return Listing(base, Decimal(price), Decimal(price_step), Decimal(size), Decimal(lot), top)


LISTINGS: Mapping[str, Listing] = {
    listing.symbol: listing
    for listing in (
        _listing("BTC", "95000", "0.1", "0.01", "0.01", 125),
        _listing("ETH", "2600", "0.01", "0.1", "0.01", 100),
        _listing("SOL", "160", "0.01", "1", "0.01", 75),
        _listing("LTC", "90", "0.01", "1", "0.001", 75),
        _listing("BCH", "420", "0.01", "0.1", "0.1", 75),
        _listing("LINK", "15.5", "0.001", "1", "0.01", 75),
        _listing("AVAX", "22", "0.001", "1", "0.1", 50),
        _listing("ETC", "18", "0.001", "1", "0.01", 50),
        _listing("DOT", "4.4", "0.0001", "1", "0.1", 50),
        _listing("XRP", "2.3", "0.0001", "100", "0.001", 75),
        _listing("XLM", "0.29", "0.00001", "100", "0.01", 50),
        _listing("ADA", "0.72", "0.0001", "100", "0.01", 75),
        _listing("TRX", "0.27", "0.00001", "1000", "0.001", 75),
        _listing("DOGE", "0.2", "0.00001", "1000", "0.001", 75),
        _listing("ARB", "0.4", "0.00001", "10", "0.01", 50),
        _listing("OP", "0.7", "0.0001", "1", "0.1", 50),
        _listing("APE", "0.62", "0.0001", "0.1", "1", 50),
        _listing("SAND", "0.29", "0.00001", "10", "0.1", 50),
        _listing("AXS", "2.6", "0.0001", "0.1", "1", 50),
        _listing("ENJ", "0.081", "0.00001", "10", "0.1", 50),
        _listing("CHZ", "0.041", "0.000001", "10", "0.1", 50),
        _listing("GALA", "0.018", "0.000001", "10", "0.1", 50),
    )
}


def derived_market(symbol: str, price: Decimal, simulation: Simulation) -> Market:
    """Return a market for a symbol that is not listed, its steps fit for `price`."""
    base, _, quote = symbol.partition("-")
    magnitude = price.adjusted()
    step = Decimal(1).scaleb(min(-magnitude - 1, 3))
    model = replace(
        LISTINGS["LTC-USDT"],
        base=base,
        price=price,
        price_step=Decimal(1).scaleb(magnitude - _LEVELS_BELOW_PRICE + 1),
        lot=step,
    ).market(simulation)
    return replace(model, symbol=symbol, quote=quote)
