"""The piggy bank: customers pay out of what they have put by, on its own page.

Document: its page "Paying with the pig". JSON with a bearer PIN; amounts in minor units. Our key
travels as `id` and finds a payment or a refund again. Webhooks say what changed and are not signed.
A refund is booked at once and done a day later; money that was taken back by force is `seized`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from checkout.gateways import base
from checkout.gateways.base import (
    NOT_OURS_TO_SEND,
    Capabilities,
    Charge,
    Constructor,
    FindsOperations,
    InputField,
    OperationReference,
    PaymentReference,
    Refunds,
    constructor,
    merged,
)
from checkout.gateways.client import GatewayResponse, HttpGateway
from checkout.gateways.parsing import Codes, Object, address, meaning, safe, text
from checkout.model.money import Money
from checkout.model.next_action import Redirect
from checkout.model.outcome import UNKNOWN, UNSIGNED, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status

STATUS: Final[Codes] = {
    "waiting": Status.REQUIRES_ACTION,
    "paid": Status.PAID,
    "refused": Status.DECLINED,
    "left": Status.CANCELLED,
    "seized": Status.REFUNDED,
}
REFUND: Final[Codes] = {
    "booked": Status.ACCEPTED,
    "done": Status.REFUNDED,
    "refused": Status.DECLINED,
}
REASON: Final[Mapping[str, DeclineReason]] = {
    "empty": DeclineReason.INSUFFICIENT_FUNDS,
    "glued": DeclineReason.PROVIDER,
}

CAPABILITIES: Final = Capabilities(
    card=False,
    browser=False,
    lookup_by_key=True,
    transaction_types=frozenset({"payment"}),
)


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The account. `pin`: what it is opened with; `most`: the most of one payment, in minor
    units."""

    pin: str
    most: int = 1_000_000

    def __post_init__(self) -> None:
        if not self.pin.strip():
            raise ValueError("pin: must not be empty")


class PiggyBank(HttpGateway[Options], Refunds, FindsOperations):
    CAPABILITIES = CAPABILITIES

    def headers(self) -> dict[str, str]:
        return super().headers() | {"Authorization": f"Bearer {self.options.pin}"}

    def refusal_of_amount(self, money: Money) -> str | None:
        most = self.options.most
        return f"more than {most}" if money.minor > most else None

    def input_fields(self, language: str) -> tuple[InputField, ...]:
        return (InputField(name="pig", label="Name of your pig", longest=40),)

    async def pay(self, charge: Charge) -> Outcome:
        if charge.order.transaction_type not in self.capabilities.transaction_types:
            return NOT_OURS_TO_SEND
        body = {
            "id": charge.key,
            "amount": charge.money.minor,
            "currency": charge.money.currency,
            "text": charge.order.description,
            "pig": charge.inputs.get("pig"),
            "back_to": charge.return_url,
            "tell": charge.notify_url,
            # Apart from what is ours: nothing in it can take the place of that.
            "extra": charge.method.params or None,
        }
        answer = await self.client.charge("/payments", merged(body))
        if isinstance(answer, Outcome):
            return answer
        return _refused(answer) or _payment(answer.data, charge.money)

    async def status(self, reference: PaymentReference) -> Outcome:
        answer = await self._find("/payments", reference.id, reference.key)
        if isinstance(answer, Outcome):
            return answer
        return _payment(answer.data, reference.money)

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        if reference.id is None:
            return NOT_OURS_TO_SEND
        body = {
            "payment": reference.id,
            "id": key,
            "amount": money.minor,
            "currency": money.currency,
            "text": reason,
        }
        answer = await self.client.charge("/refunds", body)
        if isinstance(answer, Outcome):
            return answer
        return _refused(answer) or _refund(answer.data, reference, money, key)

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        answer = await self._find("/refunds", asked.id, asked.key)
        if isinstance(answer, Outcome):
            return answer
        return _refund(answer.data, reference, asked.money, asked.key)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        return UNSIGNED

    async def _find(self, path: str, id: str | None, key: str | None) -> GatewayResponse | Outcome:
        """By its own id, else by our key. NOT_SENT: it knows none."""
        by = f"/{quote(id, safe='')}" if id else f"?id={quote(key or '', safe='')}"
        answer = await self.client.query(path + by)
        if isinstance(answer, Outcome) or answer.status < 300:
            return answer
        gone = answer.status == 404 and text(_object(answer.data), "message") is not None
        return Outcome(Status.NOT_SENT) if gone else UNKNOWN


gateway: Final[Constructor[Options]] = constructor(PiggyBank)


def _object(data: Any) -> Object:
    return data if isinstance(data, dict) else {}


def _refused(answer: GatewayResponse) -> Outcome | None:
    """What was not made. Of a field of the form: no attempt. Anything else that can't be read
    leaves it unknown."""
    if answer.status < 300:
        return None
    said = _object(answer.data)
    message = safe(text(said, "message"))
    if message is None:
        return UNKNOWN
    if text(said, "field") == "pig":
        return Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID, field="pig")
    reason = REASON.get(text(said, "why") or "", DeclineReason.INVALID)
    return Outcome(Status.DECLINED, reason=reason, facts=GatewayFacts(message=message))


def _payment(data: Any, money: Money) -> Outcome:
    said = _object(data)
    ref, word, facts = text(said, "ref"), text(said, "state"), _facts(said, money)
    if ref is None or facts is None:
        return UNKNOWN
    status = meaning(STATUS, word or "")
    page = address(said, "page") if status is Status.REQUIRES_ACTION else None
    reason = REASON.get(text(said, "why") or "") if status is Status.DECLINED else None
    return Outcome(status, ref, Redirect(page) if page else None, reason, facts)


def _refund(
    data: Any, reference: PaymentReference, money: Money | None, key: str | None
) -> Outcome:
    """What is stated and isn't ours is never success: nobody compares it after us."""
    said = _object(data)
    ref, facts = text(said, "ref"), _facts(said, money or reference.money)
    if ref is None or facts is None:
        return UNKNOWN
    ours = (
        (text(said, "payment"), reference.id),
        (facts.key, key),
        (facts.money and (facts.money.minor, facts.money.currency), _sum(money)),
    )
    if any(None not in pair and pair[0] != pair[1] for pair in ours):
        return Outcome(Status.PENDING, ref)
    return Outcome(meaning(REFUND, text(said, "state") or ""), ref, facts=facts)


def _facts(said: Object, money: Money) -> GatewayFacts | None:
    """As stated; None where something is stated that can't be read."""
    amount, currency, key = said.get("amount"), text(said, "currency"), text(said, "id")
    whole = isinstance(amount, int) and not isinstance(amount, bool) and amount >= 0
    read = {"amount": whole, "currency": currency is not None, "id": key is not None}
    if any(said.get(name) is not None and not fine for name, fine in read.items()):
        return None
    same = currency == money.currency
    word = text(said, "state")
    return GatewayFacts(
        money=Money(amount, currency, money.decimals if same else None)
        if isinstance(amount, int) and currency
        else None,
        key=key,
        code=word,
        message=safe(text(said, "message")),
        taken_back="chargeback" if word == "seized" else None,
    )


def _sum(money: Money | None) -> tuple[int, str] | None:
    return (money.minor, money.currency) if money else None
