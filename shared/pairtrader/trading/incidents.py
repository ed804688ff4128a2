"""What an operator counts: the things that happen to orders and books."""

from enum import StrEnum


class Incident(StrEnum):
    """One kind of thing that happened in a tick; the names are those of the metrics."""

    ORDER_SENT = "OrdersSent"
    ORDER_REFUSED = "OrdersRefused"
    ORDER_UNKNOWN = "OrdersUnknown"
    """An order whose answer did not come: it is looked up."""
    STALE_MARKET = "StaleMarkets"
    """An exchange has other steps or minimums than our record of the market."""
    LEG_FAILED = "LegFailures"
    """A leg had to be taken back because the other one could not be had."""
    BROKEN_PAIR = "BrokenPairs"
    """The exchange holds something else than the books, for certain."""
    HELD_UP = "BotsHeldUp"
    """The exchange does not let a bot read its account or act: keys, limits, an outage."""
    FAULT = "BotFaults"
    """A bot went into error."""
