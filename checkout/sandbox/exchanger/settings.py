"""How the exchanger works, with its defaults."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from checkout.sandbox.state import SandboxState

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class ExchangerSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The settings of `POST /sandbox/exchanger/desk`; each request may set any of them.

    by_itself       whether orders move by themselves after "I have paid"
    delay           seconds before each of the two moves, to inProgressPayout and to done
    lifetime        seconds that the customer has to pay
    carrier, place  where the notification carries its signature: the documents don't say
    captcha         whether it wants a captcha solved, which no server can
    refuses         the key of a field that it finds wrong in every new order; empty: none
    slip            how much less than by its route the shop gets, in percent: the rate has moved
    """

    by_itself: bool = True
    delay: Seconds = 1.5
    lifetime: Seconds = 1800.0
    carrier: Literal["hash", "sign", "signature"] = "hash"
    place: Literal["body", "header", "query"] = "body"
    captcha: bool = False
    refuses: str = ""
    slip: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0


def settings_of(state: SandboxState) -> ExchangerSettings:
    return state.settings_for(ExchangerSettings)
