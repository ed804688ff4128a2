"""Bybit: linear perpetual contracts of a unified account."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
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

Ask = Callable[[Mapping[str, Any]], Awaitable[Any]]

_LINEAR = {"category": "linear"}
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_WORDS = {side: word for word, side in _SIDES.items()}

ORDER_STATES = {
    "New": OrderStatus.OPEN,
    "PartiallyFilled": OrderStatus.OPEN,
    "Filled": OrderStatus.CLOSED,
    # With fills or without.
    "Cancelled": OrderStatus.CANCELED,
    "PartiallyFilledCanceled": OrderStatus.CANCELED,
    # By the matching engine, after the request had been taken: it has ended unfilled.
    "Rejected": OrderStatus.CANCELED,
}
"""Conditional orders have more; we send none."""

POSITION_MODES = {(0,): PositionMode.ONE_WAY, (1, 2): PositionMode.HEDGE}
"""By the indexes of a market's positions, which come empty or not."""
_ONE_WAY, _LONG, _SHORT = 0, 1, 2

_USUAL_MARKET = "BTCUSDT"
"""Where an account's position mode is read for want of a market of the user's own."""
_SETTLED_IN = ("USDT", "USDC")
_MARGIN_MODES = {MarginMode.CROSS: "REGULAR_MARGIN", MarginMode.ISOLATED: "ISOLATED_MARGIN"}
_REASON = re.compile(r'"reasonMsg"\s*:\s*"([^"]+)"')
_TRADING = frozenset({"Order", "Position"})

_PAGE_OF_FILLS, _PAGE_OF_ORDERS, _PAGE_OF_LOGS, _PAGE_OF_POSITIONS = 100, 50, 50, 200
_MAX_PAGES = 100
_DAY_MS = 86_400_000
_LOG_WINDOW_MS = 7 * _DAY_MS
_LOG_KEPT_MS = 730 * _DAY_MS
_FIRST_YEAR = 2018
"""Bybit is no older; a key that never ends has a date long before."""


def _all(meaning: Meaning, *codes: str) -> dict[str, Meaning]:
    return dict.fromkeys(codes, meaning)


_CODES: Mapping[str, Meaning] = {
    # Not in time, or too many: turned away at the door.
    "10002": Meaning.CLOCK,
    # The last two are for the whole address and for the whole system.
    **_all(Meaning.RATE_LIMIT, "10006", "10018", "10429"),
    # Key, signature, address, permission; the last two: the key has expired.
    **_all(Meaning.KEYS, "10003", "10004", "10005", "10007", "10010", "33004", "-2015"),
    # Bybit does not know itself: time-outs, errors of its own, a heavy load, a restart, a request
    # that expired or was repeated on its way through Bybit, an order that is being worked on.
    **_all(Meaning.UNKNOWN, "-1", "429", "10000", "10014", "10016", "10019", "110079", "3400214"),
    # `orderLinkId`; the second one is out of use.
    **_all(Meaning.DUPLICATE, "110072", "110030"),
    # Unknown or too late, ended, canceled.
    **_all(Meaning.NO_ORDER, "110001", "110008", "110010"),
    # Nothing to reduce; no net position.
    **_all(Meaning.NOTHING_TO_REDUCE, "110017", "110034"),
    # Position mode, margin mode, margin, leverage.
    **_all(Meaning.UNCHANGED, "110025", "110026", "110027", "110043"),
    "10029": Meaning.UNKNOWN_SYMBOL,
    # The smallest notional. Smallest and largest amounts share the code of wrong parameters, and
    # amounts off the step are cut down.
    "110094": Meaning.STALE_MARKET,
    # Any wrong parameter: unknown symbol, amount, price, the position index of another mode.
    "10001": Meaning.REFUSED,
    # No such path; the account, the address or the person may not.
    **_all(Meaning.REFUSED, "10017", "10008", "10009", "10024", "10027", "10028", "100028"),
    **_all(Meaning.REFUSED, "110018", "110066", "110067", "110068", "110069", "110070", "110071"),
    **_all(Meaning.REFUSED, "110088", "3100197"),
    # The price: beyond what is allowed around the mark, or it would liquidate.
    **_all(Meaning.REFUSED, "110003", "110011", "110039", "110040", "110046"),
    # Money.
    **_all(Meaning.REFUSED, "110004", "110006", "110007", "110012", "110014", "110044", "110045"),
    **_all(Meaning.REFUSED, "110051", "110052", "110053", "170346"),
    # Too many open orders, too large a position, open interest, leverage beyond the tier.
    **_all(Meaning.REFUSED, "110009", "110013", "110016", "110020", "110021", "110022", "110031"),
    **_all(Meaning.REFUSED, "110047", "110048", "110085", "110086", "110089", "110090", "3400139"),
    # The market or the position is in a state that does not allow it.
    **_all(Meaning.REFUSED, "110005", "110023", "110032", "110037", "110042", "110063", "110095"),
    **_all(Meaning.REFUSED, "110096", "110097", "110098", "110099", "110100", "110103"),
    # Settings that the account's mode, its positions or its orders forbid.
    **_all(Meaning.REFUSED, "110015", "110024", "110028", "110029", "110033", "110036", "110038"),
    **_all(Meaning.REFUSED, "110073", "110076", "110077", "3200403", "3200419", "3400045"),
    **_all(Meaning.REFUSED, "3400052", "3400053", "3400054", "3400071", "3401010"),
    # Institutional loans.
    **_all(Meaning.REFUSED, "30133", "30134", "30135", "30136", "110080", "110087", "3200320"),
}


class Bybit(CcxtVenue):
    """Bybit takes an order before it has matched it: only a look-up tells what became of it.

    Its tickers carry no time of their own; the answer around them does. The margin mode is the
    whole account's, the position mode each market's own.
    """

    name = "bybit"
    class_name = "bybit"
    options: Mapping[str, Any] = {
        "defaultType": "swap",
        "fetchMarkets": {"types": ["linear"]},
        # CCXT would put its own name here, for Bybit to take us for its customer.
        "brokerId": "pairtrader",
    }
    codes = _CODES
    position_mode_by_market = True

    def is_whole(self, answer: Any) -> bool:
        """Return whether the answer has its result."""
        return isinstance(answer, dict) and isinstance(answer.get("result"), dict)

    # Public

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's ticker."""
        answer = await client.publicGetV5MarketTickers({**_LINEAR, "symbol": market_id})
        ticker = _only(rows(answer, "result", "list"), f"ticker of {market_id}")
        bid, ask = price(ticker, "bid1Price"), price(ticker, "ask1Price")
        return TopOfBook(text(ticker, "symbol"), bid, ask, moment(answer, "time"))

    async def server_time(self, client: Any) -> int:
        """Return Bybit's time, ms UTC."""
        return moment(await client.publicGetV5MarketTime({}), "time")

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in coins."""
        lot_size = (market.get("info") or {}).get("lotSizeFilter") or {}
        return lot_size.get("maxMktOrderQty")

    def market_id(self, base: str, quote: str) -> str:
        """Return Bybit's name: swaps in USDC are called PERP."""
        return f"{base}PERP" if quote == "USDC" else f"{base}{quote}"

    # Account

    async def identity(self, client: Any, sandbox: bool) -> AccountIdentity:
        """Return who the account is and what its key may do; the testnet tells it, too.

        Raises:
            UserMustAct: the account is not a unified one.
        """
        answer, mode = await asyncio.gather(
            client.privateGetV5UserQueryApi({}), self.position_mode(client, _USUAL_MARKET)
        )
        key = answer["result"]
        if str(key.get("uta")) == "0":
            raise UserMustAct("bybit: the account is not a unified one; upgrade it to trade here")
        addresses = key.get("ips")
        return AccountIdentity(
            uid=text(key, "userID"),
            position_mode=mode,
            can_trade=text(key, "readOnly") == "0" and _permitted(key, "ContractTrade") >= _TRADING,
            can_withdraw="Withdraw" in _permitted(key, "Wallet"),
            ip_bound=None if addresses is None else bool(addresses) and "*" not in addresses,
            expires_at=_expiry(key.get("expiredAt")),
        )

    async def position_mode(self, client: Any, market_id: str) -> PositionMode:
        """Return the market's position mode."""
        return _mode(await _positions_of(client, market_id), market_id)

    async def balance(self, client: Any, currency: str) -> Balance:
        """Return the currency's equity, and what is free for new positions.

        In cross margin that is everything that serves as collateral.
        """
        answer = await client.privateGetV5AccountWalletBalance(
            {"accountType": "UNIFIED", "coin": currency}
        )
        wallet = _only(rows(answer, "result", "list"), "unified account")
        coins = [row for row in rows(wallet, "coin") if row.get("coin") == currency]
        coin = _only(coins, f"{currency} in the account")
        return Balance(currency, number(coin, "equity"), max(_free(wallet, coin), Decimal(0)))

    async def positions(self, client: Any, market_ids: Sequence[str]) -> NativePositions:
        """Return what is held of these markets: a request for each of them.

        Raises:
            UserMustAct: the markets have different position modes.
        """
        found = await asyncio.gather(*(_positions_of(client, each) for each in market_ids))
        modes = {_mode(*each) for each in zip(found, market_ids, strict=True)}
        if len(modes) > 1:
            raise UserMustAct(
                f"bybit: {' and '.join(market_ids)} are not both in one-way or both in hedge mode; "
                "set them to the same position mode"
            )
        held = (_position(row) for each in found for row in each if number(row, "size"))
        return NativePositions(tuple(held), modes.pop() if modes else None)

    async def set_leverage(
        self,
        client: Any,
        market_id: str,
        leverage: int,
        margin_mode: MarginMode,
        position_mode: PositionMode,
    ) -> None:
        """Set the account's margin mode where it is another one, then the market's leverage.

        Raises:
            UserMustAct: the margin mode can't be changed, or not without changing it for positions
                that the account holds.
        """
        wanted = _MARGIN_MODES[margin_mode]
        if await _margin_mode(client) != wanted:
            await self._switch_margin_mode(client, margin_mode)
        both = str(leverage)
        await client.privatePostV5PositionSetLeverage(
            {**_LINEAR, "symbol": market_id, "buyLeverage": both, "sellLeverage": both}
        )

    async def _switch_margin_mode(self, client: Any, margin_mode: MarginMode) -> None:
        wanted, way_out = _MARGIN_MODES[margin_mode], _way_out(margin_mode)
        if await _holds_anything(client):
            raise UserMustAct(f"{way_out}; it holds positions, which would be changed, too")
        refusal = await self._refused_margin_mode(client, wanted)
        # The other leg may have switched it at the same time.
        if refusal and await _margin_mode(client) != wanted:
            raise UserMustAct(f"{way_out}; {refusal}")

    async def _refused_margin_mode(self, client: Any, wanted: str) -> str:
        """Ask for a margin mode; return why Bybit refuses it, an empty text if it does not."""
        try:
            answer = await client.privatePostV5AccountSetMarginMode({"setMarginMode": wanted})
        except Exception as error:
            said = getattr(error, "details", None)
            if said is None or self.codes.get(said.code) is not Meaning.REFUSED:
                raise
            return ", ".join(_REASON.findall(str(error))) or "it gives no reason"
        reasons = answer["result"].get("reasons") or []
        return ", ".join(text(reason, "reasonMsg") for reason in reasons)

    async def position_limit(self, client: Any, market: Market, leverage: int) -> Decimal | None:
        """Return the value of the highest risk tier that allows the leverage; 0 where none does."""
        market_id = _id_of(market)
        answer = await client.publicGetV5MarketRiskLimit({**_LINEAR, "symbol": market_id})
        tiers = [row for row in rows(answer, "result", "list") if row.get("symbol") == market_id]
        if not tiers:
            raise RetryLater(f"bybit has no risk tiers of {market_id}")
        fitting = (t for t in tiers if number(t, "maxLeverage") >= leverage)
        return max((number(tier, "riskLimitValue") for tier in fitting), default=Decimal(0))

    async def fee_rates(self, client: Any, market_id: str) -> tuple[Decimal, Decimal]:
        """Return taker and maker fee of the account, fractions; a rebate is negative."""
        answer = await client.privateGetV5AccountFeeRate({**_LINEAR, "symbol": market_id})
        found = [row for row in rows(answer, "result", "list") if row.get("symbol") == market_id]
        row = _only(found, f"fee rates of {market_id}")
        return number(row, "takerFeeRate"), number(row, "makerFeeRate")

    async def funding(
        self, client: Any, market: Market, since: int, until: int
    ) -> Sequence[FundingPayment]:
        """Return funding settled after `since` and up to `until` (ms UTC), ascending.

        Bybit keeps two years of it.
        """
        native = from_native(market.native)
        asked = {
            **_LINEAR,
            "accountType": "UNIFIED",
            "type": "SETTLEMENT",
            "currency": native["settleId"],
            "baseCoin": native["baseId"],
            "limit": _PAGE_OF_LOGS,
        }
        found: list[FundingPayment] = []
        start = max(since, until - _LOG_KEPT_MS) + 1
        while start <= until:
            end = min(start + _LOG_WINDOW_MS - 1, until)
            window = {**asked, "startTime": start, "endTime": end}
            async for page in _pages(client.privateGetV5AccountTransactionLog, window):
                mine = (row for row in page if text(row, "symbol") == native["id"])
                found += (_payment(row, market.symbol) for row in mine)
            start = end + 1
        return sorted(found, key=lambda payment: payment.timestamp)

    # Orders

    async def send_order(self, client: Any, order: NativeOrder) -> str:
        """Send one order and return Bybit's id of it.

        The request's window, which CCXT signs with it, is its expiry.

        Raises:
            RetryLater: the answer holds no id, or is not to this order.
        """
        answer = await client.privatePostV5OrderCreate(_order_request(order))
        if text(answer["result"], "orderLinkId") != order.client_order_id:
            raise RetryLater("bybit answered for another order")
        return text(answer["result"], "orderId")

    async def order(self, client: Any, market_id: str, client_order_id: str) -> NativeReport | None:
        """Return the order, open or ended; None if Bybit has none.

        Canceled ones without a fill are kept for a day, others for a week at least.
        """
        asked = {**_LINEAR, "symbol": market_id, "orderLinkId": client_order_id}
        # The first has open orders and the latest ended ones, until Bybit restarts.
        for ask in (client.privateGetV5OrderRealtime, client.privateGetV5OrderHistory):
            found = rows(await ask(asked), "result", "list")
            if found:
                row = _only(found, "one order of this id")
                if text(row, "symbol") != market_id:
                    raise RetryLater("bybit answered for another market")
                return _report(row)
        return None

    async def fills(
        self, client: Any, market_id: str, report: NativeReport
    ) -> Sequence[NativeFill]:
        """Return all fills of an order."""
        asked = {
            **_LINEAR,
            "symbol": market_id,
            "orderId": report.exchange_order_id,
            "limit": _PAGE_OF_FILLS,
        }
        found: dict[str, NativeFill] = {}
        async for page in _pages(client.privateGetV5ExecutionList, asked):
            for row in page:
                if text(row, "orderId") != report.exchange_order_id:
                    raise RetryLater("bybit answered for another order")
                fill = _fill(row, market_id)
                found[fill.fill_id] = fill
            # Bybit names a next page even where there is none.
            if sum(fill.amount for fill in found.values()) >= report.filled:
                break
        return list(found.values())

    async def cancel_order(self, client: Any, market_id: str, client_order_id: str) -> None:
        """Cancel an open order; `NoSuchOrder` where it is not open."""
        await client.privatePostV5OrderCancel(
            {**_LINEAR, "symbol": market_id, "orderLinkId": client_order_id}
        )

    async def open_orders(self, client: Any, market_id: str) -> Sequence[str]:
        """Return the client order ids of all open orders of a market; empty text where none."""
        asked = {**_LINEAR, "symbol": market_id, "openOnly": 0, "limit": _PAGE_OF_ORDERS}
        found: dict[str, str] = {}
        async for page in _pages(client.privateGetV5OrderRealtime, asked):
            found |= {text(row, "orderId"): str(row.get("orderLinkId") or "") for row in page}
        return list(found.values())


async def _pages(ask: Ask, asked: Mapping[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the lists of all pages; the last one may be empty.

    Raises:
        RetryLater: the pages do not end.
    """
    cursor = ""
    for _ in range(_MAX_PAGES):
        answer = await ask({**asked, "cursor": cursor} if cursor else asked)
        found = rows(answer, "result", "list")
        yield found
        following = str(answer["result"].get("nextPageCursor") or "")
        if not found or not following:
            return
        if following == cursor:
            break
        cursor = following
    raise RetryLater("bybit's pages do not end")


def _only(found: Sequence[dict[str, Any]], what: str) -> dict[str, Any]:
    if len(found) != 1:
        raise RetryLater(f"bybit shows {len(found)} rows for the {what}")
    return found[0]


def _id_of(market: Market) -> str:
    return str(from_native(market.native)["id"])


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _permitted(key: Mapping[str, Any], group: str) -> frozenset[str]:
    """Return what a key may do; that it may not is said by an empty list, not by none."""
    permissions = key.get("permissions")
    granted = permissions.get(group) if isinstance(permissions, dict) else None
    if not isinstance(granted, list):
        raise RetryLater(f"bybit does not tell the key's permissions ({group})")
    return frozenset(map(str, granted))


def _expiry(told: Any) -> int | None:
    """Return when a key ends, ms UTC; one that is bound to an address does not."""
    if not told:
        return None
    ends = datetime.fromisoformat(str(told))
    return int(ends.timestamp() * 1_000) if ends.year >= _FIRST_YEAR else None


def _free(wallet: Mapping[str, Any], coin: Mapping[str, Any]) -> Decimal:
    """Return what is free for new positions, in the coin."""
    if wallet.get("totalAvailableBalance"):
        # In dollars, of all coins together.
        available = number(wallet, "totalAvailableBalance")
        equity, dollars = number(coin, "equity"), number(coin, "usdValue")
        return available * equity / dollars if equity > 0 and dollars > 0 else available
    # Isolated margin has no such total.
    used = ("totalPositionIM", "totalOrderIM", "locked", "bonus")
    return number(coin, "walletBalance") - sum(number(coin, each) for each in used)


async def _positions_of(client: Any, market_id: str) -> list[dict[str, Any]]:
    """Return a market's positions: they are shown whether they are empty or not."""
    answer = await client.privateGetV5PositionList({**_LINEAR, "symbol": market_id})
    found = rows(answer, "result", "list")
    if any(text(row, "symbol") != market_id for row in found):
        raise RetryLater("bybit answered for another market")
    return found


def _mode(found: Sequence[Mapping[str, Any]], market_id: str) -> PositionMode:
    mode = POSITION_MODES.get(tuple(sorted(moment(row, "positionIdx") for row in found)))
    if mode is None:
        raise RetryLater(f"bybit does not show the positions of {market_id}")
    return mode


def _position(row: Mapping[str, Any]) -> NativePosition:
    return NativePosition(
        market_id=text(row, "symbol"),
        amount=number(row, "size") * _side(row).sign,
        entry_price=price(row, "avgPrice"),
        mark_price=price(row, "markPrice"),
        liquidation_price=optional_price(row, "liqPrice"),
        unrealized_pnl=number(row, "unrealisedPnl"),
    )


def _side(row: Mapping[str, Any]) -> Side:
    side = _SIDES.get(text(row, "side"))
    if side is None:
        raise RetryLater(f"bybit shows a side {row['side']}")
    return side


async def _margin_mode(client: Any) -> str:
    return text((await client.privateGetV5AccountInfo({}))["result"], "marginMode")


async def _holds_anything(client: Any) -> bool:
    for currency in _SETTLED_IN:
        answer = await client.privateGetV5PositionList(
            {**_LINEAR, "settleCoin": currency, "limit": _PAGE_OF_POSITIONS}
        )
        if any(number(row, "size") for row in rows(answer, "result", "list")):
            return True
    return False


def _way_out(wanted: MarginMode) -> str:
    other = MarginMode.ISOLATED if wanted is MarginMode.CROSS else MarginMode.CROSS
    return (
        f"bybit has one margin mode for the whole account, and it is not {wanted}: switch it "
        f"there, or choose {other} for the bot"
    )


def _payment(row: Mapping[str, Any], symbol: str) -> FundingPayment:
    """Return one settlement: unlike fees, funding is positive where it is received."""
    return FundingPayment(symbol, number(row, "funding"), moment(row, "transactionTime"))


def _order_request(order: NativeOrder) -> dict[str, Any]:
    index = _ONE_WAY
    if order.position_mode is PositionMode.HEDGE:
        index = _LONG if order.position_sign > 0 else _SHORT
    request: dict[str, Any] = {
        **_LINEAR,
        "symbol": order.market_id,
        "side": _WORDS[order.side],
        "qty": _plain(order.amount),
        "positionIdx": index,
        "orderLinkId": order.client_order_id,
        "reduceOnly": order.reduce_only,
    }
    if order.execution is Execution.MARKET:
        return {**request, "orderType": "Market"}
    if order.price is None:
        raise AssertionError("an order that is bounded or rests has a price")
    in_force = "IOC" if order.execution is Execution.BOUNDED else "GTC"
    limit = {"orderType": "Limit", "price": _plain(order.price), "timeInForce": in_force}
    return {**request, **limit}


def _report(row: Mapping[str, Any]) -> NativeReport:
    word = text(row, "orderStatus")
    status = ORDER_STATES.get(word)
    if status is None:
        raise RetryLater(f"bybit shows an order as {word}")
    amount, filled = number(row, "qty"), number(row, "cumExecQty")
    if filled > amount or (status is OrderStatus.CLOSED and filled < amount):
        raise RetryLater(f"bybit shows an order as {word}, {filled} of {amount} filled")
    rests = (text(row, "orderType"), text(row, "timeInForce")) == ("Limit", "GTC")
    return NativeReport(
        client_order_id=text(row, "orderLinkId"),
        exchange_order_id=text(row, "orderId"),
        side=_side(row),
        type=OrderType.LIMIT if rests else OrderType.MARKET,
        status=status,
        amount=amount,
        filled=filled,
        timestamp=moment(row, "createdTime"),
    )


def _fill(row: Mapping[str, Any], market_id: str) -> NativeFill:
    # Fees are taken in what the market is settled in unless another currency is named.
    currency = str(row.get("feeCurrency") or ("USDT" if market_id.endswith("USDT") else "USDC"))
    return NativeFill(
        fill_id=text(row, "execId"),
        amount=number(row, "execQty"),
        price=price(row, "execPrice"),
        fee=number(row, "execFee") + _taxes(row, currency),
        fee_currency=currency,
        timestamp=moment(row, "execTime"),
        maker=str(row.get("isMaker")).lower() == "true",
    )


def _taxes(row: Mapping[str, Any], currency: str) -> Decimal:
    """Return what some countries put on a fee; an empty text elsewhere."""
    told, taxes = row.get("extraFees") or [], Decimal(0)
    for tax in json.loads(told) if isinstance(told, str) else told:
        if text(tax, "feeCoin") != currency:
            raise RetryLater("bybit shows a tax in another currency than the fee it is on")
        taxes += number(tax, "fee")
    return taxes


_VENUE = Bybit()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
