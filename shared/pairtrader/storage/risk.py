"""The risk table: switches and limits, the day's results of users, the last entries of bots."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from pydantic import ValidationError
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import AttributeDeserializationError, DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.model.account import AccountMode
from pairtrader.model.bot import BotState
from pairtrader.model.risk import (
    LONGEST_WINDOW_MS,
    DayResult,
    Limits,
    RecentEntries,
    RiskBook,
    day_begin,
    day_of,
)
from pairtrader.storage.bot_items import ConfigItem, StateItem, state_of
from pairtrader.storage.errors import StorageError
from pairtrader.storage.table import DecimalAttribute, TableMeta, ValueAttribute, table_name

STACK = "stack"
LIMITS = "LIMITS"
ENTRIES = "ENTRIES"
KEPT_SECONDS = 40 * 86_400
SUMMED_PLACES = 12
"""Places that a day's sum keeps: DynamoDB adds 38 digits, so it stays exact up to 26 before the
point, while a single result may have 28 places."""


class RiskUnknown(StorageError):
    """Limits or results can't be known now: let exposure not rise, ask again later."""


class RiskItem(Model):
    """Anything in the risk table; every kind of item has some of the attributes."""

    class Meta(TableMeta):
        table_name = table_name("risk")
        # An entry whose limits can't be read is refused: waiting long would only use up the lease.
        read_timeout_seconds = 1
        max_retry_attempts = 1

    owner = UnicodeAttribute(hash_key=True)
    """``stack``, ``user#…`` or ``bot#…``."""
    kind = UnicodeAttribute(range_key=True)
    """``LIMITS``, ``DAY#2026-11-24`` or ``ENTRIES``."""

    halted = BooleanAttribute(null=True)
    halted_reason = UnicodeAttribute(null=True)
    daily_loss_limit = DecimalAttribute(null=True)

    live = DecimalAttribute(null=True)
    sandbox = DecimalAttribute(null=True)
    paper = DecimalAttribute(null=True)
    closed = NumberAttribute(null=True)

    entries = ValueAttribute[RecentEntries](RecentEntries, null=True)
    expires_at = NumberAttribute(null=True)
    """TTL, seconds UTC."""


_SUMS: Mapping[AccountMode, DecimalAttribute] = {
    AccountMode.LIVE: RiskItem.live,
    AccountMode.SANDBOX: RiskItem.sandbox,
    AccountMode.PAPER: RiskItem.paper,
}


def user_owner(user_id: str) -> str:
    """Return whose items a user's limits and days are."""
    return f"user#{user_id}"


def bot_owner(bot_id: str) -> str:
    """Return whose items a bot's switch and entries are."""
    return f"bot#{bot_id}"


def add_result(
    write: TransactWrite, user_id: str, mode: AccountMode, net_pnl: Decimal, closed_at: int
) -> None:
    """Add the result of a cycle to its day, in the transaction that closes the cycle.

    Args:
        write: that transaction; it may close one cycle of the user.
        user_id: whose cycle it is.
        mode: of the account that it was traded on.
        net_pnl: quote currency.
        closed_at: ms UTC.
    """
    day = day_of(closed_at)
    item = RiskItem(user_owner(user_id), _day_kind(day))
    actions: list[Action] = [
        _SUMS[mode].add(round(net_pnl, SUMMED_PLACES) + 0),
        RiskItem.closed.add(1),
        RiskItem.expires_at.set(day_begin(day) // 1000 + KEPT_SECONDS),
    ]
    write.update(item, actions=actions)


def forget_bot(write: TransactWrite, bot_id: str) -> None:
    """Remove a bot's switch and entries in the transaction that deletes the bot."""
    for kind in (LIMITS, ENTRIES):
        write.delete(RiskItem(bot_owner(bot_id), kind))


class RiskRepository:
    """Reads and writes what entries are judged by; every method raises `RiskUnknown`.

    An item that is not there limits nothing; one that can't be understood is not known.
    """

    def read(self, user_id: str, bot_id: str | None, day: str) -> RiskBook:
        """Return all that is stored for a bot, or for a user's bots in general, by one request."""
        user = user_owner(user_id)
        keys = [(STACK, LIMITS), (user, LIMITS), (user, _day_kind(day))]
        bot = bot_owner(bot_id) if bot_id is not None else ""
        if bot:
            keys += [(bot, LIMITS), (bot, ENTRIES)]
        with _known():
            found = RiskItem.batch_get(keys, consistent_read=True)
            items = {(item.owner, item.kind): item for item in found}
            entries = items.get((bot, ENTRIES))
            return RiskBook(
                stack=_limits(items.get((STACK, LIMITS))),
                user=_limits(items.get((user, LIMITS))),
                bot=_limits(items.get((bot, LIMITS))),
                day=_day_result(day, items.get((user, _day_kind(day)))),
                entries=(entries and entries.entries) or RecentEntries(),
            )

    def limits_of(self, owner: str) -> Limits:
        """Return the limits of `owner` alone: of the stack, a user or a bot."""
        with _known():
            try:
                return _limits(RiskItem.get(owner, LIMITS, consistent_read=True))
            except DoesNotExist:
                return Limits()

    def day(self, user_id: str, day: str) -> DayResult:
        """Return what the user's cycles of that day have brought in."""
        with _known():
            try:
                item = RiskItem.get(user_owner(user_id), _day_kind(day), consistent_read=True)
            except DoesNotExist:
                item = None
            return _day_result(day, item)

    def open_states(self, user_id: str) -> tuple[tuple[AccountMode, BotState], ...]:
        """Return the user's bots with an open cycle, each after the mode of its account."""
        with _known():
            found = ConfigItem.by_user.query(user_id)
            modes = {item.bot_id: item.body.mode for item in found}
            keys = [(bot_id, "STATE") for bot_id in modes]
            items = StateItem.batch_get(keys, consistent_read=True) if keys else ()
            states = [state_of(item) for item in items]
        return tuple((modes[s.bot_id], s) for s in states if s.cycle is not None)

    def note_entry(self, bot_id: str, before: RecentEntries, after: RecentEntries) -> None:
        """Put the bot's entries `after` in place of those that were read `before`.

        Raises:
            RiskUnknown: another entry was noted meanwhile, or this one could not be.
        """
        unchanged: Condition = RiskItem.entries == before
        if not before.moments:
            unchanged = RiskItem.entries.does_not_exist()
        last = after.moments[-1]
        actions: list[Action] = [
            RiskItem.entries.set(after),
            RiskItem.expires_at.set((last + 2 * LONGEST_WINDOW_MS) // 1000),
        ]
        with _known():
            RiskItem(bot_owner(bot_id), ENTRIES).update(actions=actions, condition=unchanged)

    def change_limits(self, owner: str, changes: Mapping[str, bool | str | Decimal | None]) -> None:
        """Set the `Limits` of `owner` that are named in `changes`; None and "" take one away."""
        actions: list[Action] = []
        for name, value in changes.items():
            attribute = getattr(RiskItem, name)
            actions.append(attribute.remove() if value in (None, "") else attribute.set(value))
        with _known():
            if actions:
                RiskItem(owner, LIMITS).update(actions=actions)


def _day_kind(day: str) -> str:
    return f"DAY#{day}"


def _limits(item: RiskItem | None) -> Limits:
    if item is None:
        return Limits()
    return Limits(bool(item.halted), item.halted_reason or "", item.daily_loss_limit)


def _day_result(day: str, item: RiskItem | None) -> DayResult:
    if item is None:
        return DayResult(day)
    sums = {mode: getattr(item, attribute.attr_name) for mode, attribute in _SUMS.items()}
    realised = {mode: amount for mode, amount in sums.items() if amount is not None}
    return DayResult(day, realised, int(item.closed or 0))


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except (PynamoDBException, AttributeDeserializationError, ValidationError) as error:
        raise RiskUnknown(str(error)) from error
