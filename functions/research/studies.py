"""Which study a job is."""

from functions.research.briefs import Brief, Study
from pairtrader.model.research import JobKind, Stage


async def study_of(brief: Brief) -> Study:
    """Return what the job asks for; its own code alone is imported.

    Raises:
        ExchangeError: the exchange did not tell.
        NoCandles: there are none.
        BadCandles: there is one that can't be right.
        FixConfig, BadSeries, BadOptions: it can't be done with what there is.
        CancelledByUser, TimeIsUp, Superseded: it is to be left.
    """
    job = brief.job
    brief.progress.at(Stage.MARKETS)
    await brief.candles.past.open(job.symbols, job.period.timeframe)
    match job.kind:
        case JobKind.BACKTEST:
            from functions.research.backtests import backtest  # noqa: PLC0415

            return await backtest(brief)
        case JobKind.PAIR:
            from functions.research.analyses import pair  # noqa: PLC0415

            return await pair(brief)
        case JobKind.FINDER:
            from functions.research.analyses import finder  # noqa: PLC0415

            return await finder(brief)
