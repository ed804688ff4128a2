"""What an exchange's error code means, whatever the exchange calls it."""

from enum import Enum, auto


class Meaning(Enum):
    """What is known after an answer with this code, and what the caller must do."""

    REFUSED = auto()
    """The request was judged and turned down."""
    STALE_MARKET = auto()
    """Turned down for a step, a minimum or a precision that our record of the market has wrong."""
    NOTHING_TO_REDUCE = auto()
    """A reduce-only order found no position: perhaps it is flat already."""
    POSITION_MODE = auto()
    """The account's position mode is another one than we thought."""
    DUPLICATE = auto()
    """An order with this client order id exists."""
    NO_ORDER = auto()
    """There is no such order, or it is not open any more."""
    UNCHANGED = auto()
    """The setting has this value already."""
    UNKNOWN_SYMBOL = auto()
    """There is no such market."""
    KEYS = auto()
    """Keys, signature, address or permission are wrong."""
    RATE_LIMIT = auto()
    """Too many requests; this one was not looked at."""
    CLOCK = auto()
    """Our time stamp lies outside the window; the request was not looked at."""
    MAINTENANCE = auto()
    """The exchange is closed; of an order nothing is known."""
    UNKNOWN = auto()
    """The exchange itself does not know what became of the request."""


JUDGED = frozenset(
    {
        Meaning.REFUSED,
        Meaning.STALE_MARKET,
        Meaning.NOTHING_TO_REDUCE,
        Meaning.POSITION_MODE,
        Meaning.UNKNOWN_SYMBOL,
        Meaning.KEYS,
    }
)
"""After these an order certainly does not exist, and sending it again would not help."""
NOT_LOOKED_AT = frozenset({Meaning.RATE_LIMIT, Meaning.CLOCK})
"""After these an order certainly does not exist, and another may be sent later."""
