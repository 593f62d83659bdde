"""A worker's entry: the application without what only commands need."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from litestar import Litestar

# Libraries load these where they are installed, for terminals: 5 MB of each worker. None in
# `sys.modules` is Python's own way to say that a module is not there.
UNUSED: Final = ("rich", "pygments")


def application() -> Litestar:
    """`app.from_environment`, for a worker process of its own."""
    with _kept_out():
        from checkout.app import from_environment
    return from_environment()


@contextmanager
def _kept_out() -> Iterator[None]:
    """Until the block ends: an adapter of somebody else may use them."""
    kept_out = [name for name in UNUSED if name not in sys.modules]
    try:
        for name in kept_out:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in kept_out:
            del sys.modules[name]
