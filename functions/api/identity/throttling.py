"""How often secrets may be guessed at: per account, per address, counted before each try."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from functions.api.web.client_address import network_of
from functions.api.web.problems import Problem
from pairtrader.observability import logger
from pairtrader.storage.login_attempts import AttemptsUnknown


class Subject(StrEnum):
    """What attempts are counted by."""

    LOGIN = "login"
    """A user name or e-mail address, whether anybody has it or not."""
    PASSWORD = "password"  # noqa: S105 - a name
    """A user who is logged in and proves the password again."""
    SECOND_FACTOR = "second_factor"
    """A user whose codes are tried."""
    ADDRESS = "address"
    """An address that secrets are tried from; what succeeds does not count."""
    REGISTRATION = "registration"
    """An address that registers users."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts in each window of so many seconds."""

    attempts: int
    seconds: int


LIMITS = {
    Subject.LOGIN: Limit(10, 900),
    Subject.PASSWORD: Limit(10, 900),
    # A code is right by chance once in 300,000: that must take longer than years.
    Subject.SECOND_FACTOR: Limit(10, 3600),
    Subject.ADDRESS: Limit(60, 900),
    Subject.REGISTRATION: Limit(60, 900),
}
RETRY_SECONDS = 5


class AttemptStore(Protocol):
    """Counts of attempts; every method raises `AttemptsUnknown`."""

    def count(self, subject: str, limit: int, expires_at: int) -> bool:
        """Count one more attempt of `subject`, unless there were `limit`; return whether it was."""

    def take_back(self, subject: str) -> None:
        """Count one attempt less."""

    def forget(self, subject: str) -> None:
        """Begin at none again."""


class Throttle:
    """Lets only so many attempts through."""

    def __init__(self, attempts: AttemptStore, now: Callable[[], int]) -> None:
        self._attempts = attempts
        self._now = now

    def attempt(self, subject: Subject, name: str, address: str) -> "Attempt":
        """Count an attempt of `name` (a login, a user's id) from `address`, before it is made.

        Call `Attempt.succeeded` when it was right.

        Raises:
            Problem: 429 ``too_many_attempts``, told when to come back; 503
                ``attempts_unavailable`` while nobody knows how many there were.
        """
        keys = [self._count(Subject.ADDRESS, network_of(address)), self._count(subject, name)]
        return Attempt(self._attempts, by_address=keys[0], by_name=keys[1])

    def attempt_from(self, address: str) -> "Attempt":
        """Count an attempt that concerns no account, such as one with a one-time token.

        Raises:
            Problem: as `attempt` does.
        """
        return Attempt(self._attempts, by_address=self._count(Subject.ADDRESS, network_of(address)))

    def registration(self, address: str) -> None:
        """Count a registration from `address`.

        Raises:
            Problem: as `attempt` does.
        """
        self._count(Subject.REGISTRATION, network_of(address))

    def _count(self, subject: Subject, name: str) -> str:
        """Count and return the key of the count."""
        limit, now = LIMITS[subject], self._now() // 1000
        window = now // limit.seconds
        ends = (window + 1) * limit.seconds
        digest = hashlib.sha256(name.casefold().encode()).hexdigest()
        key = f"{subject}#{digest}#{window}"
        try:
            is_counted = self._attempts.count(key, limit.attempts, ends + limit.seconds)
        except AttemptsUnknown as error:
            logger.exception("Attempts can't be counted")
            raise _unavailable() from error
        if not is_counted:
            raise _too_many(ends - now)
        return key


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that has been counted."""

    attempts: AttemptStore
    by_address: str
    by_name: str = ""

    def succeeded(self) -> None:
        """Take the attempt back: the account's wrong ones are forgotten with it."""
        try:
            self.attempts.take_back(self.by_address)
            if self.by_name:
                self.attempts.forget(self.by_name)
        except AttemptsUnknown:
            # Right is right: the count stays too high until its window ends.
            logger.exception("Attempts can't be taken back")


def _too_many(seconds: int) -> Problem:
    return Problem(
        429,
        "too_many_attempts",
        f"There were too many attempts: try again in {seconds} s.",
        headers={"Retry-After": str(seconds)},
    )


def _unavailable() -> Problem:
    return Problem(
        503,
        "attempts_unavailable",
        "Nothing can be tried at the moment: try again soon.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
