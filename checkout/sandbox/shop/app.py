"""The sample shop as one application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import State

from checkout.sandbox.logs import LOGGING
from checkout.sandbox.pages import asset
from checkout.sandbox.shop import api, integrations, pages
from checkout.sandbox.shop.checkout_client import CheckoutClient
from checkout.sandbox.shop.config import ShopConfig, load
from checkout.sandbox.shop.shop import Shop

LARGEST_BODY = 256 * 1024
"""Bytes."""


def create_shop(config: ShopConfig) -> Litestar:
    """The sample shop, taking payments through the checkout that `config` names."""
    shop = Shop(config, CheckoutClient(config))
    assets = [
        asset("/style.css", "style.css", "text/css"),
        asset("/basket.js", "shop/basket.js", "text/javascript"),
    ]
    return Litestar(
        route_handlers=[*pages.HANDLERS, *api.HANDLERS, *integrations.HANDLERS, *assets],
        lifespan=[_running],
        state=State({"shop": shop}),
        openapi_config=None,
        logging_config=LOGGING,
        request_max_body_size=LARGEST_BODY,
    )


def shop_from_environment() -> Litestar:
    """For servers that take a factory: `CHECKOUT_SHOP_CONFIG` names the JSON file."""
    return create_shop(load(Path(os.environ["CHECKOUT_SHOP_CONFIG"])))


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    shop: Shop = app.state.shop
    await shop.checkout.start()
    try:
        yield
    finally:
        await shop.checkout.stop()
