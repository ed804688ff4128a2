"""Bybit's REST API, version 5, as it is on the wire: linear swaps of a unified account."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

from tests.fakes.venues.account import FakeAccount, FakeFill, FakeOrder, Holding
from tests.fakes.venues.markets import Book, FakeMarkets
from tests.fakes.venues.wire import Answer, FakeVenues, Reason, Refused, Request, answered

ZERO = Decimal(0)
AHEAD_MS = 1_000
"""How far a time stamp may lie in the future."""
DAY_MS = 86_400_000
WINDOW_MS, LOG_WINDOW_MS = DAY_MS, 7 * DAY_MS
"""What the log of transactions shows without both times, and at most."""
ALWAYS_LISTED = "BTC"
ACCOUNT_WIDE = ""
"""Where the account's one margin mode is kept among those of the markets."""
MARGIN_MODES = {"cross": "REGULAR_MARGIN", "isolated": "ISOLATED_MARGIN"}
POSITION_SIDES = {0: "net", 1: "long", 2: "short"}
INDEXES = {side: index for index, side in POSITION_SIDES.items()}
SIDES = {"Buy": "buy", "Sell": "sell"}
WORDS = {ours: theirs for theirs, ours in SIDES.items()}
EXECUTIONS = {
    ("Market", "IOC"): "market",
    ("Limit", "IOC"): "bounded",
    ("Limit", "GTC"): "resting",
}
ORDER_TYPES = {execution: words for words, execution in EXECUTIONS.items()}
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")

REFUSALS = {
    Reason.STEP: (10001, "Qty invalid"),
    Reason.TOO_SMALL: (10001, "The number of contracts exceeds minimum limit allowed"),
    Reason.NOTIONAL: (110094, "Order does not meet minimum order value 5USDT"),
    Reason.TOO_LARGE: (10001, "The number of contracts exceeds maximum limit allowed: too large"),
    Reason.PRICE_STEP: (10001, "params error: Price invalid"),
    Reason.MARGIN: (110007, "ab not enough for new order"),
    Reason.DUPLICATE: (110072, "OrderLinkedID is duplicate"),
    Reason.NOTHING_TO_REDUCE: (
        110017,
        "current position is zero, cannot fix reduce-only order qty",
    ),
    Reason.POSITION_MODE: (10001, "position idx not match position mode"),
    Reason.NO_ORDER: (110001, "order not exists or too late to cancel"),
    Reason.UNKNOWN_SYMBOL: (10001, "params error: symbol invalid"),
    Reason.LEVERAGE: (110013, "cannot set leverage gt maxLeverage by risk limit"),
    # Bybit itself changes the leverage of a position for as long as there is margin for it.
    Reason.IN_USE: (110012, "ab not enough for setting leverage"),
    Reason.UNCHANGED: (110043, "leverage not modified"),
    Reason.NOT_TRADING: (110066, "Trading is currently not allowed."),
    Reason.OUT_OF_ORDER: (110021, "out of open interest limit"),
}


class BybitRefusal(Exception):
    """One of Bybit's own codes."""

    def __init__(self, code: int, message: str, result: Any = None) -> None:
        super().__init__(code)
        self.code, self.message, self.result = code, message, result or {}


@dataclass(frozen=True)
class Call:
    """A private request whose sender is known."""

    venues: FakeVenues
    account: FakeAccount
    params: Mapping[str, Any]
    """Of the query, or of the body."""

    @property
    def base(self) -> str:
        return base_of(self.venues.markets, self.params)


@dataclass
class BybitDialect:
    """The part of the API that trades linear swaps."""

    name = "bybit"
    has_restarted: bool = False
    """Whether orders that have ended are to be found in the history alone."""
    _unseen: set[str] = field(default_factory=set)
    """Client ids that the order book has not shown: the history does not show them either."""

    def serves(self, path: str) -> bool:
        return path.startswith("/v5/")

    def sends_order(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/v5/order/create")

    def answer(self, venues: FakeVenues, request: Request) -> Answer:
        try:
            result = self._result(venues, request)
        except BybitRefusal as refusal:
            return envelope(venues, refusal.result, refusal.code, refusal.message)
        except Refused as refused:
            return envelope(venues, {}, *REFUSALS[refused.reason])
        return result if isinstance(result, Answer) else envelope(venues, result)

    def _result(self, venues: FakeVenues, request: Request) -> Any:
        route = request.method, request.path.removeprefix("/v5/")
        if route in PUBLIC:
            return PUBLIC[route](venues, request.params)
        if route == ("GET", "order/realtime"):
            handler: Private = self._realtime
        elif route == ("GET", "order/history"):
            handler = self._history
        elif route in PRIVATE:
            handler = PRIVATE[route]
        else:
            return Answer(404, "")
        if "x-bapi-sign" not in request.headers:
            return Answer(401, "")
        account = signed_by(venues, request)
        if request.method == "POST" and not account.key.can_trade:
            raise BybitRefusal(10005, "Permission denied, please check your API key permissions.")
        params = request.json if request.method == "POST" else request.params
        return handler(Call(venues, account, params))

    def _realtime(self, call: Call) -> Any:
        """Open orders of a market; or one order, which may have ended."""
        base, client_id = call.base, call.params.get("orderLinkId")
        if client_id is None:
            found = [order_row(order, "open", order.filled) for order in newest_open(call, base)]
            return paged(call.params, found, 20, 50)
        hidden_before = call.account.hidden_orders
        order = call.account.find(base, client_id=client_id)
        if call.account.hidden_orders < hidden_before:
            self._unseen.add(client_id)
        if order is None or (self.has_restarted and order.status != "open"):
            return listed([])
        return listed([order_row(order, *call.account.shown(order))], cursor="page_args%3D1%26")

    def _history(self, call: Call) -> Any:
        base, client_id = call.base, call.params["orderLinkId"]
        if client_id in self._unseen:
            self._unseen.remove(client_id)
            return listed([])
        order = call.account.find(base, client_id=client_id, hide=False)
        if order is None or order.status == "open":
            return listed([])
        status, filled = call.account.shown(order)
        return listed([order_row(order, status, filled)] if status != "open" else [])


Public = Callable[[FakeVenues, Mapping[str, str]], Any]
Private = Callable[[Call], Any]
T = TypeVar("T")


def envelope(venues: FakeVenues, result: Any, code: int = 0, message: str = "OK") -> Answer:
    """What is around every answer."""
    return answered(
        {
            "retCode": code,
            "retMsg": message,
            "result": result,
            "retExtInfo": {},
            "time": venues.now(),
        }
    )


def signed_by(venues: FakeVenues, request: Request) -> FakeAccount:
    """The account whose key has signed the request, in time."""
    sent = {name: request.headers.get(f"x-bapi-{name}", "") for name in HEADERS}
    account = venues.account_of("bybit", sent["api-key"])
    if account is None:
        raise BybitRefusal(10003, "API key is invalid.")
    signed = request.body if request.method == "POST" else request.query
    origin = sent["timestamp"] + sent["api-key"] + sent["recv-window"] + signed
    sign = hmac.new(account.key.secret.encode(), origin.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(sign, sent["sign"]):
        raise BybitRefusal(10004, f"error sign! origin_string[{origin}]")
    now, stamp, window = venues.now(), int(sent["timestamp"]), int(sent["recv-window"])
    if not now - window <= stamp < now + AHEAD_MS:
        raise BybitRefusal(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{stamp}],server_timestamp[{now}],recv_window[{window}]",
        )
    if account.key.expires_at is not None and account.key.expires_at <= now:
        raise BybitRefusal(33004, "Your api key has expired.")
    return account


HEADERS = ("api-key", "timestamp", "recv-window", "sign")


def base_of(markets: FakeMarkets, params: Mapping[str, Any]) -> str:
    """The coin of the market asked for."""
    require(params.get("category") == "linear", "category invalid")
    base = str(params.get("symbol", "")).removesuffix("USDT")
    if base not in markets.books:
        raise Refused(Reason.UNKNOWN_SYMBOL)
    return base


def require(condition: bool, what: str) -> None:
    if not condition:
        raise BybitRefusal(10001, f"params error: {what}")


def plain(value: Decimal) -> str:
    return format(value, "f")


def listed(rows: Sequence[Any], cursor: str = "") -> dict[str, Any]:
    return {"list": list(rows), "nextPageCursor": cursor, "category": "linear"}


def paged(params: Mapping[str, Any], rows: Sequence[T], usual: int, most: int) -> dict[str, Any]:
    """One page; the last one names a next page, too, as long as it is not empty itself."""
    limit = int(params.get("limit", usual))
    require(1 <= limit <= most, "limit invalid")
    start = int(params.get("cursor", "0:0").partition(":")[0])
    page = rows[start : start + limit]
    return listed(page, quote(f"{start + limit}:1,{start + limit}:1", safe="") if page else "")


# Public


def instruments(venues: FakeVenues, params: Mapping[str, str]) -> Any:
    require(params["category"] == "linear", "category invalid")
    if params.get("status") == "PreLaunch":
        return listed([])
    return listed([instrument(book) for book in venues.markets.books.values()])


def instrument(book: Book) -> dict[str, Any]:
    return {
        "symbol": f"{book.base}USDT", "contractType": "LinearPerpetual",
        "status": "Trading" if book.trading else "Closed", "baseCoin": book.base,
        "quoteCoin": "USDT", "launchTime": "1585526400000", "deliveryTime": "0",
        "deliveryFeeRate": "", "priceScale": "6",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": f"{book.max_leverage}.00",
                           "leverageStep": "0.01"},
        "priceFilter": {"minPrice": book.price_step, "maxPrice": "199999.98",
                        "tickSize": book.price_step},
        "lotSizeFilter": {"maxOrderQty": "10000000", "minOrderQty": book.lot,
                          "qtyStep": book.lot, "maxMktOrderQty": "5000000",
                          "minNotionalValue": "5", "postOnlyMaxOrderQty": "10000000"},
        "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": "USDT",
        "copyTrading": "both", "upperFundingRate": "0.00375", "lowerFundingRate": "-0.00375",
        "isPreListing": False, "preListingInfo": None, "symbolType": "",
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }  # fmt: skip


def tickers(venues: FakeVenues, params: Mapping[str, str]) -> Any:
    book = venues.markets.books[base_of(venues.markets, params)]
    mark = plain(book.mark_price) if book.bid and book.ask else book.bid
    return {
        "category": "linear",
        "list": [
            {
                "symbol": params["symbol"], "lastPrice": book.bid, "indexPrice": mark,
                "markPrice": mark, "prevPrice24h": book.bid, "price24hPcnt": "0",
                "highPrice24h": book.ask, "lowPrice24h": book.bid, "prevPrice1h": book.bid,
                "openInterest": "1000", "openInterestValue": "18", "turnover24h": "1",
                "volume24h": "1", "fundingRate": "0.0001", "nextFundingTime": "1760371200000",
                "predictedDeliveryPrice": "", "basisRate": "", "deliveryFeeRate": "",
                "deliveryTime": "0", "ask1Size": "9854", "bid1Price": book.bid,
                "ask1Price": book.ask, "bid1Size": "1063", "basis": "", "preOpenPrice": "",
                "preQty": "", "curPreListingPhase": "", "fundingIntervalHour": "8",
                "basisRateYear": "", "fundingCap": "0.005",
            }
        ],
    }  # fmt: skip


def klines(venues: FakeVenues, params: Mapping[str, str]) -> Any:
    require(params["interval"] == "1", "interval invalid")
    since, until = int(params.get("start", 0)), int(params.get("end", 2**53))
    rows = [[str(t), *ohlcv, "18"] for t, ohlcv in venues.markets.candles(since, until)]
    newest_first = rows[: int(params.get("limit", 200))][::-1]
    return {"symbol": params["symbol"], "category": "linear", "list": newest_first}


def funding_rates(venues: FakeVenues, params: Mapping[str, str]) -> Any:
    base = base_of(venues.markets, params)
    rows = venues.markets.settlements(base, int(params["startTime"]), int(params["endTime"]))
    return {
        "category": "linear",
        "list": [
            {"symbol": params["symbol"], "fundingRate": rate, "fundingRateTimestamp": str(time)}
            for time, rate in reversed(rows)
        ],
    }


def risk_limits(venues: FakeVenues, params: Mapping[str, str]) -> Any:
    """A tier for every whole leverage: real ones are coarser in places."""
    book = venues.markets.books[base_of(venues.markets, params)]
    leverages = range(book.max_leverage, 0, -1)
    return listed(
        [
            {
                "id": number, "symbol": params["symbol"],
                "riskLimitValue": plain(book.tier_at(leverage)),
                "maintenanceMargin": plain(Decimal("0.5") / leverage),
                "initialMargin": plain(Decimal(1) / leverage),
                "isLowestRisk": int(number == 1), "maxLeverage": f"{leverage}.00",
                "mmDeduction": "",
            }
            for number, leverage in enumerate(leverages, 1)
        ]
    )  # fmt: skip


def server_time(venues: FakeVenues, _: Mapping[str, str]) -> Any:
    now = venues.now()
    return {"timeSecond": str(now // 1_000), "timeNano": str(now * 1_000_000)}


PUBLIC: dict[tuple[str, str], Public] = {
    ("GET", "market/instruments-info"): instruments,
    ("GET", "market/tickers"): tickers,
    ("GET", "market/kline"): klines,
    ("GET", "market/funding/history"): funding_rates,
    ("GET", "market/risk-limit"): risk_limits,
    ("GET", "market/time"): server_time,
}


# Account


def key_info(call: Call) -> Any:
    key, uid = call.account.key, call.account.uid
    ends = key.expires_at
    wallet = ["AccountTransfer", "SubMemberTransfer", *(["Withdraw"] if key.can_withdraw else [])]
    return {
        "id": "13770661", "note": "a key", "apiKey": key.api_key,
        "readOnly": int(not key.can_trade), "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": wallet,
            "Options": ["OptionsTrade"], "Derivatives": ["DerivativesTrade"], "CopyTrading": [],
            "BlockTrade": [], "Exchange": [], "NFT": [], "Affiliate": [], "Earn": [],
        },
        "ips": ["203.0.113.7"] if key.ip_bound else ["*"], "type": 1,
        "deadlineDay": 0 if ends is None else max((ends - call.venues.now()) // DAY_MS, 0),
        "expiredAt": "1970-01-01T00:00:00Z" if ends is None else instant(ends),
        "createdAt": "2022-10-16T02:24:40Z", "unified": 0, "uta": 1,
        "userID": int(uid) if uid.isdigit() else uid, "inviterID": 0, "vipLevel": "No VIP",
        "mktMakerLevel": "0", "affiliateID": 0, "rsaPublicKey": "", "isMaster": True,
        "parentUid": "0", "kycLevel": "LEVEL_1", "kycRegion": "",
    }  # fmt: skip


def instant(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def account_info(call: Call) -> Any:
    return {
        "marginMode": MARGIN_MODES[margin_mode(call.account)], "updatedTime": "1697078946000",
        "unifiedMarginStatus": 5, "dcpStatus": "OFF", "timeWindow": 10, "smpGroup": 0,
        "isMasterTrader": False, "spotHedgingStatus": "OFF",
    }  # fmt: skip


def margin_mode(account: FakeAccount) -> str:
    return account.margin_modes.get(ACCOUNT_WIDE, "cross")


def set_margin_mode(call: Call) -> Any:
    account = call.account
    wanted = {theirs: ours for ours, theirs in MARGIN_MODES.items()}.get(
        call.params["setMarginMode"]
    )
    require(wanted is not None, "setMarginMode invalid")
    if held(call) or any(account.open_orders(base) for base in call.venues.markets.books):
        why = "You have uncancelled USDT perpetual orders"
        reasons = [{"reasonCode": "3400054", "reasonMsg": why}]
        raise BybitRefusal(3400045, "Set margin mode failed", {"reasons": reasons})
    account.margin_modes[ACCOUNT_WIDE] = str(wanted)
    return {"reasons": []}


def set_leverage(call: Call) -> Any:
    account, base, params = call.account, call.base, call.params
    require(params["buyLeverage"] == params["sellLeverage"], "buy leverage differs")
    leverage = int(params["buyLeverage"])
    if account.leverage_of(base) == leverage:
        raise Refused(Reason.UNCHANGED)
    account.set_leverage(base, leverage, margin_mode(account))
    return {}


def wallet(call: Call) -> Any:
    require(call.params.get("accountType") == "UNIFIED", "accountType only support UNIFIED.")
    coins = call.params.get("coin", "USDT").split(",")
    account, isolated = call.account, margin_mode(call.account) == "isolated"
    in_positions = sum(
        (abs(h.amount) * mark(call, base) / account.leverage_of(base) for base, h in held(call)),
        ZERO,
    )
    in_orders = max(account.equity() - in_positions - account.free(), ZERO)
    equity, unrealised = plain(account.equity()), plain(account.unrealised())

    def whole(value: str) -> str:
        """Totals of the account mean nothing where each position has its own margin."""
        return "" if isolated else value

    return {
        "list": [
            {
                "totalEquity": equity, "accountIMRate": whole("0"), "accountIMRateByMp": whole("0"),
                "totalMarginBalance": whole(equity),
                "totalInitialMargin": whole(plain(in_positions + in_orders)),
                "totalInitialMarginByMp": whole(plain(in_positions + in_orders)),
                "accountType": "UNIFIED", "totalAvailableBalance": whole(plain(account.free())),
                "accountMMRate": whole("0"), "accountMMRateByMp": whole("0"),
                "totalPerpUPL": whole(unrealised),
                "totalWalletBalance": whole(plain(account.balance)), "accountLTV": "0",
                "totalMaintenanceMargin": whole("0"), "totalMaintenanceMarginByMp": whole("0"),
                "coin": [
                    {
                        "availableToBorrow": "", "bonus": "0", "accruedInterest": "0",
                        "availableToWithdraw": "", "totalOrderIM": plain(in_orders),
                        "equity": equity, "totalPositionMM": "0", "usdValue": equity,
                        "spotHedgingQty": "0", "unrealisedPnl": unrealised,
                        "collateralSwitch": True, "borrowAmount": "0",
                        "totalPositionIM": plain(in_positions),
                        "walletBalance": plain(account.balance), "cumRealisedPnl": "0",
                        "locked": "0", "marginCollateral": True, "coin": coin, "spotBorrow": "0",
                    }
                    for coin in coins
                    if coin == "USDT"
                ],
            }
        ]
    }  # fmt: skip


def held(call: Call) -> list[tuple[str, Holding]]:
    return [(base, h) for (base, _), h in call.account.holdings.items() if h.amount]


def mark(call: Call, base: str) -> Decimal:
    return call.venues.markets.books[base].mark_price


def fee_rate(call: Call) -> Any:
    base, account = call.base, call.account
    taker, maker = plain(account.taker_fee), plain(account.maker_fee)
    return {"list": [{"symbol": f"{base}USDT", "takerFeeRate": taker, "makerFeeRate": maker}]}


def positions(call: Call) -> Any:
    """A market's positions whether there are any or not; of a currency, those there are."""
    params, account = call.params, call.account
    if "symbol" not in params:
        require("settleCoin" in params, "symbol or settleCoin")
        open_ones = (
            position_row(call, base, side, holding)
            for (base, side), holding in account.shown_positions().items()
            if holding.amount and params["settleCoin"] == "USDT"
        )
        return paged(params, list(open_ones), 20, 200)
    sides = ("long", "short") if account.hedge else ("net",)
    if params["symbol"] == f"{ALWAYS_LISTED}USDT":
        return listed([position_row(call, ALWAYS_LISTED, side, Holding()) for side in sides])
    base, empty = call.base, account.empty_positions > 0
    shown = account.shown_positions()
    if empty:
        return listed([])
    return listed(
        [position_row(call, base, side, shown.get((base, side), Holding())) for side in sides]
    )


def position_row(call: Call, base: str, side: str, holding: Holding) -> dict[str, Any]:
    account, book = call.account, call.venues.markets.books.get(base)
    size, at = abs(holding.amount), book.mark_price if book else ZERO
    leverage = account.leverage_of(base)
    ends = account.liquidation_price(base, holding) if size else None
    margin = plain(size * at / leverage) if size else ""
    return {
        "positionIdx": INDEXES[side], "riskId": 1, "riskLimitValue": book.tier if book else "0",
        "symbol": f"{base}USDT",
        "side": "" if not size else ("Buy" if holding.amount > 0 else "Sell"),
        "size": plain(size), "avgPrice": plain(holding.entry_price) if size else "0",
        "positionValue": plain(holding.cost) if size else "", "tradeMode": 0,
        "positionStatus": "Normal", "autoAddMargin": 0, "adlRankIndicator": 2 if size else 0,
        "leverage": str(leverage), "positionBalance": margin or "0",
        "markPrice": plain(at), "liqPrice": "" if ends is None else plain(ends),
        "bustPrice": "", "positionMM": margin, "positionMMByMp": margin, "positionIM": margin,
        "positionIMByMp": margin, "tpslMode": "Full", "takeProfit": "", "stopLoss": "",
        "trailingStop": "0", "unrealisedPnl": plain(holding.unrealised(at)) if size else "",
        "curRealisedPnl": "0", "cumRealisedPnl": "0", "seq": 5723621632 if size else -1,
        "isReduceOnly": False, "mmrSysUpdatedTime": "", "leverageSysUpdatedTime": "",
        "sessionAvgPrice": "", "createdTime": "1676538056258",
        "updatedTime": str(call.venues.now()),
    }  # fmt: skip


def transactions(call: Call) -> Any:
    """Settlements of funding, the latest first."""
    params = call.params
    require(params.get("type") == "SETTLEMENT", "type invalid")
    until = int(params.get("endTime", call.venues.now()))
    since = int(params.get("startTime", until - WINDOW_MS))
    if until - since > LOG_WINDOW_MS:
        raise BybitRefusal(10001, "The time range between startTime and endTime exceeds 7 days")
    rows = [
        transaction_row(number, *payment)
        for number, payment in enumerate(call.account.funding)
        if since <= payment[0] <= until and params.get("baseCoin", payment[1]) == payment[1]
    ]
    rows.sort(key=lambda row: int(row["transactionTime"]), reverse=True)
    return paged(params, rows, 20, 50)


def transaction_row(number: int, time: int, base: str, amount: Decimal) -> dict[str, Any]:
    """Positive is received: unlike fees, and whatever older documentation says."""
    return {
        "transSubType": "", "id": f"592324_{base}USDT_{161440249321 + number}",
        "symbol": f"{base}USDT", "side": "Buy", "funding": plain(amount), "orderLinkId": "",
        "orderId": f"{time // 1_000}-8-592324-1-2", "fee": "0.00000000", "change": plain(amount),
        "cashFlow": "0", "transactionTime": str(time), "type": "SETTLEMENT", "feeRate": "0.0001",
        "bonusChange": "", "size": "100", "qty": "100", "cashBalance": "5086.55825002",
        "currency": "USDT", "category": "linear", "tradePrice": "0.3676",
        "tradeId": f"534c0003-4bf7-486f-aa02-{number:012d}", "extraFees": "",
    }  # fmt: skip


# Orders


def create(call: Call) -> Any:
    params, base = call.params, call.base
    client_id = params.get("orderLinkId", "")
    require(not client_id or bool(_CLIENT_ID.fullmatch(client_id)), "orderLinkId invalid")
    require(isinstance(params.get("qty"), str), "qty invalid")
    require(params.get("side") in SIDES, "side invalid")
    kind = params.get("orderType")
    in_force = "IOC" if kind == "Market" else params.get("timeInForce", "GTC")
    execution = EXECUTIONS.get((kind, in_force))
    require(execution is not None, "orderType or timeInForce invalid")
    require(execution == "market" or "price" in params, "price invalid")
    order = call.account.place(
        base=base,
        client_id=client_id,
        side=SIDES[params["side"]],
        amount=Decimal(params["qty"]),
        price=None if execution == "market" else Decimal(params["price"]),
        execution=str(execution),
        reduce_only=params.get("reduceOnly", False) is True,
        position_side=POSITION_SIDES.get(params.get("positionIdx", 0), "?"),
        margin_mode=margin_mode(call.account),
    )
    return {"orderId": order.exchange_id, "orderLinkId": client_id}


def cancel(call: Call) -> Any:
    require("orderLinkId" in call.params, "orderId or orderLinkId")
    order = call.account.cancel(call.base, call.params["orderLinkId"])
    return {"orderId": order.exchange_id, "orderLinkId": order.client_id}


def newest_open(call: Call, base: str) -> list[FakeOrder]:
    return call.account.open_orders(base)[::-1]


def order_row(order: FakeOrder, status: str, filled: Decimal) -> dict[str, Any]:
    ended, (kind, in_force) = status != "open", ORDER_TYPES[order.execution]
    word = {"open": "PartiallyFilled" if filled else "New", "filled": "Filled"}
    unfilled = ended and not filled and order.execution != "resting"
    fees: dict[str, Decimal] = {}
    for fill in order.fills if filled else []:
        fees[fill.fee_currency] = fees.get(fill.fee_currency, ZERO) + fill.fee
    return {
        "orderId": order.exchange_id, "orderLinkId": order.client_id, "blockTradeId": "",
        "symbol": f"{order.base}USDT", "price": plain(order.price or ZERO),
        "qty": plain(order.amount), "side": WORDS[order.side], "isLeverage": "",
        "positionIdx": INDEXES[order.position_side],
        "orderStatus": word.get(status, "Cancelled"), "createType": "CreateByUser",
        "cancelType": "CancelByUser" if status == "canceled" and not unfilled else "UNKNOWN",
        "rejectReason": "EC_NoImmediateQtyToFill" if unfilled else "EC_NoError",
        "avgPrice": plain(order.average) if filled else "",
        "leavesQty": "0" if ended else plain(order.amount - filled), "leavesValue": "0",
        "cumExecQty": plain(filled), "cumExecValue": plain(filled * order.average),
        "cumExecFee": plain(sum(fees.values(), ZERO)), "timeInForce": in_force, "orderType": kind,
        "stopOrderType": "", "orderIv": "", "marketUnit": "", "triggerPrice": "",
        "takeProfit": "", "stopLoss": "", "tpTriggerBy": "", "slTriggerBy": "",
        "triggerDirection": 0, "triggerBy": "", "lastPriceOnCreated": "",
        "reduceOnly": order.reduce_only, "closeOnTrigger": False, "smpType": "None",
        "smpGroup": 0, "smpOrderId": "", "tpslMode": "UNKNOWN", "tpLimitPrice": "",
        "slLimitPrice": "", "placeType": "", "slippageToleranceType": "UNKNOWN",
        "slippageTolerance": "", "createdTime": str(order.created_at),
        "updatedTime": str(order.updated_at), "extraFees": "",
        "cumFeeDetail": {currency: plain(fee) for currency, fee in fees.items()},
    }  # fmt: skip


def executions(call: Call) -> Any:
    base, params = call.base, call.params
    order = call.account.find(base, exchange_id=params["orderId"], hide=False)
    if order is None:
        return listed([])
    first_page = "cursor" not in params
    fills = call.account.shown_fills(order) if first_page else order.fills
    return paged(params, [execution_row(call, order, fill) for fill in fills[::-1]], 50, 100)


def execution_row(call: Call, order: FakeOrder, fill: FakeFill) -> dict[str, Any]:
    kind, _ = ORDER_TYPES[order.execution]
    rate = call.account.maker_fee if fill.maker else call.account.taker_fee
    return {
        "symbol": f"{order.base}USDT", "orderType": kind, "underlyingPrice": "",
        "orderLinkId": order.client_id, "side": WORDS[order.side], "indexPrice": "",
        "orderId": order.exchange_id, "stopOrderType": "UNKNOWN", "leavesQty": "0",
        "execTime": str(fill.time),
        "feeCurrency": "" if fill.fee_currency == "USDT" else fill.fee_currency,
        "isMaker": fill.maker, "execFee": plain(fill.fee), "feeRate": plain(rate),
        "execId": f"e0cbe81d-0f18-5866-9415-{int(fill.fill_id):012d}", "tradeIv": "",
        "blockTradeId": "", "markPrice": plain(mark(call, order.base)),
        "execPrice": plain(fill.price), "markIv": "", "orderQty": plain(order.amount),
        "orderPrice": plain(order.price or ZERO), "execValue": plain(fill.amount * fill.price),
        "execType": "Trade", "execQty": plain(fill.amount), "closedSize": "", "extraFees": "",
        "seq": 4688002127, "createType": "CreateByUser",
    }  # fmt: skip


PRIVATE: dict[tuple[str, str], Private] = {
    ("GET", "user/query-api"): key_info,
    ("GET", "account/info"): account_info,
    ("GET", "account/wallet-balance"): wallet,
    ("GET", "account/fee-rate"): fee_rate,
    ("GET", "account/transaction-log"): transactions,
    ("GET", "position/list"): positions,
    ("GET", "execution/list"): executions,
    ("POST", "account/set-margin-mode"): set_margin_mode,
    ("POST", "position/set-leverage"): set_leverage,
    ("POST", "order/create"): create,
    ("POST", "order/cancel"): cancel,
}
