"""Keys of requests in memory, under the same promises as the table."""

from collections.abc import Callable
from dataclasses import dataclass

from pairtrader.storage.idempotency import (
    KEPT_SECONDS,
    LOCK_MS,
    Attempt,
    Earlier,
    IdempotencyUnknown,
    KeptAnswer,
)


@dataclass
class _Row:
    attempt: Attempt
    answer: KeptAnswer | None = None


class MemoryIdempotency:
    """`IdempotencyRepository` in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, _Row] = {}
        self.unreachable = False
        self.after_begin: Callable[[], None] | None = None
        """Runs once, when an attempt has begun: what comes in between."""

    def begin(self, attempt: Attempt) -> Earlier | None:
        self._require_reachable()
        row = self.rows.get(attempt.id)
        if row is not None and not self._is_free(row, attempt):
            return Earlier(row.attempt.digest, row.attempt.at + LOCK_MS, row.answer)
        self.rows[attempt.id] = _Row(attempt)
        if self.after_begin is not None:
            then, self.after_begin = self.after_begin, None
            then()
        return None

    def finish(self, attempt: Attempt, answer: KeptAnswer) -> None:
        self._require_reachable()
        row = self.rows.get(attempt.id)
        if row is not None and row.attempt.owner == attempt.owner:
            row.answer = answer

    def release(self, attempt: Attempt) -> None:
        self._require_reachable()
        row = self.rows.get(attempt.id)
        if row is not None and row.attempt.owner == attempt.owner:
            del self.rows[attempt.id]

    def _is_free(self, row: _Row, attempt: Attempt) -> bool:
        died = row.answer is None and row.attempt.at + LOCK_MS < attempt.at
        expired = row.attempt.at // 1000 + KEPT_SECONDS < attempt.at // 1000
        return expired or (died and row.attempt.digest == attempt.digest)

    def _require_reachable(self) -> None:
        if self.unreachable:
            raise IdempotencyUnknown("unreachable")
