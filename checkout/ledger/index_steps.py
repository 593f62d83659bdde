"""Distinct values of an index's first column by a loose index scan: one step for each value,
however many rows have it. Among a million webhooks of one shop and one of another that takes two
steps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, literal, select


def steps(
    column: ColumnElement[str], *where: ColumnElement[bool], name: str, bounded: bool = False
) -> Select[Any]:
    """A select of the distinct values of `column` among the rows `where`, in order, as `value`.
    `bounded`: only those after the parameter `after`, at most `most`."""
    one = select(column).where(*where).order_by(column).limit(1)
    first = one.where(column > bindparam("after")) if bounded else one
    start = select(first.scalar_subquery().label("value"), literal(1).label("number"))
    found = start.cte(name, recursive=True)
    following = one.where(column > found.c.value).scalar_subquery()
    more = select(following, found.c.number + 1).where(found.c.value.is_not(None))
    if bounded:
        more = more.where(found.c.number < bindparam("most"))
    found = found.union_all(more)
    return select(found.c.value).where(found.c.value.is_not(None))


def earliest(column: ColumnElement[Any], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    """The smallest value of `column` among the rows `where`."""
    return select(column).where(*where).order_by(column).limit(1).scalar_subquery()
