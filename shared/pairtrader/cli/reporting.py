"""Reports of results, and results side by side."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pairtrader.cli.config_file import read_json
from pairtrader.cli.failures import UsageError
from pairtrader.cli.figures import FIGURES
from pairtrader.cli.output import DASH, print_json, print_text, short, table
from pairtrader.cli.pages import write_page

Document = dict[str, Any]

ENOUGH_TO_COMPARE = 2
_LEFT_OUT = frozenset({"markets", "bot_name", "exchange_account_id"})
"""Fields of configurations that say nothing about how a run went."""


def write_report(args: argparse.Namespace) -> None:
    """Write the page of one result.

    Raises:
        UsageError: there is not one result, or it is none.
    """
    if args.json:
        raise UsageError("--json prints a comparison: give results with --compare")
    if len(args.result) != 1:
        raise UsageError("name one result, or several with --compare")
    (path,) = args.result
    target = args.out or _beside(path)
    write_page(target, _result(path))
    if not args.quiet:
        print_text(str(target))


def _beside(path: str) -> str:
    plain = path.removesuffix(".gz").removesuffix(".json")
    return "report.html" if path == "-" else f"{plain}.html"


def _result(path: str) -> Document:
    document = read_json(path)
    known = isinstance(document, dict) and document.get("version") == 1
    if not known or not (document.keys() & {"metrics", "kind"}):
        raise UsageError(
            f"{path}: is no result: `pairtrader backtest --out {path}` writes one, "
            "sweep and analyse --json as well"
        )
    found: Document = document
    return found


def compare(paths: Sequence[str], args: argparse.Namespace) -> None:
    """Print results side by side, and write their page if it was asked for.

    Raises:
        UsageError: there are too few, or one is no result of a backtest.
    """
    if len(paths) < ENOUGH_TO_COMPARE:
        raise UsageError("--compare needs at least two results")
    documents = [_result(path) for path in paths]
    for path, document in zip(paths, documents, strict=True):
        if "metrics" not in document:
            raise UsageError(f"{path}: is a {document['kind']}: only backtests are compared")
    found = comparison(_names(paths), documents)
    if args.out:
        write_page(args.out, found)
    if args.json:
        print_json(found)
    else:
        print_text(comparison_text(found))


def comparison(names: Sequence[str], documents: Sequence[Document]) -> Document:
    """Return results side by side: figures, and the settings in which they differ."""
    fields = {name: None for document in documents for name in document["config"]}
    settings = {
        name: values
        for name in fields
        if name not in _LEFT_OUT
        and not _alike(values := [document["config"].get(name) for document in documents])
    }
    metrics = [name for name in documents[0]["metrics"] if name not in ("levels", "reasons")]
    return {
        "version": 1,
        "kind": "comparison",
        "results": list(names),
        "data": [document["data"] for document in documents],
        "settings": settings,
        "metrics": {n: [document["metrics"].get(n) for document in documents] for n in metrics},
    }


def comparison_text(found: Mapping[str, Any]) -> str:
    """Return a comparison for a terminal."""
    rows = [
        [figure.label, *(figure.text(value) for value in found["metrics"][figure.name])]
        for figure in FIGURES
        if figure.name in found["metrics"]
    ]
    for name, values in found["settings"].items():
        shown = (DASH if value is None else short(value) for value in values)
        rows.append([name, *shown])
    periods = [f"{data['first'][:10]} to {data['last'][:10]}" for data in found["data"]]
    pairs = [f"{d['market1']['symbol']} / {d['market2']['symbol']}" for d in found["data"]]
    rows[:0] = [["Pair", *pairs], ["Period", *periods]]
    return table(["", *found["results"]], rows)


def _alike(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values)


def _names(paths: Sequence[str]) -> list[str]:
    """Return the shortest names that tell the files apart."""
    names = [Path(path).name.removesuffix(".gz").removesuffix(".json") for path in paths]
    return names if len(set(names)) == len(names) else list(paths)
