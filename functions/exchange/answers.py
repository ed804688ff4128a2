"""Answers enquiries about one account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.exchange.enquiries import (
    ENQUIRY,
    AskBalance,
    Candles,
    Enquiry,
    PairPrices,
    Positions,
    RefreshMarkets,
    StartPrice,
    Symbols,
    TestAccount,
)
from functions.exchange.market_refresh import BotNotFound, Bots, refresh_markets
from functions.exchange.pair_prices import pair_prices
from functions.exchange.shelf import AccountNotFound, ExchangeShelf, OpenAccount
from functions.exchange.start_price import start_price
from pairtrader.exchanges.errors import ExchangeError, NoMarketData, RetryLater
from pairtrader.model.account import AccountIdentity, AccountMode, Balance, ExchangeName, Position
from pairtrader.model.market import Candle, Market
from pairtrader.observability import logger
from pairtrader.storage.errors import Superseded

EXPIRY_WARNED_MS = 14 * 86_400_000

_MARKETS = TypeAdapter(list[Market])
_BALANCE = TypeAdapter(Balance)
_POSITIONS = TypeAdapter(list[Position])
_CANDLES = TypeAdapter(list[Candle])


async def respond(event: dict[str, Any], shelf: ExchangeShelf, bots: Bots) -> dict[str, Any]:
    """Return the answer to an enquiry, or the refusal with its stable code."""
    try:
        enquiry = ENQUIRY.validate_python(event)
    except ValidationError as error:
        return _refusal("bad_request", _complaints(error))
    logger.append_keys(action=enquiry.action, account_id=enquiry.account_id)
    try:
        opened = await shelf.open(enquiry.user_id, enquiry.account_id)
        result = await _answer(enquiry, opened, bots)
    except AccountNotFound:
        return _refusal("account_not_found", "There is no such exchange account.")
    except BotNotFound:
        return _refusal("bot_not_found", "The exchange account has no such bot.")
    except Superseded:
        return _refusal("changed_meanwhile", "The bot was changed by somebody else.")
    except ExchangeError as error:
        logger.warning("not answered", code=error.code, exchange_code=error.exchange_code)
        return _refusal(error.code, str(error))
    return {"ok": True, "result": result}


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": {"code": code, "message": message}}


def _complaints(error: ValidationError) -> str:
    """Return what is wrong by field, without the values."""
    found = (
        f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}" for each in error.errors()
    )
    return "; ".join(found)


async def _answer(enquiry: Enquiry, opened: OpenAccount, bots: Bots) -> dict[str, Any]:
    match enquiry:
        case TestAccount():
            return await _test(opened)
        case Symbols():
            return {"markets": _MARKETS.dump_python(await _symbols(enquiry, opened), mode="json")}
        case AskBalance():
            return await _balance(opened)
        case Positions():
            return await _positions(enquiry, opened)
        case StartPrice():
            return await _start_price(enquiry, opened)
        case PairPrices():
            return await pair_prices(opened, enquiry.symbols, enquiry.since, enquiry.most)
        case Candles():
            return {
                "candles": _CANDLES.dump_python(list(await _candles(enquiry, opened)), mode="json")
            }
        case RefreshMarkets():
            return await refresh_markets(enquiry.bot_id, opened, bots)


async def _test(opened: OpenAccount) -> dict[str, Any]:
    """Try the key where there is one; where there is none, whether there are prices."""
    identity = await opened.exchange.identity()
    warnings = list(_key_warnings(identity, opened.clock()))
    if not opened.account.has_keys:
        try:
            await opened.markets()
        except (NoMarketData, RetryLater) as error:
            warnings.append(f"There are no prices at the moment: {error}")
    return {
        "uid": identity.uid,
        "position_mode": identity.position_mode.value,
        "can_trade": identity.can_trade,
        "can_withdraw": identity.can_withdraw,
        "ip_bound": identity.ip_bound,
        "expires_at": identity.expires_at,
        "warnings": warnings,
    }


def _key_warnings(identity: AccountIdentity, now: int) -> Iterator[str]:
    if identity.can_withdraw:
        yield "The key may withdraw: make one that can trade but not withdraw, and replace it."
    if identity.ip_bound is False:
        yield "The key is not bound to an address: anybody who has it can use it."
    if identity.expires_at is not None and identity.expires_at - now < EXPIRY_WARNED_MS:
        day = datetime.fromtimestamp(identity.expires_at / 1000, UTC).date().isoformat()
        ends = "has ended" if identity.expires_at <= now else "ends"
        yield f"The key {ends} on {day}: replace it before bots can't trade with it any more."


async def _symbols(enquiry: Symbols, opened: OpenAccount) -> list[Market]:
    if enquiry.symbols is not None:
        return await opened.priced(enquiry.symbols)
    wanted = enquiry.query.strip().upper()
    markets = await opened.markets()
    return [markets[s] for s in sorted(markets) if wanted in s][: enquiry.limit]


async def _balance(opened: OpenAccount) -> dict[str, Any]:
    account = opened.account
    if account.mode is AccountMode.PAPER and account.exchange_name is not ExchangeName.SIMULATED:
        # Positions are valued at the prices of the markets that the exchange object knows.
        await opened.markets()
    balance: dict[str, Any] = _BALANCE.dump_python(await opened.exchange.balance(), mode="json")
    return balance


async def _positions(enquiry: Positions, opened: OpenAccount) -> dict[str, Any]:
    markets = await opened.named(enquiry.symbols)
    held = await opened.exchange.positions(markets)
    in_order = [held[market.symbol] for market in markets]
    orders = {m.symbol: len(await opened.exchange.open_orders(m)) for m in markets}
    return {"positions": _POSITIONS.dump_python(in_order, mode="json"), "open_orders": orders}


async def _start_price(enquiry: StartPrice, opened: OpenAccount) -> dict[str, Any]:
    (market,) = await opened.named((enquiry.symbol,))
    candle = await start_price(opened.exchange, market, enquiry.at)
    return {"open_time": candle.open_time, "open": format(candle.open, "f")}


async def _candles(enquiry: Candles, opened: OpenAccount) -> list[Candle]:
    (market,) = await opened.named((enquiry.symbol,))
    limit, timeframe = enquiry.limit, enquiry.timeframe_ms
    return list(await opened.exchange.candles(market, enquiry.since, limit, timeframe))
