"""The card gateway: payments, authorizations, charges, the operations on them, saved cards, status
queries."""

from __future__ import annotations

from functools import partial

from litestar import Response, get
from litestar.params import FromPath

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.notifications import Notification
from checkout.sandbox.overpay import acs, saved_cards
from checkout.sandbox.overpay.api import creates, show_newest, shows_one, shows_tracked
from checkout.sandbox.overpay.card_request import read
from checkout.sandbox.overpay.card_response import card_response, response_as
from checkout.sandbox.overpay.card_transaction import PROTOCOL, CardTransaction
from checkout.sandbox.overpay.notification import notification_of
from checkout.sandbox.overpay.operations import operate, operate_unasked, release_failed
from checkout.sandbox.overpay.payouts import send_money
from checkout.sandbox.overpay.response import Json
from checkout.sandbox.state import Gateway, HttpRequest, SandboxState
from checkout.sandbox.transaction import Transaction


def pay(state: SandboxState, caller: Credentials, fields: Fields, *, kind: str) -> CardTransaction:
    """Take a payment by card: decided at once, or incomplete until the bank's page is done."""
    transaction = read(state, caller, fields, kind)
    if transaction.three_d_secure != "challenge" and not transaction.overdue(state.now()):
        transaction.decide(state.now())
    state.add(transaction)
    return transaction


def pay_enveloped(state: SandboxState, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    return {"transaction": card_response(state, pay(state, caller, fields, kind=kind))}


def charge(state: SandboxState, caller: Credentials, fields: Fields) -> Json:
    """A charge answers without the envelope, and as a charge whatever it became."""
    return response_as(state, pay(state, caller, fields, kind="charge"), "charge")


def notification(state: SandboxState, transaction: Transaction) -> Notification | None:
    """The notification of a charge shows a charge, whatever it became."""
    if not isinstance(transaction, CardTransaction):
        raise TypeError("not a card transaction")
    return notification_of(state, transaction, response_as(state, transaction, transaction.type))


def after(state: SandboxState, transaction: Transaction) -> None:
    """A charge that became an authorization is captured by itself."""
    if not isinstance(transaction, CardTransaction):
        return
    release_failed(state, transaction)
    if transaction.automatic_capture_uid and transaction.status == "successful":
        operate_unasked(state, transaction, "capture", transaction.amount)


@get("/transactions/tracking_id/{tracking_id:str}")
async def by_tracking_id(request: HttpRequest, tracking_id: FromPath[str]) -> Response[bytes]:
    """The older address, which the family's Ruby client asks: `{"transaction": {...}}`, the newest
    under a tracking id."""
    return await show_newest(request, PROTOCOL, tracking_id, card_response)


operation = partial(operate, protocol=PROTOCOL, respond=card_response)

GATEWAY = Gateway(
    name=PROTOCOL,
    handlers=(
        *(
            creates(f"/transactions/{kind}s", partial(pay_enveloped, kind=kind), payment=True)
            for kind in ("payment", "authorization", "tokenization")
        ),
        creates("/services/credit_cards/charges", charge, payment=True),
        *(
            creates(f"/transactions/{kind}s", partial(operation, kind=kind))
            for kind in ("capture", "void", "refund")
        ),
        *(
            creates(f"/transactions/{kind}s", partial(send_money, kind=kind))
            for kind in ("credit", "payout")
        ),
        shows_one("/transactions", PROTOCOL, card_response),
        shows_tracked("/v2/transactions/tracking_id", PROTOCOL, card_response),
        by_tracking_id,
        *saved_cards.HANDLERS,
        *acs.HANDLERS,
    ),
    notification=notification,
    after=after,
)
