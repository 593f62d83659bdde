"""The way back to the shop, with `uid` and `status`: a hint and no proof."""

from __future__ import annotations

from litestar import Response

from checkout.sandbox.pages import leave, page
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction


def return_to_shop(
    state: SandboxState, transaction: Transaction, framed: bool = False
) -> Response[str]:
    if transaction.return_url is None:
        return page("done.html", framed=framed, transaction=transaction)
    parameters = {"uid": transaction.uid, "status": transaction.status}
    return leave(transaction.return_url, parameters, state.settings.return_method, framed=framed)
