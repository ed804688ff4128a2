"""How a tick has the exchange function renew a bot's markets."""

import json
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from functions.exchange.enquiries import ENQUIRY, RefreshMarkets
from functions.tick.market_refresh import MarketRefresh
from tests.fakes.trading_desk import ACCOUNT, BOT, USER, TradingDesk


class Lambda:
    """Takes invocations, or refuses them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._error = error

    def invoke(self, **call: Any) -> None:
        self.asked.append(call)
        if self._error is not None:
            raise self._error


def test_the_exchange_function_is_asked_without_waiting_for_it() -> None:
    client = Lambda()
    MarketRefresh("exchange:live", client).ask(TradingDesk().bot.config)  # type: ignore[arg-type]

    (call,) = client.asked
    assert (call["FunctionName"], call["InvocationType"]) == ("exchange:live", "Event")
    asked = ENQUIRY.validate_python(json.loads(call["Payload"]))
    assert asked == RefreshMarkets(
        user_id=USER, account_id=ACCOUNT, bot_id=BOT, action="refresh_markets"
    )


def test_a_function_that_can_not_be_asked_does_not_end_the_tick() -> None:
    refused = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    for error in (refused, EndpointConnectionError(endpoint_url="http://x")):
        client = Lambda(error)
        MarketRefresh("exchange:live", client).ask(TradingDesk().bot.config)  # type: ignore[arg-type]
        assert len(client.asked) == 1
