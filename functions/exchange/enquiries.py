"""What may be asked about an exchange account, one model for each action."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pairtrader.model.settings import Symbol

MAX_CANDLES = 1_000
MAX_MARKETS = 5_000
_Moment = Annotated[int, Field(ge=0, le=2**53)]
"""ms UTC."""


class _Enquiry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Annotated[str, Field(min_length=1)]
    account_id: Annotated[str, Field(min_length=1)]


class TestAccount(_Enquiry):
    """Who the account is, and what its key may do."""

    __test__ = False

    action: Literal["test"]


class Symbols(_Enquiry):
    """Markets: the named ones, or those whose symbol contains `query`."""

    action: Literal["symbols"]
    symbols: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    query: str = ""
    limit: Annotated[int, Field(ge=1, le=MAX_MARKETS)] = MAX_MARKETS


class AskBalance(_Enquiry):
    """The money in the account."""

    action: Literal["balance"]


class Positions(_Enquiry):
    """What is held and has been ordered of the named symbols."""

    action: Literal["positions"]
    symbols: Annotated[tuple[Symbol, ...], Field(min_length=1)]


class StartPrice(_Enquiry):
    """Open of the 1-minute candle at a moment."""

    action: Literal["start_price"]
    symbol: Symbol
    at: _Moment


class PairPrices(_Enquiry):
    """Prices of two markets side by side from a moment on."""

    action: Literal["pair_prices"]
    symbols: tuple[Symbol, Symbol]
    since: _Moment
    most: Annotated[int, Field(ge=2, le=MAX_CANDLES)] = 500


class Candles(_Enquiry):
    """Candles from a moment on."""

    action: Literal["candles"]
    symbol: Symbol
    since: _Moment
    limit: Annotated[int, Field(ge=1, le=MAX_CANDLES)] = 100
    timeframe_ms: Annotated[int, Field(ge=60_000, le=86_400_000)] = 60_000


class RefreshMarkets(_Enquiry):
    """Renew the markets in a bot's configuration."""

    action: Literal["refresh_markets"]
    bot_id: Annotated[str, Field(min_length=1, max_length=64)]


Enquiry = Annotated[
    TestAccount
    | Symbols
    | AskBalance
    | Positions
    | StartPrice
    | PairPrices
    | Candles
    | RefreshMarkets,
    Field(discriminator="action"),
]
ENQUIRY: TypeAdapter[Enquiry] = TypeAdapter(Enquiry)
