"""Smooth noise that is a pure function of a key and the time, the same on every machine.

Only integer arithmetic and the four basic float operations are used: no platform's rounding of a
library function can make two processes disagree about a price.
"""

import hashlib
from functools import lru_cache

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@lru_cache(maxsize=4096)
def noise_key(*parts: str | int) -> int:
    """Return the 64-bit key of the noise named by `parts`."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big")


@lru_cache(maxsize=65_536)
def lattice_value(key: int, index: int) -> float:
    """Return the noise's value at lattice point `index`, evenly spread over -1..1."""
    mixed = (key + index * _GOLDEN) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    return (mixed >> 11) / (1 << 52) - 1.0


def smooth_noise(key: int, time: int, period: int) -> float:
    """Return a value in -1..1 that wanders smoothly, a lattice point every `period` ms."""
    index, offset = divmod(time, period)
    x = offset / period
    weight = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    start = lattice_value(key, index)
    return start + (lattice_value(key, index + 1) - start) * weight
