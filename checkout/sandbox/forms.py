"""Reading a posted form straight from the bytes: nothing of it is cached anywhere."""

from __future__ import annotations

from urllib.parse import parse_qsl

from checkout.sandbox.state import HttpRequest


async def form(request: HttpRequest) -> dict[str, str]:
    """The fields of an urlencoded body, the last of each name; empty if it can't be read."""
    try:
        body = (await request.body()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}
