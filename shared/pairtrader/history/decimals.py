"""Plain decimal numbers of many text cells at once.

A cell is read eight digits at a time, all cells of a block in one pass of NumPy: the digits of a
64-bit word are added up by three multiplications. A number of at most 2^53 over a power of ten of
at most 10^22 is divided with one rounding, so that the result is exactly what `float` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairtrader.backtest.series import Floats, Integers

Words = NDArray[np.uint64]

COMMA, NEWLINE, POINT = (np.uint8(byte) for byte in b",\n.")
"""Nothing that a plain number holds comes before the point but these."""
_ROOM = 16
"""Bytes before the first cell: words are read backwards from a cell's end."""
_WORD = 8
_LONGEST = 16
"""Digits on either side of the point."""
_EXACT = 2**53
_POWERS = 10.0 ** np.arange(_LONGEST + 1)
_WHOLE_POWERS = 10 ** np.arange(_LONGEST + 1, dtype=np.int64)

_ZEROS = np.uint64(0x3030303030303030)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_TOP_BITS = np.uint64(0x8080808080808080)
_KEPT = np.array([(2**64 - 1) << 8 * (_WORD - n) & (2**64 - 1) for n in range(9)], np.uint64)
"""Which bytes of a word are digits when the last `n` are."""
_PAIRS = np.uint64(0x000000FF000000FF)
_UPPER, _LOWER = np.uint64(1_000_000 << 32 | 100), np.uint64(10_000 << 32 | 1)
_TEN, _BYTE, _TWO_BYTES, _HALF = np.uint64(10), np.uint64(8), np.uint64(16), np.uint64(32)
_HUNDRED_MILLION = np.uint64(100_000_000)


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Cells of a block, by column."""

    whole: Integers
    """Of the column that was asked for as whole numbers."""
    numbers: Floats
    """A row of this array for each of the other columns that were asked for."""


def plain_rows(block: bytes, columns: int, whole: int, numbers: Sequence[int]) -> PlainRows | None:
    """Return columns of the lines in `block`, each of `columns` cells between commas.

    None where any line has another number of cells, or any wanted cell is more than digits with at
    most one point among them: that does not say that it is wrong. Every line ends in a line feed.
    """
    text = np.frombuffer(b"".join((b"0" * _ROOM, block)), np.uint8)
    marks = np.flatnonzero(text[_ROOM:] <= POINT)
    marks += _ROOM
    kinds = text[marks]
    cut = np.flatnonzero(kinds != POINT)
    if len(cut) == 0 or len(cut) % columns:
        return None
    borders = cut.reshape(-1, columns)
    ends = marks[borders]
    found = kinds[borders]
    if not ((found[:, :-1] == COMMA).all() and (found[:, -1] == NEWLINE).all()):
        return None
    starts = np.empty_like(ends)
    starts.reshape(-1)[1:] = ends.reshape(-1)[:-1]
    starts[0, 0] = _ROOM - 1
    starts += 1
    # Unaligned on purpose: a word may begin at any byte.
    words: Words = np.ndarray((len(text) - _WORD + 1,), "<u8", text, strides=(1,))
    wholes = _digits(words, starts[:, whole], ends[:, whole])
    if wholes is None:
        return None
    pick = list(numbers)
    end = np.ascontiguousarray(ends[:, pick].T)
    before = np.ascontiguousarray(borders[:, pick].T) - 1
    decimals = _decimals(words, starts[:, pick].T, end, marks[before], kinds[before] == POINT)
    return None if decimals is None else PlainRows(wholes, decimals)


def _decimals(
    words: Words, start: Integers, end: Integers, point: Integers, pointed: NDArray[np.bool_]
) -> Floats | None:
    """Return the numbers in these cells, whose point, where there is one, stands at `point`."""
    if not pointed.all():
        point = np.where(pointed, point, end)
    after = point + pointed
    places = end - after
    length = end - start
    length -= pointed
    if int(length.max()) <= _WORD:
        return _short_decimals(words, end, length, places, pointed)
    left, right = _digits(words, start, point), _digits(words, after, end, may_be_none=True)
    if left is None or right is None or int(places.max()) > _LONGEST:
        return None
    if int(left.max()) >= _EXACT // int(_WHOLE_POWERS[places.max()]):
        return None
    left *= _WHOLE_POWERS[places]
    left += right
    result: Floats = left / _POWERS[places]
    return result


def _short_decimals(
    words: Words, end: Integers, length: Integers, places: Integers, pointed: NDArray[np.bool_]
) -> Floats | None:
    """Return numbers of at most eight digits: one word holds them, the point taken out."""
    if int((length - places).min()) == 0:
        return None
    digits = words[end - _WORD]
    # One byte on, the digits left of the point stand where the point was.
    if int(length.max()) < _WORD:
        left = digits << (pointed * _BYTE)
    else:
        left = words[end - (_WORD + pointed)]
    fraction = _KEPT[places]
    digits &= fraction
    np.invert(fraction, out=fraction)
    left &= fraction
    digits |= left
    value, stray = _value(digits, length)
    if stray:
        return None
    result: Floats = value.view(np.int64) / _POWERS[places]
    return result


def _digits(
    words: Words, start: Integers, end: Integers, *, may_be_none: bool = False
) -> Integers | None:
    """Return the whole numbers written from `start` up to `end`, None if they are not digits."""
    length = end - start
    longest = int(length.max())
    if longest > _LONGEST or (not may_be_none and int(length.min()) == 0):
        return None
    if longest <= _WORD:
        value, stray = _word(words, end, length)
    else:
        value, stray = _word(words, end, np.minimum(length, _WORD))
        upper, also = _word(words, end - _WORD, np.maximum(length - _WORD, 0))
        upper *= _HUNDRED_MILLION
        value += upper
        stray |= also
    return None if stray else value.view(np.int64)


def _word(words: Words, end: Integers, length: Integers) -> tuple[Words, bool]:
    """Return the last `length` (0 to 8) digits before `end`, and whether any was none."""
    return _value(words[end - _WORD], length)


def _value(digits: Words, length: Integers) -> tuple[Words, bool]:
    """Return what the last `length` bytes of each word mean; the words are used up."""
    digits ^= _ZEROS
    digits &= _KEPT[length]
    stray = digits + _ABOVE_NINE
    stray |= digits
    is_stray = bool(np.bitwise_or.reduce(stray, axis=None) & _TOP_BITS)
    shifted = digits >> _BYTE
    digits *= _TEN
    digits += shifted
    upper = digits & _PAIRS
    upper *= _UPPER
    digits >>= _TWO_BYTES
    digits &= _PAIRS
    digits *= _LOWER
    upper += digits
    upper >>= _HALF
    return upper, is_stray
