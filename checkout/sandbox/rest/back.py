"""The way back to the shop: a cross-site form post by default, a redirect in some deployments.

What it says is signed, and a hint all the same: the shop asks.
"""

from __future__ import annotations

import hmac

from litestar import Response

from checkout.sandbox.calls import note
from checkout.sandbox.pages import leave, page
from checkout.sandbox.rest.answer import RESULTS, proof, signed_word
from checkout.sandbox.rest.switches import switches_of
from checkout.sandbox.rest.transaction import PROTOCOL, RestTransaction, major
from checkout.sandbox.world import HttpRequest, World, world_of


def looked_up(request: HttpRequest, uid: str) -> tuple[World, RestTransaction | None]:
    """The payment that a browser comes for."""
    world = world_of(request)
    note(request, uid=uid)
    found = world.transactions.get(uid)
    if not isinstance(found, RestTransaction) or found.protocol != PROTOCOL:
        return world, None
    return world, found


def back(world: World, payment: RestTransaction) -> Response[str]:
    """Send the browser to `merchantRedirectUrl`."""
    if payment.return_url is None:
        return page("done.html", transaction=payment)
    method = switches_of(world).return_method
    # Deployments that redirect are known to call the two ids by their older names.
    ids = ("paymentId", "merchantTransactionId") if method == "POST" else ("trackingid", "desc")
    code, description = RESULTS["P" if payment.words.short == "3D" else payment.words.short]
    fields = {
        ids[0]: payment.uid,
        ids[1]: payment.tracking_id or "",
        "amount": major(payment.amount, payment.currency),
        "currency": payment.currency,
        "status": signed_word(world, payment),
        "checksum": proof(world, payment),
        "resultCode": code,
        "resultDescription": description,
    }
    return leave(payment.return_url, fields, method)


def unknown() -> Response[str]:
    return page("not_found.html", status=404)


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
