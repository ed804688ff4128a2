"""From what a user asks for to a job that can be worked on."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from functions.api.accounts.accounts import refuse
from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.bots.feasibility import leverage_errors
from functions.api.identifiers import is_id, new_id
from functions.api.ports import AccountStore, Exchanges
from functions.api.schemas.analyses import AnalysisCreate
from functions.api.schemas.backtests import BacktestCreate, TermsRequest
from functions.api.schemas.research import PeriodRequest
from functions.api.web.problems import FieldError, Problem, field_errors, invalid
from pairtrader.backtest.config import BacktestConfig
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.market import Market
from pairtrader.model.research import (
    MAX_BARS,
    MAX_FINDER_BARS,
    TIMEFRAMES_MS,
    Job,
    JobKind,
    Period,
)

MIN_BARS = 2


class JobRequests:
    """Checks what is asked for, with the exchange where it has to be."""

    def __init__(
        self, accounts: AccountStore, exchanges: Exchanges, now: Callable[[], int]
    ) -> None:
        self._accounts = accounts
        self._exchanges = exchanges
        self._now = now

    def backtest(self, user_id: str, request: BacktestCreate) -> Job:
        """Return the job of a backtest, with the fees that the account pays where none are given.

        Raises:
            Problem: 404 for the account; 422 naming the fields.
            ExchangeFailure: the exchange can't be asked.
        """
        settings, now = request.settings, self._now()
        account = self._account(user_id, settings.exchange_account_id)
        period = period_of(request, now)
        refuse(_period_errors(period, now, MAX_BARS))
        if round(settings.start_time.timestamp() * 1000) >= period.until:
            message = "must be earlier than to: nothing would be compared"
            raise invalid([FieldError(field="settings.start_time", message=message)])
        symbols = (settings.market1_symbol, settings.market2_symbol)
        fields = ("settings.market1_symbol", "settings.market2_symbol")
        first, second = self._markets(account, symbols, fields)
        refuse(
            [
                FieldError(field=f"settings.{error.field}", message=error.message)
                for error in leverage_errors(settings, (first, second))
            ]
        )
        terms = _terms(request.terms, (first, second))
        document = {**settings.model_dump(mode="json"), **terms}
        try:
            config = BacktestConfig.of(document)
        except ValidationError as error:
            raise invalid(_config_errors(error)) from error
        return Job(
            id=new_id(),
            user_id=user_id,
            kind=JobKind.BACKTEST,
            name=request.name or settings.bot_name,
            exchange_account_id=account.account_id,
            exchange_name=account.exchange_name,
            symbols=symbols,
            period=period,
            created_at=now,
            parameters={
                **config.settings.model_dump(mode="json"),
                **config.terms.model_dump(mode="json"),
            },
        )

    def analysis(self, user_id: str, request: AnalysisCreate) -> Job:
        """Return the job of an analysis.

        Raises:
            Problem: 404 for the account; 422 naming the fields.
            ExchangeFailure: the exchange can't be asked.
        """
        now, symbols = self._now(), tuple(request.symbols)
        account = self._account(user_id, request.exchange_account_id)
        period = period_of(request, now)
        kind = JobKind(request.kind)
        most = MAX_BARS if kind is JobKind.PAIR else MAX_FINDER_BARS // len(symbols)
        refuse(_period_errors(period, now, most))
        self._markets(account, symbols, [f"symbols.{at}" for at in range(len(symbols))])
        options = request.model_dump(mode="json", include={"spread_mode", "dca_config", "filters"})
        return Job(
            id=new_id(),
            user_id=user_id,
            kind=kind,
            name=request.name or _name_of(kind, symbols),
            exchange_account_id=account.account_id,
            exchange_name=account.exchange_name,
            symbols=symbols,
            period=period,
            created_at=now,
            parameters=options,
        )

    def _account(self, user_id: str, account_id: str) -> ExchangeAccount:
        account = self._accounts.get(user_id, account_id) if is_id(account_id) else None
        if account is None:
            raise Problem(
                404,
                "exchange_account_not_found",
                "There is no such exchange account.",
                [FieldError(field="exchange_account_id", message="is no account of yours")],
            )
        return account

    def _markets(
        self, account: ExchangeAccount, symbols: Sequence[str], fields: Sequence[str]
    ) -> Sequence[Market]:
        """Return the markets; one that is not traded at the moment has a history all the same."""
        try:
            return self._exchanges.markets(account, symbols)
        except ExchangeFailure as error:
            if error.code != "unknown_symbol":
                raise
            words = set(error.message.replace(",", " ").split())
            unknown = [field for field, s in zip(fields, symbols, strict=True) if s in words]
            message = f"is no perpetual swap of {account.exchange_name}"
            raise invalid(
                [FieldError(field=field, message=message) for field in unknown or fields],
                "unknown_symbol",
            ) from error


def period_of(request: PeriodRequest, now: int) -> Period:
    """Return the period in whole bars; one that ends now ends with the last whole bar."""
    timeframe = TIMEFRAMES_MS[request.timeframe]
    since, until = (round(each.timestamp() * 1000) for each in (request.from_, request.to))
    return Period(since // timeframe * timeframe, until // timeframe * timeframe, timeframe)


def _period_errors(period: Period, now: int, most: int) -> list[FieldError]:
    if period.since < 0:
        return [FieldError(field="from", message="must not be earlier than 1970")]
    if period.until > now:
        return [FieldError(field="to", message="must not lie in the future")]
    if period.until <= period.since:
        message = f"must be later than from, by {MIN_BARS} bars at least"
        return [FieldError(field="to", message=message)]
    if period.bars < MIN_BARS:
        message = f"leaves room for {period.bars} bars: {MIN_BARS} are needed"
        return [FieldError(field="to", message=message)]
    if period.bars > most:
        message = (
            f"makes {period.bars} bars a market, {most} are allowed: choose a shorter period or "
            "a larger timeframe"
        )
        return [FieldError(field="to", message=message)]
    return []


def _terms(request: TermsRequest, markets: tuple[Market, Market]) -> dict[str, Any]:
    """Return the terms' document: fees are those of the dearer market where none are given."""
    terms = request.model_dump(mode="json")
    for fee in ("taker_fee", "maker_fee"):
        if terms[fee] is None:
            terms[fee] = float(max(getattr(market, fee) for market in markets))
    if request.lot_steps:
        terms["markets"] = {market.symbol: _steps(market) for market in markets}
    return terms


def _steps(market: Market) -> dict[str, str | None]:
    most = market.max_market_amount
    return {
        "amount_step": format(market.amount_step, "f"),
        "min_amount": format(market.min_amount, "f"),
        "min_notional": format(market.min_notional, "f"),
        "max_market_amount": None if most is None else format(most, "f"),
        "price_step": format(market.price_step, "f"),
    }


def _config_errors(error: ValidationError) -> list[FieldError]:
    """Return what settings and terms together make impossible."""
    found = error.errors()
    if any(each["type"] == "slippage" for each in found):
        return [FieldError(field="terms.slippage", message=found[0]["msg"])]
    return field_errors(found)


def _name_of(kind: JobKind, symbols: Sequence[str]) -> str:
    return " / ".join(symbols) if kind is JobKind.PAIR else f"{len(symbols)} symbols"
