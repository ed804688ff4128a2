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


class StaleMarket(OrderRefused):
    """The exchange said no to a step or minimum: our record of the market is out of date."""

    code = "stale_market"


class OutcomeUnknown(ExchangeError):
    """The order may or may not exist: look it up, never send it again."""

    code = "outcome_unknown"
    sent_at: int | None = None
    """The time stamp that its expiry counts from, ms UTC, where the adapter knows it."""


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


class ClockSkew(RetryLater):
    """The exchange found our time wrong; the next call carries a corrected one."""

    code = "clock_skew"


class Maintenance(RetryLater):
    """The exchange is closed for a while."""

    code = "maintenance"


class RateLimited(RetryLater):
    """We ask too often; nothing was done."""

    code = "rate_limited"


class SkipTick(RetryLater):
    """Another tick is consuming this moment of the market; drop this one."""

    code = "skip_tick"


class UserMustAct(ExchangeError):
    """Asking again will not help until the user changes something, keys or settings."""

    code = "user_must_act"


class KeysRefused(UserMustAct):
    """The keys are wrong, expired, or lack a permission."""

    code = "keys_refused"


class RegionBlocked(UserMustAct):
    """The exchange serves nobody from this region or address."""

    code = "region_blocked"


class NoSuchOrder(UserMustAct):
    """The exchange has no such order, or none that is still open."""

    code = "no_such_order"


class AlreadySet(UserMustAct):
    """The setting has this value already."""

    code = "already_set"


class UnknownSymbol(UserMustAct):
    """The exchange has no such perpetual swap."""

    code = "unknown_symbol"


class UnknownExchange(UserMustAct):
    """No adapter bears this name."""

    code = "unknown_exchange"


class NoMarketData(UserMustAct):
    """There are no prices for the time or the data set asked for."""

    code = "no_market_data"
