"""Pages of a list, newest first: those after a cursor, in the order of (created_at, id)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from checkout.model.cursor import Cursor

T = TypeVar("T")


def newest_first(
    query: Select[Any],
    at: ColumnElement[float],
    id: ColumnElement[str],
    *,
    after: Cursor | None,
    limit: int,
) -> Select[Any]:
    """The query's next `limit` rows after the cursor."""
    if after is not None:
        query = query.where(tuple_(at, id) < tuple_(*after))
    return query.order_by(at.desc(), id.desc()).limit(limit)


def page(
    found: Sequence[T], limit: int, place: Callable[[T], Cursor]
) -> tuple[Sequence[T], Cursor | None]:
    """The first `limit` of what was found, and the cursor after them where there are more: one more
    than the limit was asked for."""
    shown = found[:limit]
    return shown, place(shown[-1]) if len(found) > limit else None
