"""The engine that skips bars, interpreted and compiled, against a loop over every bar."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import Prepared, run
from tests.backtest_cases import assert_same_as_loop, random_document, random_series

LENGTHS = st.sampled_from([2, 5, 40, 300, 1_500])
UNITS = st.sampled_from([1.0, 1.0, 5.0])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), bars=LENGTHS, unit=UNITS)
def test_skipping_bars_changes_nothing(seed: int, bars: int, unit: float) -> None:
    draw = random.Random(seed)
    series = random_series(draw, bars, unit)

    assert_same_as_loop(series, BacktestConfig.of(random_document(draw, unit)), False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), bars=LENGTHS, unit=UNITS)
def test_compiling_changes_nothing(seed: int, bars: int, unit: float) -> None:
    pytest.importorskip("numba")
    draw = random.Random(seed)
    series = random_series(draw, bars, unit)

    assert_same_as_loop(series, BacktestConfig.of(random_document(draw, unit)), True)


def test_the_random_settings_reach_everything() -> None:
    draw, actions, reasons, rested, jumps, lapsed, funded = (
        random.Random(5),
        set(),
        set(),
        0,
        0,
        0,
        0,
    )
    for _ in range(250):
        series = random_series(draw, 400)
        loop = assert_same_as_loop(series, BacktestConfig.of(random_document(draw)), False)
        actions.update(row[2] for row in loop.rows)
        reasons.add(loop.reason.partition(" ")[0])
        rested += any(row[12] != row[13] for row in loop.rows)
        funded += any(row[14] for row in loop.rows)
        jumps += 0 < loop.jumps < 100
        lapsed += loop.lapsed > 0

    assert actions == {1, 2, 3, 4, 5, 6}
    assert reasons == {"", "row", "the", "pause_after_close"}
    assert min(rested, funded, jumps, lapsed) > 5


def test_runs_that_share_what_is_prepared_do_not_disturb_one_another() -> None:
    draw = random.Random(11)
    series = random_series(draw, 600)
    prepared = Prepared(series)

    for _ in range(40):
        config = BacktestConfig.of(random_document(draw))
        assert_same_as_loop(series, config, False, prepared=prepared)


def test_two_threads_run_as_one_does() -> None:
    pytest.importorskip("numba")
    draw = random.Random(23)
    series = random_series(draw, 1_500)
    configs = [BacktestConfig.of(random_document(draw)) for _ in range(60)]
    alone = [run(series, config, fast=False) for config in configs]
    prepared = Prepared(series)

    with ThreadPoolExecutor(2) as threads:
        together = list(
            threads.map(lambda config: run(series, config, prepared=prepared, fast=True), configs)
        )

    for one, other in zip(alone, together, strict=True):
        assert one.trades.net.tolist() == other.trades.net.tolist()
        assert one.trades.bar.tolist() == other.trades.bar.tolist()
        assert (one.open_cycle, one.paused_at) == (other.open_cycle, other.paused_at)


def test_without_a_folder_for_machine_code_it_is_compiled_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("numba")
    compiled = import_module("pairtrader.backtest.compiled")

    def njit(**options: bool) -> Callable[[Any], str]:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: f"compiled {function.__name__}"

    monkeypatch.setattr(compiled, "njit", njit)

    def course() -> None: ...

    assert compiled._kept(course) == "compiled course"
