"""Puts the function together from real tables, bucket and exchanges; done once per process."""

import time
from functools import lru_cache

from functions.research.past_candles import PastCandles
from functions.research.replayed_past import ReplayedPast
from functions.research.settings import settings
from functions.research.synthetic_candles import SyntheticCandles
from functions.research.worker import Worker
from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.hosts import parse_hosts
from pairtrader.exchanges.past_prices import SyntheticPast, past_prices
from pairtrader.exchanges.simulated.recordings import CandleSource, Recordings
from pairtrader.exchanges.simulated.s3_files import S3Files
from pairtrader.model.account import ExchangeAccount, ExchangeName, Simulation
from pairtrader.observability import logger
from pairtrader.storage.accounts import AccountRepository
from pairtrader.storage.candle_blocks import CandleBlocks
from pairtrader.storage.research_jobs import JobRuns
from pairtrader.storage.research_results import ResultStore


def now() -> int:
    """Return the time, ms UTC."""
    return time.time_ns() // 1_000_000


@lru_cache
def worker() -> Worker:
    """Return the process's worker."""
    environment = settings()
    recordings = Recordings(S3Files(environment.data_bucket))
    hosts = parse_hosts(environment.exchange_hosts)

    blocks = CandleBlocks(environment.data_bucket)

    def candles_of(account: ExchangeAccount) -> PastCandles:
        if account.exchange_name is ExchangeName.SIMULATED:
            return simulated_candles(account.simulation or Simulation(), recordings, now)
        # Of sandbox accounts too: a testnet's own prices say nothing of the market.
        past = past_prices(
            account.exchange_name,
            clock=now,
            hosts=hosts,
            notice=lambda words: logger.info("The exchange lets us wait", words=words),
        )
        return PastCandles(past, blocks, now)

    return Worker(
        JobRuns(),
        AccountRepository(),
        ResultStore(environment.data_bucket),
        candles_of,
        now,
    )


def simulated_candles(
    simulation: Simulation, recordings: CandleSource, clock: Clock
) -> PastCandles:
    """Return the candles of a simulated market; its past costs no request, so none are kept."""
    if simulation.source == "replay":
        return PastCandles(ReplayedPast(simulation, recordings, clock), None, clock)
    past = SyntheticPast(simulation.seed, clock)
    return SyntheticCandles(simulation.seed, past, clock)
