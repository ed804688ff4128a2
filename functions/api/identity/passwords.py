"""Passwords as argon2id hashes."""

from functools import cache
from typing import TYPE_CHECKING

from functions.api.web.problems import FieldError, invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MAX_LENGTH = 128
# The most used of ten characters and more: what guessers try first.
_COMMON = frozenset(
    {
        "0123456789", "0987654321", "1111111111", "1234554321", "12345678910", "1234567890",
        "123456789a", "123456789q", "123456789qwe", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc",
        "1234qwerasdf", "abcdefghij", "administrator", "asdfghjkl1", "changeme123", "football123",
        "iloveyou123", "iloveyou1234", "letmein123", "letmein1234", "passw0rd123", "password12",
        "password123", "password1234", "password12345", "princess123", "q1w2e3r4t5", "q1w2e3r4t5y6",
        "qazwsxedc1", "qazwsxedcrfv", "qwer1234asdf", "qwerty12345", "qwerty123456", "qwerty1234",
        "qwertyuiop", "qwertyuiop1", "qwertyuiop123", "superman123", "trustno1trustno1",
        "unbelievable", "welcome123", "welcome1234", "zaq12wsxcde3",
    }
)  # fmt: skip

# Of a password nobody knows, with the parameters above: checking it takes as long as any.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=2,p=1"
    "$YM4d7Yv/A5NsJ3ysz85Gyg$teesR1AboQbAED8rdPP66NqAD+KhKqz76So23IF0J6M"
)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 - few requests need it

    # One lane: a function has one processor at most. Above OWASP's floor (19 MiB, 2 passes).
    return PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the text to store."""
    return _hasher().hash(password)


def password_matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one that `stored` was made of.

    Without a stored hash the answer is no, after the same time.
    """
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as above

    try:
        matches = _hasher().verify(stored or _NOBODY, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None and len(password) <= MAX_LENGTH


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def require_strong(password: str, username: str, field: str) -> None:
    """Refuse a password that is guessed first; its length is judged before.

    Raises:
        Problem: 422 ``weak_password``, naming `field`.
    """
    plain, name = password.casefold(), username.casefold()
    message = ""
    if name in plain:
        message = "holds the user name: choose another"
    elif plain in _COMMON or len(set(plain)) <= 2:  # noqa: PLR2004 - one or two characters
        message = "is one of those that are tried first: choose another"
    if message:
        raise invalid([FieldError(field=field, message=message)], "weak_password")
