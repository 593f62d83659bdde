"""A payment by an online payment system, and the way to its page."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from checkout.sandbox.overpay.methods import Method, method_of
from checkout.sandbox.overpay.request import reference
from checkout.sandbox.transaction import Transaction

PROTOCOL = "overpay_apm"

AWKWARD = 'says "yes" & <no> + 100 %; ж'
"""A field that arrives unchanged only if it was escaped well on the way."""


@dataclass(slots=True, kw_only=True)
class ApmTransaction(Transaction):
    """`details` are the method's own parameters, repeated under the method's name."""

    details: dict[str, object]
    echo: dict[str, object]
    origin: str
    session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    ref_id: str = field(default_factory=reference)

    @property
    def kind(self) -> Method:
        return method_of(self.method)

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
    def fields(self) -> dict[str, str]:
        """The hidden inputs of a form to post."""
        signature = b64encode(self.session.encode() + b"!").decode()
        return {"session": self.session, "signature": signature, "note": AWKWARD}

    def form(self) -> object:
        """What the pending answer has under `form`; None for methods without one."""
        items = [
            {"type": "hidden", "name": name, "value": value} for name, value in self.fields.items()
        ]
        forms: dict[str, object] = {
            "link": {"action": self.link, "method": "GET", "fields": []},
            "form": {"action": self.page, "method": "POST", "fields": items},
            "form_object": {"action": self.page, "method": "POST", "fields": self.fields},
            "form_get": {"action": self.link, "method": "GET", "fields": items[1:]},
            "string": self.link,
        }
        return forms.get(self.kind.flow)

    def arrived_by_get(self, query: str) -> bool:
        """True if the raw query is the one we gave, or what a browser makes of our GET form."""
        if query == self.query:
            return True
        expected = [*parse_qsl(self.query), *list(self.fields.items())[1:]]
        return self.kind.flow == "form_get" and parse_qsl(query) == expected

    def arrived_by_post(self, given: dict[str, str]) -> bool:
        """True if every field came back unchanged."""
        return given == self.fields
