"""The files of a pair, as the command line names them."""

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.period import EmptyPeriod, between
from pairtrader.backtest.remarks import Remark
from pairtrader.backtest.result import DataSource, MarketSource
from pairtrader.backtest.series import PairSeries
from pairtrader.cli.config_file import ConfigFile
from pairtrader.cli.failures import UsageError
from pairtrader.history.candle_files import MarketFacts, PairFacts, read_pair
from pairtrader.history.parsed_files import ParsedFiles

_SYMBOL = re.compile(r"(?:^|_)(?P<symbol>[A-Z0-9]{1,20}-[A-Z0-9]{2,10})(?:-[A-Z]+)?(?=[_.]|$)")
"""As in ``binance_LTC-USDT-PERP_1m.csv.gz``."""
STAND_INS = ("MARKET1-USDT", "MARKET2-USDT")
_ORDER_TYPES = frozenset({"order_type_open", "order_type_close"})
MARKETS = ("market1", "market2")


@dataclass(frozen=True)
class Prices:
    """Candles of both markets, and what is known about them."""

    series: PairSeries
    source: DataSource


def symbol_in(path: str) -> str | None:
    """Return the symbol that a file is named by, None if it names none."""
    found = _SYMBOL.search(Path(path).name)
    return found["symbol"] if found else None


def with_symbols(config: ConfigFile, args: argparse.Namespace) -> tuple[ConfigFile, str | None]:
    """Return the configuration with both symbols, and a remark if any was taken from the files."""
    document, assumed = dict(config.document), []
    for market, stand_in in zip(MARKETS, STAND_INS, strict=True):
        name = f"{market}_symbol"
        if name not in document:
            document[name] = symbol_in(getattr(args, market)) or stand_in
            assumed.append(f"{name} is taken to be {document[name]}")
    if document["market1_symbol"] == document["market2_symbol"] and assumed:
        # One file named twice, or two of one market: say that, rather than that symbols differ.
        raise UsageError(
            f"--market1 and --market2 both name {document['market1_symbol']}: give two markets, "
            "or name market1_symbol and market2_symbol in the configuration"
        )
    remark = "; ".join(assumed) + " (from the files' names)" if assumed else None
    return ConfigFile(config.name, document, config.changed), remark


def read_prices(
    args: argparse.Namespace,
    config: BacktestConfig,
    remark: str | None = None,
    varied: Iterable[str] = (),
) -> Prices:
    """Return the candles that the command line names, for runs of `config`.

    What any run needs is read: of `varied` fields nothing is known.

    Raises:
        UsageError: the options don't fit together, or no bar lies in the period.
        BadData: a file can't be taken as it is.
    """
    remarks = [("symbols_assumed", remark)] if remark else []
    pays_funding = config.terms.funding or "funding" in varied
    funding = _funding_files(args, pays_funding, remarks)
    series, facts = read_pair(
        args.market1,
        args.market2,
        *funding,
        extremes=_rests_orders(config) or not _ORDER_TYPES.isdisjoint(varied),
        read=ParsedFiles.of_user().read,
    )
    try:
        series = between(series, args.since, args.until)
    except EmptyPeriod as error:
        raise UsageError(f"--from/--to: {error}") from None
    return Prices(series, _source(facts, remarks))


def _rests_orders(config: BacktestConfig) -> bool:
    settings = config.settings
    return "limit" in (settings.order_type_open, settings.order_type_close)


def _funding_files(
    args: argparse.Namespace, pays_funding: bool, remarks: list[tuple[str, str]]
) -> tuple[str | None, str | None]:
    given = (args.funding1, args.funding2)
    if pays_funding:
        missing = [f"--funding{n}" for n, path in enumerate(given, 1) if path is None]
        if missing:
            raise UsageError(
                f"funding: true needs {' and '.join(missing)}: name the files of funding rates, "
                "or --set funding=false"
            )
        return given
    if any(given):
        text = "the funding files were not used: --set funding=true makes positions pay funding"
        remarks.append(("funding_unused", text))
    return None, None


def _source(facts: PairFacts, remarks: list[tuple[str, str]]) -> DataSource:
    def market(one: MarketFacts) -> MarketSource:
        return MarketSource(one.bars, symbol_in(one.file), one.file)

    return DataSource(
        market(facts.market1),
        market(facts.market2),
        facts.unpaired_bars,
        tuple(Remark(code, text) for code, text in (*remarks, *facts.warnings)),
    )
