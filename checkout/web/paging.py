"""What a list is asked for by: its query, of which `limit` and `offset` turn the pages."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import parse_qs

from checkout.model.checks import Fields
from checkout.model.rules import whole
from checkout.web.visit import Web_Request

MOST_LISTED: Final = 100
FARTHEST: Final = 1_000_000


class Asked(NamedTuple):
    fields: Fields  # the query's other words; the first of each counts
    limit: int
    offset: int


def asked(request: Web_Request) -> Asked:
    """What is wrong is told in `fields`, whose `done()` raises."""
    # Not by `request.query_params`, which leaves whole queries in a cache.
    query = parse_qs(request.scope["query_string"].decode("latin-1"))
    fields = Fields({name: values[0] for name, values in query.items()})
    limit = fields.get("limit", whole(1, MOST_LISTED, digits=True), MOST_LISTED)
    offset = fields.get("offset", whole(0, FARTHEST, digits=True), 0)
    return Asked(fields, limit, offset)
