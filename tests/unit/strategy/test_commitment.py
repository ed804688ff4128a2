"""What a ladder commits to; the web UI's preview must give the very same numbers."""

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings
from pairtrader.strategy.commitment import Commitment, commitment
from pairtrader.strategy.ladder import leg_imbalance

CASES = Path(__file__).resolve().parents[2] / "cases" / "ladder_preview.json"


def market(step: str, fee: str = "0.0005") -> Market:
    return Market(
        symbol="GALA-USDT",
        base="GALA",
        quote="USDT",
        amount_step=Decimal(step),
        min_amount=Decimal(step),
        min_notional=Decimal(5),
        price_step=Decimal("0.00001"),
        taker_fee=Decimal(fee),
        maker_fee=Decimal("0.0002"),
    )


def settings_of(**changes: Any) -> BotSettings:
    return BotSettings.model_validate(
        {
            "bot_name": "case",
            "exchange_account_id": "a",
            "market1_symbol": "GALA-USDT",
            "market2_symbol": "CHZ-USDT",
            "start_time": "2026-01-01T00:00:00Z",
            "investment_per_order": "100",
            "max_position_value": "2000",
            "dca_config": [
                {"times": 1, "spread": 1.0, "multiplier": 1},
                {"times": 2, "spread": 0.8, "multiplier": 1},
                {"times": 3, "spread": 0.5, "multiplier": 2},
            ],
            **changes,
        }
    )


def committed(case: dict[str, Any]) -> Commitment:
    steps, fees, prices = case["amount_steps"], case["taker_fees"], case["prices"]
    markets = (market(steps[0], fees[0]), market(steps[1], fees[1]))
    return commitment(
        settings_of(**case["settings"]), markets, (Decimal(prices[0]), Decimal(prices[1]))
    )


def plain(found: Commitment) -> dict[str, Any]:
    levels = [
        {
            name: [float(each) for each in value]
            if isinstance(value, tuple)
            else float(value)
            if isinstance(value, Decimal)
            else value
            for name, value in asdict(level).items()
        }
        for level in found.levels
    ]
    return {
        "levels": levels,
        "max_loss": float(found.max_loss),
        "target": float(found.target),
        "fee_share": found.fee_share,
    }


@pytest.mark.parametrize("case", json.loads(CASES.read_text()), ids=lambda case: str(case["name"]))
def test_the_numbers_are_those_of_the_table_shared_with_the_ui(case: dict[str, Any]) -> None:
    found, expected = plain(committed(case)), case["expected"]
    assert len(found["levels"]) == len(expected["levels"])
    for level, wanted in zip(found["levels"], expected["levels"], strict=True):
        for name, value in wanted.items():
            assert level[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
    for name in ("max_loss", "target", "fee_share"):
        assert found[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-9)


MARKETS = (market("1"), market("0.1"))
PRICES = (Decimal("0.02"), Decimal("0.05"))


def test_one_row_by_hand() -> None:
    row = [{"times": 1, "spread": 2.0, "multiplier": 1}]
    found = commitment(settings_of(dca_config=row), MARKETS, PRICES)
    (level,) = found.levels
    assert level.amounts == (Decimal(5000), Decimal(2000))
    assert level.invested == Decimal(200)
    assert level.margin == Decimal(20)
    # Four fills of 100 at 0.05 %.
    assert level.fees == Decimal("0.2")
    # 0.2 of 100 are 0.2 points of the spread.
    assert level.break_even == pytest.approx(1.8)
    # 1 % of 200 and the fees are 2.2 points.
    assert level.take_profit == pytest.approx(-0.2)
    # 10 % of 200 less the fees are 19.8 points further out.
    assert level.stop_loss == pytest.approx(21.8)
    assert level.liquidation == pytest.approx(21.8)
    assert found.max_loss == Decimal(20)
    assert float(found.target) == pytest.approx(2)
    assert found.fee_share == pytest.approx(0.2 / 2.2 * 100)


def test_rows_beyond_the_cap_bind_nothing() -> None:
    found = commitment(settings_of(max_position_value="450"), MARKETS, PRICES)
    assert [level.reached for level in found.levels] == [True, True, False]
    assert found.deepest is not None
    assert found.deepest.invested == Decimal(400)
    assert found.max_loss == Decimal(40)
    assert found.levels[2].invested == 0


def test_isolated_margin_is_used_up_half_way() -> None:
    cross = commitment(settings_of(), MARKETS, PRICES).levels[0]
    isolated = commitment(settings_of(margin_mode="isolated"), MARKETS, PRICES).levels[0]
    assert cross.liquidation - isolated.liquidation == pytest.approx(10)


def test_on_margin_stop_and_target_are_nearer() -> None:
    found = commitment(settings_of(profit_basis="margin"), MARKETS, PRICES)
    assert found.max_loss == Decimal(8)
    assert float(found.target) == pytest.approx(0.2)


def test_the_residual_is_what_rounding_leaves() -> None:
    found = commitment(settings_of(), (market("1000"), market("7")), PRICES)
    level = found.levels[0]
    traded = [amount * price for amount, price in zip(level.amounts, PRICES, strict=True)]
    assert level.residual == abs(traded[0] - traded[1])
    assert leg_imbalance(traded[0], traded[1]) > 0
