"""What the functions of the local stack have logged."""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

from scripts import stack
from scripts.stack import StackError

FUNCTIONS = ("tick", "exchange", "api", "socket", "push", "notify", "deliver")
POLL_SECONDS = 1.0


def new_lines(client: Any, group: str, since: int) -> Iterator[tuple[int, str]]:
    """Yield time (ms UTC) and text of what was logged at or after `since`, but for invocations."""
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
    for page in pages:
        for event in page["events"]:
            if not event["message"].startswith(("START ", "END ", "REPORT ")):
                yield event["timestamp"], event["message"].rstrip()


def follow(function: str, since: int) -> None:
    """Print what `function` logs from `since` (ms UTC) on, until interrupted.

    Raises:
        StackError: no local stack runs.
    """
    description = stack.read_description()
    client = stack.client("logs", description["emulator_url"])
    group = f"/aws/lambda/{description['functions'][function]}"
    while True:
        for at, line in new_lines(client, group, since):
            since = max(since, at + 1)
            print(line, flush=True)
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Print the log of the function that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", choices=FUNCTIONS)
    parser.add_argument("--minutes", type=float, default=5, help="how far to look back first")
    arguments = parser.parse_args()
    try:
        follow(arguments.function, int((time.time() - arguments.minutes * 60) * 1000))
    except KeyboardInterrupt:
        pass
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
