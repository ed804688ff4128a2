"""CCXT's markets as ours, and back."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.model.market import Market, api_symbol

_API_SYMBOL = re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{2,10}")
_LEFT_OUT = {"info", "created", "marginModes", "tierBased", "feeSide"}
"""Of a market's record: what no call looks at. The exchange's own answer is most of it."""


def from_ccxt(
    market: Mapping[str, Any], venue: CcxtVenue, taker_fee: Decimal, maker_fee: Decimal
) -> Market | None:
    """Return the market, None for anything but a linear perpetual swap with a usable grid."""
    symbol = api_symbol(market["symbol"])
    if not (market.get("swap") and market.get("linear") and _API_SYMBOL.fullmatch(symbol)):
        return None
    size = _number(market.get("contractSize")) or Decimal(1)
    lot, price_step = (_number(market["precision"][key]) for key in ("amount", "price"))
    if lot is None or price_step is None:
        return None
    limits = market["limits"]
    smallest = _number(limits["amount"]["min"]) or lot
    largest = _number(venue.max_market_amount(market))
    leverage = _number(limits["leverage"]["max"])
    return Market(
        symbol=symbol,
        base=market["base"],
        quote=market["quote"],
        amount_step=lot * size,
        min_amount=smallest * size,
        min_notional=_number(limits["cost"]["min"]) or Decimal(0),
        price_step=price_step,
        taker_fee=taker_fee,
        maker_fee=maker_fee,
        contract_size=size,
        max_market_amount=None if largest is None else largest * size,
        max_leverage=None if leverage is None else int(leverage),
        active=market.get("active") is not False,
        native=to_native(market),
    )


def to_native(market: Mapping[str, Any]) -> str:
    """Return a CCXT market as JSON of about half a kilobyte."""
    return json.dumps(_without_blanks(market), separators=(",", ":"), sort_keys=True)


def from_native(native: str) -> dict[str, Any]:
    """Return the CCXT market that `to_native` wrote."""
    market: dict[str, Any] = json.loads(native)
    return market


def _without_blanks(record: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in record.items():
        if key in _LEFT_OUT or value is None:
            continue
        kept[key] = _without_blanks(value) if isinstance(value, Mapping) else value
    return kept


def _number(value: Any) -> Decimal | None:
    """Return a positive number, None for anything else."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() and number > 0 else None
