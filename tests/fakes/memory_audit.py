"""The audit log in memory."""

from collections.abc import Callable

from pairtrader.storage.audit_log import (
    AuditEntry,
    AuditFilter,
    AuditRecord,
    AuditUnavailable,
    Outcome,
)
from pairtrader.storage.cursor import Page
from tests.fakes.memory_api_stores import page_of


class MemoryAudit:
    """`AuditRepository` in a dictionary."""

    def __init__(self) -> None:
        self.records: dict[str, AuditRecord] = {}
        self.unreachable = False
        self.loses_outcomes = False
        self.after_add: Callable[[AuditEntry], None] | None = None

    @property
    def entries(self) -> list[AuditEntry]:
        return [record.entry for record in self.records.values()]

    def last(self) -> AuditRecord:
        return list(self.records.values())[-1]

    def add(self, entry: AuditEntry) -> None:
        if self.unreachable:
            raise AuditUnavailable(entry.action)
        assert entry.id not in self.records
        self.records[entry.id] = AuditRecord(entry, None)
        if self.after_add is not None:
            self.after_add(entry)

    def conclude(self, entry: AuditEntry, outcome: Outcome) -> None:
        if self.unreachable or self.loses_outcomes:
            raise AuditUnavailable(entry.action)
        stored = self.records[entry.id]
        if stored.outcome is None:
            self.records[entry.id] = AuditRecord(stored.entry, outcome)

    def of_user(
        self, user_id: str, wanted: AuditFilter, limit: int, cursor: str | None
    ) -> Page[AuditRecord]:
        rows = [r for r in self._found(wanted) if r.entry.user_id == user_id]
        return self._page(rows, {"user_id": user_id}, limit, cursor)

    def of_all(self, wanted: AuditFilter, limit: int, cursor: str | None) -> Page[AuditRecord]:
        return self._page(self._found(wanted), {}, limit, cursor)

    def _found(self, wanted: AuditFilter) -> list[AuditRecord]:
        newest_first = reversed(self.records.values())
        return [
            record
            for record in newest_first
            if wanted.since <= record.entry.at < wanted.until
            and record.entry.action.startswith(wanted.action)
        ]

    def _page(
        self, rows: list[AuditRecord], owner: dict[str, str], limit: int, cursor: str | None
    ) -> Page[AuditRecord]:
        return page_of([(f"{i:06d}", row) for i, row in enumerate(rows)], owner, limit, cursor)
