"""The online payment systems: one API for bank transfer, SBP, ERIP and whatever comes.

A new payment is pending: the answer holds a form that takes the customer to the payment system
(a plain URL is a form with GET and no fields), or instructions and a QR code for ERIP.
"""

from __future__ import annotations

from functools import partial

from litestar import Response, get
from litestar.params import FromQuery

from checkout.sandbox import codes
from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.fields import BLANK, Fields, between, matching
from checkout.sandbox.notifications import Notification
from checkout.sandbox.overpay import provider
from checkout.sandbox.overpay.api import creates, show_newest, shows_one, shows_tracked
from checkout.sandbox.overpay.apm_response import apm_response
from checkout.sandbox.overpay.apm_transaction import PROTOCOL, ApmTransaction
from checkout.sandbox.overpay.notification import notification_of
from checkout.sandbox.overpay.operations import operate, release_failed
from checkout.sandbox.overpay.request import common_fields, customer_fields
from checkout.sandbox.overpay.response import Json, invalid, refuse_invalid
from checkout.sandbox.state import Gateway, HttpRequest, SandboxState
from checkout.sandbox.transaction import Transaction

_NAME = matching(r"[a-z][a-z0-9_]{0,63}")
_ORDER_NUMBER = between(0, 10**12 - 1)


def pay(state: SandboxState, caller: Credentials, fields: Fields, *, section: str) -> Json:
    """Take a payment; `section` is where the request names its method."""
    shared = common_fields(state, caller, fields)
    if shared["tracking_id"] is None:
        shared["tracking_id"] = _order_id(fields)
    wanted = fields.section(section)
    name = _method_name(wanted)
    details = {key: value for key, value in wanted.items() if key != "type"}
    who = customer_fields(fields)
    refuse_invalid(fields)
    transaction = ApmTransaction(
        protocol=PROTOCOL,
        type="payment",
        method=name,
        status="pending",
        details=details,
        echo=who,
        origin=state.public_url,
        facts=who
        | {
            "language": shared["language"],
            "description": shared["description"],
            "return_url": shared["return_url"],
            "notification_url": shared["notification_url"],
            "details": details,
        },
        **shared,
    )
    if transaction.method_definition.status != "pending" and not transaction.overdue(state.now()):
        end = transaction.method_definition.status
        transaction.become(end, codes.BY_STATUS[end], state.now())
    state.add(transaction)
    return {"transaction": apm_response(state, transaction)}


def _order_id(fields: Fields) -> str | None:
    """A string, or a number of at most 12 digits: so ERIP counts orders."""
    value = fields.raw("order_id")
    return str(value) if _ORDER_NUMBER(value) else fields.text("order_id")


def _method_name(wanted: Fields) -> str:
    name = wanted.text("type", required=True) or ""
    if name and not _NAME(name):
        wanted.reject("type")
    if name == "erip" and not wanted.raw("account_number"):
        wanted.reject("account_number", BLANK)
    return name


@get("/beyag/payments")
async def erip_by_order(
    request: HttpRequest, order_id: FromQuery[str | None] = None
) -> Response[bytes]:
    """`{"transaction": {...}}`: the newest payment of an order."""
    if not order_id:
        return invalid({"order_id": [BLANK]}).response()
    return await show_newest(request, PROTOCOL, order_id, apm_response)


def notification(state: SandboxState, transaction: Transaction) -> Notification | None:
    return notification_of(state, transaction, apm_response(state, transaction))


def after(state: SandboxState, transaction: Transaction) -> None:
    if isinstance(transaction, ApmTransaction):
        release_failed(state, transaction)


refund = partial(operate, kind="refund", protocol=PROTOCOL, respond=apm_response)

GATEWAY = Gateway(
    name=PROTOCOL,
    handlers=(
        creates("/beyag/transactions/payments", partial(pay, section="method"), payment=True),
        creates("/beyag/transactions/refunds", refund),
        creates("/beyag/refunds", refund),  # ERIP's
        shows_one("/beyag/transactions", PROTOCOL, apm_response),
        shows_tracked("/beyag/transactions/tracking_id", PROTOCOL, apm_response),
        # The older twin for ERIP.
        creates("/beyag/payments", partial(pay, section="payment_method"), payment=True),
        shows_one("/beyag/payments", PROTOCOL, apm_response),
        shows_one("/beyag/refunds", PROTOCOL, apm_response),
        erip_by_order,
        *provider.HANDLERS,
    ),
    notification=notification,
    after=after,
)
