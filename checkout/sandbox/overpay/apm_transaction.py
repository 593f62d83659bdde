"""A payment by an online payment system, and the way to its page."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.overpay.methods import Method, method_of
from checkout.sandbox.overpay.request import reference
from checkout.sandbox.overpay.transaction import OverpayTransaction, operation_on

PROTOCOL = "overpay_apm"

AWKWARD = 'says "yes" & <no> + 100 %; ж'
"""A field that arrives unchanged only if it was escaped well on the way."""

DECIMAL = 19.99
"""A field that is a number in the answer's JSON: a browser sends it as it is written there."""


@dataclass(slots=True, kw_only=True)
class ApmTransaction(OverpayTransaction):
    """`details` are the method's own parameters, repeated under the method's name."""

    details: dict[str, object]
    origin: str
    session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    ref_id: str = field(default_factory=reference)

    @property
    def method_definition(self) -> Method:
        return method_of(self.method)

    def operation(
        self, at: float, kind: str, amount: int, tracking_id: str | None
    ) -> ApmTransaction:
        drawn = {"session": secrets.token_urlsafe(18), "ref_id": reference()}
        return operation_on(self, at, kind, amount, tracking_id, **drawn)

    def is_session(self, given: str) -> bool:
        return same_secret(given, self.session)

    @property
    def page(self) -> str:
        """The provider's page; who lacks the session is turned away."""
        return f"{self.origin}/provider/{self.uid}"

    @property
    def query(self) -> str:
        """An unusual but correct spelling: an address that was re-encoded is noticed."""
        return f"session={self.session}&purpose=order%2c+{quote(self.method, safe='')}"

    @property
    def link(self) -> str:
        return f"{self.page}?{self.query}"

    @property
    def cash_desk(self) -> str:
        """What the QR code of ERIP leads to."""
        return f"{self.origin}/cash-desk/{self.uid}?session={self.session}"

    @property
    def app(self) -> str:
        """What opens the app of the customer's bank."""
        return f"sbolpay://invoicing/v2?bankInvoiceId={self.uid}&operationType=Web2App"

    @property
    def fields(self) -> dict[str, str]:
        """The hidden inputs of a form to post."""
        signature = b64encode(self.session.encode() + b"!").decode()
        return {"session": self.session, "signature": signature, "note": AWKWARD}

    def form(self) -> object:
        """What the pending answer has under `form`; None for methods without one."""
        items: list[dict[str, object]] = [
            {"type": "hidden", "name": name, "value": value} for name, value in self.fields.items()
        ]
        number: dict[str, object] = {"type": "hidden", "name": "sum", "value": DECIMAL}
        forms: dict[str, object] = {
            "link": {"action": self.link, "method": "GET", "fields": []},
            "form": {"action": self.page, "method": "POST", "fields": items},
            "form_object": {"action": self.page, "method": "POST", "fields": self.fields},
            "form_get": {"action": self.link, "method": "GET", "fields": items[1:]},
            "form_decimal": {"action": self.page, "method": "POST", "fields": [*items, number]},
            "form_http": {"action": "http://provider.example/pay", "method": "POST", "fields": []},
            "form_put": {"action": self.page, "method": "PUT", "fields": items},
            "app": {"action": self.app, "method": "GET", "fields": []},
            "string": self.link,
        }
        return forms.get(self.method_definition.customer_action)

    def arrived_by_get(self, query: str) -> bool:
        """True if the raw query is the one we gave, or what a browser makes of our GET form."""
        if query == self.query:
            return True
        expected = [*parse_qsl(self.query), *list(self.fields.items())[1:]]
        return self.method_definition.customer_action == "form_get" and parse_qsl(query) == expected

    def arrived_by_post(self, given: dict[str, str]) -> bool:
        """True if every field came back unchanged."""
        number = (
            {"sum": str(DECIMAL)}
            if self.method_definition.customer_action == "form_decimal"
            else {}
        )
        return given == self.fields | number
