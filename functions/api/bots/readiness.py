"""Whether a bot may start: its account, both markets, and what the exchange holds of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.api.accounts.accounts import refuse
from functions.api.accounts.exchange_gateway import Holdings
from functions.api.bots.edits import is_flat
from functions.api.bots.feasibility import find_markets, leverage_errors
from functions.api.ports import AccountStore, Exchanges
from functions.api.web.problems import FieldError, conflict
from pairtrader.model.account import ExchangeAccount, Position
from pairtrader.model.bot import Bot, BotConfig
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market


@dataclass(frozen=True, slots=True)
class Ready:
    """A bot that may start, as it was judged."""

    bot: Bot
    markets: tuple[Market, Market]
    """As the exchange describes them now."""
    checked_at: int
    """When the exchange was asked, ms UTC."""
    adopted: Cycle | None = None
    """The cycle that the bot starts with; None where it starts with what it has."""

    def renewed(self, config: BotConfig) -> BotConfig:
        """Return `config` with the markets as they are now."""
        first, second = self.markets
        return replace(config, market1=first, market2=second, markets_checked_at=self.checked_at)

    def require_same(self, bot: Bot) -> None:
        """Refuse to start a bot that is not any more what was judged.

        Raises:
            Problem: 409 ``changed_meanwhile``.
        """
        before = self.bot
        same = (
            bot.config.settings == before.config.settings
            and bot.state.handed_over == before.state.handed_over
            and is_flat(bot) == is_flat(before)
        )
        if not same:
            detail = "The bot was changed while the exchange was being asked: try again."
            raise conflict("changed_meanwhile", detail)


class Readiness:
    """Asks account and exchange before a start."""

    def __init__(
        self, accounts: AccountStore, exchanges: Exchanges, now: Callable[[], int]
    ) -> None:
        self._accounts = accounts
        self._exchanges = exchanges
        self._now = now

    def judge(self, bot: Bot, *, adopt: bool) -> Ready:
        """Return what `bot` may start with; an own open position is no obstacle to going on.

        With `adopt`, that is the cycle it has handed over, if the exchange holds just that.

        Raises:
            Problem: 409 ``account_inactive``, ``nothing_to_adopt``, ``open_orders``, ``not_flat``,
                ``adoption_mismatch``; 422 ``symbol_not_traded``, or naming ``leverage``.
            ExchangeFailure: the exchange can't be asked.
        """
        account = self._account_of(bot.config)
        left = bot.state.handed_over
        if adopt and left is None:
            raise conflict("nothing_to_adopt", "The bot has handed no position over.")
        markets = find_markets(self._exchanges, account, bot.config.settings)
        refuse(leverage_errors(bot.config.settings, markets))
        ready = Ready(bot, markets, self._now())
        if not is_flat(bot):
            return ready
        symbols = [market.symbol for market in markets]
        holdings = self._exchanges.holdings(account, symbols)
        _require_no_orders(symbols, holdings)
        if not adopt or left is None:
            _require_flat(holdings, left)
            return ready
        _require_equal(holdings, left)
        return replace(ready, adopted=_taken_over(left, holdings, ready.checked_at))

    def _account_of(self, config: BotConfig) -> ExchangeAccount:
        account = self._accounts.get(config.user_id, config.settings.exchange_account_id)
        if account is None or not account.is_active:
            field = FieldError(field="exchange_account_id", message="is inactive or deleted")
            raise conflict("account_inactive", "The exchange account is not active.", [field])
        return account


def _require_no_orders(symbols: list[str], holdings: Holdings) -> None:
    """Leverage can't be set beside open orders, and their fills would be taken for the bot's."""
    errors = [
        FieldError(field=f"market{leg}_symbol", message=f"the account has {count} open orders")
        for leg, symbol in enumerate(symbols, start=1)
        if (count := holdings.open_orders.get(symbol, 0))
    ]
    if errors:
        detail = "The exchange account has open orders in this market: cancel them first."
        raise conflict("open_orders", detail, errors)


def _require_flat(holdings: Holdings, left: Cycle | None) -> None:
    errors = [
        FieldError(field=f"market{leg}_symbol", message=f"the account holds {_held(position)}")
        for leg, position in enumerate(holdings.positions, start=1)
        if not position.is_flat
    ]
    if not errors:
        return
    detail = "The exchange account holds a position in this market: close it first."
    if left is not None and all(_equals(*each) for each in _pairs(holdings, left)):
        detail = (
            "The exchange account still holds what this bot has handed over: close it first, or "
            "start with adopt=true to go on with it."
        )
    raise conflict("not_flat", detail, errors)


def _require_equal(holdings: Holdings, left: Cycle) -> None:
    errors = [
        FieldError(
            field=f"market{number}_symbol",
            message=f"{leg.amount.normalize():f} were handed over, "
            f"the account holds {_held(position)}",
        )
        for number, (position, leg) in enumerate(_pairs(holdings, left), start=1)
        if not _equals(position, leg)
    ]
    if errors:
        detail = "The exchange account does not hold what this bot has handed over."
        raise conflict("adoption_mismatch", detail, errors)


def _pairs(holdings: Holdings, left: Cycle) -> list[tuple[Position, Leg]]:
    return list(zip(holdings.positions, left.legs, strict=True))


def _sides(position: Position) -> list[Position]:
    """Return what is held of a symbol: in hedge mode perhaps both ways at once."""
    sides = (position, position.opposite)
    return [side for side in sides if side is not None and side.amount]


def _equals(position: Position, leg: Leg) -> bool:
    return [side.amount for side in _sides(position)] == [leg.amount]


def _held(position: Position) -> str:
    amounts = [f"{side.amount.normalize():f}" for side in _sides(position)]
    return " and ".join(amounts) or "nothing"


def _taken_over(left: Cycle, holdings: Holdings, now: int) -> Cycle:
    """The handed-over cycle as a new one: what happened to it in between was the user's."""
    first, second = (
        replace(
            leg,
            liquidation_price=_sides(position)[0].liquidation_price,
            funding_until=now,
        )
        for position, leg in _pairs(holdings, left)
    )
    return replace(left, legs=(first, second), opened_at=now)
