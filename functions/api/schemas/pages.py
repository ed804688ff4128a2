"""Lists: a page of items and the cursor of the next."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from fastapi import Query

from functions.api.schemas.schema import Schema
from pairtrader.storage.cursor import Page

_S = TypeVar("_S")
_T = TypeVar("_T")

Limit = Annotated[int, Query(ge=1, le=200, description="Items on one page.")]
Cursor = Annotated[str | None, Query(max_length=2048, description="`cursor` of the page before.")]


class PageResponse(Schema, Generic[_T]):
    """One page of a list."""

    items: list[_T]
    cursor: str | None
    """Asks for the next page; null at the end."""


def page_of(page: Page[_S], convert: Callable[[_S], _T]) -> PageResponse[_T]:
    """Return `page` with every item converted."""
    return PageResponse(items=[convert(item) for item in page.items], cursor=page.cursor)
