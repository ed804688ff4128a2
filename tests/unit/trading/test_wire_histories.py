"""After any history on any exchange's wire format books and exchange agree."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.wire_history import WireHistory


@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
def test_after_any_history_books_and_exchange_agree_and_no_leg_stays_alone(name: str) -> None:
    machine: Any = type(f"History_{name}", (WireHistory,), {"exchange": name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=1_000,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
