"""What a user is told of a job that has come to nothing: a stable code, and the way out."""

from functions.research.past_candles import BadCandles, NoCandles
from functions.research.progress import TimeIsUp
from pairtrader.analysis.errors import BadOptions, BadSeries
from pairtrader.backtest.engine import FixConfig
from pairtrader.exchanges.errors import ExchangeError, NoMarketData
from pairtrader.model.research import TIMED_OUT, Failure
from pairtrader.storage.research_results import ResultNotStored


class AccountGone(Exception):
    """There is no market to look at any more; the text says so."""


OUR_FAULT = Failure("internal_error", "Something went wrong on our side: run it again.")
_NOT_STORED = Failure("result_not_stored", "The result could not be stored: run it again.")
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (AccountGone, "exchange_account_not_found"),
    (NoCandles, "no_candles"),
    (NoMarketData, "no_candles"),
    (BadCandles, "bad_data"),
    (BadSeries, "bad_data"),
    (FixConfig, "not_possible"),
    (BadOptions, "not_possible"),
)
"""Errors whose texts are written for users."""


def failure_of(error: Exception) -> Failure:
    """Return what the user is told of `error`; of what nobody foresaw, nothing."""
    if isinstance(error, TimeIsUp):
        return TIMED_OUT
    if isinstance(error, ResultNotStored):
        return _NOT_STORED
    for kind, code in _CODES:
        if isinstance(error, kind):
            return Failure(code, str(error))
    return Failure(error.code, str(error)) if isinstance(error, ExchangeError) else OUR_FAULT
