"""The page at `/sandbox/`, for people: test cards, addresses, faults, settings, what is open."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.card_results import TEST_CARDS
from checkout.sandbox.faults import FAULTS
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.methods import METHODS
from checkout.sandbox.pages import page, see_other
from checkout.sandbox.state import HttpRequest, state_of

ADDRESSES = (
    ("POST /transactions/payments, /authorizations", "a payment by card"),
    ("POST /services/credit_cards/charges", "the same with the unified request; a flat answer"),
    ("POST /paymentservices/paymentSession", "a merchant session, as Apple's server gives it"),
    ("POST /transactions/captures, /voids, /refunds", "what follows a payment"),
    ("POST /transactions/credits, /payouts", "money to a card, by its token"),
    (
        "POST /sandbox/transactions/{uid}/follow",
        '{"kind": refund, void, capture or chargeback, "amount"?}: as the back office would',
    ),
    ("GET /transactions/{uid}", "one card transaction"),
    ("GET /v2/transactions/tracking_id/{id}", "the newest ten under a tracking id"),
    ("GET /process/{uid}", "the bank's 3-D Secure page"),
    ("POST /beyag/transactions/payments", "a payment by an online payment system"),
    ("POST /beyag/transactions/refunds", "money of it sent back"),
    ("GET /beyag/transactions/{uid}", "one of them"),
    ("GET /beyag/transactions/tracking_id/{id}", "the newest ten under a tracking id"),
    ("POST /beyag/payments, GET /beyag/payments/{uid}", "the older twin for ERIP"),
    ("GET /beyag/payments/?order_id=", "the newest payment of an order"),
    ("GET /service/api/v1/public/exchanger/route/get/one", "a route: its rate, limits and fields"),
    ("POST /service/api/v1/public/exchanger/order/create", "an order of the exchanger"),
    ("GET /service/api/v1/public/exchanger/order/get", "how it stands, and how it is paid"),
    ("PUT /service/api/v1/public/exchanger/order/update-status", "the customer's word about it"),
    (
        "GET /en/payment/{uid}/{secret}, /ru/...",
        "the exchanger's own page; /en/order/...: its state",
    ),
    (
        "POST /sandbox/exchanger/orders/{uid}/move",
        '{"status", "in_amount"?}: as the exchanger would, once so much has come',
    ),
    (
        "POST /sandbox/exchanger/desk",
        "by_itself, delay, lifetime, carrier, place, captcha, refuses, slip: how it works",
    ),
    ("GET /sandbox/exchanger/routes", "what it takes: the route ids and their fields"),
    ("POST /transactionServices/REST/v1/authToken", "a token for the REST card gateway"),
    ("POST /transactionServices/REST/v1/payments", "a payment there: DB or PA"),
    ("POST /transactionServices/REST/v1/payments/{id}", "IN, CP, RF, RV; by idType PID or MID"),
    ("POST /transactionServices/REST/v1/registrations", "a card alone"),
    ("POST /transactionServices/REST/v1/paywithtoken/{id}", "a payment by a registration"),
    ("POST /transactionServices/REST/v1/payout", "money to a registration's card"),
    ("POST /transactionServices/REST/v1/inquiry", "IN with the id in the body"),
    ("POST /rest/acs/{id}", "the bank's 3-D Secure page of that gateway"),
    ("POST /sandbox/rest/behaviour", "token_seconds, return_method, signed_status and more"),
    (
        "POST /sandbox/rest/payments/{id}/state",
        '{"status"}: a long word of the platform, as its back office would',
    ),
    (
        "POST /sandbox/rest/merchants",
        '{"member_id", "secure_key", "partner_id", "username"}: from now on only registered ones',
    ),
    ("GET /sandbox/ledger", "transactions, calls and notifications; never a card number"),
    ("GET /sandbox/public_key", "what verifies Content-Signature"),
    ("POST /sandbox/faults", '{"faults": [...]}: replaces the queue'),
    ("POST /sandbox/behaviour", "any of the settings below"),
    ("POST /sandbox/credentials", '{"shop_id", "secret_key"}: from now on only registered pairs'),
    (
        "POST /sandbox/transactions/{uid}/settle",
        '{"status", "code"?}: as the bank would',
    ),
    ("POST /sandbox/reset", "forgets everything but the signing key"),
)
"""Address -> what it is, for people."""

SETTINGS = (
    ("return_method", "GET: a redirect; POST: a form that posts itself"),
    ("notifications", "normal, lost, doubled, late"),
    ("notification_delay", "seconds, for late ones"),
    ("latency_ms", "milliseconds before every answer of a gateway call"),
    ("iframe", "whether the bank's page says that it may be framed"),
    ("charges", "what becomes of a charge: payment; authorization: captured by itself"),
    ("operations", "at_once; later: captures, voids, refunds wait until they are settled"),
    ("tokens", "asked: a card's token for those who ask; always: with every payment"),
)
"""Setting -> its values, for people."""


@get("/", opt={"unlogged": True})
async def root() -> Response[str]:
    return see_other("/sandbox/")


@get("/sandbox/", opt={"unlogged": True})
async def index(request: HttpRequest) -> Response[str]:
    """Everything there is to know, for people."""
    state = state_of(request)
    return page(
        "index.html",
        public_url=state.public_url,
        test_cards=TEST_CARDS,
        methods=METHODS,
        faults=FAULTS,
        addresses=ADDRESSES,
        settings=SETTINGS,
        present=msgspec.structs.asdict(state.settings),
        queue=list(state.faults),
        pending=[item for item in state.open_transactions() if item.status == "pending"][:50],
        recent=list(reversed(state.transactions.values()))[:20],
    )


@post("/sandbox/open/{uid:str}", opt={"unlogged": True}, status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The Pay and Decline buttons of the index."""
    state = state_of(request)
    given = await form(request)
    found = state.transactions.get(uid)
    if found is not None and not state.expire(found).final:
        state.settle(found, "failed" if given.get("choice") == "decline" else "successful")
    return see_other("/sandbox/")


HANDLERS = (root, index, decide)
