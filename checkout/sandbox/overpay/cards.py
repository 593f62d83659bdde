"""The card gateway: payments, authorizations, charges, what follows them, and status queries."""

from __future__ import annotations

from functools import partial

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.basic import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay import bank
from checkout.sandbox.overpay.api import Json, create, letter, listed, shown
from checkout.sandbox.overpay.card_answer import answer_of, card_answer
from checkout.sandbox.overpay.card_request import read
from checkout.sandbox.overpay.card_transaction import PROTOCOL as NAME
from checkout.sandbox.overpay.card_transaction import CardTransaction
from checkout.sandbox.overpay.follow_up import follow, follow_by_itself, given_up
from checkout.sandbox.overpay.sending import send
from checkout.sandbox.protocol import Letter, Protocol
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import HttpRequest, World


def pay(world: World, caller: Credentials, fields: Fields, *, kind: str) -> CardTransaction:
    """Take a payment by card: decided at once, or incomplete until the bank's page is done."""
    transaction = read(world, caller, fields, kind)
    if transaction.secure != "challenge" and not transaction.overdue(world.now()):
        transaction.decide(world)
    world.add(transaction)
    return transaction


def enveloped(world: World, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    return {"transaction": card_answer(world, pay(world, caller, fields, kind=kind))}


def flat(world: World, caller: Credentials, fields: Fields) -> Json:
    """A charge answers without the envelope, and as a charge whatever it became."""
    return answer_of(world, pay(world, caller, fields, kind="charge"), "charge")


def after(world: World, transaction: Transaction) -> None:
    """A charge that became an authorization is captured by itself."""
    if not isinstance(transaction, CardTransaction):
        return
    given_up(world, transaction)
    if transaction.captures_as and transaction.status == "successful":
        follow_by_itself(world, transaction, "capture", transaction.amount)


def operation(world: World, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    return follow(world, caller, fields, kind=kind, protocol=NAME, show=card_answer)


@post("/transactions/payments", status_code=200, opt={"creates_payment": True})
async def payments(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(enveloped, kind="payment"))


@post("/transactions/authorizations", status_code=200, opt={"creates_payment": True})
async def authorizations(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(enveloped, kind="authorization"))


@post("/transactions/tokenizations", status_code=200, opt={"creates_payment": True})
async def tokenizations(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(enveloped, kind="tokenization"))


@post("/services/credit_cards/charges", status_code=200, opt={"creates_payment": True})
async def charges(request: HttpRequest) -> Response[bytes]:
    return await create(request, flat)


@get("/transactions/{uid:str}")
async def by_uid(request: HttpRequest, uid: FromPath[str]) -> Response[bytes]:
    return await shown(request, NAME, uid, card_answer)


@get("/v2/transactions/tracking_id/{tracking_id:str}")
async def by_tracking_id(request: HttpRequest, tracking_id: FromPath[str]) -> Response[bytes]:
    return await listed(request, NAME, tracking_id, card_answer)


@post("/transactions/captures", status_code=200)
async def captures(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(operation, kind="capture"))


@post("/transactions/voids", status_code=200)
async def voids(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(operation, kind="void"))


@post("/transactions/refunds", status_code=200)
async def refunds(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(operation, kind="refund"))


@post("/transactions/credits", status_code=200)
async def credits_(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(send, kind="credit"))


@post("/transactions/payouts", status_code=200)
async def payouts(request: HttpRequest) -> Response[bytes]:
    return await create(request, partial(send, kind="payout"))


def told(world: World, transaction: Transaction) -> Letter | None:
    """The notification: the answer in its envelope; of a charge as a charge."""
    if not isinstance(transaction, CardTransaction):
        raise TypeError("not a card transaction")
    return letter(
        world, transaction, {"transaction": answer_of(world, transaction, transaction.type)}
    )


PROTOCOL = Protocol(
    name=NAME,
    handlers=(
        payments,
        authorizations,
        tokenizations,
        charges,
        captures,
        voids,
        refunds,
        credits_,
        payouts,
        by_uid,
        by_tracking_id,
        *bank.HANDLERS,
    ),
    letter=told,
    after=after,
)
