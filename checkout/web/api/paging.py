"""The query of a list: `limit` and `offset` choose the page."""

from __future__ import annotations

from typing import Final, NamedTuple

from checkout.model.validation.reader import Reader, form_pairs
from checkout.model.validation.rules import integer
from checkout.model.validation.table import Field, FieldTable
from checkout.web.request import AppRequest

MOST_LISTED: Final = 100
FARTHEST: Final = 1_000_000


PAGES: Final = FieldTable(
    limit=Field(integer(1, MOST_LISTED, digits=True), "how many", default=MOST_LISTED),
    offset=Field(integer(0, FARTHEST, digits=True), "how many are passed over", default=0),
)


class Page(NamedTuple):
    fields: Reader  # the whole query; the first of each name counts
    limit: int
    offset: int


def page_of(request: AppRequest) -> Page:
    """Problems are collected in `fields`, whose `done()` raises."""
    # Not by `request.query_params`, which keeps whole queries in a cache.
    fields = Reader(form_pairs(request.scope["query_string"], blanks=False))
    return Page(fields, **PAGES.read(fields))
