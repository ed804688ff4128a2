"""OKX: USDT- and USDC-margined perpetual swaps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pairtrader.exchanges.answer_codes import Meaning
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_accounts import create_ccxt_exchange
from pairtrader.exchanges.ccxt_markets import from_native
from pairtrader.exchanges.ccxt_venue import (
    CcxtVenue,
    TopOfBook,
    moment,
    number,
    optional_price,
    price,
    rows,
    text,
)
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import RetryLater, UserMustAct
from pairtrader.exchanges.native import (
    Execution,
    NativeFill,
    NativeOrder,
    NativePosition,
    NativePositions,
    NativeReport,
)
from pairtrader.model.account import (
    AccountIdentity,
    Balance,
    FundingPayment,
    MarginMode,
    PositionMode,
)
from pairtrader.model.market import Market
from pairtrader.model.order import OrderStatus, OrderType, Side

ZERO = Decimal(0)
DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_FILLS_KEPT_MS = 3 * DAY_MS - _HOUR_MS
"""How far back the list of recent fills reaches for certain."""
_BILLS_KEPT_MS = 7 * DAY_MS - _HOUR_MS
"""How far back the list of recent bills reaches for certain."""
_PAGE = 100
_MAX_PAGES = 100
_SWAPS = {"instType": "SWAP"}
_SUCCESS = "0"
_FAILED = {"1", "2"}
"""All or some of a request's orders failed: their rows say why."""

_T = TypeVar("_T")
_Ask = Callable[[dict[str, str]], Awaitable[Any]]

_LISTED: tuple[tuple[Meaning, str], ...] = (
    # Malformed: the request was read and turned down. Position modes have no code of their own:
    # the wrong one is a 51000, "Parameter posSide error".
    (Meaning.REFUSED, "50000 50002 50006 50014 50015 50016 50024 50025 50115 51000 51003 51204"),
    # The account is blocked, frozen, being liquidated, or may not trade this.
    (Meaning.REFUSED, "4088 50007 50008 50009 50010 50012 50017 50018 50019 50020 50021 50022"),
    (Meaning.REFUSED, "50023 50027 50028 50029 50032 50033 50038 50041 50051 50052 50059 50060"),
    (Meaning.REFUSED, "50067 50072 50075 50121 51009 51010 51018 51024 51037 51038 51041 51155"),
    (
        Meaning.REFUSED,
        "51100 51186 51209 51210 51211 51213 54008 54024 54025 54073 54075 54094 54109",
    ),
    # The market is not open for this order.
    (Meaning.REFUSED, "51002 51012 51014 51015 51021 51022 51026 51027 51028 51029 51030 51087"),
    (Meaning.REFUSED, "51110 51124 51196 51197 51507 54000 54005 54007 54011 54012 54072"),
    # Margin, tiers, limits on positions and on open orders.
    (Meaning.REFUSED, "51004 51008 51017 51025 51033 51102 51103 51104 51105 51106 51107 51108"),
    (Meaning.REFUSED, "51115 51117 51119 51127 51128 51129 51130 51131 51132 51148 51165 51168"),
    (Meaning.REFUSED, "51174 51187 51206 54006 54030 54031 54035"),
    # Prices beyond the limits, amounts above them.
    (Meaning.REFUSED, "51005 51006 51031 51101 51109 51116 51135 51136 51137 51138 51185 51201"),
    (Meaning.REFUSED, "51202 51203 51207 54009"),
    # Leverage and other settings.
    (Meaning.REFUSED, "51039 59000 59001 59002 59100 59101 59102 59103 59104 59105 59106 59107"),
    (Meaning.REFUSED, "59108 59109 59111 59112 59113 59114 59668 59669 59670"),
    # Cancels of what can't be cancelled.
    (Meaning.REFUSED, "51403 51404 51407 51408 51413"),
    # Steps, minimums, precision.
    (Meaning.STALE_MARKET, "50122 51007 51020 51118 51120 51121 51122 51123 51150"),
    # In hedge mode every close is reduce-only: more than is held is refused, too.
    (Meaning.NOTHING_TO_REDUCE, "51023 51043 51112 51134 51169 51170 51205"),
    # Ids are unique among open orders alone: one that has ended may be used again.
    (Meaning.DUPLICATE, "50071 51011 51016"),
    # 51410: a cancel is under way already.
    (Meaning.NO_ORDER, "51063 51400 51401 51402 51405 51410 51603"),
    (Meaning.UNKNOWN_SYMBOL, "51001"),
    (Meaning.KEYS, "50030 50035 50100 50101 50103 50104 50105 50106 50107 50108 50109 50110"),
    (Meaning.KEYS, "50111 50113 50114 50118 50119 50120 59506"),
    # 50011 comes with HTTP 200 and with 429.
    (Meaning.RATE_LIMIT, "50011 50061 51113"),
    # 50036: expTime had passed when the order came, which was thrown away unread.
    (Meaning.CLOCK, "50036 50102 50112"),
    (Meaning.MAINTENANCE, "50001 50005 50046 50062"),
    # Time-outs "do not mean that the request was successful or failed". 50013 is busy, not
    # limited, though it comes with HTTP 429. 50037, 50040 and 50042 do not say of which request.
    (Meaning.UNKNOWN, "50004 50013 50026 50037 50040 50042 51054 51149 51412"),
)
"""From OKX's list of error codes, without what concerns other products."""

_STATES: Mapping[str, OrderStatus] = {
    "live": OrderStatus.OPEN,
    "partially_filled": OrderStatus.OPEN,
    "filled": OrderStatus.CLOSED,
    "canceled": OrderStatus.CANCELED,
    "mmp_canceled": OrderStatus.CANCELED,
}
_ORDER_TYPES: Mapping[Execution, str] = {
    Execution.MARKET: "market",
    Execution.BOUNDED: "ioc",
    Execution.RESTING: "limit",
}
_RESTING = {"limit", "post_only"}
_SIDES: Mapping[str, Side] = {"buy": Side.BUY, "sell": Side.SELL}
_POSITION_MODES: Mapping[str, PositionMode] = {
    "net_mode": PositionMode.ONE_WAY,
    "long_short_mode": PositionMode.HEDGE,
}
_POSITION_SIDES: Mapping[str, tuple[PositionMode, int]] = {
    "net": (PositionMode.ONE_WAY, 1),
    "long": (PositionMode.HEDGE, 1),
    "short": (PositionMode.HEDGE, -1),
}
"""The mode that a position's side shows, and the sign of its size: both sides are positive."""
_UNFIT_ACCOUNTS: Mapping[str, str] = {
    "1": "spot mode, which has no swaps",
    "4": "portfolio margin, which knows no reduce-only orders",
}
_FUNDING = "8"
_FUNDING_SIGNS: Mapping[str, int] = {"173": -1, "174": 1}
"""Expense and income."""


class Okx(CcxtVenue):
    """OKX counts amounts in contracts, and fees as money that comes in."""

    name = "okx"
    class_name = "okx"
    options: Mapping[str, Any] = {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}}
    # It takes time stamps that are 30 s off, and `expTime` at its word.
    stamps_need_its_clock = True
    codes: Mapping[str, Meaning] = {
        code: meaning for meaning, listed in _LISTED for code in listed.split()
    }

    def code_of(self, answer: Any) -> str:
        """Return the code of the order where orders failed, else the answer's own."""
        failed = _failed_order(answer)
        if failed is None:
            return super().code_of(answer)
        # A sub-code may follow: 51008_1001.
        return str(failed["sCode"]).partition("_")[0]

    def words_of(self, answer: Any) -> str:
        """Return the words on the order where orders failed, else the answer's own."""
        failed = _failed_order(answer) or {}
        return str(failed.get("sMsg") or "") or super().words_of(answer)

    def is_whole(self, answer: Any) -> bool:
        """Return whether the answer is a success with its list of data."""
        return (
            isinstance(answer, dict)
            and str(answer.get("code")) == _SUCCESS
            and isinstance(answer.get("data"), list)
        )

    def headers(self, client: Any, path: str, method: str) -> Mapping[str, str]:
        """Return the expiry of a new order: OKX takes none in the order itself."""
        if (method, path) != ("POST", "trade/order"):
            return {}
        return {"expTime": str(client.nonce() + BaseExchange.request_expiry_ms)}

    # Public

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's ticker."""
        answer = await client.publicGetMarketTicker({"instId": market_id})
        if not answer["data"]:
            raise RetryLater(f"okx has no ticker of {market_id}")
        ticker = answer["data"][0]
        bid, ask = price(ticker, "bidPx"), price(ticker, "askPx")
        return TopOfBook(ticker["instId"], bid, ask, moment(ticker, "ts"))

    async def server_time(self, client: Any) -> int:
        """Return OKX's time, ms UTC."""
        return moment(_only(await client.publicGetPublicTime()), "ts")

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in contracts."""
        return (market.get("info") or {}).get("maxMktSz")

    def market_id(self, base: str, quote: str) -> str:
        """Return OKX's name of a linear swap."""
        return f"{base}-{quote}-SWAP"

    # Account

    async def identity(self, client: Any, sandbox: bool) -> AccountIdentity:
        """Return who the account is and what its key may do; the demo tells permissions, too.

        Raises:
            UserMustAct: the account is in a mode that a pair can't be traded in.
        """
        config = _only(await client.privateGetAccountConfig())
        unfit = _UNFIT_ACCOUNTS.get(text(config, "acctLv"))
        if unfit is not None:
            raise UserMustAct(
                f"okx: the account is in {unfit}; "
                "choose futures mode or multi-currency margin in its settings"
            )
        permissions = text(config, "perm").replace(" ", "").split(",")
        return AccountIdentity(
            uid=text(config, "uid"),
            position_mode=_known(_POSITION_MODES, config, "posMode"),
            can_trade="trade" in permissions,
            can_withdraw="withdraw" in permissions,
            ip_bound=bool(config["ip"]),
        )

    async def position_mode(self, client: Any, market_id: str) -> PositionMode:
        """Return the account's position mode; it holds for all its swaps."""
        config = _only(await client.privateGetAccountConfig())
        return _known(_POSITION_MODES, config, "posMode")

    async def balance(self, client: Any, currency: str) -> Balance:
        """Return equity and free margin in `currency`.

        OKX leaves out currencies of which there is nothing.
        """
        account = _only(await client.privateGetAccountBalance({"ccy": currency}))
        number(account, "totalEq")
        for detail in rows(account, "details"):
            if text(detail, "ccy") == currency:
                return Balance(currency, number(detail, "eq"), number(detail, "availEq"))
        return Balance(currency, ZERO, ZERO)

    async def positions(self, client: Any, market_ids: Sequence[str]) -> NativePositions:
        """Return what is held of these markets, by one request.

        A market that was never held is left out; one that was is shown with size zero, perhaps
        with a side from before the position mode was switched.
        """
        query = {**_SWAPS, "instId": ",".join(market_ids)}
        answer = rows(await client.privateGetAccountPositions(query), "data")
        held = [row for row in answer if number(row, "pos")]
        sides = [_known(_POSITION_SIDES, row, "posSide") for row in held]
        modes = {mode for mode, _ in sides}
        if len(modes) > 1:
            raise RetryLater("okx shows positions of both position modes")
        return NativePositions(
            held=tuple(_position(row, sign) for row, (_, sign) in zip(held, sides, strict=True)),
            position_mode=modes.pop() if modes else None,
        )

    async def set_leverage(
        self,
        client: Any,
        market_id: str,
        leverage: int,
        margin_mode: MarginMode,
        position_mode: PositionMode,
    ) -> None:
        """Set leverage; the margin mode goes with each order, and each mode has its own leverage.

        Isolated positions of a hedged account have one for each side.
        """
        setting = {"instId": market_id, "lever": str(leverage), "mgnMode": margin_mode.value}
        hedged = position_mode is PositionMode.HEDGE and margin_mode is MarginMode.ISOLATED
        for side in ({"posSide": "long"}, {"posSide": "short"}) if hedged else ({},):
            answer = _only(await client.privatePostAccountSetLeverage({**setting, **side}))
            if number(answer, "lever") != leverage:
                raise RetryLater(f"okx has set another leverage of {market_id}")

    async def position_limit(self, client: Any, market: Market, leverage: int) -> Decimal | None:
        """Return the largest position that `leverage` is allowed for, at the mark price.

        OKX's tiers are in contracts, and the same for both margin modes.
        """
        market_id = str(from_native(market.native)["id"])
        query = {**_SWAPS, "tdMode": "cross", "instFamily": market_id.removesuffix("-SWAP")}
        tiers = rows(await client.publicGetPublicPositionTiers(query), "data")
        if not tiers:
            raise RetryLater(f"okx has no position tiers of {market_id}")
        contracts = max(
            (number(tier, "maxSz") for tier in tiers if number(tier, "maxLever") >= leverage),
            default=ZERO,
        )
        mark = _only(await client.publicGetPublicMarkPrice({**_SWAPS, "instId": market_id}))
        return contracts * market.contract_size * price(mark, "markPx")

    async def fee_rates(self, client: Any, market_id: str) -> tuple[Decimal, Decimal]:
        """Return taker and maker fee, the dearest where OKX names several for the market."""
        query = {**_SWAPS, "instFamily": market_id.removesuffix("-SWAP")}
        fees = _only(await client.privateGetAccountTradeFee(query))
        groups = rows(fees, "feeGroup")
        if not groups:
            raise RetryLater(f"okx has no fees of {market_id}")
        # What the account pays is negative.
        return (
            max(-number(group, "taker") for group in groups),
            max(-number(group, "maker") for group in groups),
        )

    async def funding(
        self, client: Any, market: Market, since: int, until: int
    ) -> Sequence[FundingPayment]:
        """Return funding booked after `since` and up to `until` (ms UTC), ascending.

        It is booked some seconds after the full hour. OKX keeps three months.
        """
        market_id = str(from_native(market.native)["id"])
        query = {
            **_SWAPS,
            "instId": market_id,
            "type": _FUNDING,
            "begin": str(since + 1),
            "end": str(until),
        }
        asks: list[_Ask] = [client.privateGetAccountBills]
        if since < client.nonce() - _BILLS_KEPT_MS:
            asks.append(client.privateGetAccountBillsArchive)
        bills = await _all_pages(asks, query, "billId")
        payments = [
            FundingPayment(market.symbol, _funding_amount(bill), moment(bill, "ts"))
            for bill in bills
            if text(bill, "instId") == market_id and text(bill, "type") == _FUNDING
        ]
        return sorted(payments, key=lambda payment: payment.timestamp)

    # Orders

    async def send_order(self, client: Any, order: NativeOrder) -> str:
        """Send one order and return OKX's id of it."""
        request: dict[str, Any] = {
            "instId": order.market_id,
            "tdMode": order.margin_mode.value,
            "clOrdId": order.client_order_id,
            "side": order.side.value,
            "posSide": _side_of(order),
            "ordType": _ORDER_TYPES[order.execution],
            "sz": format(order.amount, "f"),
        }
        if order.price is not None:
            request["px"] = format(order.price, "f")
        if order.reduce_only and order.position_mode is PositionMode.ONE_WAY:
            # A hedged account is told by the position's side alone.
            request["reduceOnly"] = True
        row = _only(await client.privatePostTradeOrder(request))
        _require_done(row, order.client_order_id)
        return text(row, "ordId")

    async def order(self, client: Any, market_id: str, client_order_id: str) -> NativeReport | None:
        """Return the order, open or ended; OKX forgets after two hours what never filled."""
        row = _only(
            await client.privateGetTradeOrder({"instId": market_id, "clOrdId": client_order_id})
        )
        if text(row, "instId") != market_id:
            raise RetryLater("okx answered for another market")
        status, filled = _known(_STATES, row, "state"), number(row, "accFillSz")
        if status is OrderStatus.CLOSED and not filled:
            raise RetryLater("okx calls an order filled that has no fills")
        resting = text(row, "ordType") in _RESTING
        return NativeReport(
            client_order_id=text(row, "clOrdId"),
            exchange_order_id=text(row, "ordId"),
            side=_known(_SIDES, row, "side"),
            type=OrderType.LIMIT if resting else OrderType.MARKET,
            status=status,
            amount=number(row, "sz"),
            filled=filled,
            timestamp=moment(row, "cTime"),
        )

    async def fills(
        self, client: Any, market_id: str, report: NativeReport
    ) -> Sequence[NativeFill]:
        """Return all fills of an order that is at most three months old."""
        query = {**_SWAPS, "instId": market_id, "ordId": report.exchange_order_id}
        asks: list[_Ask] = [client.privateGetTradeFills]
        if report.timestamp < client.nonce() - _FILLS_KEPT_MS:
            asks.append(client.privateGetTradeFillsHistory)
        found = await _all_pages(asks, query, "billId")
        if any(text(row, "ordId") != report.exchange_order_id for row in found):
            raise RetryLater("okx answered with fills of another order")
        return [_fill(row) for row in found]

    async def cancel_order(self, client: Any, market_id: str, client_order_id: str) -> None:
        """Cancel an open order."""
        row = _only(
            await client.privatePostTradeCancelOrder(
                {"instId": market_id, "clOrdId": client_order_id}
            )
        )
        _require_done(row, client_order_id)

    async def open_orders(self, client: Any, market_id: str) -> Sequence[str]:
        """Return the client order ids of all open orders of a market; empty text where none."""
        query = {**_SWAPS, "instId": market_id}
        found = await _all_pages([client.privateGetTradeOrdersPending], query, "ordId")
        return [str(row["clOrdId"]) for row in found]


def _failed_order(answer: Any) -> dict[str, Any] | None:
    """Return the row that says why, where orders failed."""
    if not isinstance(answer, dict) or str(answer.get("code")) not in _FAILED:
        return None
    data = answer.get("data")
    for row in data if isinstance(data, list) else ():
        if isinstance(row, dict) and str(row.get("sCode", "")) not in ("", _SUCCESS):
            return row
    return None


def _only(answer: Any) -> dict[str, Any]:
    """Return the one row of an answer's data."""
    found = rows(answer, "data")
    if len(found) != 1:
        raise RetryLater(f"okx answered with {len(found)} rows instead of one")
    return found[0]


def _known(words: Mapping[str, _T], row: Mapping[str, Any], key: str) -> _T:
    """Return what one of OKX's words means."""
    word = text(row, key)
    if word not in words:
        raise RetryLater(f"okx answered with an unknown {key}: {word}")
    return words[word]


async def _all_pages(
    asks: Sequence[_Ask], query: Mapping[str, str], id_key: str
) -> list[dict[str, Any]]:
    """Return the rows of all pages, those that several lists have in common once."""
    found: dict[str, dict[str, Any]] = {}
    for ask in asks:
        for row in await _pages(ask, query, id_key):
            found[text(row, id_key)] = row
    return list(found.values())


async def _pages(ask: _Ask, query: Mapping[str, str], id_key: str) -> list[dict[str, Any]]:
    """Return the rows of all pages of one list; OKX's cursor is the id of the last row before."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(_MAX_PAGES):
        page = rows(await ask({**query, **cursor, "limit": str(_PAGE)}), "data")
        found += page
        if len(page) < _PAGE:
            return found
        last, cursor = cursor, {"after": text(page[-1], id_key)}
        if cursor == last:
            break
    raise RetryLater("okx answers with pages without end")


def _require_done(row: Mapping[str, Any], client_order_id: str) -> None:
    """Raise unless the row says that this order's request was carried out."""
    if str(row.get("sCode")) != _SUCCESS:
        raise RetryLater("okx answered with a success that is none")
    if text(row, "clOrdId") != client_order_id:
        raise RetryLater("okx answered for another order")


def _side_of(order: NativeOrder) -> str:
    # Named in one-way mode, too: an order sent to the wrong mode must be refused.
    if order.position_mode is PositionMode.ONE_WAY:
        return "net"
    return "long" if order.position_sign > 0 else "short"


def _position(row: Mapping[str, Any], sign: int) -> NativePosition:
    return NativePosition(
        market_id=text(row, "instId"),
        amount=sign * number(row, "pos"),
        entry_price=price(row, "avgPx"),
        mark_price=price(row, "markPx"),
        liquidation_price=optional_price(row, "liqPx"),
        unrealized_pnl=number(row, "upl"),
    )


def _fill(row: Mapping[str, Any]) -> NativeFill:
    return NativeFill(
        fill_id=text(row, "tradeId"),
        amount=number(row, "fillSz"),
        price=price(row, "fillPx"),
        fee=-number(row, "fee"),
        fee_currency=text(row, "feeCcy"),
        timestamp=moment(row, "fillTime" if row.get("fillTime") else "ts"),
        maker=row.get("execType") == "M",
    )


def _funding_amount(bill: Mapping[str, Any]) -> Decimal:
    """Return what was received.

    It is the bill's profit: the change of the balance is zero for isolated positions, whose own
    margin pays.
    """
    return abs(number(bill, "pnl")) * _known(_FUNDING_SIGNS, bill, "subType")


_VENUE = Okx()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
