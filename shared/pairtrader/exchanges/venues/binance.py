"""Binance: USD-M perpetual futures."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

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

_PAGE = 1_000
"""Largest page of fills and of income."""
_MAX_PAGES = 20
_DAY_MS = 86_400_000
_FILLS_SHOWN_MS = 7 * _DAY_MS
"""Fills older than this are shown only to who names a time, and a week of them at most."""
_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "BFUSD", "BNFCR", "LDUSDT"})
"""What funding is settled in, each taken for one dollar."""

_CODES: Mapping[str, Meaning] = {
    # -1008 is documented as a certain failure, and spares orders that reduce.
    **dict.fromkeys(("-1003", "-1008", "-1015"), Meaning.RATE_LIMIT),
    # -5028: the request came in time, but reached the matching engine too late.
    **dict.fromkeys(("-1021", "-5028"), Meaning.CLOCK),
    "-1016": Meaning.MAINTENANCE,
    # Internal errors, time-outs, "execution status unknown". -1001 is documented as a failure,
    # but it is an internal error all the same.
    **dict.fromkeys(("-1000", "-1001", "-1004", "-1006", "-1007", "-1010"), Meaning.UNKNOWN),
    # Key, signature, address, permission.
    **dict.fromkeys(
        ("-1002", "-1005", "-1011", "-1022", "-1099", "-2014", "-2015", "-2017", "-4056", "-4057"),
        Meaning.KEYS,
    ),
    # -4108 and -4141: the contract is being settled, or closed.
    **dict.fromkeys(("-1121", "-4108", "-4141", "-4144"), Meaning.UNKNOWN_SYMBOL),
    # Parameters: malformed, missing, not wanted, not allowed together.
    **dict.fromkeys(
        ("-1013", "-1014", "-1020", "-1023", "-1100", "-1101", "-1102", "-1103", "-1104", "-1105",
         "-1106", "-1108", "-1109", "-1110", "-1114", "-1115", "-1116", "-1117", "-1118", "-1119",
         "-1120", "-1126", "-1127", "-1128", "-1130", "-1136", "-4015", "-4060", "-4062", "-4120",
         "-4165", "-5037", "-5038", "-5039", "-5040"),
        Meaning.REFUSED,
    ),
    # Steps, minima, maxima and precisions.
    **dict.fromkeys(
        ("-1111", "-4001", "-4002", "-4003", "-4004", "-4005", "-4013", "-4014", "-4023", "-4029",
         "-4030", "-4164"),
        Meaning.STALE_MARKET,
    ),
    # Turned down by the order's merits: no depth, margin, open orders, liquidation, position
    # limit, distance to the mark, state of the market.
    **dict.fromkeys(
        ("-1112", "-1122", "-2010", "-2016", "-2018", "-2019", "-2020", "-2021", "-2023", "-2025",
         "-2026", "-2027", "-2028", "-4016", "-4024", "-4045", "-4050", "-4051", "-4118", "-4131",
         "-4140", "-5021", "-5022"),
        Meaning.REFUSED,
    ),
    # Turned down by what the user may do: compliance, cooling off, trading rules, sleeping
    # account.
    **dict.fromkeys(
        ("-4087", "-4088", "-4109", "-4192", "-4400", "-4401", "-4402", "-4408"), Meaning.REFUSED
    ),
    # Leverage and margin type: too much, not beside positions or orders, not with several
    # margin assets.
    **dict.fromkeys(
        ("-4028", "-4047", "-4048", "-4161", "-4167", "-4168", "-4202", "-4203", "-4205", "-4206",
         "-4208", "-4209", "-4403"),
        Meaning.REFUSED,
    ),
    # -2022 is the answer, too, where open orders would close the position already.
    **dict.fromkeys(("-2022", "-2024"), Meaning.NOTHING_TO_REDUCE),
    "-4061": Meaning.POSITION_MODE,
    "-4116": Meaning.DUPLICATE,
    **dict.fromkeys(("-2011", "-2013"), Meaning.NO_ORDER),
    "-4046": Meaning.UNCHANGED,
}  # fmt: skip

_STATUSES = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.OPEN,
    "FILLED": OrderStatus.CLOSED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    # How orders end that may not rest: unfilled parts of market and immediate-or-cancel ones.
    "EXPIRED": OrderStatus.CANCELED,
    # It would have traded with an order of the same account.
    "EXPIRED_IN_MATCH": OrderStatus.CANCELED,
}
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_SIGNS = {"BOTH": 0, "LONG": 1, "SHORT": -1}
"""Which way a position of this side may point; 0 for either."""
_MARGIN_TYPES = {MarginMode.CROSS: "CROSSED", MarginMode.ISOLATED: "ISOLATED"}
_SHORT_LIVED = {"IOC", "FOK"}


class Binance(CcxtVenue):
    """Binance counts in coins, and tells an order's fees with its fills alone.

    A client order id may be used again once its order has ended: the exchange's own check for
    duplicates holds for open orders only.
    """

    name = "binance"
    class_name = "binanceusdm"
    options: Mapping[str, Any] = {"fetchMarkets": {"types": ["linear"]}}
    codes = _CODES

    def enter_sandbox(self, client: Any) -> None:
        """Lead a new CCXT object to demo trading; CCXT refuses the older testnet for futures."""
        client.enable_demo_trading(True)

    def is_whole(self, answer: Any) -> bool:
        """Return whether there is an answer at all: they share no shape."""
        return isinstance(answer, dict | list)

    # Public

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's book ticker; the 24-hour one has neither."""
        answer = await client.fapiPublicGetTickerBookTicker({"symbol": market_id})
        bid, ask = price(answer, "bidPrice"), price(answer, "askPrice")
        return TopOfBook(answer["symbol"], bid, ask, moment(answer, "time"))

    async def server_time(self, client: Any) -> int:
        """Return Binance's time, ms UTC."""
        return moment(await client.fapiPublicGetTime(), "serverTime")

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in coins."""
        largest = (market["limits"].get("market") or {}).get("max")
        return None if largest is None else str(largest)

    def market_id(self, base: str, quote: str) -> str:
        """Return Binance's name of the perpetual swap of `base` in `quote`."""
        return f"{base}{quote}"

    # Account

    async def identity(self, client: Any, sandbox: bool) -> AccountIdentity:
        """Return who the account is and what its key may do.

        The uid is the futures account's alias: Binance's code of the account, the same for each
        of its keys and another one for each sub-account. It is there on demo trading, too, which
        has no endpoint for a key's permissions.
        """
        config = await client.fapiPrivateGetAccountConfig()
        uid = _alias(await client.fapiPrivateV3GetBalance())
        mode, can_trade = _mode(config), _truth(config, "canTrade")
        if sandbox:
            return AccountIdentity(uid, mode, can_trade, can_withdraw=False, ip_bound=None)
        # The configuration's own canWithdraw is about the account, not about the key.
        key = await client.sapiGetAccountApiRestrictions()
        return AccountIdentity(
            uid=uid,
            position_mode=mode,
            can_trade=can_trade and _truth(key, "enableFutures"),
            can_withdraw=_truth(key, "enableWithdrawals"),
            ip_bound=_truth(key, "ipRestrict"),
            # Told of keys without a bound address only, and documented for spot and margin
            # trading: taken for all trading, so that the warning comes rather too early.
            expires_at=_optional_moment(key, "tradingAuthorityExpirationTime"),
        )

    async def position_mode(self, client: Any, market_id: str) -> PositionMode:
        """Return the account's position mode, one for all markets."""
        return _mode(await client.fapiPrivateGetAccountConfig())

    async def balance(self, client: Any, currency: str) -> Balance:
        """Return equity and free margin in `currency`, isolated positions included."""
        answer = await client.fapiPrivateV3GetAccount()
        for asset in rows(answer, "assets"):
            if asset.get("asset") == currency:
                total, free = number(asset, "marginBalance"), number(asset, "availableBalance")
                return Balance(currency, total, free)
        raise RetryLater(f"binance shows no {currency} in the futures account")

    async def positions(self, client: Any, market_ids: Sequence[str]) -> NativePositions:
        """Return what is held, by one request.

        The list holds only markets with a position or an open order: an empty one is an answer.
        """
        shown = rows(await client.fapiPrivateV3GetPositionRisk())
        signs = {_sign(row) for row in shown}
        if 0 in signs and len(signs) > 1:
            raise RetryLater("binance shows positions of both position modes")
        wanted = [row for row in shown if text(row, "symbol") in market_ids]
        found = [_position(row) for row in wanted if number(row, "positionAmt")]
        mode = PositionMode.ONE_WAY if signs == {0} else PositionMode.HEDGE
        return NativePositions(tuple(found), mode if signs else None)

    async def set_leverage(
        self,
        client: Any,
        market_id: str,
        leverage: int,
        margin_mode: MarginMode,
        position_mode: PositionMode,
    ) -> None:
        """Set leverage and margin type of one market, both sides at once in hedge mode.

        Binance would change the leverage of an open position: that is refused here.
        """
        configs = rows(await client.fapiPrivateGetSymbolConfig({"symbol": market_id}))
        now = next((row for row in configs if row.get("symbol") == market_id), None)
        if now is None:
            raise RetryLater(f"binance does not tell the leverage of {market_id}")
        has_leverage = number(now, "leverage") == leverage
        has_margin_type = text(now, "marginType") == _MARGIN_TYPES[margin_mode]
        if has_leverage and has_margin_type:
            return
        if (await self.positions(client, [market_id])).held:
            raise UserMustAct(f"{market_id} has an open position: its leverage stays as it is")
        if not has_leverage:
            order = {"symbol": market_id, "leverage": str(leverage)}
            answer = await client.fapiPrivatePostLeverage(order)
            if number(answer, "leverage") != leverage:
                raise RetryLater(f"binance did not set the leverage of {market_id} to {leverage}")
        if not has_margin_type:
            # Last: whoever set it meanwhile makes this fail as unchanged, which counts as success.
            await client.fapiPrivatePostMarginType(
                {"symbol": market_id, "marginType": _MARGIN_TYPES[margin_mode]}
            )

    async def position_limit(self, client: Any, market: Market, leverage: int) -> Decimal | None:
        """Return the cap of the largest bracket that allows `leverage`; 0 where none does."""
        market_id = _id(market)
        answer = await client.fapiPrivateGetLeverageBracket({"symbol": market_id})
        # Documented as an object where a symbol is named; it comes as a list of one, too.
        for entry in [answer] if isinstance(answer, dict) else rows(answer):
            if entry.get("symbol") == market_id:
                return _cap(entry, leverage)
        raise RetryLater(f"binance does not tell the leverage brackets of {market_id}")

    async def fee_rates(self, client: Any, market_id: str) -> tuple[Decimal, Decimal]:
        """Return taker and maker fee, without the discount for paying in BNB."""
        answer = await client.fapiPrivateGetCommissionRate({"symbol": market_id})
        return number(answer, "takerCommissionRate"), number(answer, "makerCommissionRate")

    async def funding(
        self, client: Any, market: Market, since: int, until: int
    ) -> Sequence[FundingPayment]:
        """Return settlements out of the income history: a heavy request, three months at most."""
        market_id, start = _id(market), since + 1
        found: dict[tuple[str, int, Decimal], FundingPayment] = {}
        for _ in range(_MAX_PAGES):
            asked = {
                "symbol": market_id,
                "incomeType": "FUNDING_FEE",
                "startTime": start,
                "endTime": until,
                "limit": _PAGE,
            }
            page = rows(await client.fapiPrivateGetIncome(asked))
            for row in page:
                at, amount = moment(row, "time"), number(row, "income")
                if text(row, "symbol") == market_id and row.get("incomeType") == "FUNDING_FEE":
                    _require_dollars(row)
                    key = (text(row, "tranId"), at, amount)
                    found[key] = FundingPayment(market.symbol, amount, at)
            if len(page) < _PAGE:
                return sorted(found.values(), key=lambda payment: payment.timestamp)
            # The next page starts with the last moment again: it may have been cut in two.
            start = max(moment(row, "time") for row in page)
        raise RetryLater(f"binance has more funding of {market_id} than can be read")

    # Orders

    async def send_order(self, client: Any, order: NativeOrder) -> str:
        """Send one order and return Binance's id of it; the receive window is its expiry."""
        answer = await client.fapiPrivatePostOrder(_order_request(order))
        if answer.get("clientOrderId") != order.client_order_id:
            raise RetryLater("binance answered for another order")
        return text(answer, "orderId")

    async def order(self, client: Any, market_id: str, client_order_id: str) -> NativeReport | None:
        """Return the order, open or ended.

        One that was cancelled without a fill is forgotten after three days.
        """
        answer = await client.fapiPrivateGetOrder(
            {"symbol": market_id, "origClientOrderId": client_order_id}
        )
        word, filled = text(answer, "status"), number(answer, "executedQty")
        status = _STATUSES.get(word)
        if status is None:
            raise RetryLater(f"binance: an order is {word}, which we do not know")
        if status is OrderStatus.CLOSED and not filled:
            raise RetryLater("binance shows an order as filled with nothing")
        rests = text(answer, "type") == "LIMIT" and answer["timeInForce"] not in _SHORT_LIVED
        return NativeReport(
            client_order_id=text(answer, "clientOrderId"),
            exchange_order_id=text(answer, "orderId"),
            side=_SIDES[answer["side"]],
            type=OrderType.LIMIT if rests else OrderType.MARKET,
            status=status,
            # Cut down by Binance itself where a reduce-only order asks for more than is held.
            amount=number(answer, "origQty"),
            filled=filled,
            timestamp=moment(answer, "time"),
        )

    async def fills(
        self, client: Any, market_id: str, report: NativeReport
    ) -> Sequence[NativeFill]:
        """Return all fills of an order out of the account's trades.

        One page holds nearly every order. Which end of a longer list it shows is not documented:
        then all is read from the order's own time on, by rising trade ids.
        """
        of_order = {"symbol": market_id, "orderId": report.exchange_order_id, "limit": _PAGE}
        from_start = {
            "startTime": report.timestamp,
            "endTime": report.timestamp + _FILLS_SHOWN_MS - 1,
        }
        is_old = client.milliseconds() - report.timestamp > _FILLS_SHOWN_MS - _DAY_MS
        where = from_start if is_old else {}
        found: dict[str, NativeFill] = {}
        for _ in range(_MAX_PAGES):
            page = rows(await client.fapiPrivateGetUserTrades({**of_order, **where}))
            fills = [_fill(r) for r in page if text(r, "orderId") == report.exchange_order_id]
            found.update({fill.fill_id: fill for fill in fills})
            if len(page) < _PAGE:
                return list(found.values())
            where = from_start if not where else {"fromId": max(int(r["id"]) for r in page) + 1}
        raise RetryLater("binance: an order has more fills than can be read")

    async def cancel_order(self, client: Any, market_id: str, client_order_id: str) -> None:
        """Cancel an open order."""
        await client.fapiPrivateDeleteOrder(
            {"symbol": market_id, "origClientOrderId": client_order_id}
        )

    async def open_orders(self, client: Any, market_id: str) -> Sequence[str]:
        """Return the client order ids of all open orders; conditional ones are kept elsewhere."""
        answer = await client.fapiPrivateGetOpenOrders({"symbol": market_id})
        return [str(row.get("clientOrderId") or "") for row in rows(answer)]


def _order_request(order: NativeOrder) -> dict[str, str]:
    request = {
        "symbol": order.market_id,
        "side": order.side.upper(),
        "type": "MARKET",
        "quantity": format(order.amount, "f"),
        "newClientOrderId": order.client_order_id,
        "newOrderRespType": "ACK",
    }
    if order.execution is not Execution.MARKET:
        assert order.price is not None  # noqa: S101 - as `NativeOrder` promises
        request["type"] = "LIMIT"
        request["timeInForce"] = "IOC" if order.execution is Execution.BOUNDED else "GTC"
        request["price"] = format(order.price, "f")
    if order.position_mode is PositionMode.HEDGE:
        # Which side is meant says it all: Binance takes no reduceOnly beside it, and never
        # closes more than that side holds.
        request["positionSide"] = "LONG" if order.position_sign > 0 else "SHORT"
    elif order.reduce_only:
        request["reduceOnly"] = "true"
    return request


def _fill(row: Mapping[str, Any]) -> NativeFill:
    return NativeFill(
        fill_id=text(row, "id"),
        amount=number(row, "qty"),
        price=price(row, "price"),
        # Paid is positive, a rebate negative; often in BNB.
        fee=number(row, "commission"),
        fee_currency=text(row, "commissionAsset"),
        timestamp=moment(row, "time"),
        maker=_truth(row, "maker"),
    )


def _position(row: Mapping[str, Any]) -> NativePosition:
    amount, sign = number(row, "positionAmt"), _sign(row)
    if amount * sign < 0:
        raise RetryLater("binance shows a position that contradicts its side")
    return NativePosition(
        market_id=text(row, "symbol"),
        amount=amount,
        entry_price=price(row, "entryPrice"),
        mark_price=price(row, "markPrice"),
        liquidation_price=optional_price(row, "liquidationPrice"),
        unrealized_pnl=number(row, "unRealizedProfit"),
    )


def _sign(row: Mapping[str, Any]) -> int:
    side = text(row, "positionSide")
    if side not in _SIGNS:
        raise RetryLater(f"binance: a position's side is {side}, which we do not know")
    return _SIGNS[side]


def _cap(entry: Mapping[str, Any], leverage: int) -> Decimal:
    brackets = rows(entry, "brackets")
    allowing = [b for b in brackets if number(b, "initialLeverage") >= leverage]
    if not brackets:
        raise RetryLater("binance shows no leverage brackets")
    # Whether the caps are adjusted already by the account's own coefficient is not documented:
    # the smaller reading is the safe one.
    own = number(entry, "notionalCoef") if "notionalCoef" in entry else Decimal(1)
    largest = max((number(b, "notionalCap") for b in allowing), default=Decimal(0))
    return largest * min(own, Decimal(1))


def _alias(answer: Any) -> str:
    aliases = {text(row, "accountAlias") for row in rows(answer)}
    if len(aliases) != 1:
        raise RetryLater("binance does not tell which futures account this is")
    return aliases.pop()


def _mode(config: Mapping[str, Any]) -> PositionMode:
    hedged = _truth(config, "dualSidePosition")
    return PositionMode.HEDGE if hedged else PositionMode.ONE_WAY


def _truth(answer: Mapping[str, Any], key: str) -> bool:
    value = answer.get(key)
    if not isinstance(value, bool):
        raise RetryLater(f"the answer does not say {key}")
    return value


def _optional_moment(answer: Mapping[str, Any], key: str) -> int | None:
    return moment(answer, key) if answer.get(key) else None


def _require_dollars(row: Mapping[str, Any]) -> None:
    asset = text(row, "asset")
    if asset not in _DOLLARS:
        raise RetryLater(f"binance settled funding in {asset}, which we can't value")


def _id(market: Market) -> str:
    return str(from_native(market.native)["id"])


_VENUE = Binance()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
