"""The way back to the shop: a cross-site form post by default, a redirect in some deployments.

What it says is signed, and a hint all the same: the shop asks.
"""

from __future__ import annotations

from litestar import Response

from checkout.sandbox.pages import leave, page
from checkout.sandbox.rest.codes import RESULTS
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.rest.signature import checksum_of, signed_status
from checkout.sandbox.rest.transaction import RestTransaction, major
from checkout.sandbox.state import SandboxState


def return_to_shop(state: SandboxState, payment: RestTransaction) -> Response[str]:
    """Send the browser to `merchantRedirectUrl`."""
    if payment.return_url is None:
        return page("done.html", transaction=payment)
    method = settings_of(state).return_method
    # Deployments that redirect are known to call the two ids by their older names.
    ids = ("paymentId", "merchantTransactionId") if method == "POST" else ("trackingid", "desc")
    code, description = RESULTS[
        "P" if payment.status_words.short == "3D" else payment.status_words.short
    ]
    fields = {
        ids[0]: payment.uid,
        ids[1]: payment.tracking_id or "",
        "amount": major(payment.amount, payment.currency),
        "currency": payment.currency,
        "status": signed_status(state, payment),
        "checksum": checksum_of(state, payment),
        "resultCode": code,
        "resultDescription": description,
    }
    return leave(payment.return_url, fields, method)
