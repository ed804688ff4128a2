"""What every adapter promises, as tests: subclass `ExchangeContract` and provide a `rig`."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import DuplicateOrder, OrderRefused, UserMustAct
from pairtrader.model.account import MarginMode
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport, OrderRequest, OrderStatus, OrderType, Side

D = Decimal
T = TypeVar("T")


@dataclass
class Rig:
    """An adapter with a fresh account, and a hand on its market."""

    exchange: BaseExchange
    symbols: tuple[str, str]
    now: Callable[[], int]
    trade_through: Callable[[Market, Side, Decimal], None]
    """Move the market until buys above (sales below) the price would have been filled."""
    uid: str
    candle_since: int
    """Open time of a candle that exists, ms UTC."""
    remembers_ended_orders: bool = True
    """Whether the exchange itself refuses the id of an order that has ended."""
    refuses_oversized_closes: bool = False
    """Whether it refuses a reduce-only order beyond the position instead of cutting it."""
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    ids: "count[int]" = field(default_factory=count)

    def run(self, call: Awaitable[T]) -> T:
        async def body() -> T:
            return await call

        return self.runner.run(body())

    def together(self, *calls: Coroutine[Any, Any, T]) -> list[T]:
        async def body() -> list[T]:
            return list(await asyncio.gather(*calls))

        return self.runner.run(body())

    def markets(self) -> tuple[Market, Market]:
        listed = {m.symbol: m for m in self.run(self.exchange.load_markets())}
        return listed[self.symbols[0]], listed[self.symbols[1]]

    def close(self) -> None:
        self.run(self.exchange.close())
        self.runner.close()

    def size(self, market: Market, notional: int = 100) -> Decimal:
        price = self.run(self.exchange.quote(market)).mid
        return market.round_amount(D(notional) / price)

    def order(
        self,
        market: Market,
        side: Side,
        amount: Decimal,
        *,
        limit: Decimal | None = None,
        bound: Decimal | None = None,
        reduce_only: bool = False,
        client_order_id: str | None = None,
    ) -> OrderRequest:
        return OrderRequest(
            client_order_id=client_order_id or f"c{next(self.ids):03d}",
            market=market,
            side=side,
            type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            amount=amount,
            price=bound if limit is None else limit,
            reduce_only=reduce_only,
        )

    def place(self, *args: Any, **kwargs: Any) -> OrderReport:
        """What has become of the order: an exchange may tell only when it is looked up."""
        return self.run(self.settled(self.order(*args, **kwargs)))

    async def settled(self, order: OrderRequest) -> OrderReport:
        report = await self.exchange.place(order)
        if report.status is OrderStatus.OPEN:
            found = await self.exchange.find_order(order.market, order.client_order_id)
            assert found is not None
            return found
        return report

    def held(self, market: Market) -> Decimal:
        return self.run(self.exchange.positions([market]))[market.symbol].amount


class ExchangeContract:
    """Every adapter passes these."""

    def test_markets_are_spelled_as_in_the_api_and_have_a_grid(self, rig: Rig) -> None:
        for market in rig.markets():
            assert market.symbol == f"{market.base}-{market.quote}"
            assert market.amount_step > 0
            assert market.price_step > 0
            assert market.min_amount >= market.amount_step
            assert market.min_amount % market.amount_step == 0
            assert 0 < market.taker_fee < D("0.01")
            assert market.contract_size > 0

    def test_a_quote_is_fresh_and_not_crossed(self, rig: Rig) -> None:
        market, _ = rig.markets()
        quote = rig.run(rig.exchange.quote(market))
        assert quote.symbol == market.symbol
        assert 0 < quote.bid <= quote.ask
        assert abs(rig.now() - quote.timestamp) <= 1_000

    def test_a_pair_is_quoted_at_one_moment(self, rig: Rig) -> None:
        market1, market2 = rig.markets()
        first, second = rig.run(rig.exchange.quote_pair(market1, market2))
        assert (first.symbol, second.symbol) == (market1.symbol, market2.symbol)
        assert abs(first.timestamp - second.timestamp) <= 2_000

    def test_candles_start_at_the_time_asked_for_and_ascend(self, rig: Rig) -> None:
        market, _ = rig.markets()
        candles = rig.run(rig.exchange.candles(market, rig.candle_since, 3))
        assert len(candles) == 3
        opens = [candle.open_time for candle in candles]
        assert opens == [rig.candle_since + i * 60_000 for i in range(3)]
        for candle in candles:
            assert candle.low <= min(candle.open, candle.close)
            assert candle.high >= max(candle.open, candle.close)

    def test_the_account_says_who_it_is(self, rig: Rig) -> None:
        identity = rig.run(rig.exchange.identity())
        assert identity.uid == rig.uid
        assert identity.can_trade
        assert not identity.can_withdraw

    def test_a_new_account_is_flat_and_has_money(self, rig: Rig) -> None:
        markets = rig.markets()
        positions = rig.run(rig.exchange.positions(markets))
        assert {p.symbol: p.amount for p in positions.values()} == dict.fromkeys(rig.symbols, 0)
        balance = rig.run(rig.exchange.balance())
        assert balance.total == balance.free > 0

    def test_a_market_order_fills_and_is_found_again(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        report = rig.place(market, Side.BUY, amount, client_order_id="buy1")
        assert report.status is OrderStatus.CLOSED
        assert (report.client_order_id, report.symbol) == ("buy1", market.symbol)
        assert report.filled == amount
        assert report.fee > 0
        assert report.exchange_order_id
        assert rig.run(rig.exchange.find_order(market, "buy1")) == report
        position = rig.run(rig.exchange.positions([market]))[market.symbol]
        assert position.amount == amount
        assert position.entry_price == report.average

    def test_an_order_never_placed_is_not_found(self, rig: Rig) -> None:
        market, _ = rig.markets()
        assert rig.run(rig.exchange.find_order(market, "nobody")) is None

    def test_positions_are_the_sum_of_fills_through_zero(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        rig.place(market, Side.BUY, amount)
        rig.place(market, Side.SELL, 3 * amount)
        assert rig.held(market) == -2 * amount
        rig.place(market, Side.BUY, 2 * amount)
        assert rig.held(market) == 0

    def test_both_legs_at_once_are_both_booked(self, rig: Rig) -> None:
        market1, market2 = rig.markets()
        amount1, amount2 = rig.size(market1), rig.size(market2)
        reports = rig.together(
            rig.settled(rig.order(market1, Side.SELL, amount1)),
            rig.settled(rig.order(market2, Side.BUY, amount2)),
        )
        assert [report.filled for report in reports] == [amount1, amount2]
        assert (rig.held(market1), rig.held(market2)) == (-amount1, amount2)

    def test_the_client_order_id_of_an_open_order_is_taken(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        price = market.round_price(rig.run(rig.exchange.quote(market)).bid * D("0.8"))
        rig.place(market, Side.BUY, amount, limit=price, client_order_id="once")
        with pytest.raises(DuplicateOrder):
            rig.place(market, Side.BUY, amount, limit=price, client_order_id="once")

    def test_a_client_order_id_is_taken_once(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        rig.place(market, Side.BUY, amount, client_order_id="once")
        if not rig.remembers_ended_orders:
            # No protection: the engine never sends an id a second time.
            rig.place(market, Side.BUY, amount, client_order_id="once")
            assert rig.held(market) == 2 * amount
            return
        with pytest.raises(DuplicateOrder):
            rig.place(market, Side.BUY, amount, client_order_id="once")
        assert rig.held(market) == amount

    def test_a_close_sent_again_is_never_a_second_close(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        rig.place(market, Side.BUY, amount)
        rig.place(market, Side.SELL, amount, reduce_only=True, client_order_id="close")
        expected = DuplicateOrder if rig.remembers_ended_orders else OrderRefused
        with pytest.raises(expected):
            rig.place(market, Side.SELL, amount, reduce_only=True, client_order_id="close")
        assert rig.held(market) == 0

    @pytest.mark.parametrize("case", ["off the step", "too small", "zero", "too large"])
    def test_a_size_off_the_grid_is_refused_and_leaves_nothing(self, rig: Rig, case: str) -> None:
        market, _ = rig.markets()
        amount = {
            "off the step": rig.size(market) + market.amount_step / 2,
            "too small": market.amount_step,
            "zero": D(0),
            "too large": rig.size(market, 100_000_000),
        }[case]
        with pytest.raises(OrderRefused):
            rig.place(market, Side.BUY, amount, client_order_id="refused")
        assert rig.run(rig.exchange.find_order(market, "refused")) is None
        assert rig.held(market) == 0

    def test_more_than_the_margin_carries_is_refused(self, rig: Rig) -> None:
        market, _ = rig.markets()
        total = rig.run(rig.exchange.balance()).total
        rig.run(rig.exchange.set_leverage(market, 1, MarginMode.CROSS))
        with pytest.raises(OrderRefused):
            rig.place(market, Side.BUY, rig.size(market, int(total * D("1.01"))))
        assert rig.held(market) == 0

    def test_beyond_the_price_bound_nothing_fills(self, rig: Rig) -> None:
        market, _ = rig.markets()
        quote = rig.run(rig.exchange.quote(market))
        bound = market.round_price(quote.mid * D("0.9"))
        report = rig.place(market, Side.BUY, rig.size(market), bound=bound)
        assert report.status is OrderStatus.CANCELED
        assert report.fills == ()
        assert rig.held(market) == 0

    def test_within_the_price_bound_it_fills(self, rig: Rig) -> None:
        market, _ = rig.markets()
        quote = rig.run(rig.exchange.quote(market))
        bound = market.round_price(quote.mid * D("1.05"))
        report = rig.place(market, Side.BUY, rig.size(market), bound=bound)
        assert report.status is OrderStatus.CLOSED
        assert report.average is not None
        assert report.average <= bound

    @pytest.mark.parametrize("opening", [Side.BUY, Side.SELL])
    def test_reduce_only_never_goes_beyond_the_position(self, rig: Rig, opening: Side) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        rig.place(market, opening, amount)
        if rig.refuses_oversized_closes:
            with pytest.raises(OrderRefused):
                rig.place(market, opening.opposite, 3 * amount, reduce_only=True)
            assert rig.held(market) == amount * opening.sign
            return
        report = rig.place(market, opening.opposite, 3 * amount, reduce_only=True)
        assert report.filled == amount
        assert rig.held(market) == 0

    def test_reduce_only_is_refused_where_it_would_open(self, rig: Rig) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        with pytest.raises(OrderRefused):
            rig.place(market, Side.SELL, amount, reduce_only=True)
        rig.place(market, Side.SELL, amount)
        with pytest.raises(OrderRefused):
            rig.place(market, Side.SELL, amount, reduce_only=True)
        assert rig.held(market) == -amount

    def test_a_limit_order_rests_until_canceled(self, rig: Rig) -> None:
        market, _ = rig.markets()
        price = market.round_price(rig.run(rig.exchange.quote(market)).bid * D("0.8"))
        report = rig.place(market, Side.BUY, rig.size(market), limit=price, client_order_id="rest")
        assert report.status is OrderStatus.OPEN
        found = rig.run(rig.exchange.find_order(market, "rest"))
        assert found is not None
        assert found.status is OrderStatus.OPEN
        for _ in range(2):
            rig.run(rig.exchange.cancel(market, "rest"))
            found = rig.run(rig.exchange.find_order(market, "rest"))
            assert found is not None
            assert found.status is OrderStatus.CANCELED
            assert found.fills == ()

    def test_canceling_an_order_that_never_was_is_success(self, rig: Rig) -> None:
        market, _ = rig.markets()
        rig.run(rig.exchange.cancel(market, "nobody"))

    @pytest.mark.parametrize("side", list(Side))
    def test_a_limit_order_fills_once_the_market_trades_through(self, rig: Rig, side: Side) -> None:
        market, _ = rig.markets()
        amount = rig.size(market)
        mid = rig.run(rig.exchange.quote(market)).mid
        price = market.round_price(mid * (1 - side.sign * D("0.002")))
        rig.place(market, side, amount, limit=price, client_order_id="rest")
        rig.trade_through(market, side, price)
        report = rig.run(rig.exchange.find_order(market, "rest"))
        assert report is not None
        assert report.status is OrderStatus.CLOSED
        (fill,) = report.fills
        assert (fill.amount, fill.price, fill.maker) == (amount, price, True)
        assert fill.fee == pytest.approx(amount * price * market.maker_fee)
        assert rig.held(market) == amount * side.sign
        rig.run(rig.exchange.cancel(market, "rest"))
        assert rig.run(rig.exchange.find_order(market, "rest")) == report

    def test_a_limit_order_through_the_market_takes_at_once(self, rig: Rig) -> None:
        market, _ = rig.markets()
        mid = rig.run(rig.exchange.quote(market)).mid
        price = market.round_price(mid * D("1.01"))
        report = rig.place(market, Side.BUY, rig.size(market), limit=price)
        assert report.status is OrderStatus.CLOSED
        assert report.average is not None
        assert report.average < price
        assert not report.fills[0].maker

    def test_leverage_is_set_when_flat_only(self, rig: Rig) -> None:
        market, _ = rig.markets()
        for _ in range(2):
            rig.run(rig.exchange.set_leverage(market, 5, MarginMode.CROSS))
        rig.place(market, Side.BUY, rig.size(market))
        rig.run(rig.exchange.set_leverage(market, 5, MarginMode.CROSS))
        with pytest.raises(UserMustAct):
            rig.run(rig.exchange.set_leverage(market, 3, MarginMode.CROSS))

    def test_money_in_the_account_is_what_the_fills_say(self, rig: Rig) -> None:
        market, _ = rig.markets()
        before = rig.run(rig.exchange.balance())
        report = rig.place(market, Side.SELL, rig.size(market))
        after = rig.run(rig.exchange.balance())
        position = rig.run(rig.exchange.positions([market]))[market.symbol]
        assert after.total == before.total - report.fee + position.unrealized_pnl
        assert after.free < after.total

    def test_open_orders_are_listed_until_they_end(self, rig: Rig) -> None:
        market, other = rig.markets()
        price = market.round_price(rig.run(rig.exchange.quote(market)).bid * D("0.8"))
        assert list(rig.run(rig.exchange.open_orders(market))) == []
        rig.place(market, Side.BUY, rig.size(market), limit=price, client_order_id="rest")
        assert list(rig.run(rig.exchange.open_orders(market))) == ["rest"]
        assert list(rig.run(rig.exchange.open_orders(other))) == []
        rig.run(rig.exchange.cancel(market, "rest"))
        assert list(rig.run(rig.exchange.open_orders(market))) == []

    def test_a_higher_leverage_is_never_allowed_for_a_larger_position(self, rig: Rig) -> None:
        market, _ = rig.markets()
        low = rig.run(rig.exchange.position_limit(market, 2))
        high = rig.run(rig.exchange.position_limit(market, 20))
        assert high is None or (low is not None and 0 < high <= low)

    def test_fees_are_fractions(self, rig: Rig) -> None:
        market, _ = rig.markets()
        taker, maker = rig.run(rig.exchange.fee_rates(market))
        assert 0 < taker < D("0.01")
        assert maker < taker

    def test_there_is_no_funding_before_a_settlement(self, rig: Rig) -> None:
        market, _ = rig.markets()
        rig.place(market, Side.BUY, rig.size(market))
        payments: Sequence[object] = rig.run(rig.exchange.funding(market, 0))
        assert payments == []
