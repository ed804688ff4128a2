"""What an adapter is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    credentials: Credentials | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Scheme and host to use instead of an exchange's own, by exchange name."""
