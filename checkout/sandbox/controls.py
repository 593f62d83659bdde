"""The controls, all under `/sandbox/`: what a test or a curious person may read and switch."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.behaviour import Behaviour
from checkout.sandbox.faults import KNOWN, MEANINGS
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.follow_up import FOLLOW_UPS, follow_by_itself
from checkout.sandbox.overpay.followed import Followed
from checkout.sandbox.overpay.methods import METHODS
from checkout.sandbox.pages import page, see_other
from checkout.sandbox.stories import STORIES
from checkout.sandbox.world import HttpRequest, world_of

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]

ADDRESSES = (
    ("POST /transactions/payments, /authorizations", "a payment by card"),
    ("POST /services/credit_cards/charges", "the same with the unified request; a flat answer"),
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
    ("POST /sandbox/behaviour", "any of the switches below"),
    ("POST /sandbox/credentials", '{"shop_id", "secret_key"}: from now on only registered pairs'),
    (
        "POST /sandbox/transactions/{uid}/settle",
        '{"status", "code"?}: as the bank would',
    ),
    ("POST /sandbox/reset", "forgets everything but the signing key"),
)
"""Address -> what it is, for people."""

SWITCHES = (
    ("return_method", "GET: a redirect; POST: a form that posts itself"),
    ("notifications", "normal, lost, doubled, late"),
    ("notification_delay", "seconds, for late ones"),
    ("latency_ms", "milliseconds before every answer of a gateway call"),
    ("iframe", "whether the bank's page says that it may be framed"),
    ("charges", "what becomes of a charge: payment; authorization: captured by itself"),
    ("operations", "at_once; later: captures, voids, refunds wait until they are settled"),
)
"""Switch -> its values, for people."""


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """The next faults, in the order in which payment calls will take them."""

    faults: Annotated[list[str], msgspec.Meta(max_length=1000)]


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A pair that may call; with the first one, all others are refused."""

    shop_id: Text
    secret_key: Text


class Settlement(msgspec.Struct, forbid_unknown_fields=True):
    """What the bank decides; `code` as in `codes.CODES`, by default the one of the status."""

    status: Text
    code: str | None = None


class FollowUp(msgspec.Struct, forbid_unknown_fields=True):
    """What is done to a payment without the shop's asking; without `amount`, to all of it."""

    kind: Text
    amount: int | None = None


class BadInput(Exception):
    """A control that was called wrongly: 400 if unreadable, 422 with the reason otherwise."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message} | more


async def _read(request: HttpRequest, shape: type[T], base: dict[str, object] | None = None) -> T:
    body = await request.body()
    try:
        given = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(400, "The body is not valid JSON") from None
    if not isinstance(given, dict):
        raise BadInput(422, "The body must be a JSON object")
    try:
        return msgspec.convert((base or {}) | given, shape)
    except msgspec.ValidationError as error:
        raise BadInput(422, str(error)) from None


@get("/", opt={"unlogged": True})
async def root() -> Response[str]:
    return see_other("/sandbox/")


@get("/sandbox/", opt={"unlogged": True})
async def index(request: HttpRequest) -> Response[str]:
    """Everything there is to know, for people."""
    world = world_of(request)
    return page(
        "index.html",
        public_url=world.public_url,
        stories=STORIES,
        methods=METHODS,
        meanings=MEANINGS,
        addresses=ADDRESSES,
        switches=SWITCHES,
        behaviour=msgspec.structs.asdict(world.behaviour),
        queue=list(world.faults),
        pending=[item for item in world.open_transactions() if item.status == "pending"][:50],
        recent=list(reversed(world.transactions.values()))[:20],
    )


@post("/sandbox/open/{uid:str}", opt={"unlogged": True}, status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The Pay and Decline buttons of the index."""
    world = world_of(request)
    given = await form(request)
    found = world.transactions.get(uid)
    if found is not None and not world.expire(found).final:
        world.settle(found, "failed" if given.get("choice") == "decline" else "successful")
    return see_other("/sandbox/")


@get("/sandbox/public_key", opt={"unlogged": True})
async def public_key(request: HttpRequest) -> Response[str]:
    """Base64 of the DER public key that verifies `Content-Signature`."""
    return Response(world_of(request).key.public, media_type="text/plain")


@get("/sandbox/ledger", opt={"unlogged": True})
async def ledger(request: HttpRequest) -> Response[dict[str, object]]:
    """The books: transactions, `charges` (how many took money), calls, notifications."""
    world = world_of(request)
    world.expire_overdue()
    rows = [transaction.row() for transaction in world.transactions.values()]
    return Response(
        {
            "transactions": rows,
            "charges": sum(row["charged"] is True for row in rows),
            "calls": list(world.calls),
            "notifications": list(world.notifier.attempts),
            "faults": list(world.faults),
            "behaviour": world.behaviour,
        }
    )


@post("/sandbox/faults", opt={"unlogged": True}, status_code=200)
async def faults(request: HttpRequest) -> Response[dict[str, object]]:
    """Replace the queue of faults."""
    world = world_of(request)
    wanted = (await _read(request, Faults)).faults
    unknown = sorted(set(wanted) - set(KNOWN))
    if unknown:
        raise BadInput(422, f"Unknown faults: {', '.join(unknown)}", known=KNOWN)
    world.faults.clear()
    world.faults.extend(wanted)
    return Response({"faults": list(world.faults)})


@post("/sandbox/behaviour", opt={"unlogged": True}, status_code=200)
async def behave(request: HttpRequest) -> Response[Behaviour]:
    """Set some switches; the others stay."""
    world = world_of(request)
    world.behaviour = await _read(request, Behaviour, msgspec.structs.asdict(world.behaviour))
    return Response(world.behaviour)


@post("/sandbox/credentials", opt={"unlogged": True}, status_code=200)
async def register(request: HttpRequest) -> Response[dict[str, object]]:
    """Register a shop's credentials."""
    world = world_of(request)
    given = await _read(request, Registration)
    world.credentials[given.shop_id] = given.secret_key
    return Response({"shops": list(world.credentials)})


@post("/sandbox/transactions/{uid:str}/settle", opt={"unlogged": True}, status_code=200)
async def settle(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Move a transaction as its bank would, late money and refunds included, and notify."""
    world = world_of(request)
    wanted = await _read(request, Settlement)
    found = world.transactions.get(uid)
    if found is None:
        raise BadInput(404, "Record not found")
    if wanted.status not in codes.BY_STATUS:
        raise BadInput(422, f"Unknown status {wanted.status!r}", known=sorted(codes.BY_STATUS))
    if wanted.code is not None and wanted.code not in codes.CODES:
        raise BadInput(422, f"Unknown code {wanted.code!r}", known=sorted(codes.CODES))
    if not world.settle(world.expire(found), wanted.status, wanted.code):
        raise BadInput(409, f"A {found.status} transaction can't become {wanted.status}")
    return Response(found.row())


@post("/sandbox/transactions/{uid:str}/follow", opt={"unlogged": True}, status_code=200)
async def follow(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Refund, void, capture or charge back a payment as the back office or a bank would, and
    notify."""
    world = world_of(request)
    wanted = await _read(request, FollowUp)
    parent = world.transactions.get(uid)
    if not isinstance(parent, Followed):
        raise BadInput(404, "Record not found")
    rule = FOLLOW_UPS.get(wanted.kind)
    if rule is None:
        raise BadInput(422, f"Unknown kind {wanted.kind!r}", known=sorted(FOLLOW_UPS))
    if parent.stands_for not in rule.parents:
        raise BadInput(409, f"A {wanted.kind} is not of a {parent.stands_for}")
    left = rule.left(parent)
    amount = left if wanted.amount is None else wanted.amount
    if parent.status != "successful" or not 0 < amount <= left:
        raise BadInput(409, f"{left} are left to {wanted.kind}")
    child = follow_by_itself(world, parent, wanted.kind, amount)
    return Response(child.row())


@post("/sandbox/reset", opt={"unlogged": True}, status_code=200)
async def reset(request: HttpRequest) -> Response[dict[str, object]]:
    """Forget everything but the signing key."""
    world_of(request).reset()
    return Response({"message": "Everything is forgotten"})


HANDLERS = (
    root,
    index,
    decide,
    public_key,
    ledger,
    faults,
    behave,
    register,
    settle,
    follow,
    reset,
)
