"""The REST API of Binance USD-M futures, as it is on the wire."""

import hashlib
import hmac
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fakes.venues.account import SIGNS, FakeAccount, FakeOrder, Holding
from tests.fakes.venues.markets import MINUTE, Book, FakeMarkets
from tests.fakes.venues.wire import Answer, FakeVenues, Reason, Refused, Request, answered

ZERO = Decimal(0)
DAY = 86_400_000
QUOTE = "USDT"
CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
LEVERAGES = (125, 100, 75, 50, 25, 20, 10, 5, 4, 3, 2, 1)

REASONS = {
    Reason.STEP: (-1111, "Precision is over the maximum defined for this asset."),
    Reason.TOO_SMALL: (-4004, "Quantity less than min quantity."),
    Reason.NOTIONAL: (
        -4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).",
    ),
    Reason.TOO_LARGE: (-4005, "Quantity greater than max quantity."),
    Reason.PRICE_STEP: (-4014, "Price not increased by tick size."),
    Reason.MARGIN: (-2019, "Margin is insufficient."),
    Reason.DUPLICATE: (-4116, "ClientOrderId is duplicated."),
    Reason.NOTHING_TO_REDUCE: (-2022, "ReduceOnly Order is rejected."),
    Reason.POSITION_MODE: (-4061, "Order's position side does not match user's setting."),
    Reason.NO_ORDER: (-2013, "Order does not exist."),
    Reason.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
    Reason.LEVERAGE: (-4028, "Leverage is not valid"),
    Reason.IN_USE: (-4048, "Margin type cannot be changed if there exists position."),
    Reason.UNCHANGED: (-4046, "No need to change margin type."),
    Reason.NOT_TRADING: (-4141, "Symbol is closed."),
    Reason.OUT_OF_ORDER: (-2010, "NEW_ORDER_REJECTED"),
}  # fmt: skip


class WireError(Exception):
    """An answer with an error code."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class BinanceDialect:
    """Paths below /fapi, and of the wallet's API below /sapi what tells a key's permissions."""

    name = "binance"

    def serves(self, path: str) -> bool:
        return path.startswith(("/fapi/", "/sapi/"))

    def sends_order(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/fapi/v1/order")

    def answer(self, venue: FakeVenues, request: Request) -> Answer:
        route = (request.method, request.path)
        try:
            if route in _PUBLIC:
                return answered(_PUBLIC[route](venue.markets, request.params, venue.now()))
            if route not in _PRIVATE:
                raise AssertionError(f"an unexpected request: {request}")
            account = _authorised(venue, request)
            return answered(_PRIVATE[route](account, _parameters(request), venue.now()))
        except Refused as refusal:
            code, message = REASONS[refusal.reason]
            return _error(code, message, 400)
        except WireError as error:
            return _error(error.code, error.message, error.status)


def _error(code: int, message: str, status: int) -> Answer:
    return answered({"code": code, "msg": message}, status)


# Who asks, and when


def _parameters(request: Request) -> dict[str, str]:
    return {**request.form, **request.params}


def _authorised(venue: FakeVenues, request: Request) -> FakeAccount:
    account = venue.account_of("binance", request.headers.get("x-mbx-apikey"))
    if account is None:
        raise WireError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    _require_time(venue.now(), _parameters(request))
    signed, mark, signature = (request.query + request.body).rpartition("&signature=")
    expected = hmac.new(account.key.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not mark or signature.lower() != expected:
        raise WireError(-1022, "Signature for this request is not valid.")
    if request.method != "GET" and not account.key.can_trade:
        raise WireError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    return account


def _require_time(now: int, given: dict[str, str]) -> None:
    if not given.get("timestamp"):
        raise _missing("timestamp")
    stamp, window = int(given["timestamp"]), int(given.get("recvWindow", 5_000))
    if window > 60_000:
        raise WireError(-1131, "recvWindow must be less than 60000")
    if stamp >= now + 1_000:
        raise WireError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - stamp > window:
        raise WireError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _missing(name: str) -> WireError:
    return WireError(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


# How things are written


def _number(value: Decimal, places: int = 8) -> str:
    """At least so many places, and all that there are: what is shown is what is booked."""
    if -value.as_tuple().exponent >= places:  # type: ignore[operator]
        return format(value, "f")
    return format(value.quantize(Decimal(1).scaleb(-places)), "f")


def _amount(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _symbol(base: str) -> str:
    return f"{base}{QUOTE}"


def _base(given: dict[str, str]) -> str:
    if not given.get("symbol"):
        raise _missing("symbol")
    return given["symbol"].removesuffix(QUOTE)


def _known(markets: FakeMarkets, given: dict[str, str]) -> Book:
    book = markets.books.get(_base(given))
    if book is None or not given["symbol"].endswith(QUOTE):
        raise Refused(Reason.UNKNOWN_SYMBOL)
    return book


# Public


def _time(markets: FakeMarkets, given: dict[str, str], now: int) -> Any:
    return {"serverTime": now}


def _exchange_info(markets: FakeMarkets, given: dict[str, str], now: int) -> Any:
    return {
        "timezone": "UTC", "serverTime": now, "futuresType": "U_MARGINED", "exchangeFilters": [],
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
             "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        ],
        "assets": [{"asset": QUOTE, "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_listed(book) for book in markets.books.values()],
    }  # fmt: skip


def _listed(book: Book) -> dict[str, Any]:
    return {
        "symbol": _symbol(book.base), "pair": _symbol(book.base), "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000, "onboardDate": 1569398400000,
        "status": "TRADING" if book.trading else "SETTLING", "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000", "baseAsset": book.base, "quoteAsset": QUOTE,
        "marginAsset": QUOTE, "pricePrecision": 6, "quantityPrecision": 0,
        "baseAssetPrecision": 8, "quotePrecision": 8, "underlyingType": "COIN",
        "underlyingSubType": [], "settlePlan": 0, "triggerProtect": "0.0500",
        "liquidationFee": "0.015000", "marketTakeBound": "0.30",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": book.price_step, "maxPrice": "200",
             "tickSize": book.price_step},
            {"filterType": "LOT_SIZE", "stepSize": book.lot, "maxQty": "10000000",
             "minQty": book.lot},
            {"filterType": "MARKET_LOT_SIZE", "stepSize": book.lot, "maxQty": "5000000",
             "minQty": book.lot},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500",
             "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }  # fmt: skip


def _book_ticker(markets: FakeMarkets, given: dict[str, str], now: int) -> Any:
    book = _known(markets, given)
    return {
        "symbol": given["symbol"], "bidPrice": book.bid, "bidQty": "431", "askPrice": book.ask,
        "askQty": "9", "time": now, "lastUpdateId": 1,
    }  # fmt: skip


def _klines(markets: FakeMarkets, given: dict[str, str], now: int) -> Any:
    assert given["interval"] == "1m"
    _known(markets, given)
    found = markets.candles(int(given.get("startTime", 0)), 2**53)[: int(given.get("limit", 500))]
    tail = ["1", 1, "1", "1", "0"]
    return [[time, *ohlcv, time + MINUTE - 1, *tail] for time, ohlcv in found]


def _funding_rates(markets: FakeMarkets, given: dict[str, str], now: int) -> Any:
    found = markets.settlements(_known(markets, given).base, int(given["startTime"]), 2**53)
    return [
        {"symbol": given["symbol"], "fundingTime": time, "fundingRate": rate, "markPrice": "0.018"}
        for time, rate in found[: int(given.get("limit", 100))]
    ]


# Account


def _account_config(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    return {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
        "dualSidePosition": account.hedge, "updateTime": 0, "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }  # fmt: skip


def _api_restrictions(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    key = account.key
    shown = {
        "ipRestrict": key.ip_bound, "createTime": 1698645219000, "enableReading": True,
        "enableWithdrawals": key.can_withdraw, "enableInternalTransfer": False,
        "enableMargin": False, "enableFutures": key.can_trade, "permitsUniversalTransfer": False,
        "enableVanillaOptions": False, "enableFixApiTrade": False, "enableFixReadOnly": True,
        "enableSpotAndMarginTrading": False, "enablePortfolioMarginTrading": False,
    }  # fmt: skip
    ends = {} if key.expires_at is None else {"tradingAuthorityExpirationTime": key.expires_at}
    return {**shown, **ends}


_POSITION_IN_ACCOUNT = (
    "symbol", "positionSide", "positionAmt", "isolatedMargin", "notional", "isolatedWallet",
    "initialMargin", "maintMargin", "updateTime",
)  # fmt: skip


def _balances(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    return [
        {
            "accountAlias": account.uid, "asset": asset["asset"],
            "balance": asset["walletBalance"], "crossWalletBalance": asset["crossWalletBalance"],
            "crossUnPnl": asset["crossUnPnl"], "availableBalance": asset["availableBalance"],
            "maxWithdrawAmount": asset["maxWithdrawAmount"], "marginAvailable": True,
            "updateTime": asset["updateTime"],
        }
        for asset in _assets(account, now)
    ]  # fmt: skip


def _account(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    dollars = _assets(account, now)[0]
    totals = {
        "totalInitialMargin": dollars["initialMargin"],
        "totalMaintMargin": dollars["maintMargin"],
        "totalWalletBalance": dollars["walletBalance"],
        "totalUnrealizedProfit": dollars["unrealizedProfit"],
        "totalMarginBalance": dollars["marginBalance"],
        "totalPositionInitialMargin": dollars["positionInitialMargin"],
        "totalOpenOrderInitialMargin": dollars["openOrderInitialMargin"],
        "totalCrossWalletBalance": dollars["crossWalletBalance"],
        "totalCrossUnPnl": dollars["crossUnPnl"],
        "availableBalance": dollars["availableBalance"],
        "maxWithdrawAmount": dollars["maxWithdrawAmount"],
    }
    positions = [
        {name: row[name] for name in _POSITION_IN_ACCOUNT}
        | {"unrealizedProfit": row["unRealizedProfit"]}
        for row in (
            _position(account, base, side, holding, now)
            for (base, side), holding in account.holdings.items()
            if holding.amount or account.open_orders(base)
        )
    ]
    return {**totals, "assets": _assets(account, now), "positions": positions}


def _assets(account: FakeAccount, now: int) -> list[dict[str, Any]]:
    """Profits of isolated positions are in `unrealizedProfit`, yet not in `crossUnPnl`."""
    isolated = sum(
        (
            holding.unrealised(account.markets.books[base].mark_price)
            for (base, _), holding in account.holdings.items()
            if _margin_type(account, base) == "ISOLATED"
        ),
        ZERO,
    )
    equity, free = account.equity(), account.free()
    rows = ((QUOTE, account.balance, equity, free), ("USDC", ZERO, ZERO, ZERO))
    return [
        {
            "asset": asset, "walletBalance": _number(wallet),
            "unrealizedProfit": _number(total - wallet), "marginBalance": _number(total),
            "maintMargin": "0.00000000", "initialMargin": _number(total - available),
            "positionInitialMargin": _number(total - available),
            "openOrderInitialMargin": "0.00000000", "crossWalletBalance": _number(wallet),
            "crossUnPnl": _number(total - wallet - (isolated if asset == QUOTE else ZERO)),
            "availableBalance": _number(available),
            "maxWithdrawAmount": _number(available), "updateTime": now,
        }
        for asset, wallet, total, available in rows
    ]  # fmt: skip


def _position_risk(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    """Only what is held or has an open order."""
    return [
        _position(account, base, side, holding, now)
        for (base, side), holding in account.shown_positions().items()
        if given.get("symbol") in (None, _symbol(base))
        and (holding.amount or account.open_orders(base))
    ]


def _position(
    account: FakeAccount, base: str, side: str, holding: Holding, now: int
) -> dict[str, Any]:
    mark = account.markets.books[base].mark_price
    liquidation = account.liquidation_price(base, holding)
    margin = abs(holding.amount) * mark / account.leverage_of(base)
    isolated = account.margin_modes.get(base) == "isolated"
    return {
        "symbol": _symbol(base), "positionSide": _side_word(side),
        "positionAmt": _amount(holding.amount), "entryPrice": _amount(holding.entry_price),
        "breakEvenPrice": _amount(holding.entry_price), "markPrice": _number(mark),
        "unRealizedProfit": _number(holding.unrealised(mark)),
        "liquidationPrice": "0" if liquidation is None else _number(liquidation),
        "isolatedMargin": _number(margin) if isolated else "0",
        "notional": _number(holding.amount * mark), "marginAsset": QUOTE,
        "isolatedWallet": _number(margin) if isolated else "0", "initialMargin": _number(margin),
        "maintMargin": _number(abs(holding.amount) * mark * Decimal("0.005")),
        "positionInitialMargin": _number(margin), "openOrderInitialMargin": "0", "adl": 2,
        "bidNotional": "0", "askNotional": "0", "updateTime": now,
    }  # fmt: skip


def _side_word(side: str) -> str:
    return "BOTH" if side == "net" else side.upper()


def _symbol_config(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    book = _known(account.markets, given)
    leverage = account.leverage_of(book.base)
    return [
        {
            "symbol": given["symbol"], "marginType": _margin_type(account, book.base),
            "isAutoAddMargin": "false", "leverage": leverage,
            "maxNotionalValue": _amount(book.tier_at(leverage)),
        }
    ]  # fmt: skip


def _margin_type(account: FakeAccount, base: str) -> str:
    return {"cross": "CROSSED", "isolated": "ISOLATED"}[account.margin_modes.get(base, "cross")]


def _set_leverage(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    """Beside a position, too: only with isolated margin it may not be lowered."""
    book, leverage = _known(account.markets, given), int(given["leverage"])
    if not 1 <= leverage <= book.max_leverage:
        raise WireError(-4028, f"Leverage {leverage} is not valid")
    lowered = leverage < account.leverage_of(book.base)
    if lowered and account.position(book.base) and _margin_type(account, book.base) == "ISOLATED":
        raise WireError(
            -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions"
        )
    account.leverage[book.base] = leverage
    limit = _amount(book.tier_at(leverage))
    return {"symbol": given["symbol"], "leverage": leverage, "maxNotionalValue": limit}


def _set_margin_type(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    base = _known(account.markets, given).base
    if given["marginType"] == _margin_type(account, base):
        raise Refused(Reason.UNCHANGED)
    if account.open_orders(base):
        raise WireError(-4047, "Margin type cannot be changed if there exists open orders.")
    if any(h.amount for (name, _), h in account.holdings.items() if name == base):
        raise Refused(Reason.IN_USE)
    account.margin_modes[base] = {"CROSSED": "cross", "ISOLATED": "isolated"}[given["marginType"]]
    return {"code": 200, "msg": "success"}


def _leverage_bracket(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    book = _known(account.markets, given)
    brackets, floor = [], 0
    for leverage in (level for level in LEVERAGES if level <= book.max_leverage):
        cap = int(book.tier_at(leverage))
        brackets.append(
            {"bracket": len(brackets) + 1, "initialLeverage": leverage, "notionalCap": cap,
             "notionalFloor": floor, "maintMarginRatio": 0.005, "cum": 0.0}
        )  # fmt: skip
        floor = cap
    return [{"symbol": given["symbol"], "brackets": brackets}]


def _commission_rate(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    _known(account.markets, given)
    return {
        "symbol": given["symbol"], "makerCommissionRate": format(account.maker_fee, "f"),
        "takerCommissionRate": format(account.taker_fee, "f"), "rpiCommissionRate": "0.000200",
    }  # fmt: skip


def _income(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    """Settlements alone, ascending; both ends of the time count, three months back at most."""
    assert given["incomeType"] == "FUNDING_FEE"
    since = max(int(given.get("startTime", now - 7 * DAY)), now - 90 * DAY)
    until, limit = int(given.get("endTime", now)), int(given.get("limit", 100))
    shown = [
        {
            "symbol": _symbol(base), "incomeType": "FUNDING_FEE", "income": _number(amount),
            "asset": QUOTE, "info": "FUNDING_FEE", "time": time, "tranId": 9_689_322_392 + number,
            "tradeId": "",
        }
        for number, (time, base, amount) in enumerate(account.funding)
        if since <= time <= until and given.get("symbol") in (None, _symbol(base))
    ]  # fmt: skip
    first = (int(given.get("page", 1)) - 1) * limit
    return sorted(shown, key=_time_of)[first : first + min(limit, 1_000)]


def _time_of(row: dict[str, Any]) -> int:
    return int(row["time"])


# Orders


def _new_order(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    _require_order_parameters(given)
    side = given["side"].lower()
    position_side = {"BOTH": "net", "LONG": "long", "SHORT": "short"}[
        given.get("positionSide", "BOTH")
    ]
    closes = {("long", "sell"), ("short", "buy")}
    reduce_only = (position_side, side) in closes or given.get("reduceOnly") == "true"
    base, amount = _known(account.markets, given).base, Decimal(given["quantity"])
    order = account.place(
        base=base,
        client_id=given.get("newClientOrderId", ""),
        side=side,
        amount=_reducing(account, base, position_side, side, amount) if reduce_only else amount,
        price=Decimal(given["price"]) if "price" in given else None,
        execution=_execution(given),
        reduce_only=reduce_only,
        position_side=position_side,
        margin_mode=account.margin_modes.get(base, "cross"),
    )
    # The receipt shows the order as it came in, whatever became of it since.
    return {
        **_written(order, "open", ZERO),
        "cumQty": "0",
        "updateTime": order.created_at,
    }


def _require_order_parameters(given: dict[str, str]) -> None:
    wanted = {"MARKET": set[str](), "LIMIT": {"timeInForce", "price"}}.get(given.get("type", ""))
    if wanted is None:
        raise WireError(-1116, "Invalid orderType.")
    for name in sorted({"side", "quantity", *wanted}):
        if not given.get(name):
            raise _missing(name.lower())
    for name in {"timeInForce", "price"} - wanted:
        if name in given:
            raise WireError(-1106, f"Parameter '{name.lower()}' sent when not required.")
    if given.get("positionSide", "BOTH") != "BOTH" and "reduceOnly" in given:
        raise WireError(-1106, "Parameter 'reduceonly' sent when not required.")
    if not CLIENT_ID.fullmatch(given.get("newClientOrderId", "generated")):
        raise WireError(-4015, "Client order id is not valid.")
    if given.get("newOrderRespType", "ACK") not in ("ACK", "RESULT"):
        raise WireError(-1136, "Invalid newOrderRespType.")


def _execution(given: dict[str, str]) -> str:
    if given["type"] == "MARKET":
        return "market"
    return {"GTC": "resting", "IOC": "bounded"}[given["timeInForce"]]


def _reducing(
    account: FakeAccount, base: str, position_side: str, side: str, amount: Decimal
) -> Decimal:
    """An order for more than there is: cut down, or in hedge mode refused."""
    held = account.holdings.get((base, position_side), Holding()).amount
    reducible = abs(held) if held * SIGNS[side] < 0 else ZERO
    if not reducible or amount <= reducible:
        return amount
    if account.refuses_oversized_closes:
        raise Refused(Reason.NOTHING_TO_REDUCE)
    return reducible


def _query_order(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    order = account.find(_known(account.markets, given).base, **_which(given))
    if order is None or _is_forgotten(order, now):
        raise Refused(Reason.NO_ORDER)
    return _written(order, *account.shown(order))


def _which(given: dict[str, str]) -> dict[str, Any]:
    if given.get("origClientOrderId"):
        return {"client_id": given["origClientOrderId"]}
    if given.get("orderId"):
        return {"exchange_id": given["orderId"]}
    raise WireError(
        -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
    )


def _is_forgotten(order: FakeOrder, now: int) -> bool:
    age = now - order.created_at
    return age > 90 * DAY or (age > 3 * DAY and order.status == "canceled" and not order.fills)


def _cancel_order(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    order = account.find(_known(account.markets, given).base, hide=False, **_which(given))
    if order is None or order.status != "open":
        raise WireError(-2011, "Unknown order sent.")
    account.cancel(order.base, order.client_id)
    written = _written(order, order.status, order.filled)
    return {**written, "cumQty": written["executedQty"]}


def _open_orders(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    base = _known(account.markets, given).base
    return [_written(order, "open", order.filled) for order in account.open_orders(base)]


def _written(order: FakeOrder, status: str, filled: Decimal) -> dict[str, Any]:
    limit = order.execution != "market"
    average = order.average if filled else ZERO
    return {
        "orderId": int(order.exchange_id), "symbol": _symbol(order.base),
        "status": _status_word(order, status, filled),
        "clientOrderId": order.client_id or f"web_{order.exchange_id}",
        "price": _amount(order.price) if order.price is not None else "0",
        "avgPrice": _number(average, 5), "origQty": _amount(order.amount),
        "executedQty": _amount(filled), "cumQuote": _number(average * filled),
        "timeInForce": "IOC" if order.execution == "bounded" else "GTC",
        "type": "LIMIT" if limit else "MARKET", "reduceOnly": order.reduce_only,
        "closePosition": False, "side": order.side.upper(),
        "positionSide": _side_word(order.position_side), "stopPrice": "0",
        "workingType": "CONTRACT_PRICE", "priceProtect": False,
        "origType": "LIMIT" if limit else "MARKET", "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER", "goodTillDate": 0, "time": order.created_at,
        "updateTime": order.updated_at,
    }  # fmt: skip


def _status_word(order: FakeOrder, status: str, filled: Decimal) -> str:
    if status == "open":
        return "PARTIALLY_FILLED" if filled else "NEW"
    if status == "filled":
        return "FILLED"
    return "CANCELED" if order.execution == "resting" else "EXPIRED"


def _user_trades(account: FakeAccount, given: dict[str, str], now: int) -> Any:
    """Ascending by trade id: the newest ones, or the oldest from an id or a time on."""
    timed = "startTime" in given or "endTime" in given
    if timed and "fromId" in given:
        raise WireError(-1128, "Combination of optional parameters invalid.")
    since = int(given.get("startTime", now - 7 * DAY))
    until = int(given.get("endTime", min(since + 7 * DAY, now) if timed else now))
    if until - since > 7 * DAY:
        raise WireError(-4165, "Maximum time interval is 7 days")
    base, limit = _known(account.markets, given).base, min(int(given.get("limit", 500)), 1_000)
    found = [
        row
        for order in account.orders
        if order.base == base and given.get("orderId") in (None, order.exchange_id)
        for row in _trades(account, order)
        if "fromId" in given or since <= row["time"] <= until
    ]
    found = [row for row in found if row["id"] >= int(given.get("fromId", 0))]
    found.sort(key=_id_of)
    from_the_oldest = "fromId" in given or "startTime" in given
    return found[:limit] if from_the_oldest else found[-limit:]


def _id_of(row: dict[str, Any]) -> int:
    return int(row["id"])


def _trades(account: FakeAccount, order: FakeOrder) -> list[dict[str, Any]]:
    return [
        {
            "symbol": _symbol(order.base), "id": int(fill.fill_id),
            "orderId": int(order.exchange_id), "side": order.side.upper(),
            "price": _amount(fill.price), "qty": _amount(fill.amount), "realizedPnl": "0",
            "marginAsset": QUOTE, "quoteQty": _number(fill.amount * fill.price),
            "commission": _number(fill.fee), "commissionAsset": fill.fee_currency,
            "time": fill.time, "positionSide": _side_word(order.position_side),
            "buyer": order.side == "buy", "maker": fill.maker,
        }
        for fill in account.shown_fills(order)
    ]  # fmt: skip


_PUBLIC: dict[tuple[str, str], Callable[[FakeMarkets, dict[str, str], int], Any]] = {
    ("GET", "/fapi/v1/time"): _time,
    ("GET", "/fapi/v1/exchangeInfo"): _exchange_info,
    ("GET", "/fapi/v1/ticker/bookTicker"): _book_ticker,
    ("GET", "/fapi/v1/klines"): _klines,
    ("GET", "/fapi/v1/fundingRate"): _funding_rates,
}
_PRIVATE: dict[tuple[str, str], Callable[[FakeAccount, dict[str, str], int], Any]] = {
    ("GET", "/sapi/v1/account/apiRestrictions"): _api_restrictions,
    ("GET", "/fapi/v1/accountConfig"): _account_config,
    ("GET", "/fapi/v3/balance"): _balances,
    ("GET", "/fapi/v3/account"): _account,
    ("GET", "/fapi/v3/positionRisk"): _position_risk,
    ("GET", "/fapi/v1/symbolConfig"): _symbol_config,
    ("POST", "/fapi/v1/leverage"): _set_leverage,
    ("POST", "/fapi/v1/marginType"): _set_margin_type,
    ("GET", "/fapi/v1/leverageBracket"): _leverage_bracket,
    ("GET", "/fapi/v1/commissionRate"): _commission_rate,
    ("GET", "/fapi/v1/income"): _income,
    ("POST", "/fapi/v1/order"): _new_order,
    ("GET", "/fapi/v1/order"): _query_order,
    ("DELETE", "/fapi/v1/order"): _cancel_order,
    ("GET", "/fapi/v1/openOrders"): _open_orders,
    ("GET", "/fapi/v1/userTrades"): _user_trades,
}
