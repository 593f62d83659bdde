"""Cards that the gateway keeps for a shop, each under a token; `/credit_cards` saves one without a
payment, and changes what is kept of one."""

from __future__ import annotations

import hmac

from litestar import Response, post
from litestar.params import FromPath

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.call_log import annotate
from checkout.sandbox.card import Card
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.api import create_once, creates
from checkout.sandbox.overpay.card_fields import changed_card, new_card
from checkout.sandbox.overpay.response import Json, card_object, refuse_invalid
from checkout.sandbox.state import HttpRequest, SandboxState

UNKNOWN = "does not exist"


def save_card(state: SandboxState, shop_id: str, card: Card) -> str:
    """Its token: the same card has the same one at the same shop."""
    token = hmac.new(state.salt, f"{shop_id}:{card.stamp}".encode(), "sha256").hexdigest()
    state.memory["overpay", "token", shop_id, token] = card
    return token


def saved_card(state: SandboxState, shop_id: str, section: Fields) -> Card | None:
    """The card that the section's token names; None, and noted, if there is none."""
    token = section.text("token", required=True, longest=1000)
    if token is None:
        return None
    found = state.memory.get(("overpay", "token", shop_id, token))
    if isinstance(found, Card):
        return found
    section.reject("token", UNKNOWN)
    return None


def keep(state: SandboxState, caller: Credentials, fields: Fields) -> Json:
    """Save a card or, where a token is given, change the name and the date that are kept. The
    answer is the card itself, without an envelope."""
    is_known = bool(fields.raw("token"))
    known = saved_card(state, caller.shop_id, fields) if is_known else None
    if known is not None:
        card = changed_card(state, fields, known)
    else:
        card = None if is_known else new_card(state, fields)
    refuse_invalid(fields)
    if card is None:
        raise TypeError("neither a card nor a reason why not")
    return card_object(card, save_card(state, caller.shop_id, card))


@post("/credit_cards/{token:str}", status_code=200)
async def change(request: HttpRequest, token: FromPath[str]) -> Response[bytes]:
    """The token stands in the address, which the ledger doesn't show."""
    annotate(request, path="/credit_cards/{token}")

    def of_token(state: SandboxState, caller: Credentials, fields: Fields) -> Json:
        return keep(state, caller, Fields(dict(fields.items()) | {"token": token}))

    return await create_once(request, of_token)


HANDLERS = (creates("/credit_cards", keep), change)
