"""After any history on any exchange's wire format books and exchange agree."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.wire_history import WireHistory

NAMES = ("okx", "binance", "bybit")


def run(name: str, histories: int, steps: int) -> None:
    machine: Any = type(f"History_{name}", (WireHistory,), {"exchange": name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("name", NAMES)
def test_after_any_history_books_and_exchange_agree_and_no_leg_stays_alone(name: str) -> None:
    run(name, 1_000, 16)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_after_many_long_histories(name: str) -> None:
    run(name, 20_000, 40)
