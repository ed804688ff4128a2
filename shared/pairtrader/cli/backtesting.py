"""Backtests that the command line describes."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairtrader.backtest.engine import FixConfig
from pairtrader.backtest.engine import run as simulate
from pairtrader.backtest.result import BacktestResult, result_of
from pairtrader.backtest.tables import csv_tables
from pairtrader.cli.config_file import read_config
from pairtrader.cli.engines import check_fast
from pairtrader.cli.failures import UsageError
from pairtrader.cli.output import Style, json_text, print_json, print_text, write_text
from pairtrader.cli.pages import write_page
from pairtrader.cli.prices import read_prices, with_symbols
from pairtrader.cli.summary import LAST_CYCLES, summary


def backtested(args: argparse.Namespace) -> BacktestResult:
    """Return the result of the run that the command line describes.

    Raises:
        CommandFailure: what has to be changed.
        BadData: a file can't be taken as it is.
    """
    check_fast(args.fast)
    file, remark = with_symbols(read_config(args.config, args.changes), args)
    config = file.checked()
    prices = read_prices(args, config, remark)
    try:
        outcome = simulate(prices.series, config, fast=args.fast)
    except FixConfig as error:
        raise UsageError(f"{file.name}: {error}") from None
    return result_of(prices.series, config, outcome, prices.source)


def tell(result: BacktestResult, args: argparse.Namespace) -> None:
    """Print a result, and write the files that were asked for."""
    style = Style(no_color=args.no_color)
    if not (args.json or args.out or args.csv or args.html):
        # All cycles and orders take longer to put into words than the run itself.
        print_text(summary(result.overview(LAST_CYCLES), style))
        return
    document = result.document()
    if args.out:
        write_text(args.out, json_text(document) + "\n")
    if args.csv:
        write_tables(args.csv, document)
    if args.html:
        write_page(args.html, document)
    if args.json:
        print_json(document)
    else:
        print_text(summary(document, style))


def write_tables(folder: str, document: Mapping[str, Any]) -> None:
    """Write a result's tables into a folder, which is made if it is not there."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in csv_tables(document).items():
        write_text(Path(folder) / name, content)
