"""Downloads as the command line asks for them: which files, from where, with what to watch."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairtrader.cli.failures import OK, RunFailed, UsageError
from pairtrader.cli.output import instant, print_json, print_text
from pairtrader.cli.progress import bar
from pairtrader.exchanges.errors import (
    ExchangeError,
    RetryLater,
    UnknownExchange,
    UnknownSymbol,
)
from pairtrader.exchanges.hosts import parse_hosts
from pairtrader.exchanges.past_prices import SIMULATED, Page, PastPrices, past_prices
from pairtrader.history.download import Kind, Outcome, candles, download, funding
from pairtrader.history.file_names import FUNDING, name_for
from pairtrader.history.journal import Span
from pairtrader.history.parquet_tables import pyarrow_modules
from pairtrader.history.times import timeframe_ms

_SETTLED_AFTER_MS = 5_000
"""How long after its end a bar may still change."""
_DAY_MS = 86_400_000

Sources = Callable[..., PastPrices]


@dataclass(frozen=True, slots=True)
class _File:
    """One file to be downloaded."""

    path: Path
    symbol: str
    kind: Kind
    timeframe: str | None
    """None: funding rates."""


def run(
    args: argparse.Namespace,
    *,
    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    source: Sources = past_prices,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Download what the options name.

    Raises:
        UsageError: the options can't be right.
        RunFailed: the exchange did not give what was asked for.
        BadData: a file that is there does not fit.
    """
    length, span = _span(args, now())
    folder = Path(args.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        hosts = parse_hosts(environment.get("EXCHANGE_HOSTS", ""))
    except FileExistsError as error:
        raise UsageError(f"--out {folder}: is no folder") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    files = list(_files(args, folder, length))
    if args.format == "parquet":
        # Without it, all would be downloaded before that is found.
        pyarrow_modules(files[0].path)
    try:
        past = source(args.exchange, clock=now, hosts=hosts, seed=args.seed, notice=_notice(args))
        outcomes = asyncio.run(_download_all(args, past, files, span))
    except (UnknownExchange, UnknownSymbol) as error:
        raise UsageError(str(error)) from error
    except RetryLater as error:
        raise RunFailed(f"{error}; run the same command again to go on from here") from error
    except ExchangeError as error:
        raise RunFailed(str(error)) from error
    _print(args, outcomes)
    empty = [outcome.path.name for outcome in outcomes if not outcome.rows]
    if empty:
        raise RunFailed(*(f"{name}: {args.exchange} has nothing in this time" for name in empty))
    return OK


def _span(args: argparse.Namespace, now: int) -> tuple[int, Span]:
    """Return the length of a bar, ms, and the time to be downloaded: whole, closed bars."""
    try:
        length = timeframe_ms(args.timeframe)
    except ValueError as error:
        raise UsageError(f"--timeframe: {error}") from None
    closed = (now - _SETTLED_AFTER_MS) // length * length
    until = closed if args.until is None else min(args.until, closed)
    since = args.since
    if length <= _DAY_MS:
        # Longer bars begin on Mondays or the first of a month.
        since, until = (-(-moment // length) * length for moment in (since, until))
    if since >= until:
        end = instant(args.until) if args.until is not None else "now"
        raise UsageError(f"--from {instant(args.since)}: no bar of {args.timeframe} ends by {end}")
    return length, Span(since, until)


def _files(args: argparse.Namespace, folder: Path, length: int) -> Iterator[_File]:
    for symbol in dict.fromkeys(args.symbols):
        name = name_for(args.exchange, symbol, args.timeframe, args.format)
        yield _File(folder / name, symbol, candles(length), args.timeframe)
        if args.funding:
            name = name_for(args.exchange, symbol, FUNDING, args.format)
            yield _File(folder / name, symbol, funding(), None)


async def _download_all(
    args: argparse.Namespace, past: PastPrices, files: list[_File], span: Span
) -> list[Outcome]:
    origin = past.name if past.name != SIMULATED else f"{past.name} (seed {args.seed})"
    try:
        opened = _Opened(past, args)
        return [await _download_one(args, opened, file, span, origin) for file in files]
    finally:
        await past.close()


class _Opened:
    """An exchange's past, its markets looked up when the first page is due."""

    def __init__(self, past: PastPrices, args: argparse.Namespace) -> None:
        self._past = past
        self._symbols, self._timeframe = list(dict.fromkeys(args.symbols)), args.timeframe
        self._is_open = False

    async def page(self, file: _File, since: int) -> Page:
        if not self._is_open:
            await self._past.open(self._symbols, self._timeframe)
            self._is_open = True
        if file.timeframe is None:
            return await self._past.funding(file.symbol, since)
        return await self._past.candles(file.symbol, file.timeframe, file.kind.step_ms, since)


async def _download_one(
    args: argparse.Namespace, opened: _Opened, file: _File, span: Span, origin: str
) -> Outcome:
    async def fetch(since: int) -> Page:
        return await opened.page(file, since)

    if file.timeframe is None:
        # What is settled when the last bar ends is still paid for holding over that bar.
        span = Span(span.since, span.until + 1)
    with _watched(args, file) as report:
        return await download(file.path, file.kind, span, fetch, origin=origin, report=report)


@contextmanager
def _watched(args: argparse.Namespace, file: _File) -> Iterator[Callable[[int, int], None]]:
    """Give something to report to, drawn as a bar of days where somebody watches."""
    with bar(None, "days", quiet=args.quiet or args.json) as shown:
        drawn: Any = shown
        drawn.bar_format = (
            "{desc}{percentage:3.0f} %|{bar}| {n:.1f} of {total:.1f} days, {remaining} left"
        )
        drawn.set_description(file.path.name, refresh=False)
        done_before = 0

        def report(done: int, total: int) -> None:
            nonlocal done_before
            drawn.total = total / _DAY_MS
            drawn.update((done - done_before) / _DAY_MS)
            done_before = done

        yield report


def _notice(args: argparse.Namespace) -> Callable[[str], None]:
    def say(text: str) -> None:
        if not args.quiet:
            sys.stderr.write(f"{text}\n")

    return say


def _print(args: argparse.Namespace, outcomes: list[Outcome]) -> None:
    if args.json:
        print_json({"version": 1, "files": [_document(outcome) for outcome in outcomes]})
        return
    for outcome in outcomes:
        if outcome.rows:
            state = "was there already" if outcome.was_there else "downloaded"
            print_text(f"{outcome.path}: {outcome.rows} rows, {outcome.asked}, {state}")


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "file": str(outcome.path),
        "rows": outcome.rows,
        "from": instant(outcome.asked.since),
        "to": instant(outcome.asked.until),
        "was_there": outcome.was_there,
    }
