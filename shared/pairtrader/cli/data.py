"""`pairtrader data`: download, check and convert files of candles and funding rates."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairtrader.cli.failures import BAD_DATA, OK, UsageError
from pairtrader.cli.options import add_common, add_json, moment

if TYPE_CHECKING:
    from pairtrader.history.candles import Candles

EPILOG = """\
examples:
  pairtrader data download --exchange binance --symbols LTC-USDT LINK-USDT --timeframe 1m \\
      --from 2025-05-01 --to 2025-06-01 --out candles --funding
  pairtrader data check candles/*.csv.gz
  pairtrader data convert LTC.csv.gz LTC.parquet"""
DOWNLOAD_EPILOG = """\
A download that was interrupted goes on where it ended; a file that is there is only extended.
EXCHANGE_HOSTS, JSON such as {"okx": "http://127.0.0.1:9100"}, sends the requests elsewhere.
The exchange `simulated` computes its market from --seed, without a network.

examples:
  pairtrader data download --exchange okx --symbols LTC-USDT LINK-USDT --timeframe 5m \\
      --from 2025-05-01 --out candles
  pairtrader data download --exchange simulated --symbols LTC-USDT LINK-USDT --timeframe 1m \\
      --from 2025-05-01 --to 2025-05-08 --out candles --seed 7 --funding"""
CHECK_EPILOG = """\
Files with a column funding_rate are funding rates, all others candles. Bars that are missing are
counted, and are an error with --no-gaps only. Exit code 3 if any file can't be used.

examples:
  pairtrader data check candles/*.csv.gz
  pairtrader data check --no-gaps --json LTC.csv.gz"""
CONVERT_EPILOG = """\
The format is told by the name: .csv, .csv.gz or .parquet. All rows are checked on the way; the
columns are timestamp, open, high, low, close and volume, or timestamp and funding_rate.

examples:
  pairtrader data convert LTC.csv LTC.csv.gz
  pairtrader data convert LTC.parquet LTC.csv"""
CACHE_EPILOG = """\
Large files are kept parsed, so that the next run starts at once: in $PAIRTRADER_CACHE, else in the
user's folder for caches. A copy is used only while its file is unchanged.

examples:
  pairtrader data cache
  pairtrader data cache --clear"""

Subparsers = "argparse._SubParsersAction[argparse.ArgumentParser]"


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command with its own commands."""
    parser = subparsers.add_parser(
        "data",
        help="download, check and convert candles",
        description="Download, check and convert files of candles and funding rates.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_download(commands)
    check = _add(commands, "check", _check, "check files and tell what is in them", CHECK_EPILOG)
    _add_files(check)
    check.add_argument(
        "--no-gaps", action="store_true", help="take a missing bar for an error as well"
    )
    info = _add(commands, "info", _info, "tell what is in files, quickly", None)
    _add_files(info)
    convert = _add(commands, "convert", _convert, "write a file in another format", CONVERT_EPILOG)
    convert.add_argument("source", metavar="IN", help="CSV, CSV.gz or Parquet")
    convert.add_argument("target", metavar="OUT", help="name ending in .csv, .csv.gz or .parquet")
    convert.add_argument("--force", action="store_true", help="replace OUT if it is there")
    cache = _add(commands, "cache", _cache, "show or clear the cache of parsed files", CACHE_EPILOG)
    cache.add_argument("--clear", action="store_true", help="remove everything in it")
    add_json(cache, "what it holds")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    epilog: str | None,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text,
        description=f"{text[:1].upper()}{text[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    add_common(parser)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV, CSV.gz or Parquet")
    add_json(parser, "the facts")


def _add_download(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add(
        commands, "download", _download, "download candles from an exchange", DOWNLOAD_EPILOG
    )
    parser.add_argument(
        "--exchange", required=True, help="binance, bybit, okx or simulated (perpetual swaps)"
    )
    parser.add_argument(
        "--symbols", required=True, nargs="+", metavar="SYMBOL", help="such as LTC-USDT"
    )
    parser.add_argument(
        "--timeframe", default="1m", help="length of a bar, such as 1m, 5m or 1h; default 1m"
    )
    parser.add_argument(
        "--from", dest="since", type=moment, required=True, metavar="TIME",
        help="first bar, such as 2025-05-04 (UTC)",
    )  # fmt: skip
    parser.add_argument(
        "--to", dest="until", type=moment, metavar="TIME",
        help="bars open before it; left out: up to now",
    )  # fmt: skip
    parser.add_argument(
        "--out", default=".", metavar="FOLDER", help="made if it is not there; default: this one"
    )
    parser.add_argument("--funding", action="store_true", help="download funding rates as well")
    parser.add_argument(
        "--format", default="csv.gz", choices=("csv.gz", "csv", "parquet"), help="default csv.gz"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulated market; default 0")
    add_json(parser, "what was downloaded")


def _download(args: argparse.Namespace) -> int:
    from pairtrader.cli.downloads import run  # noqa: PLC0415 - brings the exchanges along

    return run(args)


# check, info


def _check(args: argparse.Namespace) -> int:
    from pairtrader.history.candles import read_candles, refuse_gaps  # noqa: PLC0415

    def read(path: Path) -> "Candles":
        candles = read_candles(path)
        if args.no_gaps:
            refuse_gaps(candles)
        return candles

    return _tell(args, read)


def _info(args: argparse.Namespace) -> int:
    from pairtrader.history.parsed_files import ParsedFiles  # noqa: PLC0415

    return _tell(args, ParsedFiles.of_user().read)


def _tell(args: argparse.Namespace, read: Callable[[Path], "Candles"]) -> int:
    """Print the facts about each file; one that can't be used does not hide the others."""
    from pairtrader.cli.output import print_json, print_text  # noqa: PLC0415
    from pairtrader.history.errors import BadData  # noqa: PLC0415

    facts: list[dict[str, Any]] = []
    for name in args.files:
        try:
            facts.append(_facts(Path(name), read))
        except BadData as error:
            facts.append(
                {
                    "file": name,
                    "error": {"text": error.text, error.unit: error.line, "message": str(error)},
                }
            )
    if args.json:
        print_json({"version": 1, "files": facts})
    else:
        print_text("\n".join(line for fact in facts for line in _lines(fact)))
    return BAD_DATA if any("error" in fact for fact in facts) else OK


def _facts(path: Path, read: Callable[[Path], "Candles"]) -> dict[str, Any]:
    from pairtrader.history.candle_files import market_facts  # noqa: PLC0415
    from pairtrader.history.file_names import named  # noqa: PLC0415
    from pairtrader.history.funding import read_funding  # noqa: PLC0415
    from pairtrader.history.times import utc  # noqa: PLC0415
    from pairtrader.history.volumes import column_names  # noqa: PLC0415

    name = named(path)
    about = {"file": str(path), "symbol": name.symbol if name else None}
    if "funding_rate" in column_names(path):
        rates = read_funding(path)
        return {
            **about,
            "kind": "funding",
            "rates": len(rates.times),
            "first": utc(int(rates.times[0])),
            "last": utc(int(rates.times[-1])),
            "lowest": float(rates.rates.min()),
            "highest": float(rates.rates.max()),
        }
    candles = read(path)
    facts = market_facts(candles).document()
    return {
        **about,
        "kind": "candles",
        "timeframe_seconds": candles.timeframe_ms / 1000,
        **{key: value for key, value in facts.items() if key != "file"},
    }


def _lines(fact: dict[str, Any]) -> Sequence[str]:
    if "error" in fact:
        return [f"error: {fact['error']['message']}"]
    if fact["kind"] == "funding":
        span = f"{fact['first']} to {fact['last']}"
        extremes = f"{fact['lowest']:.6f} to {fact['highest']:.6f}"
        return [f"{fact['file']}: {fact['rates']} funding rates, {span}, {extremes}"]
    from pairtrader.history.times import timeframe_name  # noqa: PLC0415

    length = timeframe_name(round(fact["timeframe_seconds"] * 1000))
    first = f"{fact['file']}: {fact['bars']} bars of {length}, {fact['first']} to {fact['last']}"
    if not fact["gaps"]:
        return [f"{first}, no gaps"]
    listed = [f"  {gap['bars']} from {gap['first']} on" for gap in fact["first_gaps"]]
    more = fact["gaps"] - len(listed)
    return [
        f"{first}, {fact['missing_bars']} bars missing in {fact['gaps']} gaps:",
        *listed,
        *([f"  and {more} more"] if more else []),
    ]


# convert, cache


def _convert(args: argparse.Namespace) -> int:
    from pairtrader.history.candle_rules import PRICES  # noqa: PLC0415
    from pairtrader.history.download import candle_table, rate_table  # noqa: PLC0415
    from pairtrader.history.file_names import FORMATS, ending_of  # noqa: PLC0415
    from pairtrader.history.volumes import column_names  # noqa: PLC0415
    from pairtrader.history.writing import write_table  # noqa: PLC0415

    source, target = Path(args.source), Path(args.target)
    if ending_of(target) is None:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise UsageError(f"{target}: the name has to end in one of {endings}")
    if target.exists() and not args.force:
        raise UsageError(f"{target}: is there already; --force replaces it")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}")
    names = column_names(source)
    if "funding_rate" in names:
        write_table(target, ("funding_rate",), *rate_table(source))
        return OK
    times, columns = candle_table(source)
    labels = (*PRICES, "volume") if "volume" in names else PRICES
    write_table(target, labels, times, columns[: len(labels)])
    return OK


def _cache(args: argparse.Namespace) -> int:
    from pairtrader.cli.output import print_json, print_text  # noqa: PLC0415
    from pairtrader.history.parsed_files import ParsedFiles  # noqa: PLC0415

    cache = ParsedFiles.of_user()
    kept = cache.clear() if args.clear else cache.kept()
    if args.json:
        state = "removed" if args.clear else "kept"
        print_json({"folder": str(kept.folder), state: {"files": kept.files, "bytes": kept.size}})
        return OK
    size = f"{kept.files} parsed files, {kept.size / 1e6:.1f} MB"
    print_text(f"{kept.folder}: {'removed ' if args.clear else ''}{size}")
    return OK
