"""What logins are stored in, in memory, under the same promises as the tables."""

import json
from collections.abc import Callable
from dataclasses import replace

from pydantic import SecretStr

from pairtrader.storage.api_tokens import ApiToken
from pairtrader.storage.cursor import Page
from pairtrader.storage.login_attempts import AttemptsUnknown
from pairtrader.storage.sealing import Seal
from tests.fakes.memory_api_stores import page_of


class MemoryAttempts:
    """`AttemptRepository` in a dictionary; `fails` takes it away."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.fails = False

    def count(self, subject: str, limit: int, expires_at: int) -> bool:
        self._require_answer()
        if self.counts.get(subject, 0) >= limit:
            return False
        self.counts[subject] = self.counts.get(subject, 0) + 1
        return True

    def take_back(self, subject: str) -> None:
        self._require_answer()
        if self.counts.get(subject, 0) > 0:
            self.counts[subject] -= 1

    def forget(self, subject: str) -> None:
        self._require_answer()
        self.counts.pop(subject, None)

    def _require_answer(self) -> None:
        if self.fails:
            raise AttemptsUnknown("no answer")


class MemoryApiTokens:
    """`ApiTokenRepository` in a dictionary."""

    def __init__(self) -> None:
        self.tokens: dict[str, ApiToken] = {}
        self.notes = 0
        self.before_note: Callable[[], None] | None = None

    def get(self, token_id: str) -> ApiToken | None:
        return self.tokens.get(token_id)

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ApiToken]:
        rows = [(key, t) for key, t in sorted(self.tokens.items()) if t.user_id == user_id]
        return page_of(rows, {"user_id": user_id}, limit, cursor)

    def add(self, token: ApiToken) -> None:
        self.tokens[token.id] = token

    def delete(self, token_id: str) -> None:
        self.tokens.pop(token_id, None)

    def note_use(self, token: ApiToken, at: int) -> None:
        if self.before_note is not None:
            first, self.before_note = self.before_note, None
            first()
        stored = self.tokens.get(token.id)
        if stored is not None and stored.last_used_at == token.last_used_at:
            self.tokens[token.id] = replace(stored, last_used_at=at)
            self.notes += 1


class FixedSecret:
    """Secrets Manager with one secret in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        return {"SecretString": self.text}


def a_seal() -> Seal:
    """A seal over a key of its own."""
    return Seal("arn", FixedSecret(json.dumps({"kid": "1", "key": "s" * 64})))  # type: ignore[arg-type]


class FixedBootstrapToken:
    """The stack's one-time token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def read(self) -> SecretStr:
        return SecretStr(self.token)
