"""A replay in steps: every pair of quotes takes the next recorded candle."""

from dataclasses import replace

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import SkipTick
from pairtrader.exchanges.simulated.account_store import AccountStore
from pairtrader.exchanges.simulated.books import Books
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.feed import Cursors
from pairtrader.exchanges.simulated.replay import StepReplayFeed
from pairtrader.model.account import Simulation
from pairtrader.model.market import Market, Quote


class StepReplayExchange(SimulatedExchange):
    """A simulated account whose market moves on only when a pair is quoted.

    The cursors lie in the account's books, one for each symbol, so that every pair on the account
    goes its own pace. All other calls look at the candle that the last pair of quotes took.
    """

    def __init__(
        self,
        account_id: str,
        uid: str,
        simulation: Simulation,
        feed: StepReplayFeed,
        store: AccountStore,
        clock: Clock,
    ) -> None:
        super().__init__(account_id, uid, simulation, feed, store, clock)
        self._steps = feed

    async def quote(self, market: Market) -> Quote:
        """Return the market at the candle it stands at; takes none."""
        return (await self._feed.look(market, self._ledger.books().cursors)).quote

    async def quote_pair(self, market1: Market, market2: Market) -> tuple[Quote, Quote]:
        """Take the next candle that both markets have and return both quotes.

        Raises:
            SkipTick: another tick of the pair took it.
            NoMarketData: the recording is over.
        """
        symbols = (market1.symbol, market2.symbol)
        before: Cursors | None = None

        def take_next(books: Books) -> Books:
            nonlocal before
            cursors = {s: time for s, time in books.cursors.items() if s in symbols}
            if before is not None and cursors != before:
                raise SkipTick("another tick took this candle")
            before = cursors
            time = self._steps.next_common(symbols, cursors)
            return replace(books, cursors={**books.cursors, **dict.fromkeys(symbols, time)})

        account = await self._ledger.change([market1, market2], prepare=take_next)
        looks = account.moment.looks
        return looks[market1.symbol].quote, looks[market2.symbol].quote
