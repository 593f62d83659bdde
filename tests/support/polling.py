"""Waiting until something is true."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Poll until `true()`, or what it awaits, is true."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if await found if inspect.isawaitable(found) else found:
            return
        assert time.monotonic() < end, f"{true.__name__} was not true within {seconds} s"
        await asyncio.sleep(0.02)


def wait_until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """The same where no loop runs."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)
