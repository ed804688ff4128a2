"""Accounts on exchanges that are reached through CCXT: which adapter a mode gets."""

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_client import CcxtClient
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import UserMustAct
from pairtrader.exchanges.live import LiveExchange
from pairtrader.exchanges.paper import PublicFeed
from pairtrader.exchanges.public_markets import PublicMarkets
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.model.account import AccountMode, Simulation

_USUAL = Simulation()


def create_ccxt_exchange(venue: CcxtVenue, context: AdapterContext) -> BaseExchange:
    """Return the adapter of an account on `venue`.

    Raises:
        UserMustAct: a live or sandbox account comes without keys.
    """
    account = context.account
    if account.mode is AccountMode.PAPER:
        simulation = account.simulation or _USUAL
        client = CcxtClient(venue, context.hosts, context.clock, session=context.session)
        markets = PublicMarkets(client, simulation.taker_fee, simulation.maker_fee)
        return SimulatedExchange(
            account.account_id,
            account.uid,
            simulation,
            PublicFeed(markets, context.clock),
            context.account_store,
            context.clock,
        )
    if context.keys is None:
        raise UserMustAct(f"a {account.mode} account on {venue.name} needs keys")
    sandbox = account.mode is AccountMode.SANDBOX
    client = CcxtClient(
        venue,
        context.hosts,
        context.clock,
        keys=context.keys,
        sandbox=sandbox,
        session=context.session,
    )
    # Until the account's own rates are read, the usual ones stand in.
    markets = PublicMarkets(client, _USUAL.taker_fee, _USUAL.maker_fee)
    return LiveExchange(client, markets, context.clock, sandbox=sandbox)
