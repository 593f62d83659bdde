"""What several commands' options take: a `type` for click is a function of the text."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from checkout.cli.link import seconds
from checkout.model.cursor import Cursor
from checkout.model.cursor import cursor as read_cursor
from checkout.model.validation.reader import Invalid
from checkout.shop_api.list_request import zoned_moment


def moment(value: str) -> float:
    """A time, in seconds since 1970: a day in UTC, a time with its zone, or so long ago."""
    for read in (_ago, _day, zoned_moment):
        try:
            return read(value)
        except (Invalid, ValueError):
            pass
    raise click.BadParameter("write it as 2026-11-01, 2026-11-01T12:00:00Z or 7d")


def cursor(value: str) -> Cursor:
    """Where a list goes on."""
    try:
        return read_cursor(value)
    except Invalid:
        raise click.BadParameter("take what the list before has printed") from None


def _ago(value: str) -> float:
    return time.time() - seconds(value)


def _day(value: str) -> float:
    if len(value) != len("2026-11-01"):
        raise ValueError
    return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
