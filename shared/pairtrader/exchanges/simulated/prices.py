"""Synthetic prices: a pure function of seed, symbol and time.

A price is its listed level times a market-wide factor times a factor of its own. Both are sums of
bounded noise, so that no pair ever runs away, and the own factors wander within a minute or two, so
that the gap between two markets opens and closes while somebody watches.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from pairtrader.exchanges.simulated.noise import noise_key, smooth_noise
from pairtrader.exchanges.simulated.universe import LISTINGS, Listing
from pairtrader.model.market import Candle, Quote

HALF_SPREAD = 0.0001
"""Distance from mid to bid and ask, fraction of the price."""
FUNDING_INTERVAL_MS = 8 * 3_600_000
_FUNDING_SWING = 0.0001
_SAMPLES_PER_CANDLE = 30


@dataclass(frozen=True, slots=True)
class Octave:
    """One layer of noise."""

    period: int
    """ms between lattice points."""
    swing: float
    """Largest deviation, fraction of the price."""


MARKET_WIDE = (Octave(420_000, 0.004), Octave(3_300_000, 0.010), Octave(26_000_000, 0.02))
OWN = (
    Octave(31_000, 0.0200),
    Octave(13_000, 0.0040),
    Octave(5_000, 0.0008),
    Octave(600_000, 0.0020),
)


def _wander(octaves: tuple[Octave, ...], seed: int, name: str, time: int) -> float:
    total = 0.0
    for number, octave in enumerate(octaves):
        key = noise_key(seed, name, number)
        # Lattices shifted against each other: otherwise all layers would rest at the same moments.
        total += octave.swing * smooth_noise(key, time + key % octave.period, octave.period)
    return total


def mid_price(seed: int, listing: Listing, time: int) -> float:
    """Return the price at `time` (ms UTC) before it is put on the price grid."""
    market = 1.0 + _wander(MARKET_WIDE, seed, "market", time)
    own = 1.0 + _wander(OWN, seed, listing.base, time)
    return float(listing.price) * market * own


def synthetic_quote(seed: int, symbol: str, time: int) -> Quote:
    """Return best bid and ask of a listed symbol at `time` (ms UTC).

    Raises:
        KeyError: the symbol is not listed.
    """
    listing = LISTINGS[symbol]
    mid, step = mid_price(seed, listing, time), float(listing.price_step)
    bid = floor(mid * (1.0 - HALF_SPREAD) / step)
    ask = max(ceil(mid * (1.0 + HALF_SPREAD) / step), bid + 1)
    return Quote(symbol, bid * listing.price_step, ask * listing.price_step, time)


def synthetic_candle(seed: int, symbol: str, open_time: int, timeframe: int, now: int) -> Candle:
    """Return the candle opening at `open_time`, as far as it has come by `now` (both ms UTC).

    Its open is the mid of the quote at that very moment, its close that of the next open.
    """
    end = min(open_time + timeframe, max(now, open_time))
    times = samples_of_candle(open_time, end, timeframe)
    mids = [synthetic_quote(seed, symbol, time).mid for time in times]
    return Candle(open_time, mids[0], max(mids), min(mids), mids[-1])


def samples_of_candle(open_time: int, end: int, timeframe: int) -> list[int]:
    """Return the moments that a candle is made of as far as `end`, its last one (all ms UTC)."""
    step = max(timeframe // _SAMPLES_PER_CANDLE, 1)
    return [*range(open_time, end, step), end]


def synthetic_funding_rate(seed: int, symbol: str, settlement: int) -> Decimal:
    """Return the rate settled at `settlement` (ms UTC), fraction of the notional paid by longs."""
    value = smooth_noise(noise_key(seed, "funding", symbol), settlement, 6 * FUNDING_INTERVAL_MS)
    return (Decimal(repr(value)) * Decimal(str(_FUNDING_SWING))).quantize(Decimal("0.00000001"))


def funding_times(after: int, until: int) -> range:
    """Return the settlements later than `after` and not later than `until` (ms UTC)."""
    first = after // FUNDING_INTERVAL_MS * FUNDING_INTERVAL_MS + FUNDING_INTERVAL_MS
    return range(first, until + 1, FUNDING_INTERVAL_MS)
