"""A context of the application for one command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
from sqlalchemy.exc import SQLAlchemyError

from checkout.app import open_context
from checkout.cli.basics import FAILED, fail
from checkout.cli.common import reason, settings_of
from checkout.errors import CheckoutError, Unprocessable
from checkout.payments.context import Context
from checkout.settings import Settings

T = TypeVar("T")


def settings_with(config: Path | None, shop: str | None = None) -> Settings:
    """The settings with the shops of the ledger, too; it is read only where there are any, and
    where the file does not have the `shop` that is asked for."""
    settings = settings_of(config)
    if not settings.shops_key or (shop is not None and shop in settings.shops):
        return settings

    async def work(context: Context) -> Settings:
        return context.settings

    return with_context(config, work)


def with_context(config: Path | None, work: Callable[[Context], Awaitable[T]]) -> T:
    """Run `work` with a context of its own on the settings' ledger and gateways."""
    settings = settings_of(config)

    async def run() -> T:
        async with open_context(settings) as context:
            found = await work(context)
            await context.finish()
            return found

    try:
        return asyncio.run(run())
    except Unprocessable as error:
        why = (f"{name} {', '.join(reasons)}" for name, reasons in error.fields.items())
        fail("\n".join(why), FAILED)
    except CheckoutError as error:
        fail(error.message, FAILED)
    except (OSError, SQLAlchemyError, httpx.HTTPError) as error:
        fail(reason(error), FAILED)
