"""Makes the adapter for an account. Adding an exchange adds one module to `venues`."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pairtrader.exchanges import venues
from pairtrader.exchanges.base import BaseExchange, Clock
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import UnknownExchange
from pairtrader.exchanges.simulated.account_store import AccountStore
from pairtrader.exchanges.simulated.recordings import CandleSource
from pairtrader.model.account import Credentials, ExchangeAccount

Create = Callable[[AdapterContext], BaseExchange]


@cache
def exchange_names() -> tuple[str, ...]:
    """Return the names of all exchanges that have an adapter, sorted."""
    return tuple(sorted(module.name for module in iter_modules(venues.__path__)))


def create_exchange(
    account: ExchangeAccount,
    *,
    clock: Clock,
    account_store: AccountStore,
    candle_source: CandleSource,
    keys: Callable[[], Credentials] | None = None,
    hosts: Mapping[str, str] | None = None,
    session: Any = None,
) -> BaseExchange:
    """Return an adapter for `account`; only its own exchange's module is imported.

    Raises:
        UnknownExchange: there is no adapter of this name.
        UserMustAct: the adapter does not offer the account's mode, or needs keys.
    """
    name = str(account.exchange_name)
    if name not in exchange_names():
        known = ", ".join(exchange_names())
        raise UnknownExchange(f"unknown exchange {name!r}; known are: {known}")
    create: Create = import_module(f"{venues.__name__}.{name}").create
    context = AdapterContext(
        account=account,
        clock=clock,
        account_store=account_store,
        candle_source=candle_source,
        keys=keys,
        hosts=hosts or {},
        session=session,
    )
    return create(context)
