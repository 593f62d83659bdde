"""What every gateway is: its capabilities, what it is asked, what it answers.

A gateway is a `Gateway`, and one of the classes under "Verbs" for each thing that it can do
besides: having the class is the declaration, so that mypy sees a verb that is missing or wrong.
Pages ask what it can do, never its name.

    Gateway                     pay, status, notification
    ├── HttpGateway[Options]    opened by an account's settings, calls by a `client` (client.py)
    ├── Captures, Voids, Refunds, FindsOperations
    └── Confirms, Withdraws
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Protocol, TypeVar

import httpx
import msgspec
from msgspec import Struct

from checkout.model.browser import Browser
from checkout.model.card import AnyCard
from checkout.model.money import MOST_DECIMALS, Money
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import Status

# Of a charge or an operation that the gateway's protocol can't express.
NOT_OURS_TO_SEND: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID)


class Options(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings every account has; a gateway adds its own. None is ever printed but the
    address: they hold secrets. `longest_return_url`: the longest return address that the gateway
    takes, in characters; the settings are refused when ours would be longer. `decimals`: how the
    account counts a currency, where that isn't ISO's way. `code`: whether a card must have its
    security code. `secrets`: the names of those options that only we and the gateway know; the
    settings are refused where one can be guessed, or serves for anything else of ours. `asked`:
    what `checkout init` asks for beside the required ones; `usual_method`: the way to pay that it
    proposes.

    `settlement`: the columns' titles in its settlement file (`settlement.NAMES`)."""

    longest_return_url: ClassVar[int] = 2048
    secrets: ClassVar[tuple[str, ...]] = ()
    asked: ClassVar[tuple[str, ...]] = ()
    usual_method: ClassVar[str] = "credit_card"

    base_url: str
    decimals: dict[str, int] = {}
    code: Literal["required", "optional"] = "required"
    settlement: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("base_url", self.base_url)]


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a gateway can do."""

    card: bool  # it takes a card from our form; else the page shows Continue
    kind: str | None = None  # of its methods (`model.order.KINDS`), where nothing else tells
    card_modes: frozenset[str] = frozenset()  # which of `Method.mode` do, where one is set
    tokenizes: bool = False  # it makes a token of a card, where the order has a contract
    accepts_tokens: bool = False  # it takes such a token, with the security code, in a card's place
    wallets: bool = False  # it takes what a wallet gave an app (`WalletCard`) in a card's place
    browser: bool  # it takes 3-D Secure browser data
    lookup_by_key: bool  # it finds a payment by our key, also when its answer was lost
    transaction_types: frozenset[str]
    zero_amount: frozenset[str] = frozenset()  # of these those that it does with an amount of 0
    # Transaction types that it does by a card's token, with no customer present.
    merchant_initiated: frozenset[str] = frozenset()
    # Transaction types that continue a series by the id of the payment that began it.
    recurring: frozenset[str] = frozenset()
    currencies: frozenset[str] | None = None  # None: any with these exponents
    exponents: frozenset[int] = frozenset(range(MOST_DECIMALS + 1))  # decimals that it can say
    full_amount_only: frozenset[str] = frozenset()  # operations that it can't do in part
    # Which of the shop's parameters it sends on, by the names of `model.charge_parameters`; and
    # which where no customer is present, by transaction type: what else the shop says is refused.
    parameters: frozenset[str] = frozenset()
    merchant_initiated_parameters: Mapping[str, frozenset[str]] = {}
    # Operations that it does once on a payment, or whose second it can't tell from the first.
    once_only: frozenset[str] = frozenset()
    decimals: Mapping[str, int] = {}  # the account's, from its settings
    query_interval: float | None = None  # seconds between two queries, where payments take long
    code_optional: bool = False  # the account takes cards without a security code
    # The card marks to show where the shop names none: the schemes that every acquirer takes.
    brands: tuple[str, ...] = ("visa", "master")

    def takes_card(self, method: Method) -> bool:
        """Whether the method asks for a card on our page."""
        return self.card and (method.mode is None or method.mode in self.card_modes)

    def takes_money(self, money: Money, transaction_type: str) -> bool:
        """Whether it takes the currency; and 0, where the amount is that."""
        known = self.currencies is None or money.currency in self.currencies
        return known and (money.minor > 0 or transaction_type in self.zero_amount)


class InputField(Struct, frozen=True, kw_only=True):
    """What a method asks the customer for, beside what every page does. `label` is plain text, in
    the gateway's own words; of `terms` a box to tick, with the `url` where they can be read."""

    name: str  # its key in `Charge.inputs`
    label: str
    kind: Literal["text", "email", "terms"] = "text"
    required: bool = True
    url: str | None = None
    longest: int = 255
    unless: str | None = None  # not asked where this of the customer's is known: `email`, `phone`


class Charge(Struct, frozen=True, kw_only=True):
    """One attempt to be authorized. `key` is ours, goes upstream as the tracking id and finds
    the payment again; `return_url` and `notify_url` are ours too."""

    key: str
    money: Money
    order: Order
    method: Method
    customer: Customer
    language: str
    return_url: str
    notify_url: str
    card: AnyCard | None = None
    browser: Browser | None = None
    inputs: Mapping[str, str] = {}  # what the customer wrote into the gateway's `InputField`s
    after: str | None = None  # the gateway's id of the payment whose series this goes on with


class PaymentReference(Struct, frozen=True, kw_only=True):
    """An attempt made before: by our `key`, and by the gateway's `id` where it told us one."""

    key: str
    id: str | None
    money: Money
    method: str
    transaction_type: str
    parent: str | None = None  # the gateway's id of what took the money, where that is another
    capture: str | None = None  # the gateway's id of the capture that collected an authorization
    code: str | None = None  # the gateway's own word for its state, when last queried


class OperationReference(Struct, frozen=True, kw_only=True):
    """An operation after the payment, by our `key` and by the gateway's `id` where they are known.
    `money` None: the gateway did it by itself, and states how much."""

    kind: str  # capture, void, refund, chargeback
    key: str | None
    id: str | None
    money: Money | None


class Description(Struct, frozen=True):
    """What an account can take, for the operator: lines of text. Not `ok`: nothing as things
    are."""

    lines: tuple[str, ...]
    ok: bool = True


class Gateway(ABC):
    """An account at a gateway. No verb raises for what the gateway does or fails to do."""

    capabilities: Capabilities

    @abstractmethod
    async def pay(self, charge: Charge) -> Outcome:
        """Ask for the money, once. NOT_SENT: proved not charged. Unknown is PENDING. NOT_SENT with
        a `field`: the gateway refused that field of the form, and made nothing."""

    @abstractmethod
    async def status(self, reference: PaymentReference) -> Outcome:
        """Ask how it stands. NOT_SENT: the gateway knows no such payment. Unknown is PENDING."""

    @abstractmethod
    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        """The meaning of a notification, verified over its raw bytes; header names in lower case.
        `query`: of the address that it was sent to, raw, for what a gateway adds to ours.
        Of a gateway that signs none: `UNSIGNED`, which always leads to one query.

        Raises Unauthorized when it is not proved to be the gateway's.
        """

    async def prepare(self) -> None:  # noqa: B027 - most gateways have nothing to learn
        """Refresh what `refusal_of_amount` and `input_fields` are answered from, where it is old.
        Raises nothing."""

    def refusal_of_amount(self, money: Money) -> str | None:
        """Why the account can't take this sum just now, for the log; None: it can."""
        return None

    def input_fields(self, language: str) -> tuple[InputField, ...]:
        """What the customer is asked for, in their language where the gateway speaks it."""
        return ()

    def describe(self) -> Description | None:
        """What `prepare` has learnt, for the operator."""
        return None

    def operator_link(self, id: str) -> str | None:
        """Where the operator sees a payment at the gateway, by the gateway's id. It may let its
        holder do all with it: never for a log, a page or the shop."""
        return None


O_contra = TypeVar("O_contra", bound=Options, contravariant=True)


class Constructor(Protocol[O_contra]):
    """How an account is opened. An adapter's module has

    gateway: Final[Constructor[Options]] = constructor(SomeGateway)
    """

    def __call__(
        self,
        options: O_contra,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = ...,
        query_seconds: float = ...,
    ) -> Gateway: ...


G = TypeVar("G", bound=Gateway)


def constructor(adapter: type[G]) -> type[G]:
    """Returns the class itself. Its type lets mypy see which methods the class lacks; where mypy
    was not run, TypeError is raised."""
    if missing := getattr(adapter, "__abstractmethods__", None):
        raise TypeError(f"{adapter.__name__} lacks {', '.join(sorted(missing))}")
    return adapter


# Verbs. What shops ask for after the payment. `key` is ours, for this operation alone. PAID or
# REFUNDED: done; ACCEPTED: it will be; DECLINED: refused; PENDING: unknown; NOT_SENT: proved not
# sent.


class Captures(Gateway):
    @abstractmethod
    async def capture(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        """Collect (part of) what was authorized; done: PAID."""


class Voids(Gateway):
    @abstractmethod
    async def void(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        """Give up an authorization, or reverse a payment; done: REFUNDED."""


class Refunds(Gateway):
    @abstractmethod
    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        """Send (part of) a payment back; done: REFUNDED."""


class FindsOperations(Gateway):
    @abstractmethod
    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        """Ask what became of one. NOT_SENT: the gateway knows no such. Unknown is PENDING."""


# For gateways that want to know what the customer did.


class Confirms(Gateway):
    @abstractmethod
    async def confirm(self, reference: PaymentReference) -> Outcome:
        """The customer says that the transfer is made. That proves nothing: PENDING."""


class Withdraws(Gateway):
    @abstractmethod
    async def withdraw(self, reference: PaymentReference) -> Outcome:
        """The customer gives up before paying; done: CANCELLED."""


VERBS: Final[Mapping[str, type]] = {
    "capture": Captures,
    "void": Voids,
    "refund": Refunds,
    "operation_status": FindsOperations,
    "confirm": Confirms,
    "withdraw": Withdraws,
}


def has_verb(gateway: Gateway, verb: str) -> bool:
    return isinstance(gateway, VERBS[verb])


def capabilities_of(declared: Capabilities, options: Options) -> Capabilities:
    """An adapter's capabilities with what the account's settings say of them."""
    return msgspec.structs.replace(
        declared, decimals=options.decimals, code_optional=options.code == "optional"
    )


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win, and a None never does."""
    return {key: value for layer in layers for key, value in layer.items() if value is not None}
