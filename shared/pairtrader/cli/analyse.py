"""`pairtrader analyse`: statistics of a pair, and which pairs of many belong together."""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairtrader.cli.options import add_common, add_json, moment, positive

if TYPE_CHECKING:
    from pairtrader.analysis.finder_options import FinderOptions
    from pairtrader.analysis.pair_finder import Candles
    from pairtrader.analysis.pair_options import PairOptions
    from pairtrader.analysis.watch import Progress as Told
    from pairtrader.backtest.series import PairSeries
    from pairtrader.cli.output import Style
    from pairtrader.cli.progress import Progress

EPILOG = """\
examples:
  pairtrader analyse LTC.csv.gz LINK.csv.gz
  pairtrader analyse pair --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json --json
  pairtrader analyse find --data candles --max-half-life 2d --sort adjusted_p_value

All figures are of the past: no more than that is known."""
PAIR_EPILOG = """\
examples:
  pairtrader analyse pair --market1 LTC.csv.gz --market2 LINK.csv.gz
  pairtrader analyse pair --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --timeframe 15m --trend ct --html pair.html

Tests are made on hourly closes, on shorter bars where hours are too few; --timeframe chooses."""
FIND_EPILOG = """\
examples:
  pairtrader analyse find --data candles
  pairtrader analyse find --data LTC.csv.gz LINK.csv.gz XRP.csv.gz --min-correlation 0.7 \\
      --max-half-life 2d --csv pairs.csv

Every pair of the files is tried. The more are tried, the more pass by luck: adjusted_p_value and
the out-of-sample check allow for that."""
COMMANDS = ("pair", "find")
CANDLE_SUFFIXES = (".csv", ".csv.gz", ".parquet")
UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
PARTS = 5
"""Of the analysis of a pair."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; two files without a word before them are a pair."""
    parser = subparsers.add_parser(
        "analyse",
        help="statistics of a pair, and which pairs of many belong together",
        description="Statistics of a pair, and which pairs of many belong together.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="pair|find", required=True)
    _add_pair(commands)
    _add_find(commands)
    _take_files_for_a_pair(parser)


def _take_files_for_a_pair(parser: argparse.ArgumentParser) -> None:
    parse = parser.parse_known_args

    def with_word(
        args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        words = list(args or ())
        if words and words[0] not in (*COMMANDS, "-h", "--help"):
            words.insert(0, "pair")
        return parse(words, namespace)

    parser.parse_known_args = with_word  # type: ignore[method-assign,assignment]


def _add_pair(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "pair",
        help="statistics of one pair",
        description="Correlation, cointegration, half-life and spread of one pair.",
        epilog=PAIR_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="candles of both markets")
    parser.add_argument("--market1", metavar="FILE", help="candles of market 1")
    parser.add_argument("--market2", metavar="FILE", help="candles of market 2")
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="a bot's settings (JSON): its ladder and the way it measures the spread",
    )
    parser.add_argument(
        "--spread-mode",
        choices=("difference", "log_ratio"),
        help="how the bot's spread is measured; default: as in --config, else difference",
    )
    parser.add_argument(
        "--significance",
        type=_probability,
        default=0.05,
        metavar="P",
        help="p-value up to which something counts as found (default 0.05)",
    )
    parser.add_argument(
        "--zscore-window",
        type=span,
        default=span("1d"),
        metavar="TIME",
        help="window of the rolling z-score, such as 12h (default 1d)",
    )
    parser.add_argument(
        "--stability-window",
        type=span,
        metavar="TIME",
        help="window of the rolling tests, such as 7d (default: a quarter of the time)",
    )
    _add_tests(parser)
    add_json(parser, "the analysis")
    parser.add_argument("--out", metavar="FILE", help="write the analysis as JSON")
    parser.add_argument("--html", metavar="FILE", help="write a report (extra `report`)")
    add_common(parser)
    parser.set_defaults(run=run_pair)


def _add_find(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from pairtrader.analysis.found_pairs import SORTS  # noqa: PLC0415

    parser = commands.add_parser(
        "find",
        help="find pairs among many markets",
        description="Try every pair of many markets, and rank those that pass.",
        epilog=FIND_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--data", nargs="+", required=True, metavar="PATH", help="folders or files of candles"
    )
    group = parser.add_argument_group("filters")
    group.add_argument(
        "--min-correlation", type=_correlation, default=0.5, metavar="R", help="default 0.5"
    )
    group.add_argument(
        "--max-pvalue",
        type=_probability,
        default=0.05,
        metavar="P",
        help="of the Engle-Granger test, the better way's doubled (default 0.05; 1 takes all)",
    )
    group.add_argument(
        "--max-adjusted-pvalue",
        type=_probability,
        metavar="P",
        help="of the same, allowing for how many pairs were tried (Benjamini-Hochberg)",
    )
    group.add_argument("--min-half-life", type=span, metavar="TIME", help="such as 2h")
    group.add_argument("--max-half-life", type=span, metavar="TIME", help="such as 2d")
    group.add_argument(
        "--min-bars", type=positive, default=100, metavar="N", help="both have (default 100)"
    )
    group.add_argument(
        "--max-hedge-deviation",
        type=_distance,
        metavar="X",
        help="how far the hedge ratio may be from 1, which is what a bot trades",
    )
    parser.add_argument(
        "--sort", choices=tuple(SORTS), default="score", help="order of the pairs (default score)"
    )
    parser.add_argument(
        "--limit", type=positive, default=20, metavar="N", help="pairs shown (default 20)"
    )
    _add_tests(parser)
    add_json(parser, "the search")
    parser.add_argument("--out", metavar="FILE", help="write the search as JSON")
    parser.add_argument("--csv", metavar="FILE", help="write the pairs as CSV")
    parser.add_argument("--html", metavar="FILE", help="write a report (extra `report`)")
    add_common(parser)
    parser.set_defaults(run=run_find)


def _add_tests(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("tests and period")
    group.add_argument(
        "--timeframe", type=span, metavar="TIME", help="of the tests, such as 15m (default 1h)"
    )
    group.add_argument(
        "--trend", choices=("c", "ct"), default="c", help="constant, or constant and trend"
    )
    group.add_argument(
        "--lags", choices=("aic", "bic", "fixed"), default="aic", help="how lags are chosen"
    )
    group.add_argument(
        "--max-lag", type=_whole, metavar="N", help="most lags (default: by Schwert's rule)"
    )
    group.add_argument("--from", dest="since", type=moment, metavar="TIME", help="first bar")
    group.add_argument("--to", dest="until", type=moment, metavar="TIME", help="bars before it")


def run_pair(args: argparse.Namespace) -> int:
    """Analyse one pair and tell what there is to say."""
    from pairtrader.analysis.pair_statistics import analyse  # noqa: PLC0415
    from pairtrader.cli.analysis_text import pair_text  # noqa: PLC0415
    from pairtrader.cli.progress import bar  # noqa: PLC0415
    from pairtrader.history.candle_files import read_pair  # noqa: PLC0415
    from pairtrader.history.parsed_files import ParsedFiles  # noqa: PLC0415

    files = _two_files(args)
    ladder, mode = _bot(args)
    series, facts = read_pair(*files, extremes=False, read=ParsedFiles.of_user().read)
    series = _within(series, args)
    with _refusals(), bar(PARTS, "parts", quiet=args.quiet) as progress:
        found = analyse(
            series.times,
            series.market1.close,
            series.market2.close,
            series.timeframe_ms,
            _pair_options(args, ladder, mode, series),
            _symbols(files),
            progress=_counted(progress),
        )
    document = found.document()
    document["warnings"] += [
        {"code": code, "text": text} for code, text in facts.warnings if code != "gaps"
    ]
    _tell(args, document, pair_text)
    return 0


def _two_files(args: argparse.Namespace) -> tuple[str, str]:
    from pairtrader.cli.failures import UsageError  # noqa: PLC0415

    named = [path for path in (args.market1, args.market2) if path is not None]
    files = [*named, *args.files]
    if len(files) != len(("market1", "market2")) or len(named) == 1:
        raise UsageError("a pair is two files: --market1 FILE --market2 FILE, or FILE FILE")
    return files[0], files[1]


def _symbols(files: tuple[str, str]) -> tuple[str, str]:
    from pairtrader.cli.prices import STAND_INS, symbol_in  # noqa: PLC0415

    first, second = (
        symbol_in(file) or stand_in for file, stand_in in zip(files, STAND_INS, strict=True)
    )
    return first, second


def _bot(args: argparse.Namespace) -> tuple[tuple[float, ...], str]:
    """Return the ladder's row spreads and how the spread is measured.

    Only these two settings are looked at: the others need not be right, nor be there.
    """
    mode = args.spread_mode or "difference"
    if args.config is None:
        return (), mode
    from pydantic import ValidationError  # noqa: PLC0415

    from pairtrader.cli.analysed_bot import AnalysedBot  # noqa: PLC0415
    from pairtrader.cli.config_file import problem_text, read_config  # noqa: PLC0415
    from pairtrader.cli.failures import UsageError  # noqa: PLC0415

    file = read_config(args.config, [])
    try:
        bot = AnalysedBot.model_validate(file.document)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise UsageError(
            *(
                f"{file.name}: {problem_text('.'.join(map(str, each['loc'])), each)}"
                for each in problems
            )
        ) from None
    return bot.row_spreads, args.spread_mode or bot.spread_mode.value


def _pair_options(
    args: argparse.Namespace, ladder: tuple[float, ...], mode: str, series: "PairSeries"
) -> "PairOptions":
    from pairtrader.analysis.dickey_fuller_tables import Trend  # noqa: PLC0415
    from pairtrader.analysis.pair_options import PairOptions  # noqa: PLC0415
    from pairtrader.analysis.unit_root import LagChoice  # noqa: PLC0415
    from pairtrader.model.settings import SpreadMode  # noqa: PLC0415

    return PairOptions(
        test_timeframe_ms=args.timeframe,
        trend=Trend(args.trend),
        lag_choice=LagChoice(args.lags),
        max_lag=args.max_lag,
        spread_mode=SpreadMode(mode),
        start_prices=(float(series.market1.open[0]), float(series.market2.open[0])),
        ladder=ladder,
        zscore_window_ms=args.zscore_window,
        stability_window_ms=args.stability_window,
        significance=args.significance,
    )


def _within(series: "PairSeries", args: argparse.Namespace) -> "PairSeries":
    from pairtrader.backtest.period import EmptyPeriod, between  # noqa: PLC0415
    from pairtrader.cli.failures import UsageError  # noqa: PLC0415

    try:
        return between(series, args.since, args.until)
    except EmptyPeriod as error:
        raise UsageError(f"--from/--to: {error}") from None


def run_find(args: argparse.Namespace) -> int:
    """Search for pairs and tell what was found."""
    from pairtrader.analysis.pair_finder import find  # noqa: PLC0415
    from pairtrader.cli.analysis_text import finder_csv, finder_text  # noqa: PLC0415
    from pairtrader.cli.output import write_text  # noqa: PLC0415
    from pairtrader.cli.progress import bar  # noqa: PLC0415

    files = _files(args.data)
    with bar(len(files), "files", quiet=args.quiet) as progress:
        candles, timeframe_ms = _read_all(files, args, progress)
    count = len(candles)
    with _refusals(), bar(count * (count - 1) // 2, "pairs", quiet=args.quiet) as progress:
        found = find(candles, timeframe_ms, _finder_options(args), progress=_counted(progress))
    document = found.document()
    if args.csv:
        write_text(args.csv, finder_csv(document))
    _tell(args, document, finder_text)
    return 0


def _files(paths: Sequence[str]) -> list[Path]:
    """Return the files of candles; of a folder those that look like some."""
    from pairtrader.cli.failures import UsageError  # noqa: PLC0415

    files: list[Path] = []
    for each in map(Path, paths):
        if not each.is_dir():
            files.append(each)
            continue
        inside = [file for file in sorted(each.iterdir()) if _is_candles(file)]
        if not inside:
            raise UsageError(
                f"--data {each}: no files of candles in it ({', '.join(CANDLE_SUFFIXES)})"
            )
        files += inside
    if len(files) == 1:
        raise UsageError(f"--data: pairs need at least two markets, here is one: {files[0]}")
    return files


def _is_candles(file: Path) -> bool:
    return file.name.endswith(CANDLE_SUFFIXES) and "funding" not in file.name and file.is_file()


def _read_all(
    files: Sequence[Path], args: argparse.Namespace, progress: "Progress"
) -> tuple[list["Candles"], int]:
    import numpy as np  # noqa: PLC0415

    from pairtrader.analysis.pair_finder import Candles  # noqa: PLC0415
    from pairtrader.cli.failures import UsageError  # noqa: PLC0415
    from pairtrader.cli.prices import symbol_in  # noqa: PLC0415
    from pairtrader.history.parsed_files import ParsedFiles  # noqa: PLC0415

    read, found = ParsedFiles.of_user().read, []
    owners: dict[str, Path] = {}
    lengths: dict[int, Path] = {}
    for file in files:
        candles = read(file, extremes=False)
        symbol = symbol_in(file.name) or file.name.partition(".")[0]
        if symbol in owners:
            raise UsageError(f"{owners[symbol]} and {file} are both {symbol}: give one of them")
        owners[symbol] = file
        lengths.setdefault(candles.timeframe_ms, file)
        if len(lengths) > 1:
            one, two = ((ms // 1000, path) for ms, path in lengths.items())
            raise UsageError(
                f"{one[1]} has bars of {one[0]} s, {two[1]} of {two[0]} s: give files of one"
                " timeframe"
            )
        begin, end = (
            None if moment is None else int(np.searchsorted(candles.times, moment))
            for moment in (args.since, args.until)
        )
        part = slice(begin, end)
        found.append(Candles(symbol, candles.times[part], candles.bars(extremes=False).close[part]))
        progress.update()
    return found, next(iter(lengths))


def _finder_options(args: argparse.Namespace) -> "FinderOptions":
    from pairtrader.analysis.dickey_fuller_tables import Trend  # noqa: PLC0415
    from pairtrader.analysis.finder_options import FinderOptions  # noqa: PLC0415
    from pairtrader.analysis.unit_root import LagChoice  # noqa: PLC0415

    return FinderOptions(
        test_timeframe_ms=args.timeframe,
        min_correlation=args.min_correlation,
        max_p_value=args.max_pvalue,
        max_adjusted_p_value=args.max_adjusted_pvalue,
        min_half_life_ms=args.min_half_life,
        max_half_life_ms=args.max_half_life,
        min_bars=args.min_bars,
        max_hedge_deviation=args.max_hedge_deviation,
        trend=Trend(args.trend),
        lag_choice=LagChoice(args.lags),
        max_lag=args.max_lag,
        sort=args.sort,
        limit=args.limit,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what an analysis refuses into failures of the command."""
    from pairtrader.analysis.errors import BadOptions, BadSeries  # noqa: PLC0415
    from pairtrader.cli.failures import UnusableData, UsageError  # noqa: PLC0415

    try:
        yield
    except BadSeries as error:
        raise UnusableData(str(error)) from None
    except BadOptions as error:
        raise UsageError(str(error)) from None


def _counted(progress: "Progress") -> "Told":
    before = 0

    def told(done: int, _total: int) -> None:
        nonlocal before
        progress.update(done - before)
        before = done

    return told


def _tell(
    args: argparse.Namespace, document: dict[str, Any], text: "Callable[[Any, Style], str]"
) -> None:
    from pairtrader.cli.output import Style, json_text, print_text, write_text  # noqa: PLC0415

    as_json = json_text(document) if args.json or args.out else ""
    if args.out:
        write_text(args.out, as_json + "\n")
    if args.html:
        from pairtrader.cli.pages import write_page  # noqa: PLC0415

        write_page(args.html, document)
    print_text(as_json if args.json else text(document, Style(no_color=args.no_color)))


def span(text: str) -> int:
    """Return a length of time such as ``15m``, ``4h`` or ``2d`` in milliseconds.

    Raises:
        ArgumentTypeError: it is none.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS_MS or not number.isascii() or not number.isdigit() or int(number) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no length of time: write minutes, hours or days, such as 15m, 4h or 2d"
        )
    return int(number) * UNITS_MS[unit]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return value


def _probability(text: str) -> float:
    value = _number(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and at most 1")
    return value


def _correlation(text: str) -> float:
    value = _number(text)
    if not -1.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} must lie between -1 and 1")
    return value


def _distance(text: str) -> float:
    value = _number(text)
    if value < 0.0:
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more")
    return value


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)
