"""The reasons that bots give are those that are put into words: one list serves both sides."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.api.bots import bot_warnings
from pairtrader.exchanges.errors import ExchangeError
from pairtrader.model.bot import CommandKind
from pairtrader.model.cycle import CloseReason
from pairtrader.trading import conclusion, entry, intervention, look, tick
from pairtrader.trading.judgement import HOLDS
from pairtrader.trading.risk import Refusal

CASES = Path(__file__).resolve().parents[1] / "cases" / "reasons.json"
REASONS: dict[str, Any] = json.loads(CASES.read_text())


def codes_of(kind: type[ExchangeError]) -> Iterator[str]:
    yield kind.code
    for each in kind.__subclasses__():
        yield from codes_of(each)


def test_every_decision_not_to_act_is_listed() -> None:
    assert set(REASONS["holds"]["decisions"]) == set(HOLDS.values()) - {""}


def test_every_fault_of_quotes_is_listed() -> None:
    returned = re.findall(r'return "(\w+)"', inspect.getsource(look.quotes_unfit))
    assert REASONS["holds"]["quotes"] == returned


def test_every_refusal_of_risk_is_listed() -> None:
    assert set(REASONS["holds"]["risk"]) == set(Refusal)


def test_every_code_of_an_exchange_is_listed() -> None:
    assert set(REASONS["holds"]["exchange"]) == set(codes_of(ExchangeError))


def test_every_other_reason_to_skip_a_tick_is_listed() -> None:
    skipped = re.findall(r'_skip\([\w.]+, "(\w+)"\)', inspect.getsource(tick))
    held = re.findall(r'hold_reason="(\w+)"', inspect.getsource(tick))
    deferred = re.findall(r'EntryDeferred\(f?"(\w+)', inspect.getsource(entry))
    told = {tick.BEFORE_START, *skipped, *held, *deferred}
    assert set(REASONS["holds"]["ticks"]) == told


def test_every_reason_of_a_status_is_listed() -> None:
    source = inspect.getsource(conclusion) + inspect.getsource(intervention)
    told = {conclusion.MISMATCH, conclusion.UNBALANCED, intervention.UNPROVEN}
    told |= set(re.findall(r'status_reason=f?"(\w+)', source))
    told |= set(re.findall(r'return f?"(entry_\w+)', source))
    told |= set(re.findall(r'reason = f?"(\w+)', source))
    assert set(REASONS["status_reasons"]) == told


def test_every_close_and_command_is_listed() -> None:
    assert set(REASONS["close_reasons"]) == set(CloseReason)
    assert set(REASONS["commands"]) == set(CommandKind)


def test_every_warning_is_listed() -> None:
    told = re.findall(r'code="(\w+)"', inspect.getsource(bot_warnings))
    assert set(REASONS["warnings"]) == set(told)
