"""Users as administrators see and change them."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from functions.api.identity.administration import ResetToken
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import Moment
from functions.api.schemas.users import Password
from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import Bot, Status
from pairtrader.storage.users import ListedUser, Role, User


class AdminUserResponse(Schema):
    """A user, as administrators see it."""

    id: str
    username: str
    email: str
    role: Role
    is_active: bool
    """Disabled users can't log in; their bots' exits go on being watched, their entries do not."""
    totp_enabled: bool
    """Whether logins ask for a second factor."""
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, user: User | ListedUser) -> "AdminUserResponse":
        """Return the answer that shows `user`."""
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            role=user.role,
            is_active=user.is_active,
            totp_enabled=user.totp_enabled,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class AdminUserUpdate(Schema):
    """What administrators change of other users; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = Field(
        default=None, description="read_only: may look; user: may trade; admin: may do all."
    )
    is_active: StrictBool | None = Field(
        default=None,
        description="false: out at once, entries of all bots are held, exits go on being watched; "
        "true: may log in again, and the halt that disabling has set is lifted.",
    )

    @model_validator(mode="after")
    def _something_to_change(self) -> "AdminUserUpdate":
        if self.role is None and self.is_active is None:
            raise PydanticCustomError("nothing_given", "give role, is_active or both")
        return self


class UserResetRequest(Schema):
    """How much of a login to take away."""

    model_config = ConfigDict(extra="forbid")

    clear_totp: StrictBool = Field(
        default=False, description="true: the second factor is taken away as well."
    )


class UserResetResponse(Schema):
    """What lets the user set a new password; it is shown this once."""

    reset_token: str = Field(examples=["01JAB3F5T0M8T3N7J5Q2W9X4YZ.n0t-a-real-token"])
    """Hand it to the user, who sends it to `POST /auth/reset`. Good once."""
    expires_at: Moment

    @classmethod
    def of(cls, token: ResetToken) -> "UserResetResponse":
        """Return the answer that hands `token` out."""
        return cls(reset_token=token.text, expires_at=token.expires_at)


class PasswordResetRequest(Schema):
    """A new password for whoever was given a reset token."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    """From an administrator."""
    new_password: Password


class AdminBotResponse(Schema):
    """A user's bot, as administrators see it: no settings, no money."""

    id: str
    bot_name: str
    status: Status
    status_reason: str
    """Why it is paused or in error; empty otherwise."""
    exchange_name: ExchangeName
    mode: AccountMode
    market1_symbol: str
    market2_symbol: str
    has_position: bool
    """Whether a round trip is open."""
    last_tick_at: Moment | None

    @classmethod
    def of(cls, bot: Bot) -> "AdminBotResponse":
        """Return the answer that shows `bot`."""
        config, state = bot.config, bot.state
        return cls(
            id=config.bot_id,
            bot_name=config.settings.bot_name,
            status=state.status,
            status_reason=state.status_reason,
            exchange_name=config.exchange_name,
            mode=config.mode,
            market1_symbol=config.settings.market1_symbol,
            market2_symbol=config.settings.market2_symbol,
            has_position=state.cycle is not None,
            last_tick_at=state.last_tick_at or None,
        )
