"""What shops are answered, field by field: the functions that make these objects are held to them
by their types, and `/schema` is made of them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypedDict

from msgspec import Meta

from checkout.model.order import MAKERS
from checkout.model.status import OUTWARD

Json = dict[str, Any]
Maker = Annotated[
    str, Meta(description="Who asked for the payment", extra_json_schema={"enum": list(MAKERS)})
]
Time = Annotated[str, Meta(description="ISO 8601 in UTC")]
Minor = Annotated[int, Meta(description="In minor units")]
WORDS: Final = sorted({*OUTWARD.values(), "error"})
Word = Annotated[str, Meta(extra_json_schema={"enum": WORDS})]


class Code(TypedDict):
    result_code: str | None


class Checks(TypedDict):
    """What the bank found of address and security code."""

    avs_verification: Code
    cvc_verification: Code


class OperationResult(TypedDict):
    """What the bank said of an operation; it stands under the operation's type."""

    uid: str
    status: Word
    message: str | None
    auth_code: str | None
    bank_code: str | None
    rrn: str | None
    ref_id: str | None
    amount: Minor
    currency: str
    paid_at: Time | None


class BankResult(OperationResult):
    """What the bank said; it stands under the transaction's type."""

    billing_descriptor: str | None


class BankResponse(BankResult, total=False):
    avs_cvc_verification: Checks | None


class Card(TypedDict):
    """`token` where it is remembered."""

    brand: str | None
    last_4: str | None
    first_1: str | None
    bin: str | None
    exp_month: int | None
    exp_year: int | None
    holder: str | None
    token: str | None


class ThreeDSecure(TypedDict):
    """What became of the cardholder's authentication, in the gateway's words; all null where it
    said nothing."""

    status: str | None
    message: str | None
    ve_status: str | None
    pa_status: str | None
    eci: str | None


class Bought(TypedDict):
    id: str
    quantity: int


RecurringType = Literal["initial", "recurring"]


class _Transaction(TypedDict):
    uid: str
    id: str
    token: str
    shop_id: int | str
    type: str
    status: Word
    message: str | None
    code: str | None
    friendly_message: str | None
    amount: Minor
    currency: str
    description: str
    tracking_id: str | None
    test: bool
    created_by: Maker
    language: str | None
    payment_method_type: str | None
    method_type: str | None
    created_at: Time | None
    updated_at: Time | None
    paid_at: Time | None
    receipt_url: str
    credit_card: Card | None
    customer: dict[str, str | None]
    billing_address: dict[str, str | None]
    avs_cvc_verification: Checks | None
    three_d_secure_verification: ThreeDSecure
    additional_data: Json


class _Sections(TypedDict, total=False):
    payment: BankResult | None
    authorization: BankResult | None
    tokenization: BankResult | None
    charge: BankResult | None
    credit: BankResult | None
    payout: BankResult | None
    parent_uid: Annotated[str, Meta(description="Of a charge, which is one transaction here")]
    product: Annotated[Bought, Meta(description="What was bought, by a product's page")]
    redirect_url: Annotated[
        str, Meta(description="Where the customer goes on while the status is incomplete")
    ]
    links: dict[str, str]


class Transaction(_Transaction, _Sections):
    """A payment, as a notification tells it. What the shop said of a method other than cards stands
    under the method's name."""

    expired_at: Time | None
    recurring_type: Annotated[
        RecurringType | None,
        Meta(description="Under a contract `recurring`: the first payment, or a later one"),
    ]


class _OperationSections(TypedDict, total=False):
    capture: OperationResult
    void: OperationResult
    refund: OperationResult
    chargeback: OperationResult


class Operation(_Transaction, _OperationSections):
    """A capture, void, refund or chargeback: a transaction of its own."""

    parent_uid: Annotated[str, Meta(description="The uid that was named, else the payment's")]
    reason: str | None
    redirect_url: None


class _Bought(TypedDict, total=False):
    product: Bought


class GooglePayAccount(TypedDict):
    """By what an app asks Google for a card that the gateway can open."""

    gateway_id: str
    gateway_merchant_id: str
    status: str


class _OfApp(TypedDict, total=False):
    google_pay: GooglePayAccount


class Checkout(_Bought, _OfApp):
    """A payment, as its token's address answers it."""

    token: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    shop_id: int | str
    transaction_type: str
    type: str
    created_by: Maker
    gateway_response: Annotated[
        dict[str, BankResponse | None] | None,
        Meta(description="null before a payment; else what the bank said, by transaction_type"),
    ]
    order: Json
    settings: Json
    customer: dict[str, str | None] | None
    finished: Annotated[bool, Meta(description="No further attempt is possible")]
    expired: bool
    shop: dict[str, str | None]
    company: dict[str, str | None]
    test: bool
    status: Annotated[
        Word | None,
        Meta(description="null before the first attempt; error once it has expired"),
    ]
    message: str | None
    version: str
    attempts: int
    payment_method: Json | None
    credit_card: Card | None
    travel: Json | None


class Created(TypedDict):
    token: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    redirect_url: Annotated[str, Meta(description="Where the customer is sent, or what is framed")]


class AppPayment(TypedDict):
    """How an app's attempt ended, or where its customer has to go."""

    status: Annotated[
        Word | None,
        Meta(description="incomplete: open `url`, until the browser comes to `result_url`"),
    ]
    message: str | None
    token: str
    uid: str
    transaction_type: str
    url: Annotated[str | None, Meta(description="The bank's page by ours, or our waiting page")]
    result_url: str
    finished: bool
    auth_code: str | None
    bank_code: str | None
    rrn: str | None
    billing_descriptor: str | None
    receipt_url: str | None
    code: str | None
    friendly_message: str | None
    credit_card: Json
    three_d_secure_verification: ThreeDSecure


class Product(TypedDict):
    """A product: besides these what was sent of the fields that it is made of."""

    id: Annotated[str, Meta(pattern="^prd_[0-9a-f]{16}$")]
    shop_id: str
    name: str
    description: str
    currency: str
    amount: Minor | None
    quantity: int | None
    infinite: bool
    immortal: bool
    expired_at: Time | None
    visible_fields: list[str]
    test: bool
    active: bool
    transaction_type: str
    on_sale: bool
    available: Annotated[int | None, Meta(description="null: no end of them")]
    reserved: int
    sold: int
    pay_url: Annotated[str, Meta(description="The product's page")]
    payment_url: Annotated[str, Meta(description="The same")]
    confirm_url: Annotated[str, Meta(description="The same")]
    created_at: Time | None
    updated_at: Time | None


class Invoice(TypedDict):
    """An invoice: besides these what was sent of the fields that its link is made of."""

    id: Annotated[str, Meta(pattern="^inv_[0-9a-f]{16}$")]
    url: Annotated[str, Meta(description="The link; good for one payment")]
    status: Annotated[Word, Meta(description="Of the money: incomplete until it is paid")]
    amount: Minor
    currency: str
    description: str
    tracking_id: str | None
    test: bool
    language: str | None
    email: str | None
    mail_status: Annotated[
        str,
        Meta(description="draft, queued (also while it is tried again), sent or failed"),
    ]
    mail_error: Annotated[str | None, Meta(description="Why the last try failed")]
    mailed_at: Time | None
    remind_at: Time | None
    remind_error: str | None
    reminded_at: Time | None
    uid: Annotated[str | None, Meta(description="Of its payment, once somebody has opened it")]
    paid_at: Time | None
    cancelled_at: Time | None
    expires: Time | None
    created_at: Time | None
    updated_at: Time | None


STATES: Final = ("waiting", "delivered", "failed", "unaddressed")


class Webhook(TypedDict):
    """A notification: what it tells, and what became of it."""

    id: Annotated[str, Meta(description="As in its header webhook-id, the same at each try")]
    payment: Annotated[str, Meta(description="The uid of the payment that it belongs to")]
    uid: Annotated[str | None, Meta(description="Of the transaction that it tells of")]
    type: str | None
    status: Annotated[Word | None, Meta(description="null once its content was removed")]
    url: Annotated[str | None, Meta(description="null: the payment names none")]
    tries: int
    state: Annotated[
        str,
        Meta(
            description="waiting: for the first try or another; failed: given up; unaddressed: "
            "written for whoever listens, and never sent",
            extra_json_schema={"enum": list(STATES)},
        ),
    ]
    answer: Annotated[
        str | None,
        Meta(description="Of the last try: the HTTP status, or in words why there was none"),
    ]
    created_at: Time | None
    due_at: Annotated[Time | None, Meta(description="The next try")]
    delivered_at: Time | None


class SignedWebhook(Webhook):
    """With its content as it is sent. Where there is a `webhook-signature`, HTTP Basic is sent
    besides."""

    body: Annotated[str | None, Meta(description="null once it was removed")]
    headers: Annotated[
        dict[str, str] | None, Meta(description="As a try at this moment would have them")
    ]
