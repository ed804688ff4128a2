"""The command `pairtrader`: backtests, sweeps, data and statistics of pairs."""

import argparse
import importlib
import io
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import NoReturn

from pairtrader.cli.failures import (
    FAILED,
    INTERRUPTED,
    MISUSED,
    READER_GONE,
    UNEXPECTED,
    explained,
)
from pairtrader.cli.options import add_common

COMMANDS = {
    "backtest": "run a bot's settings over recorded candles",
    "sweep": "run many settings and rank them",
    "report": "write an HTML report of a result, or compare results",
    "data": "download, check and convert candles",
    "analyse": "statistics of a pair, and which pairs of many belong together",
}
"""Each in a module of its name, which is imported when it is asked for."""

DESCRIPTION = """\
Backtests of the pair-trading bot: the decisions of the live bot, on recorded history.

`pairtrader COMMAND --help` says more about each command."""
EPILOG = """\
examples:
  pairtrader data download --exchange binance --symbols LTC-USDT LINK-USDT --timeframe 1m \\
      --from 2025-05-01 --to 2025-06-01 --out candles
  pairtrader backtest --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json
  pairtrader sweep --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --param profit_ratio=0.5:2:0.25

exit codes:
  0  done                       3    the data can't be used
  1  it failed                  130  interrupted
  2  usage or configuration     141  whoever read the output has gone"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; results go to stdout, all else to stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal's character set lacks is no reason to fail.
        sys.stdout.reconfigure(errors="replace")
    try:
        args = _parser(words).parse_args(words)
        code: int = args.run(args)
        sys.stdout.flush()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else FAILED
    except KeyboardInterrupt as stop:
        _complain([": ".join(["interrupted", *map(str, stop.args)])])
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has no reader either: let Python's own flush at exit find a sink.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except Exception as error:
        return _failed(error)
    return code


def _failed(error: Exception) -> int:
    if os.environ.get("PAIRTRADER_TRACEBACK"):
        traceback.print_exc()
    known = explained(error)
    if known is None:
        _complain([UNEXPECTED.format(kind=type(error).__name__, error=error)])
        return FAILED
    code, problems = known
    _complain(problems)
    return code


def _complain(problems: Iterable[str]) -> None:
    for problem in problems:
        sys.stderr.write(f"pairtrader: error: {problem}\n")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pairtrader",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    add_common(parser, top=True)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        if name == asked:
            importlib.import_module(f"pairtrader.cli.{name}").register(subparsers)
        else:
            subparsers.add_parser(name, help=text)
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else that is wrong is said."""

    def error(self, message: str) -> NoReturn:
        """Leave with what is wrong with the command line."""
        self.exit(MISUSED, f"pairtrader: error: {message} (see `{self.prog} --help`)\n")


class _Version(argparse.Action):
    """Prints the version; looks it up only when asked, since that takes as long as the rest."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and leave")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415

        sys.stdout.write(f"pairtrader {version('pairtrader')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
