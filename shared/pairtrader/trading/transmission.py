"""Sending orders, and finding out what became of them.

A send has three outcomes: accepted, refused, unknown. What is unknown is looked up by its client
order id and never sent again; it counts as absent only after it was not found twice, late enough
that the exchange can't take it any more, with the position unchanged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pairtrader.exchanges.errors import (
    ExchangeError,
    OrderRefused,
    OutcomeUnknown,
    RetryLater,
    UserMustAct,
)
from pairtrader.model.cycle import Intent
from pairtrader.model.order import OrderReport, OrderRequest, OrderType
from pairtrader.trading.books import absent_report
from pairtrader.trading.session import Session

CLOCK_SKEW_MS = 2_000
LOOKUP_PAUSE_SECONDS = 0.5
MISSES_FOR_ABSENT = 2
LOOKUP_RESERVE_MS = 9_000
"""Looking stops with this much of the lease left, before the function's own time is up; the next
tick looks on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of one order that was sent."""

    intent: Intent
    report: OrderReport | None
    """None while unknown."""
    refusal: str = ""
    """The exchange's words, where it refused."""


class Unproven(Exception):
    """An order can't be found, yet the position is not what it was before: a person must look."""


async def send(session: Session, intents: Sequence[Intent]) -> list[Outcome]:
    """Send all orders at the same time; never raises for what an exchange answers."""
    return list(await asyncio.gather(*(_send_one(session, intent) for intent in intents)))


async def _send_one(session: Session, intent: Intent) -> Outcome:
    market = session.config.markets[intent.leg]
    request = OrderRequest(
        client_order_id=intent.client_order_id,
        market=market,
        side=intent.side,
        type=intent.type,
        amount=intent.amount,
        price=intent.price,
        reduce_only=intent.reduce_only,
    )
    try:
        return Outcome(intent, await session.exchange.place(request))
    except OutcomeUnknown:
        return Outcome(intent, None)
    except (OrderRefused, RetryLater, UserMustAct) as error:
        return Outcome(intent, absent_report(intent, market.symbol), refusal=str(error))
    except Exception:  # noqa: BLE001, RUF100 - whatever broke, the order may have got through
        return Outcome(intent, None)


async def find_out(session: Session, outcome: Outcome, leg_timeout_ms: int) -> Outcome:
    """Return the outcome with a final report, or as far as this tick could get.

    A market order that does not end by itself is cancelled after `leg_timeout_ms`; a resting limit
    order is returned as it is.

    Raises:
        Unproven: not found, but the position has changed.
    """
    intent, report, misses = outcome.intent, outcome.report, 0
    market = session.config.markets[intent.leg]
    looked = cancelled = False
    while True:
        if report is not None and (report.status.is_final or intent.type is OrderType.LIMIT):
            return Outcome(intent, report, outcome.refusal)
        if report is not None and not cancelled and _waited(session, intent, leg_timeout_ms):
            await _cancel(session, intent)
            cancelled = True
        if report is None and misses >= MISSES_FOR_ABSENT and _too_late(session, intent):
            # A limit order may rest unseen, with no trace in the position: cancelled it can do no
            # harm.
            if intent.type is OrderType.LIMIT and not await _cancel(session, intent):
                return outcome
            await _prove_unchanged(session, intent)
            return Outcome(intent, absent_report(intent, market.symbol), "never reached")
        if looked:
            if session.state.lease_until - session.clock.now() <= LOOKUP_RESERVE_MS:
                return Outcome(intent, report)
            await session.clock.sleep(LOOKUP_PAUSE_SECONDS)
        looked = True
        try:
            report = await session.exchange.find_order(market, intent.client_order_id)
        except ExchangeError:
            continue
        misses += report is None


def _waited(session: Session, intent: Intent, leg_timeout_ms: int) -> bool:
    return session.clock.now() - intent.created_at >= leg_timeout_ms


def _too_late(session: Session, intent: Intent) -> bool:
    """Whether the exchange would refuse the order by now, were it still on its way."""
    expiry = session.exchange.request_expiry_ms + CLOCK_SKEW_MS
    return session.clock.now() > intent.created_at + expiry


async def _prove_unchanged(session: Session, intent: Intent) -> None:
    """Look at the position as often as at the order: one answer alone may be an old one."""
    market = session.config.markets[intent.leg]
    for look in range(MISSES_FOR_ABSENT):
        if look:
            await session.clock.sleep(LOOKUP_PAUSE_SECONDS)
        held = (await session.exchange.positions([market]))[market.symbol].amount
        if held != intent.position_before:
            raise Unproven(f"{market.symbol}: {intent.position_before} before, {held} now")


async def cancel_all(session: Session, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Cancel what still rests and return every outcome read back; a late fill counts."""
    for outcome in outcomes:
        if outcome.report is not None and not outcome.report.status.is_final:
            await _cancel(session, outcome.intent)
    return [await _read_back(session, outcome) for outcome in outcomes]


async def _cancel(session: Session, intent: Intent) -> bool:
    """Whether the exchange has taken the cancel; only a look-up tells what it found."""
    try:
        await session.exchange.cancel(session.config.markets[intent.leg], intent.client_order_id)
    except ExchangeError:
        return False
    return True


async def _read_back(session: Session, outcome: Outcome) -> Outcome:
    if outcome.report is not None and outcome.report.status.is_final:
        return outcome
    market = session.config.markets[outcome.intent.leg]
    try:
        found = await session.exchange.find_order(market, outcome.intent.client_order_id)
    except ExchangeError:
        return outcome
    return Outcome(outcome.intent, found or outcome.report)
