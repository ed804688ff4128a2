"""HTML reports."""

from collections.abc import Mapping
from typing import Any

from pairtrader.cli.failures import UsageError
from pairtrader.cli.output import write_text


def write_page(path: str, document: Mapping[str, Any]) -> None:
    """Write the report of a result, a sweep or an analysis.

    Raises:
        UsageError: the extra `report` is not installed.
    """
    from pairtrader.report.drawing import NoDrawing  # noqa: PLC0415
    from pairtrader.report.page import html  # noqa: PLC0415

    try:
        page = html(document)
    except NoDrawing as error:
        raise UsageError(str(error)) from None
    write_text(path, page)
