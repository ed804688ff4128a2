"""Stretches of time that lists are asked for."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from functions.api.web.problems import FieldError, invalid
from pairtrader.storage.paging import Window

LATEST = Window().until
Since = Annotated[datetime | None, Query(description="First moment, with its time zone.")]
Until = Annotated[datetime | None, Query(description="End, not included; default: now.")]


def milliseconds(name: str, moment: datetime | None) -> int | None:
    """Return the moment of the parameter `name` in ms UTC.

    Raises:
        Problem: 422 naming the parameter: it tells no time zone.
    """
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise invalid([FieldError(field=name, message="needs a time zone, such as Z for UTC")])
    return round(moment.timestamp() * 1000)


def window_of(since: Since = None, until: Until = None) -> Window:
    """Return the window from `since` to before `until`.

    Raises:
        Problem: 422 where one has no time zone, or `until` is not later than `since`.
    """
    first, last = milliseconds("since", since), milliseconds("until", until)
    begin = max(0, min(first or 0, LATEST - 1))
    end = LATEST if last is None else min(last, LATEST)
    if end <= begin:
        raise invalid([FieldError(field="until", message="must be later than since")])
    return Window(begin, end)


AskedWindow = Annotated[Window, Depends(window_of)]
