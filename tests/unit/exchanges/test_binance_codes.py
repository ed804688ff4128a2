"""What Binance's error codes prove of an order, and what they ask of a caller."""

import pytest

from pairtrader.exchanges.answer_codes import JUDGED, Meaning
from pairtrader.exchanges.ccxt_errors import answer_details, translate, translate_sent
from pairtrader.exchanges.errors import (
    AlreadySet,
    ClockSkew,
    DuplicateOrder,
    ExchangeError,
    KeysRefused,
    Maintenance,
    NoSuchOrder,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RegionBlocked,
    RetryLater,
    StaleMarket,
    UnknownSymbol,
    UserMustAct,
)
from pairtrader.exchanges.venues.binance import Binance

VENUE = Binance()


def ccxt_error(*names: str) -> Exception:
    """An error with CCXT's hierarchy by name: the most special class first."""
    cls: type[Exception] = type("BaseError", (Exception,), {})
    for name in reversed(names):
        cls = type(name, (cls,), {})
    return cls("binanceusdm POST https://fapi.binance.com/fapi/v1/order?signature=secret 400")


BARE = ("ExchangeError",)
"""What CCXT raises where the host in the address leads it to no table of codes."""
NETWORK = ("NetworkError", "OperationFailed")
UNAVAILABLE = ("ExchangeNotAvailable", *NETWORK)

REFUSED = (OrderRefused, UserMustAct)
STALE = (StaleMarket, UserMustAct)
KEYS = (OrderRefused, KeysRefused)
UNCERTAIN = (OutcomeUnknown, RetryLater)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        # Judged.
        (-2019, 400, REFUSED),  # margin
        (-2018, 400, REFUSED),
        (-2010, 400, REFUSED),
        (-2020, 400, REFUSED),
        (-2027, 400, REFUSED),  # position limit at this leverage
        (-2025, 400, REFUSED),
        (-4016, 400, REFUSED),  # too far from the mark
        (-4131, 400, REFUSED),
        (-4400, 400, REFUSED),  # reduce-only phase
        (-4109, 400, REFUSED),
        (-1102, 400, REFUSED),
        (-1106, 400, REFUSED),
        (-4015, 400, REFUSED),
        (-4048, 400, REFUSED),
        (-4168, 400, REFUSED),
        (-4061, 400, REFUSED),  # position mode
        (-2022, 400, (OrderRefused, RetryLater)),  # nothing to reduce
        (-1121, 400, (OrderRefused, UnknownSymbol)),
        (-4141, 400, (OrderRefused, UnknownSymbol)),
        # Our record of the market is out of date.
        (-1111, 400, STALE),
        (-4004, 400, STALE),
        (-4005, 400, STALE),
        (-4014, 400, STALE),
        (-4023, 400, STALE),
        (-4164, 400, STALE),
        # Keys.
        (-1022, 400, KEYS),
        (-2014, 401, KEYS),
        (-2015, 401, KEYS),
        (-2017, 400, KEYS),
        (-1002, 401, KEYS),
        # Not looked at.
        (-1003, 429, (RateLimited, RateLimited)),
        (-1003, 418, (RateLimited, RateLimited)),
        (-1015, 429, (RateLimited, RateLimited)),
        (-1008, 503, (RateLimited, RateLimited)),
        (-1021, 400, (ClockSkew, ClockSkew)),
        (-5028, 400, (ClockSkew, ClockSkew)),
        # Not known.
        (-1000, 400, UNCERTAIN),
        (-1001, 503, UNCERTAIN),
        (-1006, 400, UNCERTAIN),
        (-1007, 408, UNCERTAIN),
        (-1007, 400, UNCERTAIN),
        (-1010, 400, UNCERTAIN),
        (-1016, 503, (OutcomeUnknown, Maintenance)),
        # Of a sent order these prove nothing.
        (-2011, 400, (OutcomeUnknown, NoSuchOrder)),
        (-2013, 400, (OutcomeUnknown, NoSuchOrder)),
        (-4046, 400, (OutcomeUnknown, AlreadySet)),
        (-4116, 400, (DuplicateOrder, RetryLater)),
        # Not in the table.
        (-9999, 400, UNCERTAIN),
        (-4999, 400, UNCERTAIN),
        (0, 400, UNCERTAIN),
    ],
)
def test_a_code_means_one_thing_for_a_sent_order_and_one_for_a_question(
    code: int, status: int, expected: tuple[type[ExchangeError], type[ExchangeError]]
) -> None:
    details = answer_details(VENUE, status, {}, {"code": code, "msg": "words"})
    sent = translate_sent(ccxt_error(*BARE), VENUE, details)
    asked = translate(ccxt_error(*BARE), VENUE, details)
    assert (type(sent), type(asked)) == expected
    for error in (sent, asked):
        assert "secret" not in str(error)
        assert error.exchange_code == str(code)


@pytest.mark.parametrize("name", ["BadRequest", "InvalidOrder", "InsufficientFunds", "BadSymbol"])
def test_ccxts_own_word_for_an_error_proves_nothing_of_a_sent_order(name: str) -> None:
    """It takes other tables for other hosts, and goes by an error's words before its code."""
    error = ccxt_error(name, "ExchangeError")
    for body in ({"code": -1006, "msg": ""}, {"code": -9999, "msg": ""}, None):
        found = translate_sent(error, VENUE, answer_details(VENUE, 400, {}, body))
        assert type(found) is OutcomeUnknown


@pytest.mark.parametrize(
    ("names", "status", "body"),
    [
        (("RequestTimeout", *NETWORK), None, None),
        (UNAVAILABLE, None, None),
        (UNAVAILABLE, 502, None),
        (UNAVAILABLE, 503, None),  # "Service Unavailable." and the unknown kind look alike
        (UNAVAILABLE, 504, None),
        (("BadResponse", "OperationFailed"), 200, None),
        (("NullResponse", "BadResponse", "OperationFailed"), 200, {}),
        (("ExchangeError",), 400, {"msg": "words without a code"}),
    ],
)
def test_without_a_code_nothing_is_known_of_a_sent_order(
    names: tuple[str, ...], status: int | None, body: object
) -> None:
    details = None if status is None else answer_details(VENUE, status, {}, body)
    assert type(translate_sent(ccxt_error(*names), VENUE, details)) is OutcomeUnknown
    assert isinstance(translate(ccxt_error(*names), VENUE, details), RetryLater)


def test_a_closed_region_is_a_refusal_and_a_banned_address_comes_again_later() -> None:
    """HTTP 451 comes with code 0; the firewall answers 403 with a page."""
    error, ban = ccxt_error(*UNAVAILABLE), ccxt_error(*UNAVAILABLE)
    closed = answer_details(VENUE, 451, {}, {"code": 0, "msg": "restricted location"})
    assert type(translate_sent(error, VENUE, closed)) is OrderRefused
    assert type(translate(error, VENUE, closed)) is RegionBlocked
    ban.args = ("binanceusdm POST … 403 Forbidden too many requests",)
    shut = answer_details(VENUE, 403, {"Retry-After": "30"}, None)
    for found in (translate_sent(ban, VENUE, shut), translate(ban, VENUE, shut)):
        assert isinstance(found, RateLimited)
        assert found.retry_after_seconds == 30


def test_no_code_of_doubt_counts_as_a_judgement() -> None:
    doubtful = {"-1000", "-1001", "-1004", "-1006", "-1007", "-1010", "-1016"}
    assert not [code for code in doubtful if VENUE.codes[code] in JUDGED]
    assert all(code.startswith("-") and code[1:].isdigit() for code in VENUE.codes)
    assert VENUE.codes["-4116"] is Meaning.DUPLICATE
