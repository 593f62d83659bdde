"""How this gateway behaves, with its defaults."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from checkout.sandbox.state import SandboxState


class RestSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The settings of `POST /sandbox/rest/behaviour`; each request may set any of them.

    token_seconds    how long a token lives, also one given out before
    return_method    how the browser is sent back to the shop
    signed_status    which status word is in the way back and under its checksum, and under the
                     notification's
    checksums        wrong: no message is signed with the key
    list_name        how the list of 3-D Secure parameters is called
    pending_code     the result code of a payment that waits for 3-D Secure
    trailing_blanks  whether an inquiry's answer has keys with blanks at their ends
    not_found        what an inquiry for nothing says: a short N beside the code, or the code alone
    part_refund      what a payment is called after a part of it was refunded
    operations       at_once; accepted: capture, refund, reversal and payout are taken and wait for
                     the back office (`POST /sandbox/rest/payments/{id}/state`)
    """

    token_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0
    return_method: Literal["POST", "GET"] = "POST"
    signed_status: Literal["short", "long"] = "short"
    checksums: Literal["right", "wrong"] = "right"
    list_name: Literal["parameters", "listofParameters"] = "parameters"
    pending_code: Literal["90026", "10004"] = "90026"
    trailing_blanks: bool = False
    not_found: Literal["N", "result"] = "N"
    part_refund: Literal["reversed", "partialrefund", "capturesuccess"] = "reversed"
    operations: Literal["at_once", "accepted"] = "at_once"


def settings_of(state: SandboxState) -> RestSettings:
    return state.settings_for(RestSettings)
