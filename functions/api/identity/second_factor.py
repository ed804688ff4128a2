"""The second factor of a login: codes of an authenticator app, and recovery codes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.api.bots.retries import until_written
from functions.api.identity.passwords import password_matches
from functions.api.identity.throttling import Attempt, Subject, Throttle
from functions.api.ports import UserStore
from functions.api.web.problems import Problem, conflict
from pairtrader.observability import logger
from pairtrader.storage.sealing import Unsealable
from pairtrader.storage.users import User, amended

ISSUER = "pairtrader"
STEP_SECONDS = 30
RECOVERY_CODES = 10
_CODE_BYTES = 10
"""Of a recovery code: 80 bits, so that its plain digest says nothing."""


class SealedTexts(Protocol):
    """Texts that tables hold sealed."""

    def close(self, text: str, owner: str) -> str:
        """Return `text` sealed for `owner`."""

    def open(self, sealed: str, owner: str) -> str:
        """Return what was sealed for `owner`, or raise `Unsealable`."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is to be told, once."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Enrolment(...)"


class SecondFactor:
    """Sets up, checks and takes away the second factor of users."""

    def __init__(
        self, users: UserStore, seal: SealedTexts, throttle: Throttle, now: Callable[[], int]
    ) -> None:
        self._users = users
        self._seal = seal
        self._throttle = throttle
        self._now = now

    def enrol(self, user: User, password: str, address: str) -> Enrolment:
        """Give the user a new secret; logins ask for codes once `confirm` has seen one.

        Raises:
            Problem: 403 ``wrong_password``, 409 ``totp_enabled``, 429, 503.
        """
        if user.totp_enabled:
            raise conflict("totp_enabled", "The second factor is on already: turn it off first.")
        self.prove_password(user, password, address)
        import pyotp  # noqa: PLC0415 - only where needed

        secret = pyotp.random_base32()
        sealed = self._seal.close(secret, _owner(user))
        self._users.replace(user, amended(user, self._now(), totp_secret=sealed, totp_step=0))
        uri = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
        return Enrolment(secret, uri)

    def confirm(self, user: User, code: str, address: str) -> tuple[str, ...]:
        """Turn the second factor on, as the user's app gives the right code; return recovery codes.

        Raises:
            Problem: 403 ``wrong_totp_code``, 409 ``totp_enabled`` or ``totp_not_enrolled``, 429,
                503.
        """
        if user.totp_enabled:
            raise conflict("totp_enabled", "The second factor is on already.")
        if not user.totp_secret:
            raise conflict("totp_not_enrolled", "Enrol first: there is no secret yet.")
        attempt = self._attempt(user, address)
        step = self._step_of(user, code)
        if step is None:
            raise _wrong_code()
        codes = _new_recovery_codes()
        on = amended(
            user,
            self._now(),
            totp_enabled=True,
            totp_step=step,
            recovery_digests=tuple(map(_digest, codes)),
        )
        self._users.replace(user, on)
        attempt.succeeded()
        return codes

    def renew_recovery_codes(
        self, user: User, password: str, code: str, address: str
    ) -> tuple[str, ...]:
        """Put new recovery codes in place of all old ones; the app's code is needed.

        Raises:
            Problem: 403 ``wrong_password`` or ``wrong_totp_code``, 409 ``totp_not_enabled``,
                429, 503.
        """
        _require_enabled(user)
        self.prove_password(user, password, address)
        attempt = self._attempt(user, address)
        step = self._step_of(user, code)
        if step is None:
            raise _wrong_code()
        codes = _new_recovery_codes()
        digests = tuple(map(_digest, codes))
        renewed = amended(user, self._now(), totp_step=step, recovery_digests=digests)
        self._users.replace(user, renewed)
        attempt.succeeded()
        return codes

    def disable(self, user: User, password: str, code: str, address: str) -> None:
        """Turn the second factor off, by a code of the app or a recovery code.

        Raises:
            Problem: 403 ``wrong_password`` or ``wrong_totp_code``, 409 ``totp_not_enabled``,
                429, 503.
        """
        _require_enabled(user)
        self.prove_password(user, password, address)
        attempt = self._attempt(user, address)
        if self._used(user, code) is None:
            raise _wrong_code()
        self._users.replace(user, without_second_factor(user, self._now()))
        attempt.succeeded()

    def spend(self, user_id: str, epoch: int, code: str, address: str) -> User | None:
        """Use up a code of the user's; return the user, None if the code is wrong or used before.

        Two that use the same code at the same time: one gets through.

        Args:
            user_id: whose password was right.
            epoch: the user's at that moment; nobody gets through in another.
            code: six digits of the app, or a recovery code.
            address: that the request came from.

        Raises:
            Problem: 429, 503.
        """
        attempt = self._throttle.attempt(Subject.SECOND_FACTOR, user_id, address)

        def use() -> User | None:
            user = self._users.get(user_id)
            if user is None or not user.is_active or user.epoch != epoch:
                return None
            used = self._used(user, code) if user.totp_enabled else None
            if used is not None:
                self._users.replace(user, used)
            return used

        user = until_written(use)
        if user is not None:
            attempt.succeeded()
        return user

    def prove_password(self, user: User, password: str, address: str) -> None:
        """Have a user who is logged in prove the password.

        Raises:
            Problem: 403 ``wrong_password``, 429, 503.
        """
        attempt = self._throttle.attempt(Subject.PASSWORD, user.id, address)
        if not password_matches(password, user.password_hash):
            raise Problem(403, "wrong_password", "The password is wrong.")
        attempt.succeeded()

    def _attempt(self, user: User, address: str) -> Attempt:
        return self._throttle.attempt(Subject.SECOND_FACTOR, user.id, address)

    def _used(self, user: User, code: str) -> User | None:
        """Return the user without the code, None if the code is wrong or used before."""
        step = self._step_of(user, code)
        if step is not None:
            return amended(user, self._now(), totp_step=step)
        digest = _digest(code)
        left = tuple(
            each for each in user.recovery_digests if not hmac.compare_digest(each, digest)
        )
        if len(left) == len(user.recovery_digests):
            return None
        return amended(user, self._now(), recovery_digests=left)

    def _step_of(self, user: User, code: str) -> int | None:
        """Return the step that `code` is of: now or one beside, later than the last one used."""
        digits = code.replace(" ", "")
        if re.fullmatch(r"[0-9]{6}", digits) is None:
            return None
        try:
            secret = self._seal.open(user.totp_secret, _owner(user))
        except Unsealable:
            # Recovery codes still work, and an administrator may reset the second factor.
            logger.exception("The secret of a second factor can't be opened", user_id=user.id)
            return None
        import pyotp  # noqa: PLC0415 - only where needed

        totp, current = pyotp.TOTP(secret), self._now() // 1000 // STEP_SECONDS
        for step in (current - 1, current, current + 1):
            right = totp.generate_otp(step)
            if hmac.compare_digest(right, digits) and step > user.totp_step:
                return step
        return None


def without_second_factor(user: User, now: int) -> User:
    """Return `user` without second factor, recovery codes included."""
    return amended(user, now, totp_secret="", totp_enabled=False, totp_step=0, recovery_digests=())


def _require_enabled(user: User) -> None:
    if not user.totp_enabled:
        raise conflict("totp_not_enabled", "The second factor is not on.")


def _wrong_code() -> Problem:
    return Problem(
        403, "wrong_totp_code", "The code is wrong, or was used before: wait for the next."
    )


def _owner(user: User) -> str:
    return f"totp#{user.id}"


def _new_recovery_codes() -> tuple[str, ...]:
    return tuple(_new_recovery_code() for _ in range(RECOVERY_CODES))


def _new_recovery_code() -> str:
    text = secrets.token_hex(_CODE_BYTES)
    return "-".join(text[start : start + 5] for start in range(0, len(text), 5))


def _digest(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).casefold()
    return hashlib.sha256(plain.encode()).hexdigest()
