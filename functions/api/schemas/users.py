"""Registration, tokens and users."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, SecretStr

from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import Moment
from pairtrader.storage.api_tokens import ApiToken
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.users import Role, User

Username = Annotated[str, Field(min_length=3, max_length=50, pattern=r"^[a-zA-Z0-9_.-]+$")]
_ADDRESS = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]+$"
Email = Annotated[
    str,
    Field(max_length=100, pattern=_ADDRESS, examples=["ada@example.com"]),
]
Password = Annotated[
    SecretStr, Field(min_length=10, max_length=128, examples=["correct horse battery"])
]
CurrentPassword = Annotated[SecretStr, Field(min_length=1, max_length=128)]
Code = Annotated[SecretStr, Field(min_length=6, max_length=40, examples=["492039"])]


class Registration(Schema):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    email: Email
    password: Password


class UserUpdate(Schema):
    """What users may change of themselves."""

    model_config = ConfigDict(extra="forbid")

    email: Email | None = None


class UserResponse(Schema):
    """A user."""

    id: str
    username: str
    email: str
    role: Role
    is_active: bool
    totp_enabled: bool
    """Whether logins ask for a code of an authenticator app."""
    recovery_codes_left: int
    """Recovery codes not used yet."""
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
            totp_enabled=user.totp_enabled,
            recovery_codes_left=len(user.recovery_digests),
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class RefreshRequest(Schema):
    """Scripts send the refresh token here; browsers send it as a cookie."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class TokenResponse(Schema):
    """Tokens of a session."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: int
    """Seconds until the access token ends."""
    refresh_token: str | None = None
    """Null where it travels in the cookie."""


class BootstrapRequest(Registration):
    """The first administrator."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    """The stack's one-time token, from its bootstrap secret."""


class LoginOptions(Schema):
    """What a login page offers."""

    registration_open: bool
    """Whether anyone may register."""
    bootstrapped: bool
    """Whether there has been a first administrator."""


class MfaLogin(Schema):
    """The second half of a login."""

    model_config = ConfigDict(extra="forbid")

    mfa_token: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    """From the ``totp_required`` answer; good for five minutes."""
    code: Code
    """Six digits of the authenticator app, or a recovery code."""


class PasswordChange(Schema):
    """A new password."""

    model_config = ConfigDict(extra="forbid")

    current_password: CurrentPassword
    new_password: Password


class TotpEnrolRequest(Schema):
    """Begins with a second factor."""

    model_config = ConfigDict(extra="forbid")

    password: CurrentPassword


class TotpEnrolResponse(Schema):
    """What the authenticator app is told; shown once."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    """For typing it in."""
    otpauth_uri: str = Field(examples=["otpauth://totp/pairtrader:ada?secret=JBSWY3DPEHPK3PXP"])
    """For a QR code."""


class TotpCode(Schema):
    """A code of the authenticator app."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class TotpProof(Schema):
    """Password and code together."""

    model_config = ConfigDict(extra="forbid")

    password: CurrentPassword
    code: Code


class RecoveryCodesResponse(Schema):
    """Codes that stand in for the authenticator app, each once; shown once."""

    recovery_codes: list[str] = Field(examples=[["3f9a1-c07b2-55d8e-90ab4"]])
    """Ten of them."""


class SessionResponse(Schema):
    """A session: one login and what came of it."""

    id: str
    device: str = Field(examples=["Firefox on Linux"])
    """What it was begun on."""
    address: str = Field(examples=["198.51.100.10"])
    """Network address that it was begun from."""
    current: bool
    """Whether it is the session of this very request."""
    created_at: Moment
    last_used_at: Moment
    """When its tokens were last renewed."""
    expires_at: Moment
    """When it ends unless it is used before."""

    @classmethod
    def of(cls, family: TokenFamily, current_id: str) -> "SessionResponse":
        """Return the answer that shows `family`."""
        return cls(
            id=family.family_id,
            device=family.device,
            address=family.address,
            current=family.family_id == current_id,
            created_at=family.created_at,
            last_used_at=family.rotated_at,
            expires_at=family.expires_at * 1000,
        )


class TokenScope(StrEnum):
    """What an API token is good for."""

    READ = "read"
    TRADE = "trade"


ShownScope = Annotated[TokenScope, Field(json_schema_extra={"example": "read"})]


class ApiTokenRequest(Schema):
    """A token for a script."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str,
        Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["rebalancer"]),
    ]
    """For telling tokens apart."""
    scope: ShownScope
    """read: look; trade: move bots and money too. Neither touches logins, keys and users."""
    expires_in_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """Days that it is good for; null: until it is deleted."""


class ApiTokenResponse(Schema):
    """An API token."""

    id: str
    name: str
    """For telling tokens apart."""
    scope: ShownScope
    created_at: Moment
    expires_at: Moment | None
    """Null: it is good until it is deleted."""
    last_used_at: Moment | None
    """To the hour; null: never."""

    @classmethod
    def of(cls, token: ApiToken) -> "ApiTokenResponse":
        """Return the answer that shows `token`."""
        return cls(**_shown(token))


class NewApiTokenResponse(ApiTokenResponse):
    """An API token just made."""

    token: str = Field(examples=["pt_01KV3ZQ6T2E8W4N5Y7R9B1C3D0_q1w2…"])
    """Sent as ``Authorization: Bearer …``; shown once."""

    @classmethod
    def made(cls, token: ApiToken, text: str) -> "NewApiTokenResponse":
        """Return the answer that hands the token out."""
        return cls(**_shown(token), token=text)


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scope": TokenScope(token.scope),
        "created_at": token.created_at,
        "expires_at": token.expires_at * 1000 if token.expires_at is not None else None,
        "last_used_at": token.last_used_at,
    }
