"""What Overpay's words mean: `status`, `code` and the field names of its errors.

From the public list of result codes; the letter of a code is the outcome: `S` successful, `F`
failed, `P` pending or incomplete, `E` not accepted. Codes F.01xx are of cards, F.02xx of online
payment systems, E.1xxx of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkout.gateways.parsing import Codes
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status

_ENDED: Final = {
    "failed": Status.DECLINED,
    "error": Status.DECLINED,  # not accepted
    "expired": Status.EXPIRED,
    "deleted": Status.CANCELLED,
}
# Cards: what a successful transaction is, by its type.
CARDS_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "payment": Status.PAID,
    "charge": Status.PAID,
    "tokenization": Status.PAID,  # the card is kept and checked; its token is in the answer
    "authorization": Status.AUTHORIZED,
    "credit": Status.PAID,
    "payout": Status.PAID,
    None: Status.PENDING,  # successful without a type: the status query tells it
}
# REQUIRES_ACTION here is PENDING where the transaction doesn't say what the customer has to do.
CARDS: Final[Codes] = {
    "successful": CARDS_SUCCESSFUL,
    "incomplete": Status.REQUIRES_ACTION,
    "pending": Status.PENDING,
    **_ENDED,
}
# Online payment systems.
APM_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "payment": Status.PAID,
    None: Status.PAID,
}
APM: Final[Codes] = {
    "successful": APM_SUCCESSFUL,
    "pending": Status.REQUIRES_ACTION,  # the customer is still on the payment system's site
    "incomplete": Status.PENDING,
    **_ENDED,
}
# What the payment is when an operation on it is done, by the operation.
OPERATION_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "capture": Status.PAID,
    "void": Status.REFUNDED,
    "refund": Status.REFUNDED,
    "chargeback": Status.REFUNDED,
}
OPERATION: Final[Codes] = {
    "successful": OPERATION_SUCCESSFUL,
    "incomplete": Status.ACCEPTED,  # the gateway has it, and settles later
    "pending": Status.ACCEPTED,
    **dict.fromkeys(_ENDED, Status.DECLINED),
}

REASON: Final[Mapping[str, DeclineReason]] = {
    "F.0104": DeclineReason.CARD_NOT_ACCEPTED,
    "F.0105": DeclineReason.DO_NOT_HONOUR,
    "F.0108": DeclineReason.DUPLICATE,
    "F.0109": DeclineReason.TIMED_OUT,
    "F.0111": DeclineReason.CARD_EXPIRED,
    "F.0112": DeclineReason.SECURITY_CODE,
    "F.0113": DeclineReason.CURRENCY,
    "F.0114": DeclineReason.INSUFFICIENT_FUNDS,
    "F.0115": DeclineReason.SUSPECTED_FRAUD,
    "F.0116": DeclineReason.SUSPECTED_FRAUD,
    "F.0117": DeclineReason.PROVIDER,
    "F.0118": DeclineReason.PROVIDER,
    "F.0119": DeclineReason.PROVIDER,
    "F.0120": DeclineReason.PROVIDER,
    "F.0121": DeclineReason.PROVIDER,
    "F.0122": DeclineReason.PROVIDER,
    "F.0123": DeclineReason.LIMIT,
    "F.0124": DeclineReason.LIMIT,
    "F.0125": DeclineReason.LIMIT,
    "F.0127": DeclineReason.CARD_NUMBER,
    "F.0128": DeclineReason.INVALID,
    "F.0129": DeclineReason.AUTHENTICATION,
    "F.0130": DeclineReason.AUTHENTICATION,
    "F.0131": DeclineReason.AUTHENTICATION,
    "F.0132": DeclineReason.CUSTOMER_CANCELLED,
    "F.0134": DeclineReason.AUTHENTICATION,
    "F.0205": DeclineReason.TIMED_OUT,
    "F.0207": DeclineReason.INSUFFICIENT_FUNDS,
    "F.0210": DeclineReason.PROVIDER,
    "F.0211": DeclineReason.PROVIDER,
    "F.0212": DeclineReason.PROVIDER,
    "F.0214": DeclineReason.CURRENCY,
    "F.0215": DeclineReason.DUPLICATE,
    "F.0217": DeclineReason.SUSPECTED_FRAUD,
    "F.0218": DeclineReason.INVALID,
    "F.0222": DeclineReason.PROVIDER,
    "F.0998": DeclineReason.TIMED_OUT,  # the customer left, and the gateway closed it
    "F.0999": DeclineReason.UNKNOWN,
    "E.1005": DeclineReason.INVALID,
    "E.1007": DeclineReason.CURRENCY,
    "E.1008": DeclineReason.CARD_NOT_ACCEPTED,
    "E.1011": DeclineReason.CREDENTIALS,  # this account may not send card numbers
    "E.1018": DeclineReason.DUPLICATE,
    "E.1021": DeclineReason.CREDENTIALS,
    "E.1022": DeclineReason.CREDENTIALS,
    "E.1025": DeclineReason.INVALID,
    "E.1028": DeclineReason.PROVIDER,
    "E.1035": DeclineReason.PROVIDER,
    "E.1065": DeclineReason.CREDENTIALS,  # as E.1011
}

# A request's field -> the field of our form that it comes from, in the form's order.
FORM: Final[Mapping[str, str]] = {
    "number": "number",
    "exp_month": "expiry",
    "exp_year": "expiry",
    "date": "expiry",  # where month and year are right each, and over together
    "verification_value": "code",
    "holder": "holder",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "country": "country",
    "phone": "phone",
    "birth_date": "birth_date",
    "taxpayer_id": "taxpayer_id",
}
REASON_OF_FORM: Final[Mapping[str, DeclineReason]] = {
    "number": DeclineReason.CARD_NUMBER,
    "expiry": DeclineReason.CARD_EXPIRED,
    "code": DeclineReason.SECURITY_CODE,
}

# A refusal without a code: the reason by the field that it names; the first match counts.
REASON_OF_FIELD: Final[Mapping[str, DeclineReason]] = {
    "token": DeclineReason.SAVED_CARD,
    "currency": DeclineReason.CURRENCY,
}

REASON_OF_STATUS: Final[Mapping[Status, DeclineReason]] = {
    Status.DECLINED: DeclineReason.UNKNOWN,
    Status.EXPIRED: DeclineReason.TIMED_OUT,
}
