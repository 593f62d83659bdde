"""What a list is asked for by: its query, of which `limit` and `offset` turn the pages."""

from __future__ import annotations

from typing import Final, NamedTuple

from checkout.model.validation.reader import Reader, form_pairs
from checkout.model.validation.rules import whole
from checkout.model.validation.table import Field, FieldTable
from checkout.web.request import AppRequest

MOST_LISTED: Final = 100
FARTHEST: Final = 1_000_000


PAGES: Final = FieldTable(
    limit=Field(whole(1, MOST_LISTED, digits=True), "how many", default=MOST_LISTED),
    offset=Field(whole(0, FARTHEST, digits=True), "how many are passed over", default=0),
)


class Page(NamedTuple):
    fields: Reader  # the query's other words; the first of each counts
    limit: int
    offset: int


def page_of(request: AppRequest) -> Page:
    """What is wrong is told in `fields`, whose `done()` raises."""
    # Not by `request.query_params`, which leaves whole queries in a cache.
    fields = Reader(form_pairs(request.scope["query_string"], blanks=False))
    return Page(fields, **PAGES.read(fields))
