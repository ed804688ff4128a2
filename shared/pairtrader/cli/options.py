"""Options that several commands share, and how their values are read."""

import argparse
from datetime import UTC, datetime

MOST_DIGITS = 16
_QUIET = "no progress, no hints: only the result and errors"
_NO_COLOR = "plain text, as when NO_COLOR is set or the output is no terminal"


def add_common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Add what may stand before the command and after it."""
    group = parser.add_argument_group("output")
    default = False if top else argparse.SUPPRESS
    group.add_argument("--quiet", action="store_true", default=default, help=_QUIET)
    group.add_argument("--no-color", action="store_true", default=default, help=_NO_COLOR)


def add_json(parser: argparse.ArgumentParser, what: str = "the result") -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as one JSON document")


def add_pair(parser: argparse.ArgumentParser) -> None:
    """Add the files of a pair and the part of them that counts."""
    group = parser.add_argument_group(
        "data", "CSV, CSV.gz or Parquet with timestamp (ms UTC), open, high, low, close"
    )
    group.add_argument("--market1", required=True, metavar="FILE", help="candles of market 1")
    group.add_argument("--market2", required=True, metavar="FILE", help="candles of market 2")
    group.add_argument("--funding1", metavar="FILE", help="funding rates of market 1")
    group.add_argument("--funding2", metavar="FILE", help="funding rates of market 2")
    group.add_argument(
        "--from", dest="since", type=moment, metavar="TIME", help="first bar, such as 2025-05-04"
    )
    group.add_argument(
        "--to",
        dest="until",
        type=moment,
        metavar="TIME",
        help="bars open before it, such as 2025-06-01 or 2025-06-01T12:00 (UTC)",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the bot."""
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--config",
        required=True,
        metavar="FILE",
        help="JSON: a bot's settings and the terms of the run; an exported bot and an earlier "
        "result do as well; - reads standard input",
    )
    group.add_argument(
        "--set",
        dest="changes",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting, such as profit_ratio=0.8 or dca_config.0.spread=1.5",
    )


def add_fast(parser: argparse.ArgumentParser) -> None:
    """Add the choice of engine."""
    parser.add_argument(
        "--fast",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="run the compiled engine (extra `fast`), or the NumPy one; default: what is quicker. "
        "Both give the same result to the last bit",
    )


def moment(text: str) -> int:
    """Return a time written as ISO 8601 as ms UTC; without a zone it is UTC.

    Raises:
        ArgumentTypeError: it is no time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write a day or an instant, such as 2025-05-04T16:00 (UTC)"
        ) from None
    aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    return round(aware.timestamp() * 1000)


def positive(text: str) -> int:
    """Return a whole number from 1 on.

    Raises:
        ArgumentTypeError: it is none.
    """
    return _whole(text, 1, None)


def seed(text: str) -> int:
    """Return a whole number that chance can begin with.

    Raises:
        ArgumentTypeError: it is none.
    """
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, least: int, most: int | None) -> int:
    value = int(text) if text.isdecimal() and text.isascii() and len(text) < MOST_DIGITS else -1
    if value < least or (most is not None and value > most):
        bounds = f"from {least} on" if most is None else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number {bounds}")
    return value
