"""What users and administrators have done: written down before it is done, never changed after.

The outcome is all that is added to an entry later, once. The function's role can write, query and
add outcomes; nothing in the stack can delete.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from pynamodb.attributes import UnicodeAttribute
from pynamodb.constants import NONE
from pynamodb.exceptions import PutError, PynamoDBException, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from ulid import ULID

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor, StorageError
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name

READ_AT_ONCE = 200
MOST_READ = 1000
"""Entries looked at for one page: filters may leave few of them, the cursor goes on."""
MONTHS_OF_A_PAGE = 13
"""Months looked into for one page."""
EARLIEST = round(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""ms UTC; no entry is older."""
LATEST = round(datetime(2200, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""ms UTC; no entry is newer."""
_RANDOM_BITS = 80


class AuditUnavailable(StorageError):
    """The entry could not be written: do not do what it is about."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and by what credential."""

    user_id: str = ""
    """Empty where nobody had proven to be anybody yet."""
    name: str = ""
    credential: str = ""
    """``session`` or ``api_token``; empty where none was needed."""
    credential_id: str = ""
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that somebody is about to do."""

    id: str
    """A ULID of the moment `at`."""
    at: int
    """ms UTC."""
    action: str
    """Such as ``bot.start``."""
    user_id: str
    """Whose things it is about; empty if nobody's, or nobody's who is known."""
    actor: Actor
    object_kind: str
    object_id: str
    details: Mapping[str, str] = field(default_factory=dict)
    """Names of fields and harmless values; never a secret."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    status: int
    """Of HTTP."""
    code: str
    """Of the problem; empty for a success."""
    at: int
    """ms UTC."""
    object_id: str = ""
    """Of what was made."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry and what is known of its outcome."""

    entry: AuditEntry
    outcome: Outcome | None
    """None while it is under way, and for ever if the function died."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted."""

    since: int
    """ms UTC."""
    until: int
    """ms UTC, not included."""
    action: str = ""
    """Beginning of the action."""


class AuditByUser(GlobalSecondaryIndex["AuditItem"]):  # type: ignore[no-untyped-call]
    """What concerns one user, by time."""

    class Meta(TableMeta):
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class AuditItem(Model):
    """One entry."""

    class Meta(TableMeta):
        table_name = table_name("audit-log")
        read_timeout_seconds = 2  # the user waits, and what is asked for has not begun

    month = UnicodeAttribute(hash_key=True)
    """Such as ``2026-11``."""
    id = UnicodeAttribute(range_key=True)
    user_id = UnicodeAttribute(null=True)
    body = ValueAttribute[AuditEntry](AuditEntry)
    outcome = ValueAttribute[Outcome](Outcome, null=True)
    by_user = AuditByUser()


class _Part(NamedTuple):
    """Ids of one partition that may be wanted, both ends included."""

    key: str
    first: str
    last: str


_Fetch = Callable[[_Part, int], Sequence[AuditRecord]]


def entry_id(at: int) -> str:
    """Return a new id of the moment `at` (ms UTC)."""
    return str(ULID.from_timestamp(at))


def month_of(at: int) -> str:
    """Return the UTC month of a moment (ms UTC), such as ``2026-11``."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m")


class AuditRepository:
    """Writes and reads the audit log."""

    def add(self, entry: AuditEntry) -> None:
        """Write down what is about to be done.

        Raises:
            AuditUnavailable: the entry is not known to be stored.
        """
        item = AuditItem(month_of(entry.at), entry.id, user_id=entry.user_id or None, body=entry)
        try:
            item.save(condition=AuditItem.id.does_not_exist())
        except PutError as error:
            # Ids are random: an entry that is there is this one, sent again after a lost answer.
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise AuditUnavailable(entry.action) from error
        except PynamoDBException as error:
            raise AuditUnavailable(entry.action) from error

    def conclude(self, entry: AuditEntry, outcome: Outcome) -> None:
        """Add what has become of it; the first outcome stays.

        Raises:
            AuditUnavailable: the outcome is not known to be stored.
        """
        missing = AuditItem.id.exists() & AuditItem.outcome.does_not_exist()
        try:
            # The function may see nothing of the item but keys and outcome: `update` asks for all.
            AuditItem._get_connection().update_item(
                month_of(entry.at),
                entry.id,
                actions=[AuditItem.outcome.set(outcome)],
                condition=missing,
                return_values=NONE,
            )
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise AuditUnavailable(entry.action) from error
        except PynamoDBException as error:
            raise AuditUnavailable(entry.action) from error

    def of_user(
        self, user_id: str, wanted: AuditFilter, limit: int, cursor: str | None
    ) -> Page[AuditRecord]:
        """Return what concerns the user, newest first.

        A page may be short, even empty, while its cursor goes on.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id id", user_id=user_id)
        span = _span(wanted, start)
        parts = [_Part(user_id, *span)] if span else []
        records, rest = _walk(_of_user, parts, wanted.action, limit)
        return Page(records, _cursor(rest, {"user_id": {"S": user_id}}))

    def of_all(self, wanted: AuditFilter, limit: int, cursor: str | None) -> Page[AuditRecord]:
        """Return what concerns anybody, newest first.

        A page may be short, even empty, while its cursor goes on.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        span = _span(wanted, decode_cursor(cursor, "id"))
        parts = list(_months(*span)) if span else []
        looked_into = parts[:MONTHS_OF_A_PAGE]
        records, rest = _walk(_of_month, looked_into, wanted.action, limit)
        if rest is None and len(parts) > len(looked_into):
            rest = looked_into[-1].first
        return Page(records, _cursor(rest, {}))


def _cursor(rest: str | None, owner: dict[str, dict[str, str]]) -> str | None:
    return encode_cursor({**owner, "id": {"S": rest}}) if rest is not None else None


def _span(wanted: AuditFilter, start: dict[str, dict[str, str]] | None) -> tuple[str, str] | None:
    """Return the first and the last id wanted that come before `start`; None for none at all."""
    first = max(wanted.since, EARLIEST) << _RANDOM_BITS
    last = (min(wanted.until, LATEST) << _RANDOM_BITS) - 1
    if start is not None:
        text = start["id"]["S"]
        if re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", text) is None:
            raise BadCursor(text)
        last = min(last, int(ULID.from_str(text)) - 1)
    return (_text(first), _text(last)) if first <= last else None


def _text(number: int) -> str:
    return str(ULID.from_int(number))


def _months(first: str, last: str) -> Iterator[_Part]:
    """Return the months between two ids, the last one first."""
    while first <= last:
        month = month_of(ULID.from_str(last).milliseconds)
        begin = round(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).timestamp() * 1000)
        yield _Part(month, max(first, _text(begin << _RANDOM_BITS)), last)
        last = _text((begin << _RANDOM_BITS) - 1)


def _walk(
    fetch: _Fetch, parts: Sequence[_Part], action: str, limit: int
) -> tuple[list[AuditRecord], str | None]:
    """Return entries of `parts`, and the id to go on before; None at the end."""
    records: list[AuditRecord] = []
    looked_at = 0
    for part in parts:
        last: str | None = part.last
        while last is not None and part.first <= last:
            count = READ_AT_ONCE if action else limit - len(records)
            found = fetch(part._replace(last=last), count)
            for record in found:
                if record.entry.action.startswith(action):
                    records.append(record)
                if len(records) == limit:
                    return records, record.entry.id
            looked_at += len(found)
            at_end = len(found) < count
            if not at_end and looked_at >= MOST_READ:
                return records, found[-1].entry.id
            last = None if at_end else _text(int(ULID.from_str(found[-1].entry.id)) - 1)
    return records, None


def _of_user(part: _Part, count: int) -> Sequence[AuditRecord]:
    within = AuditItem.id.between(part.first, part.last)
    found = AuditItem.by_user.query(part.key, within, limit=count, scan_index_forward=False)
    return [AuditRecord(item.body, item.outcome) for item in found]


def _of_month(part: _Part, count: int) -> Sequence[AuditRecord]:
    within = AuditItem.id.between(part.first, part.last)
    found = AuditItem.query(
        part.key, within, limit=count, scan_index_forward=False, consistent_read=True
    )
    return [AuditRecord(item.body, item.outcome) for item in found]
