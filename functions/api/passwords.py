"""Passwords as argon2id hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH = 128

# One lane: a function has one processor at most. Above OWASP's floor (19 MiB, 2 passes).
_HASHER = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)

# Of a password nobody knows, with the parameters above: checking it takes as long as any.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=2,p=1"
    "$YM4d7Yv/A5NsJ3ysz85Gyg$teesR1AboQbAED8rdPP66NqAD+KhKqz76So23IF0J6M"
)


def hash_password(password: str) -> str:
    """Return the text to store."""
    return _HASHER.hash(password)


def password_matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one that `stored` was made of.

    Without a stored hash the answer is no, after the same time.
    """
    try:
        matches = _HASHER.verify(stored or _NOBODY, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None and len(password) <= MAX_LENGTH


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
