"""The query of a list: `limit` and `after` choose the page, whose answer has `next`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from checkout.model.cursor import Cursor, cursor
from checkout.model.validation.reader import Reader, form_pairs
from checkout.model.validation.rules import integer
from checkout.model.validation.table import Field, FieldTable
from checkout.web.request import AppRequest

MOST_LISTED: Final = 100
FARTHEST: Final = 1_000_000


def pages(limit: int) -> FieldTable:
    """The fields that choose the page, which has so many items unless it is said."""
    return FieldTable(
        limit=Field(integer(1, MOST_LISTED, digits=True), f"how many; {limit}", default=limit),
        after=Field(cursor, "where the page begins; without it at the newest"),
    )


# Older lists can be paged through by a number too.
PAGES: Final = FieldTable(
    **pages(MOST_LISTED),
    offset=Field(integer(0, FARTHEST, digits=True), "how many are passed over", default=0),
)


class Page(NamedTuple):
    fields: Reader  # the whole query; the first of each name counts
    limit: int
    after: Cursor | None
    offset: int


def query_of(request: AppRequest) -> Reader:
    """The query, without the fields that are empty; the first of each name counts."""
    # Not by `request.query_params`, which keeps whole queries in a cache.
    return Reader(form_pairs(request.scope["query_string"], blanks=False))


def page_of(request: AppRequest) -> Page:
    """Problems are collected in `fields`, whose `done()` raises."""
    fields = query_of(request)
    return Page(fields, **PAGES.read(fields))


def answer_of(name: str, items: Sequence[Any], following: Cursor | None) -> dict[str, Any]:
    """The items under their name, and `next`: null on the last page."""
    return {name: items, "next": None if following is None else str(following)}
