from pathlib import Path

import pytest

from tests.unit.cli.desk import SETTINGS, Desk, swinging, write_candles


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRTRADER_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    for name, closes in zip(("market1.csv", "market2.csv"), swinging(), strict=True):
        write_candles(tmp_path / name, closes)
    found = Desk(tmp_path, capsys)
    found.write("bot.json", SETTINGS)
    return found
