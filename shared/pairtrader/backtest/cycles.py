"""Round trips of a run, in columns."""

from dataclasses import dataclass

from pairtrader.backtest.books import Books
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.series import Floats, Integers, PairSeries
from pairtrader.backtest.trades import Outcome
from pairtrader.model.cycle import CloseReason
from pairtrader.strategy import decision

OPEN_REASON = "open"
"""Reason of the cycle that the data ended in."""
REASONS = {
    decision.CLOSE_LIQUIDATION: str(CloseReason.LIQUIDATION_GUARD),
    decision.CLOSE_STOP_LOSS: str(CloseReason.STOP_LOSS),
    decision.CLOSE_TAKE_PROFIT: str(CloseReason.TAKE_PROFIT),
    decision.CLOSE_REGRESSION: str(CloseReason.REGRESSION),
}
"""Why a close was decided, as the live bot writes it."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """One value for every round trip, the open one last; money is quote currency."""

    net: Floats
    """Of the open one: were it closed at the last closes."""
    gross: Floats
    """Price profit: net + fees - funding."""
    fees: Floats
    """Paid; those of the open one include what closing it would cost."""
    funding: Floats
    """Received less paid."""
    invested: Floats
    """Summed entry notional of both legs."""
    opened_at: Integers
    """ms UTC."""
    ended_at: Integers
    """ms UTC; of the open one: the last close of the data."""
    actions: Integers
    """What `decision.decide` said at the last order: the close, or the last entry if still open."""
    still_open: bool
    """Whether the last one has not been closed."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.net)

    @property
    def closed(self) -> int:
        """Return how many of them were closed: all, or all but the last."""
        return len(self) - self.still_open

    @property
    def reasons(self) -> list[str]:
        """Return why each ended, `OPEN_REASON` for the one that has not."""
        return [REASONS.get(action, OPEN_REASON) for action in self.actions.tolist()]

    def reason_counts(self) -> dict[str, int]:
        """Return how many each reason ended, the most frequent first."""
        found = {REASONS[action]: int((self.actions == action).sum()) for action in REASONS}
        found[OPEN_REASON] = int(self.still_open)
        ordered = sorted(found.items(), key=lambda item: -item[1])
        return {reason: count for reason, count in ordered if count}

    @property
    def held_ms(self) -> Integers:
        """Return how long each was open."""
        return self.ended_at - self.opened_at


def cycles_of(series: PairSeries, outcome: Outcome, config: BacktestConfig, books: Books) -> Cycles:
    """Return the round trips of a run by its books."""
    trades, last = outcome.trades, books.last
    net, funding = trades.net[last], trades.funding[last]
    fees, ended_at = books.fees[last], books.filled_at[last]
    if outcome.open_cycle is not None:
        net[-1], funding[-1] = outcome.open_cycle.net, outcome.open_cycle.funding
        fees[-1] += config.terms.taker_fee * (
            books.entered1[-1] * series.market1.close[-1]
            + books.entered2[-1] * series.market2.close[-1]
        )
        ended_at[-1] = series.times[-1] + series.timeframe_ms
    return Cycles(
        net=net,
        gross=net + fees - funding,
        fees=fees,
        funding=funding,
        invested=books.invested[last],
        opened_at=books.filled_at[books.first],
        ended_at=ended_at,
        actions=trades.action[last],
        still_open=outcome.open_cycle is not None,
    )
