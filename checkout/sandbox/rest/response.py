"""What the gateway answers: of a payment, of an inquiry, of an operation; in JSON or XML."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import msgspec
from litestar import Response

from checkout.sandbox.card import Card
from checkout.sandbox.rest.codes import FOUND, NOT_FOUND, RESULTS, SHORT_STATUS
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.rest.transaction import RestTransaction, major
from checkout.sandbox.state import HttpRequest, SandboxState

Json = dict[str, object]

TRAILING_BLANK = ("paymentId", "amount", "transactionStatus")
"""The keys that some deployments write with a blank at the end."""


def result(code: str, description: str) -> Json:
    return {"result": {"code": code, "description": description}}


def payment_response(state: SandboxState, payment: RestTransaction) -> Json:
    """The answer to a new payment, in one of three shapes: decided, 3-D Secure, asynchronous."""
    answer = _common(payment)
    if payment.final:
        short = payment.status_words.short
        code, said = RESULTS[short] if payment.status_words.long in SHORT_STATUS else NOT_FOUND
        if short == "Y" and payment.registration:
            answer["registrationId"] = payment.registration
            code = code if payment.facts.get("by_token") else "00002"
        return answer | result(code, said)
    del answer["status"]
    if payment.status == "incomplete":
        settings = settings_of(state)
        listed = [{"name": name, "value": value} for name, value in payment.parameters.items()]
        redirect = {"url": payment.acs_url, "method": "POST", "target": "_blank"}
        answer["redirect"] = redirect | {settings.list_name: listed}
        return answer | result(settings.pending_code, "3D Authentication Pending")
    if payment.mode == "EW":
        del answer["transactionStatus"]
    answer["redirect"] = _redirect(payment)
    return answer | result(*RESULTS["P"])


def _redirect(payment: RestTransaction) -> Json:
    """An address alone; a voucher's wants its token posted."""
    if payment.mode == "PV":
        listed = [{"name": "token", "value": payment.session}]
        return {"url": payment.provider_url, "method": "POST", "parameters": listed}
    return {"url": f"{payment.provider_url}?{payment.provider_query}"}


def inquiry_response(payment: RestTransaction) -> Json:
    """The code is the lookup's; the payment's own state is in the words. A word that the platform's
    table of short ones lacks makes it say that there is no such record."""
    known = payment.status_words.long in SHORT_STATUS
    answer = _common(payment) | result(*(FOUND if known else NOT_FOUND))
    if payment.registration and payment.status == "successful":
        answer["registrationId"] = payment.registration
    return answer


def not_found_response(state: SandboxState) -> Json:
    """An inquiry for what isn't there: with a short N, or with a result alone."""
    word: Json = {"transactionStatus": "N"} if settings_of(state).not_found == "N" else {}
    return word | result(*NOT_FOUND)


def operation_response(payment: RestTransaction, amount: int, code: str, said: str) -> Json:
    """What the gateway says of a capture, refund or reversal."""
    return {
        "paymentId": payment.uid,
        "merchantTransactionId": payment.tracking_id,
        "amount": major(amount, payment.currency),
        "currency": payment.currency,
        "transactionStatus": "Y",
        "status": payment.status_words.long,
        **result(code, said),
    }


def _common(payment: RestTransaction) -> Json:
    status_words = payment.status_words
    answer: Json = {
        "paymentId": payment.uid,
        "status": status_words.long,
        "paymentBrand": payment.brand or "",
        "paymentMode": payment.mode,
        "amount": major(payment.amount, payment.currency),
        "currency": payment.currency,
        "descriptor": "SANDBOX",
        "merchantTransactionId": payment.tracking_id,
        "remark": payment.remark,
        "transactionStatus": status_words.short,
        "timestamp": timestamp(payment.updated_at),
    }
    if payment.card:
        answer["card"] = card_response(payment.card)
    return answer


def card_response(card: Card) -> Json:
    return {"bin": card.bin_8[:6], "last4Digits": card.last_4}


def timestamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def http_response(request: HttpRequest, body: Json, status: int = 200) -> Response[bytes]:
    """JSON, or XML where `Accept` asks for it."""
    accepted = request.headers.get("accept", "")
    if "xml" in accepted and "json" not in accepted:
        raw = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + _xml("response", body)
        return Response(raw.encode(), status_code=status, media_type="application/xml")
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def with_blanks(body: Json) -> Json:
    """The same with a blank at the end of some keys."""
    return {f"{name} " if name in TRAILING_BLANK else name: value for name, value in body.items()}


def _xml(name: str, value: object) -> str:
    """An element; a list is the element repeated."""
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(_xml(str(key).strip(), item) for key, item in value.items())
    else:
        inner = escape("" if value is None else str(value), quote=False)
    return f"<{name}>{inner}</{name}>"
