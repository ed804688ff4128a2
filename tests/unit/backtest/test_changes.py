from typing import Any

import pytest

from pairtrader.backtest.changes import NoSuchField, changed
from pairtrader.backtest.config import BacktestConfig

ROWS = [
    {"times": 1, "spread": 1.0, "multiplier": 2},
    {"times": 2, "spread": 0.8, "multiplier": 3},
    {"times": 3, "spread": 0.5, "multiplier": 5},
]
DOCUMENT: dict[str, Any] = {
    "profit_ratio": 1.0,
    "dca_config": ROWS,
    "max_dca_times": 3,
    "markets": {"A-USDT": {"amount_step": "0.1"}},
}


def spreads(document: dict[str, Any]) -> list[float]:
    return [row["spread"] for row in document["dca_config"]]


def multipliers(document: dict[str, Any]) -> list[float]:
    return [row["multiplier"] for row in document["dca_config"]]


def test_fields_rows_and_markets_are_changed_in_a_copy() -> None:
    changes = {
        "profit_ratio": 2,
        "slippage": 0.001,
        "dca_config.1.spread": 0.9,
        "markets.A-USDT.min_amount": "1",
    }
    result = changed(DOCUMENT, changes)
    assert result["profit_ratio"] == 2
    assert result["slippage"] == 0.001
    assert spreads(result) == [1.0, 0.9, 0.5]
    assert result["markets"] == {"A-USDT": {"amount_step": "0.1", "min_amount": "1"}}
    assert spreads(DOCUMENT) == [1.0, 0.8, 0.5]
    assert DOCUMENT["markets"] == {"A-USDT": {"amount_step": "0.1"}}


@pytest.mark.parametrize(
    ("changes", "expected_spreads", "expected_multipliers"),
    [
        ({"ladder.scale": 1.1}, [1.1, 0.88, 0.55], [2, 3, 5]),
        ({"ladder.step": 0.3}, [1.0, 0.3, 0.3], [2, 3, 5]),
        ({"ladder.growth": 1.5}, [1.0, 0.8, 0.5], [2, 3, 4.5]),
        ({"ladder.rows": 2}, [1.0, 0.8], [2, 3]),
        ({"ladder.rows": 4}, [1.0, 0.8, 0.5, 0.5], [2, 3, 5, 5]),
        ({"ladder.scale": 2, "ladder.step": 0.3, "ladder.rows": 2}, [2.0, 0.6], [2, 3]),
        ({"ladder.scale": 2, "dca_config.0.spread": 3.0}, [6.0, 1.6, 1.0], [2, 3, 5]),
    ],
)
def test_the_ladder_is_changed_as_a_whole(
    changes: dict[str, float], expected_spreads: list[float], expected_multipliers: list[float]
) -> None:
    result = changed(DOCUMENT, changes)
    assert spreads(result) == expected_spreads
    assert multipliers(result) == expected_multipliers
    assert [row["times"] for row in result["dca_config"]] == list(
        range(1, len(expected_spreads) + 1)
    )
    assert "max_dca_times" not in result


def test_a_ladder_of_another_length_is_a_valid_configuration() -> None:
    document = {
        **DOCUMENT,
        "market1_symbol": "A-USDT",
        "market2_symbol": "B-USDT",
        "investment_per_order": "100",
        "max_position_value": "10000",
    }
    config = BacktestConfig.of(changed(document, {"ladder.rows": 5}))
    assert config.settings.max_dca_times == 5


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("dca_config.3.spread", 1, "dca_config has rows 0 to 2"),
        ("dca_config.-1.spread", 1, "dca_config has rows 0 to 2"),
        ("dca_config.0.spread.low", 1, "dca_config.0.spread is a single value"),
        ("profit_ratio.0", 1, "profit_ratio is a single value"),
        ("markets.B-USDT.min_amount", 1, "markets has A-USDT"),
        ("terms.slippage", 1, "has no terms"),
        ("ladder.depth", 1, "there are ladder.growth, ladder.rows"),
        ("ladder.rows", 1.5, "whole number"),
        ("ladder.scale", True, "has to be a number"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_there_is(path: str, value: Any, text: str) -> None:
    with pytest.raises(NoSuchField, match=text):
        changed(DOCUMENT, {path: value})
