"""Sending orders, and finding out what became of them.

A send has three outcomes: accepted, refused, unknown. What is unknown is looked up by its client
order id and never sent again; it counts as absent only after it was not found twice, both times too
late for the exchange to take it any more, with the position unchanged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairtrader.exchanges.errors import (
    ExchangeError,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    StaleMarket,
    UserMustAct,
)
from pairtrader.model.cycle import Intent
from pairtrader.model.order import OrderReport, OrderRequest, OrderType
from pairtrader.trading.books import absent_report
from pairtrader.trading.incidents import Incident
from pairtrader.trading.order_states import newer
from pairtrader.trading.session import SENDING_WINDOW_MS, Session

CLOCK_SKEW_MS = 2_000
LOOKUP_PAUSES_SECONDS = (0.5, 0.5, 1.0)
"""Between look-ups; the last one goes on. What is found, is found by the first ones."""
PROOF_PAUSE_SECONDS = 0.5
MISSES_FOR_ABSENT = 2
READS_AFTER_CANCEL = 3
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
    is_passing: bool = False
    """Whether the refusal may be over in a moment: another order may be sent later."""
    sent_by: int | None = None
    """When the request had left for certain, ms UTC; None where another process sent it."""
    limit: RateLimited | None = None
    """Where the exchange wants to be left alone for a while."""


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
        margin_mode=session.config.settings.margin_mode,
    )
    session.note(Incident.ORDER_SENT)
    try:
        return Outcome(intent, await session.exchange.place(request))
    except (OrderRefused, RetryLater, UserMustAct) as error:
        session.note(Incident.ORDER_REFUSED)
        if isinstance(error, StaleMarket):
            session.note(Incident.STALE_MARKET)
        absent = absent_report(intent, market.symbol)
        return Outcome(
            intent,
            absent,
            str(error),
            is_passing=isinstance(error, RetryLater),
            limit=error if isinstance(error, RateLimited) else None,
        )
    except OutcomeUnknown as error:
        sent_at = error.sent_at
    except Exception:  # noqa: BLE001, RUF100 - whatever broke, the order may have got through
        sent_at = None
    session.note(Incident.ORDER_UNKNOWN)
    return Outcome(intent, None, sent_by=session.clock.now() if sent_at is None else sent_at)


async def find_out(session: Session, outcome: Outcome, leg_timeout_ms: int) -> Outcome:
    """Return the outcome with a final report, or as far as this tick could get.

    A market order that does not end by itself is cancelled after `leg_timeout_ms`; a resting limit
    order is returned as it is.

    Raises:
        Unproven: not found, but the position has changed.
    """
    intent, report, misses, looks = outcome.intent, outcome.report, 0, 0
    market = session.config.markets[intent.leg]
    cancelled = False
    while True:
        if report is not None and (report.status.is_final or intent.type is OrderType.LIMIT):
            return replace(outcome, report=report)
        if report is not None and not cancelled and _waited(session, intent, leg_timeout_ms):
            await _cancel(session, intent)
            cancelled = True
        if report is None and misses >= MISSES_FOR_ABSENT:
            # A limit order may rest unseen, with no trace in the position: cancelled it can do no
            # harm.
            if intent.type is OrderType.LIMIT and not await _cancel(session, intent):
                return outcome
            await _prove_unchanged(session, intent)
            absent = absent_report(intent, market.symbol)
            return Outcome(intent, absent, "never reached", is_passing=True)
        if looks:
            if session.state.lease_until - session.clock.now() <= LOOKUP_RESERVE_MS:
                return replace(outcome, report=report)
            pause = LOOKUP_PAUSES_SECONDS[min(looks, len(LOOKUP_PAUSES_SECONDS)) - 1]
            await session.clock.sleep(pause)
        looks += 1
        too_late_to_arrive = _too_late(session, outcome)
        try:
            found = await session.exchange.find_order(market, intent.client_order_id)
        except ExchangeError:
            continue
        report = newer(report, found)
        misses += found is None and too_late_to_arrive


def _waited(session: Session, intent: Intent, leg_timeout_ms: int) -> bool:
    return session.clock.now() - intent.created_at >= leg_timeout_ms


def _too_late(session: Session, outcome: Outcome) -> bool:
    """Whether the exchange would refuse the order by now, were it still on its way.

    Another process may have taken all the time that it had before it sent.
    """
    sent_by = outcome.sent_by
    if sent_by is None:
        sent_by = outcome.intent.created_at + SENDING_WINDOW_MS
    return session.clock.now() > sent_by + session.exchange.request_expiry_ms + CLOCK_SKEW_MS


async def _prove_unchanged(session: Session, intent: Intent) -> None:
    """Look at the position as often as at the order: one answer alone may be an old one."""
    market = session.config.markets[intent.leg]
    for look in range(MISSES_FOR_ABSENT):
        if look:
            await session.clock.sleep(PROOF_PAUSE_SECONDS)
        position = (await session.exchange.positions([market]))[market.symbol]
        held = position.amount
        if position.hedged:
            held = position.side(intent.position_sign).amount
        if held != intent.position_before:
            raise Unproven(f"{market.symbol}: {intent.position_before} before, {held} now")


async def cancel_all(session: Session, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Cancel what still rests and return every outcome read back; a late fill counts."""
    return list(await asyncio.gather(*(_cancel_one(session, outcome) for outcome in outcomes)))


async def _cancel_one(session: Session, outcome: Outcome) -> Outcome:
    """Cancel one order; where the exchange does not show its end yet, a later tick looks again."""
    if outcome.report is None or outcome.report.status.is_final:
        return outcome
    await _cancel(session, outcome.intent)
    for look in range(READS_AFTER_CANCEL):
        if look:
            await session.clock.sleep(LOOKUP_PAUSES_SECONDS[look - 1])
        outcome = await _read_back(session, outcome)
        if outcome.report is not None and outcome.report.status.is_final:
            break
    return outcome


async def _cancel(session: Session, intent: Intent) -> bool:
    """Whether the exchange has taken the cancel; only a look-up tells what it found."""
    try:
        await session.exchange.cancel(session.config.markets[intent.leg], intent.client_order_id)
    except ExchangeError:
        return False
    return True


async def _read_back(session: Session, outcome: Outcome) -> Outcome:
    market = session.config.markets[outcome.intent.leg]
    try:
        found = await session.exchange.find_order(market, outcome.intent.client_order_id)
    except ExchangeError:
        return outcome
    return replace(outcome, report=newer(outcome.report, found))
