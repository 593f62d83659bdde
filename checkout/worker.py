"""A worker's entry: the application without what only commands and tests need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from litestar import Litestar

# Libraries load these where they are installed, for terminals and for models of other kinds: 16 MB
# of each worker that nothing here uses. None in `sys.modules` is Python's own way to say that a
# module is not there.
UNUSED: Final = ("rich", "pygments", "pydantic", "attr", "attrs")


def application() -> Litestar:
    """`app.from_environment`, for a worker process of its own."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    from checkout.app import from_environment

    return from_environment()
