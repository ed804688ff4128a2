"""Registration, tokens and users."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from functions.api.schemas.texts import Moment
from pairtrader.storage.users import Role, User

Username = Annotated[str, Field(min_length=3, max_length=50, pattern=r"^[a-zA-Z0-9_.-]+$")]
Email = Annotated[
    str,
    Field(max_length=100, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", examples=["ada@example.com"]),
]
Password = Annotated[SecretStr, Field(min_length=10, max_length=128)]


class Registration(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    email: Email
    password: Password


class UserUpdate(BaseModel):
    """What users may change of themselves."""

    model_config = ConfigDict(extra="forbid")

    email: Email | None = None


class UserResponse(BaseModel):
    """A user."""

    id: str
    username: str
    email: str
    role: Role
    is_active: bool
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, user: User) -> "UserResponse":
        """Return the answer that shows `user`."""
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            role=user.role,
            is_active=user.is_active,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class RefreshRequest(BaseModel):
    """Scripts send the refresh token here; browsers send it as a cookie."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class TokenResponse(BaseModel):
    """Tokens of a session."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: int
    """Seconds until the access token ends."""
    refresh_token: str
