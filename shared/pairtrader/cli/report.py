"""`pairtrader report`: pages of results, and results side by side."""

import argparse

from pairtrader.cli.options import add_common, add_json

EPILOG = """\
examples:
  pairtrader report result.json -o report.html
  pairtrader report sweep.json
  pairtrader report --compare a.json b.json c.json
  pairtrader report --compare a.json b.json -o comparison.html

Results are what `backtest --out` and `--json`, `sweep` and `analyse` have written. Without -o the
report of result.json is result.html; a comparison is printed."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="write an HTML report of a result, or compare results",
        description="Write one self-contained HTML page of a result, or compare results.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("result", nargs="*", metavar="FILE", help="a result (JSON, also .gz)")
    parser.add_argument(
        "--compare", nargs="+", default=[], metavar="FILE", help="results of backtests"
    )
    parser.add_argument("-o", "--out", metavar="FILE", help="the page to write")
    add_json(parser, "the comparison")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page, or compare."""
    from pairtrader.cli.reporting import compare, write_report  # noqa: PLC0415

    if args.compare:
        compare([*args.result, *args.compare], args)
    else:
        write_report(args)
    return 0
