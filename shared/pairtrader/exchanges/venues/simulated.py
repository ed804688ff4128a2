"""The exchange of our own: synthetic or replayed prices, simulated fills."""

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.replay import RealtimeReplayFeed, StepReplayFeed
from pairtrader.exchanges.simulated.step_replay import StepReplayExchange
from pairtrader.exchanges.simulated.synthetic import SyntheticFeed
from pairtrader.model.account import Simulation


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's simulated exchange."""
    account, clock, store = context.account, context.clock, context.account_store
    simulation = account.simulation or Simulation()
    identity = (account.account_id, account.uid, simulation)
    if simulation.source == "synthetic":
        return SimulatedExchange(*identity, SyntheticFeed(simulation, clock), store, clock)
    source = context.candle_source
    if simulation.pace == "step":
        steps = StepReplayFeed(simulation, source, clock)
        return StepReplayExchange(*identity, steps, store, clock)
    feed = RealtimeReplayFeed(simulation, source, clock, account.created_at)
    return SimulatedExchange(*identity, feed, store, clock)
