"""A worker's entry: the application without what only commands need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checkout import shared_metrics
from checkout.process import kept_out

if TYPE_CHECKING:
    from litestar import Litestar

# Libraries load these where they are installed, for terminals: 5 MB of each worker.
UNUSED: Final = ("rich", "pygments")


def application() -> Litestar:
    """`app.from_environment`, for a worker process of its own."""
    shared_metrics.join()
    with kept_out(*UNUSED):
        from checkout.app import from_environment
    return from_environment()
