"""How the simulated gateways behave, with the defaults."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class SandboxSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The settings of `POST /sandbox/behaviour`; each request may set any of them.

    return_method       how the browser is sent back to the shop: a redirect, or a form that
                        posts itself across sites
    notifications       normal; lost: never sent; doubled: each sent twice; late: sent after
                        `notification_delay` seconds
    latency_ms          milliseconds before every answer of a gateway call
    iframe              whether the bank's page says that it may be framed
    charges             what Overpay makes of a charge: a payment, or an authorization that it
                        captures by itself
    operations          whether Overpay does captures, voids and refunds at once, or accepts them
                        and does them later: when they are settled
    tokens              whether Overpay gives a card's token to those who asked for one, or with
                        every payment, as the family's demo gateway does
    """

    return_method: Literal["GET", "POST"] = "GET"
    notifications: Literal["normal", "lost", "doubled", "late"] = "normal"
    notification_delay: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 5.0
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    iframe: bool = True
    charges: Literal["payment", "authorization"] = "payment"
    operations: Literal["at_once", "later"] = "at_once"
    tokens: Literal["asked", "always"] = "asked"
