"""The synthetic market's candles as arrays: the prices of `prices`, bit for bit, many at once.

Every operation is the scalar code's own, in its order; only whoever needs whole years of candles
imports this, and NumPy with it.
"""

import numpy as np
from numpy.typing import NDArray

from pairtrader.exchanges.simulated.noise import noise_key
from pairtrader.exchanges.simulated.prices import (
    HALF_SPREAD,
    MARKET_WIDE,
    OWN,
    Octave,
    samples_of_candle,
)
from pairtrader.exchanges.simulated.universe import LISTINGS, Listing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def synthetic_bars(seed: int, symbol: str, opens: Integers, timeframe: int) -> Floats:
    """Return rows of opens, highs, lows and closes (quote currency) of whole candles.

    `opens` is when they open, `timeframe` their length, both in ms (UTC).

    Raises:
        KeyError: the symbol is not listed.
    """
    listing = LISTINGS[symbol]
    moments = opens[:, np.newaxis] + np.array(samples_of_candle(0, timeframe, timeframe))
    mids = _mids(seed, listing, moments)
    return np.stack([mids[:, 0], mids.max(axis=1), mids.min(axis=1), mids[:, -1]])


def _mids(seed: int, listing: Listing, times: Integers) -> Floats:
    """Return the mids of the quotes at `times`, as `synthetic_quote` has them."""
    market = 1.0 + _wander(MARKET_WIDE, seed, "market", times)
    own = 1.0 + _wander(OWN, seed, listing.base, times)
    price = float(listing.price) * market * own
    step = float(listing.price_step)
    bid = np.floor(price * (1.0 - HALF_SPREAD) / step)
    ask = np.maximum(np.ceil(price * (1.0 + HALF_SPREAD) / step), bid + 1)
    # The exact decimal, rounded once: steps are whole numbers of some power of ten.
    numerator, denominator = listing.price_step.as_integer_ratio()
    mids: Floats = (bid + ask) * numerator / (2 * denominator)
    return mids


def _wander(octaves: tuple[Octave, ...], seed: int, name: str, times: Integers) -> Floats:
    total = np.zeros(times.shape)
    for number, octave in enumerate(octaves):
        key = noise_key(seed, name, number)
        shifted = times + key % octave.period
        total += octave.swing * _smooth_noise(key, shifted, octave.period)
    return total


def _smooth_noise(key: int, times: Integers, period: int) -> Floats:
    index, offset = np.divmod(times, period)
    x = offset / period
    weight = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    first, last = int(index.min()), int(index.max()) + 1
    if last - first <= index.size:
        # Neighbouring moments share their lattice points: each is made once.
        lattice = _lattice(key, np.arange(first, last + 1))
        start, end = lattice[index - first], lattice[index - first + 1]
    else:
        start, end = _lattice(key, index), _lattice(key, index + 1)
    noise: Floats = start + (end - start) * weight
    return noise


def _lattice(key: int, index: Integers) -> Floats:
    mixed = np.uint64(key) + index.astype(np.uint64) * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    mixed ^= mixed >> np.uint64(31)
    values: Floats = (mixed >> np.uint64(11)).astype(np.float64) / (1 << 52) - 1.0
    return values
