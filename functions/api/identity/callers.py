"""Who sends a request, and by what credential."""

from dataclasses import dataclass
from enum import StrEnum

from pairtrader.storage.users import User


class Scope(StrEnum):
    """What the credential of a request is good for."""

    SESSION = "session"
    """Logged in: everything that the user's role allows."""
    TRADE = "trade"
    """An API token for bots and money, not for logins, exchange keys and users."""
    READ = "read"
    """An API token for looking."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request."""

    user: User
    scope: Scope
    credential_id: str = ""
    """Of the session or the API token."""
    address: str = ""
    """Network address that the request came from."""
    user_agent: str = ""
