"""`pairtrader backtest`: a bot's settings over recorded candles."""

import argparse

from pairtrader.cli.options import add_common, add_config, add_fast, add_json, add_pair

EPILOG = """\
examples:
  pairtrader backtest --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json
  pairtrader backtest --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --set profit_ratio=0.8 fill_at=signal_close --from 2025-05-10 --json
  pairtrader backtest --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --set funding=true --funding1 LTC_funding.csv --funding2 LINK_funding.csv \\
      --html result.html --csv tables

The configuration holds a bot's settings, and beside them the terms of the run: fill_at
(next_open, signal_close), taker_fee, maker_fee and slippage as fractions, funding, lot_steps with
markets, honour_pause, initial_capital. Name, account and start time may be left out; symbols left
out are taken from the names of the files."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "backtest",
        help="run a bot's settings over recorded candles",
        description="Run a bot's settings over recorded candles of both markets.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_pair(parser)
    add_config(parser)
    add_fast(parser)
    add_json(parser)
    parser.add_argument("--out", metavar="FILE", help="write the result as JSON (.json, .json.gz)")
    parser.add_argument("--csv", metavar="DIR", help="write cycles, orders and days as CSV")
    parser.add_argument("--html", metavar="FILE", help="write a report (extra `report`)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it and tell the result."""
    from pairtrader.cli.backtesting import backtested, tell  # noqa: PLC0415

    tell(backtested(args), args)
    return 0
