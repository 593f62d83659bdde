"""What the gateway says: of a payment, of an inquiry, and to `notificationUrl`."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import msgspec
from litestar import Response

from checkout.sandbox.card import Card
from checkout.sandbox.protocol import Letter
from checkout.sandbox.rest.merchants import checksum
from checkout.sandbox.rest.switches import switches_of
from checkout.sandbox.rest.transaction import REGISTRATION, SHORT, RestTransaction, major
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import HttpRequest, World

Json = dict[str, object]

FOUND = ("00026", "Your record found successfully")
NOT_FOUND = ("10009", "Record not found")
RESULTS = {
    "Y": ("00001", "Transaction succeeded"),
    "P": ("10004", "Transaction is pending"),
    "N": ("10001", "Transaction failed"),
    "C": ("10001", "Transaction failed"),
}
"""Short word -> code and description of a payment's own answer."""

BLANK = ("paymentId", "amount", "transactionStatus")
"""The keys that some deployments write with a blank at the end."""


def result(code: str, description: str) -> Json:
    return {"result": {"code": code, "description": description}}


def payment_answer(world: World, payment: RestTransaction) -> Json:
    """The answer to a new payment, in one of three shapes: decided, 3-D Secure, asynchronous."""
    answer = _common(payment)
    if payment.final:
        short = payment.words.short
        code, said = RESULTS[short] if payment.words.long in SHORT else NOT_FOUND
        if short == "Y" and payment.registration:
            answer["registrationId"] = payment.registration
            code = code if payment.facts.get("by_token") else "00002"
        return answer | result(code, said)
    del answer["status"]
    if payment.status == "incomplete":
        switches = switches_of(world)
        listed = [{"name": name, "value": value} for name, value in payment.parameters.items()]
        redirect = {"url": payment.acs, "method": "POST", "target": "_blank"}
        answer["redirect"] = redirect | {switches.list_name: listed}
        return answer | result(switches.pending_code, "3D Authentication Pending")
    if payment.mode == "EW":
        del answer["transactionStatus"]
    answer["redirect"] = _redirect(payment)
    return answer | result(*RESULTS["P"])


def _redirect(payment: RestTransaction) -> Json:
    """An address alone; a voucher's wants its token posted."""
    if payment.mode == "PV":
        listed = [{"name": "token", "value": payment.session}]
        return {"url": payment.checkout, "method": "POST", "parameters": listed}
    return {"url": f"{payment.checkout}?{payment.checkout_query}"}


def inquiry_answer(payment: RestTransaction) -> Json:
    """The code is the lookup's; the payment's own state is in the words. A word that the platform's
    table of short ones lacks makes it say that there is no such record."""
    known = payment.words.long in SHORT
    answer = _common(payment) | result(*(FOUND if known else NOT_FOUND))
    if payment.registration and payment.status == "successful":
        answer["registrationId"] = payment.registration
    return answer


def nothing_found(world: World) -> Json:
    """An inquiry for what isn't there: with a short N, or with a result alone."""
    word: Json = {"transactionStatus": "N"} if switches_of(world).not_found == "N" else {}
    return word | result(*NOT_FOUND)


def operation_answer(payment: RestTransaction, amount: int, code: str, said: str) -> Json:
    """What the gateway says of a capture, refund or reversal."""
    return {
        "paymentId": payment.uid,
        "merchantTransactionId": payment.tracking_id,
        "amount": major(amount, payment.currency),
        "currency": payment.currency,
        "transactionStatus": "Y",
        "status": payment.words.long,
        **result(code, said),
    }


def _common(payment: RestTransaction) -> Json:
    words = payment.words
    answer: Json = {
        "paymentId": payment.uid,
        "status": words.long,
        "paymentBrand": payment.brand or "",
        "paymentMode": payment.mode,
        "amount": major(payment.amount, payment.currency),
        "currency": payment.currency,
        "descriptor": "SANDBOX",
        "merchantTransactionId": payment.tracking_id,
        "remark": payment.remark,
        "transactionStatus": words.short,
        "timestamp": written(payment.updated_at),
    }
    if payment.card:
        answer["card"] = card_answer(payment.card)
    return answer


def card_answer(card: Card) -> Json:
    return {"bin": card.bin_8[:6], "last4Digits": card.last_4}


def written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def signed_word(world: World, payment: RestTransaction) -> str:
    """The status word under a checksum: the one or the other, as deployments differ."""
    short, long = payment.words
    return short if switches_of(world).signed_status == "short" else long


def proof(world: World, payment: RestTransaction) -> str:
    """The checksum of the way back and of the notification."""
    key = payment.secret_key if switches_of(world).checksums == "right" else "another key"
    amount = major(payment.amount, payment.currency)
    return checksum(
        payment.uid, payment.tracking_id or "", amount, signed_word(world, payment), key
    )


def letter(world: World, transaction: Transaction) -> Letter | None:
    """The notification, sent once; of a capture or refund the payment's own."""
    if isinstance(transaction, RestTransaction) and transaction.parent_uid:
        transaction = world.transactions.get(transaction.parent_uid, transaction)
    if not isinstance(transaction, RestTransaction) or transaction.notification_url is None:
        return None
    if transaction.type == REGISTRATION:
        return None
    body = inquiry_answer(transaction) | {"checksum": proof(world, transaction)}
    return Letter(
        uid=transaction.uid,
        url=transaction.notification_url,
        headers={"Content-Type": "application/json"},
        body=msgspec.json.encode(body),
        waits=(0.0,),
    )


def answered(request: HttpRequest, body: Json, status: int = 200) -> Response[bytes]:
    """JSON, or XML where `Accept` asks for it."""
    accepted = request.headers.get("accept", "")
    if "xml" in accepted and "json" not in accepted:
        raw = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + _xml("response", body)
        return Response(raw.encode(), status_code=status, media_type="application/xml")
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def with_blanks(body: Json) -> Json:
    """The same with a blank at the end of some keys."""
    return {f"{name} " if name in BLANK else name: value for name, value in body.items()}


def _xml(name: str, value: object) -> str:
    """An element; a list is the element repeated."""
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(_xml(str(key).strip(), item) for key, item in value.items())
    else:
        inner = escape("" if value is None else str(value), quote=False)
    return f"<{name}>{inner}</{name}>"
