"""Failures of public calls by what the caller must do, whatever CCXT calls them."""

from typing import Any

import pytest

from pairtrader.exchanges.ccxt_errors import answer_details, translate
from pairtrader.exchanges.errors import (
    ExchangeError,
    KeysRefused,
    Maintenance,
    RateLimited,
    RegionBlocked,
    RetryLater,
    UnknownSymbol,
    UserMustAct,
)
from pairtrader.exchanges.venues.binance import Binance
from pairtrader.exchanges.venues.bybit import Bybit
from pairtrader.exchanges.venues.okx import Okx


def ccxt_error(*names: str) -> Exception:
    """An error with CCXT's hierarchy by name: the most special class first."""
    cls: type[Exception] = type("BaseError", (Exception,), {})
    for name in reversed(names):
        cls = type(name, (cls,), {})
    return cls("okx GET https://www.okx.com/api/v5/x?key=secret 500 body")


NETWORK = ("NetworkError", "OperationFailed")
UNAVAILABLE = ("ExchangeNotAvailable", *NETWORK)


@pytest.mark.parametrize(
    ("error", "status", "body", "expected"),
    [
        (ccxt_error("RequestTimeout", *NETWORK), None, None, RetryLater),
        (ccxt_error(*UNAVAILABLE), 502, None, RetryLater),
        (ccxt_error("OnMaintenance", *UNAVAILABLE), 200, {"code": "50001"}, Maintenance),
        (ccxt_error("RateLimitExceeded", *NETWORK), 200, {"code": "50011"}, RateLimited),
        (ccxt_error("DDoSProtection", *NETWORK), 418, {"code": -1003}, RateLimited),
        (ccxt_error(*UNAVAILABLE), 451, {"code": "x"}, RegionBlocked),
        (ccxt_error(*UNAVAILABLE), 403, None, RegionBlocked),
        (ccxt_error("RestrictedLocation", "OperationRejected"), 200, None, UserMustAct),
        (ccxt_error("AuthenticationError", "ExchangeError"), 401, None, KeysRefused),
        (ccxt_error("PermissionDenied", "AuthenticationError"), 200, None, KeysRefused),
        (ccxt_error("BadSymbol", "BadRequest", "ExchangeError"), None, None, UnknownSymbol),
        (ccxt_error("ExchangeError"), 200, {"code": "51001"}, UnknownSymbol),
        (ccxt_error("BadRequest", "ExchangeError"), 400, {"code": "51000"}, UserMustAct),
        (ccxt_error("BadResponse", "OperationFailed"), 200, None, RetryLater),
        (ccxt_error("ExchangeError"), 200, {"code": "59999"}, RetryLater),
    ],
)
def test_an_error_means_what_the_caller_must_do(
    error: Exception, status: int | None, body: Any, expected: type[ExchangeError]
) -> None:
    details = None if status is None else answer_details(Okx(), status, {}, body)
    found = translate(error, Okx(), details)
    assert type(found) is expected
    assert "secret" not in str(found)
    if isinstance(body, dict) and expected not in (UserMustAct, RegionBlocked):
        assert found.exchange_code == str(body["code"])


def test_a_code_counts_where_ccxt_takes_the_wrong_table() -> None:
    details = answer_details(Binance(), 400, {}, {"code": -1121, "msg": "Invalid symbol."})
    assert type(translate(ccxt_error("ExchangeError"), Binance(), details)) is UnknownSymbol


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after": "1.5"}, 1.5), ({}, None),
     ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None), ({"Retry-After": "-3"}, 0.0)],
)  # fmt: skip
def test_the_wait_that_was_asked_for_is_passed_on(
    headers: dict[str, str], expected: float | None
) -> None:
    details = answer_details(Okx(), 429, headers, None)
    found = translate(ccxt_error("RateLimitExceeded", *NETWORK), Okx(), details)
    assert isinstance(found, RetryLater)
    assert found.retry_after_seconds == expected


def test_a_403_for_asking_too_often_is_no_closed_door() -> None:
    error = type(ccxt_error(*UNAVAILABLE))("bybit GET … 403 Forbidden access too frequent")
    found = translate(error, Bybit(), answer_details(Bybit(), 403, {}, None))
    assert isinstance(found, RetryLater)
    assert found.retry_after_seconds == 600
