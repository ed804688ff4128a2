"""What can go wrong at an exchange, named by what the caller must do about it."""


class ExchangeError(Exception):
    """Any failure of an exchange call; `code` is stable, the text is for people."""

    code = "exchange_error"

    def __init__(self, message: str, *, exchange_code: str = "") -> None:
        super().__init__(message)
        self.exchange_code = exchange_code
        """The exchange's own code where it gave one."""


class OrderRefused(ExchangeError):
    """The exchange said no: the order does not and will not exist."""

    code = "order_refused"


class OutcomeUnknown(ExchangeError):
    """The order may or may not exist: look it up, never send it again."""

    code = "outcome_unknown"


class DuplicateOrder(OutcomeUnknown):
    """An order with this client order id exists already: look it up, never send it again."""

    code = "duplicate_order"


class RetryLater(ExchangeError):
    """Nothing was done; asking again after a while may work."""

    code = "retry_later"

    def __init__(
        self, message: str, *, exchange_code: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, exchange_code=exchange_code)
        self.retry_after_seconds = retry_after_seconds
        """What the exchange asked for, None where it did not say."""


class SkipTick(RetryLater):
    """Another tick is consuming this moment of the market; drop this one."""

    code = "skip_tick"


class UserMustAct(ExchangeError):
    """Asking again will not help until the user changes something, keys or settings."""

    code = "user_must_act"


class UnknownSymbol(UserMustAct):
    """The exchange has no such perpetual swap."""

    code = "unknown_symbol"


class UnknownExchange(UserMustAct):
    """No adapter bears this name."""

    code = "unknown_exchange"


class NoMarketData(UserMustAct):
    """There are no prices for the time or the data set asked for."""

    code = "no_market_data"
