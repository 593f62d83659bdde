"""The online payment systems: one API for bank transfer, SBP, ERIP and whatever comes.

A new payment is pending: the answer holds a form that takes the customer to the payment system
(a plain URL is a form with GET and no fields), or instructions and a QR code for ERIP.
"""

from __future__ import annotations

from functools import partial

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from checkout.sandbox import codes
from checkout.sandbox.basic import Credentials
from checkout.sandbox.fields import BLANK, Fields, matching
from checkout.sandbox.overpay import provider
from checkout.sandbox.overpay.api import (
    Json,
    Refusal,
    answered,
    create,
    letter,
    listed,
    newest,
    refuse_wrong,
    shown,
)
from checkout.sandbox.overpay.apm_answer import apm_answer
from checkout.sandbox.overpay.apm_transaction import PROTOCOL as NAME
from checkout.sandbox.overpay.apm_transaction import ApmTransaction
from checkout.sandbox.overpay.follow_up import follow, given_up
from checkout.sandbox.overpay.request import common, people
from checkout.sandbox.protocol import Letter, Protocol
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import HttpRequest, World

_NAME = matching(r"[a-z][a-z0-9_]{0,63}")


def pay(world: World, caller: Credentials, fields: Fields, *, section: str) -> Json:
    """Take a payment; `section` is where the request names its method."""
    shared = common(world, caller, fields)
    if shared["tracking_id"] is None:
        shared["tracking_id"] = fields.text("order_id")
    wanted = fields.section(section)
    name = wanted.text("type", required=True) or ""
    if name and not _NAME(name):
        wanted.reject("type")
    if name == "erip" and not wanted.raw("account_number"):
        wanted.reject("account_number", BLANK)
    who = people(fields)
    refuse_wrong(fields)
    transaction = ApmTransaction(
        protocol=NAME,
        type="payment",
        method=name,
        status="pending",
        details={key: value for key, value in wanted.items() if key != "type"},
        echo=who,
        origin=world.public_url,
        facts=who
        | {
            "language": shared["language"],
            "description": shared["description"],
            "return_url": shared["return_url"],
            "notification_url": shared["notification_url"],
            "details": {key: value for key, value in wanted.items() if key != "type"},
        },
        **shared,
    )
    if transaction.kind.end != "pending" and not transaction.overdue(world.now()):
        end = transaction.kind.end
        transaction.become(end, codes.BY_STATUS[end], world.now())
    world.add(transaction)
    return {"transaction": apm_answer(world, transaction)}


@post("/beyag/transactions/payments", status_code=200, opt={"creates_payment": True})
async def payments(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(pay, section="method"))


@post("/beyag/transactions/refunds", status_code=200)
async def refunds(request: HttpRequest) -> Response[bytes]:
    refund = partial(follow, kind="refund", protocol=NAME, show=apm_answer)
    return await create(request, refund)


@get("/beyag/transactions/{uid:str}")
async def by_uid(request: HttpRequest, uid: FromPath[str]) -> Response[bytes]:
    return await shown(request, NAME, uid, apm_answer)


@get("/beyag/transactions/tracking_id/{tracking_id:str}")
async def by_tracking_id(request: HttpRequest, tracking_id: FromPath[str]) -> Response[bytes]:
    return await listed(request, NAME, tracking_id, apm_answer)


# The older twin of ERIP


@post("/beyag/payments", status_code=200, opt={"creates_payment": True})
async def erip_payments(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(pay, section="payment_method"))


@get("/beyag/payments/{uid:str}")
async def erip_by_uid(request: HttpRequest, uid: FromPath[str]) -> Response[bytes]:
    return await shown(request, NAME, uid, apm_answer)


@get("/beyag/payments")
async def erip_by_order(
    request: HttpRequest, order_id: FromQuery[str | None] = None
) -> Response[bytes]:
    """`{"transaction": {...}}`: the newest payment of an order."""
    if not order_id:
        return answered(Refusal(422, f"order_id {BLANK}", {"order_id": [BLANK]}).body(), 422)
    return await newest(request, NAME, order_id, apm_answer)


def told(world: World, transaction: Transaction) -> Letter | None:
    """The notification: the answer in its envelope."""
    return letter(world, transaction, {"transaction": apm_answer(world, transaction)})


def after(world: World, transaction: Transaction) -> None:
    if isinstance(transaction, ApmTransaction):
        given_up(world, transaction)


PROTOCOL = Protocol(
    name=NAME,
    handlers=(
        payments,
        refunds,
        by_uid,
        by_tracking_id,
        erip_payments,
        erip_by_uid,
        erip_by_order,
        *provider.HANDLERS,
    ),
    letter=told,
    after=after,
)
