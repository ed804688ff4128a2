"""`pairtrader sweep`: many settings over the same candles."""

import argparse

from pairtrader.cli.options import (
    add_common,
    add_config,
    add_fast,
    add_json,
    add_pair,
    positive,
    seed,
)

EPILOG = """\
examples:
  pairtrader sweep --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --param profit_ratio=0.5:2:0.25 --param dca_config.0.spread=0.5,1,1.5
  pairtrader sweep --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --param profit_ratio=0.3:3:log --param ladder.scale=0.5:2 \\
      --mode tpe --samples 300 --objective sharpe --resume sweep.jsonl
  pairtrader sweep --market1 LTC.csv.gz --market2 LINK.csv.gz --config bot.json \\
      --space space.json --walk-forward 4 --train 0.7 --html sweep.html

A parameter is any setting or term by its path. Of the ladder as a whole: ladder.scale (times every
row's spread), ladder.step (the spread of all rows but the first), ladder.growth (each multiplier is
this times the one before), ladder.rows (how many). Values: 1,2,3; steps: 0.5:2:0.25; to be sampled:
0.5:2, 1:100:log, 1:9:whole. A file for --space holds the same as JSON:
  {"profit_ratio": [0.5, 1, 2], "ladder.scale": {"from": 0.5, "to": 2, "step": 0.25}}"""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "sweep",
        help="run many settings and rank them",
        description="Run many settings over the same candles, on all cores, and rank them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_pair(parser)
    add_config(parser)
    _add_search(parser)
    _add_walk_forward(parser)
    _add_ranking(parser)
    group = parser.add_argument_group("running")
    group.add_argument(
        "--jobs", type=positive, metavar="N", help="runs at a time; default: one for each core"
    )
    group.add_argument(
        "--resume",
        metavar="FILE",
        help="keep finished runs in this file, and take those it holds as done",
    )
    add_fast(parser)
    add_json(parser)
    parser.add_argument("--out", metavar="FILE", help="write the result as JSON (.json, .json.gz)")
    parser.add_argument("--csv", metavar="FILE", help="write the leaderboard as CSV")
    parser.add_argument("--best", metavar="FILE", help="write the best run's configuration")
    parser.add_argument("--html", metavar="FILE", help="write a report (extra `report`)")
    add_common(parser)
    parser.set_defaults(run=run)


def _add_search(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("search")
    group.add_argument("--space", metavar="FILE", help="JSON: values or ranges by name")
    group.add_argument(
        "--param",
        dest="params",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUES",
        help="vary a setting; may be given again",
    )
    group.add_argument(
        "--mode",
        choices=("grid", "random", "tpe"),
        default="grid",
        help="all combinations; by chance; or learning from earlier runs (extra `tpe`)",
    )
    group.add_argument(
        "--samples", type=positive, metavar="N", help="runs of random and tpe; default 200"
    )
    group.add_argument("--seed", type=seed, default=0, metavar="N", help="of random and tpe")


def _add_walk_forward(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "walk forward", "choose on one part of the history, judge on the part behind it"
    )
    group.add_argument("--walk-forward", type=positive, metavar="N", help="so many splits")
    group.add_argument(
        "--train", type=float, default=0.7, metavar="SHARE", help="of a split; default 0.7"
    )
    group.add_argument(
        "--anchored", action="store_true", help="choose on all that came before each test"
    )


def _add_ranking(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("ranking")
    group.add_argument(
        "--objective",
        default="sharpe",
        metavar="FIGURE",
        help="such as sharpe, net_pnl, calmar, max_drawdown; default sharpe",
    )
    group.add_argument(
        "--min-cycles",
        type=positive,
        default=0,
        metavar="N",
        help="runs with fewer closed cycles are ranked last",
    )
    group.add_argument(
        "--figures",
        choices=("daily", "full"),
        default="daily",
        help="daily: all but the drawdown at every bar, which takes longer; default daily",
    )
    group.add_argument("--top", type=positive, default=20, metavar="N", help="rows to print")
    group.add_argument(
        "--heat-map",
        nargs=2,
        metavar=("ROWS", "COLUMNS"),
        help="the two parameters to show; default: the first two",
    )


def run(args: argparse.Namespace) -> int:
    """Run it and tell the result."""
    from pairtrader.cli.sweep_output import tell  # noqa: PLC0415
    from pairtrader.cli.sweeping import swept  # noqa: PLC0415

    tell(swept(args), args)
    return 0
