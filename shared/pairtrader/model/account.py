"""An exchange account: how we keep it, what the exchange says of it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class ExchangeName(StrEnum):
    """The exchanges that an account may be on."""

    OKX = "okx"
    BINANCE = "binance"
    BYBIT = "bybit"
    SIMULATED = "simulated"


class AccountMode(StrEnum):
    """Where an account's orders go."""

    LIVE = "live"
    SANDBOX = "sandbox"
    """The exchange's own demo or testnet."""
    PAPER = "paper"
    """Fills simulated by us."""


class PositionMode(StrEnum):
    """Whether a symbol holds one net position or a long and a short at once."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class MarginMode(StrEnum):
    """Whether both legs share the account's margin."""

    CROSS = "cross"
    ISOLATED = "isolated"


LAST_MOMENT = 253_402_300_799_999
"""End of the year 9999, ms UTC."""


def _without_exponent(value: Decimal) -> Decimal:
    return Decimal(format(value, "f"))


Written = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=8, allow_inf_nan=False),
    AfterValidator(_without_exponent),
]
"""A number as people write it: 1E3 is kept, and shown, as 1000."""


class Simulation(BaseModel):
    """The market and the costs of an account whose fills we simulate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["synthetic", "replay"] = "synthetic"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    """Chooses the synthetic market: the same seed always gives the same prices."""
    dataset: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] | None = None
    """Name of an uploaded set of candles, for ``source: replay``."""
    pace: Literal["step", "realtime"] = "step"
    """Replay: one candle a tick, or one candle a minute of real time since the account was made."""
    start: Annotated[int, Field(ge=0, le=LAST_MOMENT)] | None = None
    """Replay: no candle opening before this is served, ms UTC; none: the whole data set is."""
    starting_balance: Annotated[Written, Field(gt=0)] = Decimal(10_000)
    """Quote currency."""
    taker_fee: Annotated[Written, Field(ge=0, le=Decimal("0.01"))] = Decimal("0.0005")
    """Fraction of the notional."""
    maker_fee: Annotated[Written, Field(ge=0, le=Decimal("0.01"))] = Decimal("0.0002")
    slippage: Annotated[Written, Field(ge=0, le=Decimal("0.05"))] = Decimal("0.0001")
    """Fraction by which a market order fills beyond the quote."""
    funding: bool = True
    """Whether open positions pay and receive funding every 8 hours."""


@dataclass(frozen=True, slots=True)
class ExchangeAccount:
    """One account of one user, without its keys."""

    account_id: str
    user_id: str
    exchange_name: ExchangeName
    mode: AccountMode
    label: str
    is_active: bool
    created_at: int
    updated_at: int
    uid: str
    """The account's identity on the exchange; claims and duplicates are judged by it."""
    secret_arn: str = ""
    """Secret holding the keys; empty for modes without keys."""
    simulation: Simulation | None = None

    @property
    def has_keys(self) -> bool:
        """Whether private calls need keys from the secret."""
        return self.mode is not AccountMode.PAPER


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of one account; kept out of every representation."""

    api_key: str
    api_secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        return "Credentials(***)"


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """What the exchange says of the account behind the keys."""

    uid: str
    position_mode: PositionMode
    can_trade: bool
    can_withdraw: bool
    ip_bound: bool | None
    """None where the exchange does not tell."""
    expires_at: int | None = None
    """When the key ends, ms UTC; None for never or not told."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Money in the account, in `currency`."""

    currency: str
    total: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """What the account holds of one symbol."""

    symbol: str
    amount: Decimal
    """Base coins, signed: positive long, negative short."""
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None
    unrealized_pnl: Decimal
    """Quote currency, at the mark."""
    hedged: bool = False
    """Whether the account may hold the symbol both ways at once."""
    opposite: "Position | None" = None
    """In hedge mode: what is held the other way at the same time."""

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held, either way."""
        return not self.amount and (self.opposite is None or not self.opposite.amount)

    def side(self, sign: int) -> "Position":
        """Return what is held the way of `sign` (+1 long, -1 short), amount 0 where nothing is.

        In hedge mode each way is a position of its own; where the account nets a symbol, coins that
        point the other way are somebody else's.
        """
        if self.amount * sign > 0:
            return self
        if self.opposite is not None and self.opposite.amount * sign > 0:
            return self.opposite
        return replace(
            self,
            amount=Decimal(0),
            entry_price=Decimal(0),
            liquidation_price=None,
            unrealized_pnl=Decimal(0),
            opposite=None,
        )


@dataclass(frozen=True, slots=True)
class FundingPayment:
    """One funding settlement of one symbol."""

    symbol: str
    amount: Decimal
    """Quote currency; positive is received."""
    timestamp: int
    """ms UTC."""
