"""Exchange accounts; keys go in and never come out."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from functions.api.accounts.exchange_gateway import AccountTest
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment
from pairtrader.model.account import (
    AccountMode,
    Balance,
    ExchangeAccount,
    ExchangeName,
    PositionMode,
    Simulation,
)
from pairtrader.model.market import Market

Label = Annotated[str, Field(max_length=100)]
Key = Annotated[SecretStr, Field(min_length=1, max_length=512)]


class AccountCreate(Schema):
    """A new account."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    exchange_name: ExchangeName
    mode: AccountMode = AccountMode.PAPER
    label: Label = ""
    is_active: bool = True
    api_key: Key | None = None
    """Keys are for the modes live and sandbox alone."""
    api_secret: Key | None = None
    passphrase: Key | None = None
    """OKX alone."""
    simulation: Simulation | None = None
    """For the mode paper alone."""


class AccountUpdate(Schema):
    """What may change of an account; keys change together or not at all."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    label: Label | None = None
    is_active: bool | None = None
    api_key: Key | None = None
    api_secret: Key | None = None
    passphrase: Key | None = None


class AccountResponse(Schema):
    """An account without its keys."""

    id: str
    exchange_name: ExchangeName
    mode: AccountMode
    label: str
    is_active: bool
    uid: str
    """The account's identity on the exchange."""
    has_keys: bool
    simulation: Simulation | None
    created_at: Moment
    updated_at: Moment
    warnings: list[str] = Field(default=[])
    """Said once, when keys were added."""

    @classmethod
    def of(cls, account: ExchangeAccount, warnings: tuple[str, ...] = ()) -> "AccountResponse":
        """Return the answer that shows `account`."""
        return cls(
            id=account.account_id,
            exchange_name=account.exchange_name,
            mode=account.mode,
            label=account.label,
            is_active=account.is_active,
            uid=account.uid,
            has_keys=account.has_keys,
            simulation=account.simulation,
            created_at=account.created_at,
            updated_at=account.updated_at,
            warnings=list(warnings),
        )


class AccountTestResponse(Schema):
    """What the exchange says of the account and its key."""

    uid: str
    position_mode: PositionMode
    can_trade: bool
    can_withdraw: bool
    ip_bound: bool | None
    """Null where the exchange does not tell."""
    expires_at: Moment | None
    """When the key ends; null for never, or where the exchange does not tell."""
    warnings: list[str]

    @classmethod
    def of(cls, test: AccountTest) -> "AccountTestResponse":
        """Return the answer that shows `test`."""
        return cls(
            uid=test.uid,
            position_mode=test.position_mode,
            can_trade=test.can_trade,
            can_withdraw=test.can_withdraw,
            ip_bound=test.ip_bound,
            expires_at=test.expires_at,
            warnings=list(test.warnings),
        )


class BalanceResponse(Schema):
    """Money in the account, in `currency`."""

    currency: str
    total: DecimalText
    free: DecimalText

    @classmethod
    def of(cls, balance: Balance) -> "BalanceResponse":
        """Return the answer that shows `balance`."""
        return cls(currency=balance.currency, total=balance.total, free=balance.free)


class SymbolResponse(Schema):
    """A perpetual swap: amounts in base coins, money in quote currency, fees as fractions."""

    symbol: str
    base: str
    quote: str
    amount_step: DecimalText
    min_amount: DecimalText
    min_notional: DecimalText
    price_step: DecimalText
    taker_fee: DecimalText
    maker_fee: DecimalText
    max_leverage: int | None
    active: bool

    @classmethod
    def of(cls, market: Market) -> "SymbolResponse":
        """Return the answer that shows `market`."""
        return cls(
            symbol=market.symbol,
            base=market.base,
            quote=market.quote,
            amount_step=market.amount_step,
            min_amount=market.min_amount,
            min_notional=market.min_notional,
            price_step=market.price_step,
            taker_fee=market.taker_fee,
            maker_fee=market.maker_fee,
            max_leverage=market.max_leverage,
            active=market.active,
        )


class SymbolsResponse(Schema):
    """Symbols that match."""

    items: list[SymbolResponse]
