"""The backtest beside vectorbt, NautilusTrader and backtesting.py, all doing the same work.

Both sides take turns in processes that live on, medians count. Machines differ and share their
processors: ratios are demanded, never seconds.
"""

from itertools import pairwise

import pytest

from tests.benchmarks.backtest.comparison import NAUTILUS, PEERS, SETS, Bench
from tests.benchmarks.backtest.findings import Findings

RELATIVE = 1e-6
LINEAR = 2.0
"""By how much a bar may cost more in a series ten times as long: large ones leave the caches."""


@pytest.fixture(scope="module")
def findings(request: pytest.FixtureRequest) -> Findings:
    for python in (PEERS, NAUTILUS):
        if not python.exists():
            pytest.skip(f"{python.parents[1]} is not there: `make bench-backtest` installs it")
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(text, flush=True)  # noqa: T201

    return Bench(say).run()


@pytest.mark.parametrize("bars", [100_000, 1_000_000])
def test_everybody_closes_the_same_trades_for_the_same_money(findings: Findings, bars: int) -> None:
    found = [each for each in findings.agreement if each["bars"] == bars]

    assert len(found) >= 4
    assert {each["closes"] for each in found} == {found[0]["closes"]}
    assert {each["entries"] for each in found} == {found[0]["entries"]}
    for mine, its in zip(found[::2], found[1::2], strict=True):
        assert its["net"] == pytest.approx(mine["net"], rel=RELATIVE), (mine, its)


def test_every_set_of_the_sweep_closes_as_often_everywhere(findings: Findings) -> None:
    closes = findings.sweep_closes

    assert len(closes["vectorbt"]) == len(SETS)
    assert closes["base"] == closes["vectorbt"]
    assert closes["fast"] == closes["vectorbt"]


@pytest.mark.parametrize(
    "row",
    [
        "run_base",
        "metrics_base",
        "stats_base",
        "sweep_base",
        "run_fast",
        "sweep_fast",
        "files",
        "files_warm",
        "memory",
        "files_memory",
        "run_nautilus",
        "run_nautilus_million",
    ],
)
def test_the_ratio_is_reached(findings: Findings, row: str) -> None:
    found = findings.rows[row]

    assert found.reached, found.line()


@pytest.mark.parametrize("kind", ["base", "fast"])
def test_time_grows_with_the_bars(findings: Findings, kind: str) -> None:
    per_bar = [seconds / bars for bars, seconds in sorted(findings.lengths[kind].items())]

    for short, long in pairwise(per_bar):
        assert long <= LINEAR * short
