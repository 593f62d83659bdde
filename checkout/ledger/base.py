"""The interface of a ledger: it runs verbs, functions over a connection to its database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from checkout.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Connection, P], T]


class Ledger(Protocol):
    """`read`, `write` and `write_unsynced` run a verb. Raise IntegrityError, and Unavailable for
    any other fault."""

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As one transaction, which is on disk when this returns."""
        ...

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As one transaction, which every worker sees when this returns and which outlives this
        process; a power cut may undo those of the last moment."""
        ...

    async def tidy(self, *, whole: bool = False) -> None:
        """Overwrite deleted data in the files, as far as that blocks nobody; `whole`: all of it,
        which rewrites the database and blocks all writers."""

    async def close(self) -> None: ...


def unavailable(error: Exception) -> Unavailable:
    return Unavailable(message=f"The ledger is away ({type(error).__name__})")
