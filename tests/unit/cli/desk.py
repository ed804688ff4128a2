"""Two small files of candles that swing apart and come back, and settings that trade them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairtrader.cli.main import main

FIRST_MS = 1_746_374_400_000
"""2025-05-04T16:00:00Z."""
MINUTE_MS = 60_000
BARS = 3_000
SETTINGS: dict[str, Any] = {
    "leverage": 10,
    "investment_per_order": "100",
    "max_position_value": "1000",
    "dca_config": [
        {"times": 1, "spread": 1.0, "multiplier": 1},
        {"times": 2, "spread": 0.8, "multiplier": 1},
    ],
    "profit_ratio": 0.5,
    "pause_after_close": False,
}


@dataclass(frozen=True)
class Said:
    """What a command has left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """A folder with the files, and the command to work on them."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def write(self, name: str, content: object) -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text)
        return self.path(name)

    def run(self, *words: str) -> Said:
        code = main(words)
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def pair(self, command: str, *words: str, config: str = "bot.json") -> Said:
        """Run a command on both files."""
        markets = ("--market1", self.path("market1.csv"), "--market2", self.path("market2.csv"))
        return self.run(command, *markets, "--config", self.path(config), *words)


def write_candles(path: Path, closes: np.ndarray) -> None:
    opens = np.concatenate((closes[:1], closes[:-1]))
    rows = ["timestamp,open,high,low,close,volume"]
    for bar, (begin, end) in enumerate(zip(opens.tolist(), closes.tolist(), strict=True)):
        high, low = max(begin, end), min(begin, end)
        rows.append(f"{FIRST_MS + bar * MINUTE_MS},{begin},{high},{low},{end},1")
    path.write_text("\n".join(rows) + "\n")


def swinging(bars: int = BARS) -> tuple[np.ndarray, np.ndarray]:
    """Return closes of two markets whose spread goes up to three points and back."""
    phase = np.arange(bars) / 90
    gap = 1.5 * np.sin(phase) + 1.2 * np.sin(phase * 2.7 + 1)
    return (100 * (1 + gap / 200)).round(4), (50 * (1 - gap / 200)).round(4)
