import numpy as np
import pytest
from scipy.stats import spearmanr

from pairtrader.backtest.sweep.ranking import (
    LESS_IS_BETTER,
    NEEDS_EVERY_BAR,
    OBJECTIVES,
    rank_correlation,
    ranked,
)
from tests.unit.backtest.sweeps import answer


def test_equal_runs_keep_their_order_and_those_without_figure_come_last() -> None:
    answers = [
        answer(3, {"sharpe": 1.0, "cycles": 9}),
        answer(0, {"sharpe": None, "cycles": 9}),
        answer(2, {"sharpe": 1.0, "cycles": 9}),
        answer(1, None),
        answer(4, {"sharpe": 2.0, "cycles": 9}),
        answer(5, {"sharpe": 9.0, "cycles": 1}),
    ]
    assert [a.task.number for a in ranked(answers, "sharpe", 2)] == [4, 2, 3, 0, 1, 5]
    assert [a.task.number for a in ranked(answers[::-1], "sharpe", 2)] == [4, 2, 3, 0, 1, 5]
    assert ranked(answers, "sharpe")[0].task.number == 5


def test_less_of_a_drawdown_is_better() -> None:
    answers = [answer(n, {"max_drawdown": float(n), "cycles": 1}) for n in (5, 2, 9)]
    assert [a.task.number for a in ranked(answers, "max_drawdown")] == [2, 5, 9]


def test_what_is_said_about_figures_is_said_of_figures_to_rank_by() -> None:
    assert NEEDS_EVERY_BAR <= LESS_IS_BETTER
    assert set(OBJECTIVES) >= NEEDS_EVERY_BAR


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_of_ranks_is_spearmans(seed: int) -> None:
    chance = np.random.default_rng(seed)
    first, second = chance.integers(0, 6, 40), chance.normal(size=40)
    found = rank_correlation(first.tolist(), second.tolist())
    assert found == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


def test_too_few_or_equal_values_have_no_order() -> None:
    assert rank_correlation([1.0, 2.0], [1.0, 2.0]) is None
    assert rank_correlation([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]) is None
