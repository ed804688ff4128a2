"""What an adapter is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.simulated.account_store import AccountStore
from pairtrader.exchanges.simulated.recordings import CandleSource
from pairtrader.model.account import Credentials, ExchangeAccount


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """One account and what its adapter may use."""

    account: ExchangeAccount
    clock: Clock
    account_store: AccountStore
    """Records of accounts whose fills we simulate."""
    candle_source: CandleSource
    """Recorded candles for replays."""
    keys: Callable[[], Credentials] | None = None
    """Fetches the keys; asked when the first private call is due."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Scheme and host to use instead of an exchange's own, by exchange name."""
    session: Any = None
    """An HTTP session in aiohttp's manner to use instead of one of its own."""
