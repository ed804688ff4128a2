"""OKX's error codes by what they prove."""

from collections import Counter
from typing import Any

import pytest

from pairtrader.exchanges.answer_codes import Meaning
from pairtrader.exchanges.ccxt_errors import AnswerDetails, translate, translate_sent
from pairtrader.exchanges.errors import (
    ClockSkew,
    DuplicateOrder,
    ExchangeError,
    KeysRefused,
    Maintenance,
    NoSuchOrder,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    StaleMarket,
    UnknownSymbol,
    UserMustAct,
)
from pairtrader.exchanges.venues import okx
from pairtrader.exchanges.venues.okx import Okx

VENUE = Okx()


def ccxt_error(*names: str) -> Exception:
    """An error with CCXT's hierarchy by name: the most special class first."""
    cls: type[Exception] = type("BaseError", (Exception,), {})
    for name in reversed(names):
        cls = type(name, (cls,), {})
    return cls("okx GET https://www.okx.com/api/v5/x?key=secret 500 body")


TABLE = [
    # (code, HTTP status, after sending an order, after anything else)
    ("51000", 400, OrderRefused, UserMustAct),
    ("50014", 400, OrderRefused, UserMustAct),
    ("51006", 200, OrderRefused, UserMustAct),
    ("51008", 200, OrderRefused, UserMustAct),
    ("51004", 200, OrderRefused, UserMustAct),
    ("51022", 200, OrderRefused, UserMustAct),
    ("51024", 200, OrderRefused, UserMustAct),
    ("51115", 429, OrderRefused, UserMustAct),
    ("51202", 200, OrderRefused, UserMustAct),
    ("51155", 200, OrderRefused, UserMustAct),
    ("54012", 200, OrderRefused, UserMustAct),
    ("51112", 200, OrderRefused, RetryLater),
    ("51169", 200, OrderRefused, RetryLater),
    ("51170", 200, OrderRefused, RetryLater),
    ("51020", 200, StaleMarket, UserMustAct),
    ("51121", 200, StaleMarket, UserMustAct),
    ("51150", 200, StaleMarket, UserMustAct),
    ("51016", 200, DuplicateOrder, RetryLater),
    ("50071", 200, DuplicateOrder, RetryLater),
    ("51001", 200, OrderRefused, UnknownSymbol),
    ("50111", 401, OrderRefused, KeysRefused),
    ("50113", 401, OrderRefused, KeysRefused),
    ("50105", 401, OrderRefused, KeysRefused),
    ("50110", 401, OrderRefused, KeysRefused),
    ("50035", 403, OrderRefused, KeysRefused),
    ("50120", 200, OrderRefused, KeysRefused),
    ("50011", 200, RateLimited, RateLimited),
    ("50011", 429, RateLimited, RateLimited),
    ("50061", 200, RateLimited, RateLimited),
    ("50102", 401, ClockSkew, ClockSkew),
    ("50036", 200, ClockSkew, ClockSkew),
    ("50001", 503, OutcomeUnknown, Maintenance),
    ("50005", 410, OutcomeUnknown, Maintenance),
    ("50004", 400, OutcomeUnknown, RetryLater),
    ("50013", 429, OutcomeUnknown, RetryLater),
    ("50026", 500, OutcomeUnknown, RetryLater),
    ("51054", 500, OutcomeUnknown, RetryLater),
    ("51149", 500, OutcomeUnknown, RetryLater),
    ("50042", 200, OutcomeUnknown, RetryLater),
    ("51603", 200, OutcomeUnknown, NoSuchOrder),
    ("51400", 200, OutcomeUnknown, NoSuchOrder),
    ("51410", 200, OutcomeUnknown, NoSuchOrder),
    ("59000", 200, OrderRefused, UserMustAct),
    ("59102", 200, OrderRefused, UserMustAct),
    ("59107", 200, OrderRefused, UserMustAct),
]


@pytest.mark.parametrize(("code", "status", "sent", "other"), TABLE)
def test_a_code_means_what_is_proven(
    code: str, status: int, sent: type[ExchangeError], other: type[ExchangeError]
) -> None:
    said = AnswerDetails(status, code, None)
    # CCXT's own class must not count beside the code.
    for error in (ccxt_error("ExchangeError"), ccxt_error("InvalidOrder", "ExchangeError")):
        after_sending = translate_sent(error, VENUE, said)
        assert type(after_sending) is sent
        assert after_sending.exchange_code == code
        assert type(translate(error, VENUE, said)) is other


@pytest.mark.parametrize("code", ["1", "2", "59999", "54321", "404", ""])
@pytest.mark.parametrize("name", ["ExchangeError", "BadRequest", "InvalidOrder", "OrderNotFound"])
def test_a_code_that_is_not_listed_proves_nothing_of_an_order(code: str, name: str) -> None:
    found = translate_sent(ccxt_error(name, "ExchangeError"), VENUE, AnswerDetails(200, code, None))
    assert type(found) is OutcomeUnknown
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"code": "50011", "msg": "Too Many Requests"}, "50011"),
        ({"code": "50013", "data": []}, "50013"),
        ({"code": "1", "data": [{"sCode": "51008", "sMsg": "…"}]}, "51008"),
        ({"code": "2", "data": [{"sCode": "0"}, {"sCode": "51016"}]}, "51016"),
        ({"code": "1", "data": [{"sCode": "51008_1001", "subCode": "1001"}]}, "51008"),
        ({"code": "1", "data": []}, "1"),
        ({"code": "1", "data": [{"sCode": ""}]}, "1"),
        ({"code": "1", "data": ["51008"]}, "1"),
        ({"code": "1"}, "1"),
        ({"code": "50004", "data": [{"sCode": "51008"}]}, "50004"),
        ({"code": 404, "data": {}, "error_code": "404"}, "404"),
        (None, ""),
        ([], ""),
    ],
)
def test_an_orders_own_code_counts_where_orders_failed(answer: Any, code: str) -> None:
    assert VENUE.code_of(answer) == code


def test_no_code_has_two_meanings() -> None:
    listed = Counter(code for _, codes in okx._LISTED for code in codes.split())
    assert [code for code, times in listed.items() if times > 1] == []
    assert set(VENUE.codes) == set(listed)


def test_every_code_is_one() -> None:
    assert all(code.isdecimal() and len(code) in {4, 5} for code in VENUE.codes)


def test_codes_of_which_okx_says_that_they_prove_nothing_are_unknown() -> None:
    for code in ("50004", "51149"):
        assert VENUE.codes[code] is Meaning.UNKNOWN
