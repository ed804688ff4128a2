"""Files of candles as tests write them."""

import gzip
from pathlib import Path

START = 1_746_374_400_000
"""2025-05-04T16:00Z."""
MINUTE = 60_000
HEADER = "timestamp,open,high,low,close,volume"


def row(bar: int, prices: str = "100.5,101,100,100.75", volume: str = "12.3") -> str:
    """The candle of this minute after the start."""
    return f"{START + bar * MINUTE},{prices},{volume}"


def lines(*rows: str, header: str = HEADER) -> str:
    return "\n".join((header, *rows)) + "\n"


def sound(bars: int = 5) -> list[str]:
    return [row(bar) for bar in range(bars)]


def with_line(number: int, text: str, bars: int = 6) -> str:
    """Sound candles but for the line with this number (the header is 1)."""
    rows = [HEADER, *sound(bars)]
    rows[number - 1] = text
    return "\n".join(rows) + "\n"


def write(folder: Path, text: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data)
    return path
