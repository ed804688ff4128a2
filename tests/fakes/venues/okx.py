"""OKX's REST API, version 5, as it is on the wire: numbers are texts, amounts are contracts."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.fakes.venues.account import FakeAccount, FakeFill, FakeOrder, Holding
from tests.fakes.venues.markets import Book
from tests.fakes.venues.wire import Answer, FakeVenues, Reason, Refused, Request, answered

ZERO = Decimal(0)
WINDOW_MS = 30_000
DAY_MS = 86_400_000
RECENT_FILLS_MS, RECENT_BILLS_MS, HISTORY_MS = 3 * DAY_MS, 7 * DAY_MS, 90 * DAY_MS
BILL_BASE = 700_000_000_000_000_000
TIER_LEVERAGES = (20, 10, 5, 3, 2, 1)
SUFFIX = "-USDT-SWAP"
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_EXECUTIONS = {"market": "market", "ioc": "bounded", "limit": "resting"}
_ORDER_TYPES = {ours: theirs for theirs, ours in _EXECUTIONS.items()}
_CLOSING = {("sell", "long"), ("buy", "short")}

MESSAGES = {
    "50011": "Too Many Requests",
    "50014": "Parameter {} can not be empty.",
    "50036": "The expTime can't be earlier than the current system time. "
    "Please adjust the expTime and try again.",
    "50102": "Timestamp request expired",
    "50103": 'Request header "OK-ACCESS-KEY" cannot be empty.',
    "50104": 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.',
    "50105": 'Request header "OK-ACCESS-PASSPHRASE" incorrect.',
    "50106": 'Request header "OK-ACCESS-SIGN" cannot be empty.',
    "50107": 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.',
    "50111": "Invalid OK-ACCESS-KEY",
    "50112": "Invalid OK-ACCESS-TIMESTAMP",
    "50113": "Invalid Sign",
    "50119": "API key doesn't exist",
    "50120": "This API key doesn't have permission to use this function",
    "51000": "Parameter {} error ",
    "51001": "Instrument ID, Instrument ID code or Spread ID doesn't exist.",
    "51008": "Order failed. Insufficient USDT margin in account ",
    "51009": "Order blocked. Please contact customer support for assistance.",
    "51016": "Client order ID already exists.",
    "51020": "Your order should meet or exceed the minimum order amount.",
    "51022": "Contract suspended.",
    "51112": "Close order size exceeds available size for this position.",
    "51121": "Order quantity must be a multiple of the lot size.",
    "51150": "The precision of the number of trades or the price exceeds the limit.",
    "51169": "Order failed because you don't have any positions in this direction for this "
    "contract to reduce or close. ",
    "51202": "Market order amount exceeds the maximum amount.",
    "51204": "The price for the limit order cannot be empty.",
    "51400": "Order cancellation failed as the order has been filled, canceled or does not exist.",
    "51603": "Order does not exist",
    "59000": "Settings failed. Close any open positions or orders before modifying settings.",
    "59101": "Leverage can't be modified. Please cancel all pending isolated margin orders before "
    "adjusting the leverage.",
    "59102": "Leverage exceeds the maximum limit. Please lower the leverage.",
    "59107": "Leverage can't be modified. Please cancel all pending cross-margin orders before "
    "adjusting the leverage.",
}
CODES = {
    Reason.STEP: "51121",
    Reason.TOO_SMALL: "51020",
    Reason.NOTIONAL: "51020",
    Reason.TOO_LARGE: "51202",
    Reason.PRICE_STEP: "51150",
    Reason.MARGIN: "51008",
    Reason.DUPLICATE: "51016",
    Reason.NOTHING_TO_REDUCE: "51169",
    Reason.POSITION_MODE: "51000",
    Reason.NO_ORDER: "51400",
    Reason.UNKNOWN_SYMBOL: "51001",
    Reason.LEVERAGE: "59102",
    Reason.IN_USE: "59000",
    Reason.NOT_TRADING: "51022",
    Reason.OUT_OF_ORDER: "51009",
}
SUB_CODES = {"51008": "1001"}


class OkxRefusal(Exception):
    """One of OKX's own codes; `where` fills the gap in its text."""

    def __init__(self, code: str, where: str = "", status: int = 200) -> None:
        super().__init__(code)
        self.code, self.status = code, status
        self.message = MESSAGES[code].format(where)


def refusal_of(refused: Refused) -> OkxRefusal:
    where = "posSide " if refused.reason is Reason.POSITION_MODE else ""
    return OkxRefusal(CODES[refused.reason], where)


@dataclass(frozen=True)
class Call:
    """A private request whose sender is known."""

    venues: FakeVenues
    account: FakeAccount
    request: Request

    @property
    def params(self) -> Mapping[str, str]:
        return self.request.params

    @property
    def body(self) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.request.json
        return body

    def book(self, inst_id: str) -> Book:
        return book_of(self.venues, inst_id)


class OkxDialect:
    """The part of the API that trades linear swaps."""

    name = "okx"

    def serves(self, path: str) -> bool:
        return path.startswith("/api/v5/")

    def sends_order(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/api/v5/trade/order")

    def answer(self, venues: FakeVenues, request: Request) -> Answer:
        route = request.method, request.path.removeprefix("/api/v5/")
        try:
            if route in PUBLIC:
                return ok(PUBLIC[route](venues, request.params))
            if route not in PRIVATE:
                raise AssertionError(f"an unexpected request: {request}")
            call = Call(venues, authenticate(venues, request), request)
            if route[0] == "POST" and not call.account.key.can_trade:
                raise OkxRefusal("50120")
            return PRIVATE[route](call)
        except OkxRefusal as refusal:
            body: dict[str, Any] = {"msg": refusal.message, "code": refusal.code}
            if refusal.status == 200:
                body["data"] = []
            return answered(body, refusal.status)


def ok(data: list[Any]) -> Answer:
    return answered({"code": "0", "msg": "", "data": data})


def plain(value: Decimal) -> str:
    """As OKX writes numbers: no exponent, no zeros at the end."""
    text = format(value + 0, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


# Who asks


def authenticate(venues: FakeVenues, request: Request) -> FakeAccount:
    """The account that signed the request."""
    key = _header(request, "ok-access-key", "50103")
    passphrase = _header(request, "ok-access-passphrase", "50104")
    signature = _header(request, "ok-access-sign", "50106")
    stamp = _header(request, "ok-access-timestamp", "50107")
    account = venues.account_of("okx", key)
    if account is None:
        raise OkxRefusal("50111", status=401)
    if not _TIMESTAMP.fullmatch(stamp):
        raise OkxRefusal("50112", status=401)
    if abs(venues.now() - _ms(stamp)) > WINDOW_MS:
        raise OkxRefusal("50102", status=401)
    expires_at = account.key.expires_at
    if expires_at is not None and venues.now() >= expires_at:
        raise OkxRefusal("50119")
    if passphrase != account.key.passphrase:
        raise OkxRefusal("50105", status=401)
    path = request.path + (f"?{request.query}" if request.query else "")
    said = f"{stamp}{request.method}{path}{request.body}".encode()
    right = hmac.new(account.key.secret.encode(), said, hashlib.sha256).digest()
    if signature != base64.b64encode(right).decode():
        raise OkxRefusal("50113", status=401)
    return account


def _header(request: Request, name: str, missing: str) -> str:
    value = request.headers.get(name, "")
    if not value:
        raise OkxRefusal(missing, status=401)
    return value


def _ms(stamp: str) -> int:
    at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return round(at.timestamp() * 1000)


def book_of(venues: FakeVenues, inst_id: str) -> Book:
    book = venues.markets.books.get(inst_id.removesuffix(SUFFIX))
    if book is None or not inst_id.endswith(SUFFIX):
        raise OkxRefusal("51001")
    return book


# Public


def _instruments(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    assert query["instType"] == "SWAP"
    return [
        {
            "instId": f"{b.base}-USDT-SWAP", "instType": "SWAP", "instFamily": f"{b.base}-USDT",
            "uly": f"{b.base}-USDT", "baseCcy": "", "quoteCcy": "", "settleCcy": "USDT",
            "ctVal": b.contract_size, "ctMult": "1", "ctValCcy": b.base, "ctType": "linear",
            "lotSz": b.lot, "minSz": plain(2 * Decimal(b.lot)), "tickSz": b.price_step,
            "lever": str(b.max_leverage), "state": "live" if b.trading else "suspend",
            "listTime": "1611916828000", "expTime": "", "maxMktSz": "500000",
            "maxLmtSz": "100000000", "maxMktAmt": "", "maxLmtAmt": "20000000", "alias": "",
            "category": "1", "optType": "", "stk": "", "ruleType": "normal", "groupId": "1",
            "instIdCode": 10461, "futureSettlement": False, "tradeQuoteCcyList": [],
        }
        for b in venues.markets.books.values()
    ] + [
        {
            "instId": "BTC-USD-SWAP", "instType": "SWAP", "uly": "BTC-USD", "baseCcy": "",
            "quoteCcy": "", "settleCcy": "BTC", "ctVal": "100", "ctMult": "1",
            "ctValCcy": "USD", "ctType": "inverse", "lotSz": "1", "minSz": "1",
            "tickSz": "0.1", "lever": "125", "state": "live", "expTime": "", "alias": "",
        }
    ]  # fmt: skip


def _ticker(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    book = book_of(venues, query["instId"])
    return [
        {
            "instType": "SWAP", "instId": query["instId"], "last": book.bid, "lastSz": "1",
            "askPx": book.ask, "askSz": "11", "bidPx": book.bid, "bidSz": "5",
            "open24h": book.bid, "high24h": book.ask, "low24h": book.bid, "sodUtc0": book.bid,
            "sodUtc8": book.bid, "volCcy24h": "1", "vol24h": "1", "ts": str(venues.now()),
        }
    ]  # fmt: skip


def _candles(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    assert query["bar"] == "1m"
    since, until = int(query.get("before", 0)) + 1, int(query.get("after", 2**53)) - 1
    candles = venues.markets.candles(since, until)
    rows = [[str(time), *ohlcv, "1", "1", "1"] for time, ohlcv in candles]
    return rows[: int(query.get("limit", 100))][::-1]


def _funding_rates(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    base = query["instId"].removesuffix(SUFFIX)
    rows = venues.markets.settlements(base, int(query.get("before", 0)) + 1, 2**53)
    return [
        {"instType": "SWAP", "instId": query["instId"], "fundingRate": rate,
         "realizedRate": rate, "fundingTime": str(time), "method": "current_period"}
        for time, rate in reversed(rows)
    ]  # fmt: skip


def _time(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    return [{"ts": str(venues.now())}]


def _mark_price(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    book = book_of(venues, query["instId"])
    return [
        {"instType": "SWAP", "instId": query["instId"], "markPx": plain(book.mark_price),
         "ts": str(venues.now())}
    ]  # fmt: skip


def _position_tiers(venues: FakeVenues, query: Mapping[str, str]) -> list[Any]:
    assert (query["instType"], query["tdMode"]) in {("SWAP", "cross"), ("SWAP", "isolated")}
    family = query["instFamily"]
    book = book_of(venues, f"{family}-SWAP")
    leverages = [book.max_leverage, *(x for x in TIER_LEVERAGES if x < book.max_leverage)]
    contract = book.mark_price * Decimal(book.contract_size)
    sizes = [book.tier_at(leverage) // contract for leverage in leverages]
    return [
        {
            "baseMaxLoan": "", "imr": plain(round(Decimal(1) / leverage, 4)), "instFamily": family,
            "instId": "", "maxLever": str(leverage), "maxSz": plain(size),
            "minSz": plain(sizes[tier - 1] + 1 if tier else ZERO), "mmr": "0.005",
            "optMgnFactor": "0", "quoteMaxLoan": "", "tier": str(tier + 1), "uly": family,
        }
        for tier, (leverage, size) in enumerate(zip(leverages, sizes, strict=True))
    ]  # fmt: skip


# Account


def _config(call: Call) -> Answer:
    key, uid = call.account.key, call.account.uid
    permissions = ["read_only", *(["withdraw"] if key.can_withdraw else [])]
    permissions += ["trade"] if key.can_trade else []
    return ok(
        [
            {
                "acctLv": "2", "acctStpMode": "cancel_maker", "autoLoan": False,
                "ctIsoMode": "automatic", "enableSpotBorrow": False, "greeksType": "PA",
                "feeType": "0", "ip": "203.0.113.7,203.0.113.8" if key.ip_bound else "",
                "type": "1", "kycLv": "3", "label": "pairs", "level": "Lv1", "levelTmp": "",
                "liquidationGear": "-1", "mainUid": "44705892343619584",
                "mgnIsoMode": "automatic", "opAuth": "1", "perm": ",".join(permissions),
                "posMode": "long_short_mode" if call.account.hedge else "net_mode",
                "roleType": "0", "settleCcy": "USDC", "settleCcyList": ["USD", "USDC", "USDG"],
                "spotBorrowAutoRepay": False, "spotOffsetType": "", "spotRoleType": "0",
                "spotTraderInsts": [], "stgyType": "0", "traderInsts": [], "uid": uid,
            }
        ]
    )  # fmt: skip


def _balance(call: Call) -> Answer:
    account, now = call.account, str(call.venues.now())
    wanted = call.params.get("ccy", "USDT").split(",")
    equity = plain(account.equity())
    detail = {
        "ccy": "USDT", "eq": equity, "cashBal": plain(account.balance), "uTime": now,
        "isoEq": "0", "availEq": plain(account.free()), "disEq": equity, "fixedBal": "0",
        "availBal": plain(account.free()), "frozenBal": plain(account.equity() - account.free()),
        "ordFrozen": "0", "liab": "", "upl": plain(account.unrealised()), "uplLiab": "",
        "crossLiab": "", "rewardBal": "0", "isoLiab": "", "mgnRatio": "", "imr": "0", "mmr": "0",
        "interest": "", "twap": "0", "maxLoan": "", "eqUsd": equity, "borrowFroz": "",
        "notionalLever": "0", "stgyEq": "0", "isoUpl": "0", "spotInUseAmt": "",
        "clSpotInUseAmt": "", "maxSpotInUse": "", "spotIsoBal": "0", "smtSyncEq": "0",
        "spotCopyTradingEq": "0", "collateralEnabled": False, "autoLendStatus": "off",
    }  # fmt: skip
    # Currencies of which there is nothing are left out.
    details = [detail] if "USDT" in wanted and account.equity() else []
    return ok(
        [
            {
                "adjEq": "", "availEq": "", "borrowFroz": "", "details": details, "imr": "",
                "isoEq": "0", "mgnRatio": "", "mmr": "", "notionalUsd": "", "ordFroz": "",
                "totalEq": equity, "uTime": now, "upl": "",
            }
        ]
    )  # fmt: skip


def _positions(call: Call) -> Answer:
    """What was ever held is shown, with size 0 when it is flat."""
    asked = call.params["instId"].split(",")
    assert len(asked) <= 10
    shown = call.account.shown_positions()
    found = [
        _position(call, base, side, holding)
        for (base, side), holding in shown.items()
        if f"{base}{SUFFIX}" in asked
    ]
    return ok(found)


def _position(call: Call, base: str, side: str, holding: Holding) -> dict[str, Any]:
    account, book, now = call.account, call.venues.markets.books[base], str(call.venues.now())
    contracts = holding.amount / Decimal(book.contract_size)
    mark, held = book.mark_price, bool(holding.amount)
    liquidation = account.liquidation_price(base, holding)
    return {
        "adl": "1", "availPos": "", "avgPx": plain(holding.entry_price) if held else "",
        "baseBal": "", "baseBorrowed": "", "baseInterest": "", "bePx": "", "bizRefId": "",
        "bizRefType": "", "cTime": now, "ccy": "USDT", "clSpotInUseAmt": "", "closeOrderAlgo": [],
        "deltaBS": "", "deltaPA": "", "fee": "0", "fundingFee": "0", "gammaBS": "",
        "gammaPA": "", "hedgedPos": "", "idxPx": plain(mark), "imr": "0",
        "instId": f"{base}{SUFFIX}", "instType": "SWAP", "interest": "", "last": book.bid,
        "lever": str(account.leverage_of(base)), "liab": "", "liabCcy": "", "liqPenalty": "0",
        "liqPx": "" if liquidation is None else plain(liquidation), "margin": "",
        "markPx": plain(mark) if held else "", "maxSpotInUseAmt": "",
        "mgnMode": account.margin_modes.get(base, "cross"), "mgnRatio": "11.7", "mmr": "0.1",
        "nonSettleAvgPx": "", "notionalUsd": plain(abs(holding.amount) * mark), "optVal": "",
        "pTime": now, "pendingCloseOrdLiabVal": "", "pnl": "0",
        "pos": plain(contracts if side == "net" else abs(contracts)), "posCcy": "",
        "posId": f"30717303605101{len(base)}{len(side)}", "posSide": side, "quoteBal": "",
        "quoteBorrowed": "", "quoteInterest": "", "realizedPnl": "0", "settledPnl": "",
        "spotInUseAmt": "", "spotInUseCcy": "", "thetaBS": "", "thetaPA": "", "tradeId": "1",
        "uTime": now, "upl": plain(holding.unrealised(mark)) if held else "",
        "uplLastPx": "0", "uplRatio": "0", "uplRatioLastPx": "0", "usdPx": "", "vegaBS": "",
        "vegaPA": "",
    }  # fmt: skip


def _trade_fee(call: Call) -> Answer:
    assert (call.params["instType"], call.params["instFamily"][-5:]) == ("SWAP", "-USDT")
    taker, maker = plain(-call.account.taker_fee), plain(-call.account.maker_fee)
    group = {"elpMaker": "", "groupId": "1", "maker": maker, "taker": taker}
    return ok(
        [
            {
                "category": "1", "delivery": "", "exercise": "", "feeGroup": [group], "fiat": [],
                "instType": "SWAP", "level": "Lv1", "maker": "-0.0002", "makerU": maker,
                "makerUSDC": "", "ruleType": "normal", "settle": "", "taker": "-0.0005",
                "takerU": taker, "takerUSDC": "", "ts": str(call.venues.now()),
            }
        ]
    )  # fmt: skip


def _set_leverage(call: Call) -> Answer:
    body, account = call.body, call.account
    _require(body, "lever", "mgnMode", "instId")
    book, mode, side = call.book(body["instId"]), body["mgnMode"], body.get("posSide", "")
    if mode not in {"cross", "isolated"}:
        raise OkxRefusal("51000", "mgnMode ", 400)
    by_side = account.hedge and mode == "isolated"
    if (side in {"long", "short"}) is not by_side:
        raise OkxRefusal("51000", "posSide ", 400)
    try:
        account.set_leverage(book.base, int(body["lever"]), mode)
    except Refused as refused:
        if refused.reason is Reason.IN_USE and account.open_orders(book.base):
            raise OkxRefusal("59101" if mode == "isolated" else "59107") from refused
        if refused.reason is not Reason.UNCHANGED:
            raise refusal_of(refused) from refused
    return ok(
        [{"instId": body["instId"], "lever": body["lever"], "mgnMode": mode, "posSide": side}]
    )


def _bills(kept_ms: int) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        query = call.params
        assert query["type"] == "8"
        begin = max(int(query.get("begin", 0)), call.venues.now() - kept_ms)
        end = int(query.get("end", 2**53))
        found = [
            _bill(call, number, *payment)
            for number, payment in enumerate(call.account.funding)
            if begin <= payment[0] <= end and query.get("instId") in (None, payment[1] + SUFFIX)
        ]
        return ok(_page(found[::-1], query, "billId"))

    return answer


def _bill(call: Call, number: int, time: int, base: str, amount: Decimal) -> dict[str, Any]:
    account, book = call.account, call.venues.markets.books[base]
    mode, paid = account.margin_modes.get(base, "cross"), plain(amount)
    # An isolated position pays from its own margin: the account's balance stays.
    isolated = mode == "isolated"
    return {
        "bal": plain(account.balance), "balChg": "0" if isolated else paid,
        "billId": str(BILL_BASE + number), "ccy": "USDT", "clOrdId": "", "earnAmt": "",
        "earnApr": "", "execType": "", "fee": "0", "fillFwdPx": "", "fillIdxPx": "",
        "fillMarkPx": "", "fillMarkVol": "", "fillPxUsd": "", "fillPxVol": "", "fillTime": "",
        "from": "", "instId": f"{base}{SUFFIX}", "instType": "SWAP", "interest": "0",
        "mgnMode": mode, "notes": "", "ordId": "", "pnl": paid,
        "posBal": "0", "posBalChg": paid if isolated else "0", "px": plain(book.mark_price),
        "subType": "173" if amount < 0 else "174", "sz": "1", "tag": "", "to": "",
        "tradeId": "0", "ts": str(time), "type": "8",
    }  # fmt: skip


# Orders


def _place(call: Call) -> Answer:
    """A refused order has its code in its own row; one that came too late is not looked at."""
    expires = call.request.headers.get("exptime")
    if expires is not None and int(expires) < call.venues.now():
        raise OkxRefusal("50036")
    body = call.body
    _require(body, "instId", "tdMode", "side", "ordType", "sz")
    try:
        _require_sense(body, call.account)
        order = _take(call, body)
    except (OkxRefusal, Refused) as error:
        refusal = refusal_of(error) if isinstance(error, Refused) else error
        return _failed(call, {"ordId": "", "tag": ""}, refusal)
    return _done(call, {"ordId": order.exchange_id, "tag": ""})


def _require(body: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        if body.get(key) in (None, ""):
            raise OkxRefusal("50014", key, 400)


def _require_sense(body: Mapping[str, Any], account: FakeAccount) -> None:
    sides = {"long", "short"} if account.hedge else {"net", None}
    right = {
        "tdMode": body["tdMode"] in {"cross", "isolated"},
        "side": body["side"] in {"buy", "sell"},
        "ordType": body["ordType"] in _EXECUTIONS,
        "clOrdId": _CLIENT_ID.fullmatch(body.get("clOrdId", "a")),
        "posSide": body.get("posSide") in sides,
        "reduceOnly": isinstance(body.get("reduceOnly", False), bool),
        "sz": _is_number(body["sz"]),
        "px": "px" not in body or _is_number(body["px"]),
    }
    for key, passes in right.items():
        if not passes:
            raise OkxRefusal("51000", f"{key} ")
    if body["ordType"] != "market" and "px" not in body:
        raise OkxRefusal("51204")


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) is not None


def _take(call: Call, body: Mapping[str, Any]) -> FakeOrder:
    account, book = call.account, call.book(body["instId"])
    side, position_side = body["side"], body.get("posSide", "net")
    amount = Decimal(body["sz"]) * Decimal(book.contract_size)
    # Hedged accounts ignore reduceOnly: there closing orders are so by themselves.
    closing = (side, position_side) in _CLOSING if account.hedge else body.get("reduceOnly", False)
    if closing:
        held = abs(account.holdings.get((book.base, position_side), Holding()).amount)
        if account.refuses_oversized_closes and 0 < held < amount:
            raise OkxRefusal("51112")
        # What would go beyond the position is cut off before the order is taken.
        amount = min(amount, held) or amount
    market = body["ordType"] == "market"
    return account.place(
        base=book.base,
        client_id=body.get("clOrdId", ""),
        side=side,
        amount=amount,
        price=None if market else Decimal(body["px"]),
        execution=_EXECUTIONS[body["ordType"]],
        reduce_only=closing,
        position_side=position_side,
        margin_mode=body["tdMode"],
    )


def _cancel(call: Call) -> Answer:
    body = call.body
    _require(body, "instId", "clOrdId")
    try:
        order = call.account.cancel(call.book(body["instId"]).base, body["clOrdId"])
    except Refused as refused:
        return _failed(call, {"ordId": ""}, refusal_of(refused))
    return _done(call, {"ordId": order.exchange_id})


def _done(call: Call, row: Mapping[str, str]) -> Answer:
    return _ruled(call, "0", "", {**row, "sCode": "0", "sMsg": "", "subCode": ""})


def _failed(call: Call, row: Mapping[str, str], refusal: OkxRefusal) -> Answer:
    code = refusal.code
    said = {"sCode": code, "sMsg": refusal.message, "subCode": SUB_CODES.get(code, "")}
    return _ruled(call, "1", "All operations failed", {**row, **said})


def _ruled(call: Call, code: str, message: str, row: Mapping[str, str]) -> Answer:
    now = call.venues.now()
    shown = {"clOrdId": call.body.get("clOrdId", ""), "ts": str(now), **row}
    micro = {"inTime": f"{now}123", "outTime": f"{now}456"}
    return answered({"code": code, "data": [shown], "msg": message, **micro})


def _order_details(call: Call) -> Answer:
    query = call.params
    base = call.book(query["instId"]).base
    order = call.account.find(
        base, client_id=query.get("clOrdId", ""), exchange_id=query.get("ordId", "")
    )
    if order is None:
        raise OkxRefusal("51603")
    return ok([_order(call, order)])


def _orders_pending(call: Call) -> Answer:
    book = call.book(call.params["instId"])
    found = [_order(call, order) for order in reversed(call.account.open_orders(book.base))]
    return ok(_page(found, call.params, "ordId"))


def _order(call: Call, order: FakeOrder) -> dict[str, Any]:
    book = call.venues.markets.books[order.base]
    status, filled = call.account.shown(order)
    size = Decimal(book.contract_size)
    fills = order.fills if filled else []
    last = fills[-1] if fills else None
    state = {"open": "partially_filled" if filled else "live"}.get(status, status)
    fee = plain(-sum((fill.fee for fill in fills), ZERO))
    return {
        "accFillSz": plain(filled / size), "algoClOrdId": "", "algoId": "",
        "attachAlgoClOrdId": "", "attachAlgoOrds": [],
        "avgPx": plain(order.average) if fills else "", "cTime": str(order.created_at),
        "cancelSource": "1" if status == "canceled" else "", "cancelSourceReason": "",
        "category": "normal", "ccy": "", "clOrdId": order.client_id, "fee": fee,
        "feeCcy": last.fee_currency if last else "USDT",
        "fillPx": plain(last.price) if last else "",
        "fillSz": plain(last.amount / size) if last else "0",
        "fillTime": str(last.time) if last else "", "instId": f"{order.base}{SUFFIX}",
        "instType": "SWAP", "isTpLimit": "false",
        "lever": str(call.account.leverage_of(order.base)),
        "linkedAlgoOrd": {"algoId": ""}, "ordId": order.exchange_id,
        "ordType": _ORDER_TYPES[order.execution], "pnl": "0", "posSide": order.position_side,
        "px": "" if order.price is None else plain(order.price), "pxType": "", "pxUsd": "",
        "pxVol": "", "quickMgnType": "", "rebate": "0", "rebateCcy": "USDT",
        "reduceOnly": "true" if order.reduce_only else "false", "side": order.side,
        "slOrdPx": "", "slTriggerPx": "", "slTriggerPxType": "", "source": "", "state": state,
        "stpId": "", "stpMode": "cancel_maker", "sz": plain(order.amount / size), "tag": "",
        "tdMode": order.margin_mode, "tgtCcy": "", "tpOrdPx": "", "tpTriggerPx": "",
        "tpTriggerPxType": "", "tradeId": last.fill_id if last else "", "tradeQuoteCcy": "",
        "uTime": str(order.updated_at),
    }  # fmt: skip


def _fills(kept_ms: int) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        query = call.params
        order = call.account.find(
            call.book(query["instId"]).base, exchange_id=query["ordId"], hide=False
        )
        assert order is not None
        oldest = call.venues.now() - kept_ms
        fills = [f for f in call.account.shown_fills(order) if f.time >= oldest]
        rows = [_fill(call, order, fill) for fill in reversed(fills)]
        return ok(_page(rows, query, "billId"))

    return answer


def _fill(call: Call, order: FakeOrder, fill: FakeFill) -> dict[str, Any]:
    size = Decimal(call.venues.markets.books[order.base].contract_size)
    return {
        "billId": str(BILL_BASE + int(fill.fill_id)), "clOrdId": order.client_id,
        "execType": "M" if fill.maker else "T", "fee": plain(-fill.fee),
        "feeCcy": fill.fee_currency, "feeRate": "", "fillFwdPx": "", "fillIdxPx": plain(fill.price),
        "fillMarkPx": plain(fill.price), "fillMarkVol": "", "fillPnl": "0",
        "fillPx": plain(fill.price), "fillPxUsd": "", "fillPxVol": "",
        "fillSz": plain(fill.amount / size), "fillTime": str(fill.time),
        "instId": f"{order.base}{SUFFIX}", "instType": "SWAP", "ordId": order.exchange_id,
        "posSide": order.position_side, "side": order.side, "subType": "1", "tag": "",
        "tradeId": fill.fill_id, "tradeQuoteCcy": "", "ts": str(fill.time + 1),
    }  # fmt: skip


def _page(
    newest_first: Sequence[dict[str, Any]], query: Mapping[str, str], id_key: str
) -> list[dict[str, Any]]:
    """One page; the cursor is the id of the last row of the page before."""
    limit, after = int(query.get("limit", 100)), query.get("after")
    assert limit <= 100
    rows = [row for row in newest_first if after is None or int(row[id_key]) < int(after)]
    return rows[:limit]


PUBLIC: dict[tuple[str, str], Callable[[FakeVenues, Mapping[str, str]], list[Any]]] = {
    ("GET", "public/instruments"): _instruments,
    ("GET", "market/ticker"): _ticker,
    ("GET", "market/candles"): _candles,
    ("GET", "market/history-candles"): _candles,
    ("GET", "public/funding-rate-history"): _funding_rates,
    ("GET", "public/time"): _time,
    ("GET", "public/mark-price"): _mark_price,
    ("GET", "public/position-tiers"): _position_tiers,
}
PRIVATE: dict[tuple[str, str], Callable[[Call], Answer]] = {
    ("GET", "account/config"): _config,
    ("GET", "account/balance"): _balance,
    ("GET", "account/positions"): _positions,
    ("GET", "account/trade-fee"): _trade_fee,
    ("GET", "account/bills"): _bills(RECENT_BILLS_MS),
    ("GET", "account/bills-archive"): _bills(HISTORY_MS),
    ("POST", "account/set-leverage"): _set_leverage,
    ("POST", "trade/order"): _place,
    ("POST", "trade/cancel-order"): _cancel,
    ("GET", "trade/order"): _order_details,
    ("GET", "trade/orders-pending"): _orders_pending,
    ("GET", "trade/fills"): _fills(RECENT_FILLS_MS),
    ("GET", "trade/fills-history"): _fills(HISTORY_MS),
}
