"""What a gateway declares of the shop's parameters is what it sends: each of them changes the
request, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from checkout.gateways.base import Capabilities
from checkout.model.charge_parameters import SERIES, USED_ON_OUR_PAGES
from tests.gateways import faults, samples
from tests.gateways.kit.harness import Harness
from tests.gateways.replay import Script, body_of

SAVED: Final = {"type": "saved", "token": "9f3c0a51-saved", "code": ""}
BASE: Final[dict[str, Any]] = {
    "order": {"test": True},
    "customer": {"email": None, "ip": None},
    "browser": None,
}


def details(name: str, value: Any) -> dict[str, Any]:
    return {"order": {"details": {name: value}}}


def customer(name: str, value: str) -> dict[str, Any]:
    return {"customer": {name: value}}


def switch(name: str) -> dict[str, Any]:
    return {"method": {"params": {f"{name}_three_d_secure_verification": True}}}


# A parameter -> what saying it changes of the charge.
SAID: Final[dict[str, dict[str, Any]]] = {
    "test": {"order": {"test": False}},
    "duplicate_check": details("duplicate_check", True),
    "dynamic_billing_descriptor": {"order": {"descriptor": "DEMO*ATHENS"}},
    "expired_at": {"order": {"expires_at": 1893456001.0}},
    "three_d_secure": details("three_d_secure", {"advanced": True}),
    "travel": details("travel", {"airline": {"agency_code": "03"}}),
    "additional_data.receipt_text": {"order": {"receipt_text": ["First line"]}},
    "additional_data.contract": {"order": {"contract": ["recurring"]}},
    "additional_data.referer": details("referer", "https://shop.example.com/"),
    "additional_data.p2p": details("p2p", {"service_id": "17"}),
    "additional_data.excluded_gateways": details("excluded_gateways", [3483]),
    "additional_data.masterpass": details("masterpass", {"params": {"session": "s-1"}}),
    "additional_data.card_on_file": details("card_on_file", {"initiator": "customer"}),
    "additional_data.avs_cvc_verification": details("avs_cvc_verification", {"a": 1}),
    "additional_data.meta": details("meta", {"a": 1}),
    "additional_data.expected_bank_code": details("expected_bank_code", "77"),
    "additional_data.browser": {"browser": {"user_agent": "Mozilla/5.0", "language": "en"}},
    "credit_card.skip_three_d_secure_verification": switch("skip"),
    "credit_card.force_three_d_secure_verification": switch("force"),
    "credit_card.verification_value": {"card": {"code": "1234"}},
    "customer.ip": customer("ip", "192.0.2.8"),
    "customer.email": customer("email", "eve@example.com"),
    "customer.device_id": customer("device_id", "d-1"),
    "customer.birth_date": customer("birth_date", "1990-12-31"),
    "customer.taxpayer_id": customer("taxpayer_id", "7701"),
    "customer.external_id": customer("external_id", "c-7"),
    "billing_address.first_name": customer("first_name", "Eve"),
    "billing_address.last_name": customer("last_name", "Moor"),
    "billing_address.country": customer("country", "DE"),
    "billing_address.city": customer("city", "Bonn"),
    "billing_address.state": customer("state", "NRW"),
    "billing_address.zip": customer("zip", "53111"),
    "billing_address.address": customer("address", "1 Main St"),
    "billing_address.phone": customer("phone", "+49 228 1"),
}  # fmt: skip
# Of a server's request the duplicates are checked unless it says no.
SAID_ALONE: Final = SAID | {"duplicate_check": details("duplicate_check", False)}
WAYS: Final = ("payment", "authorization", "charge", "credit", "payout", SERIES)


class Details(Harness):
    @classmethod
    def wanted(cls) -> dict[str, Mapping[str, Any]]:
        own = {"parameter": {name: name for name in sorted(SAID)}, "way": {w: w for w in WAYS}}
        return super().wanted() | own

    async def test_parameters_with_the_customer(self, parameter: str) -> None:
        plain, can = await self._said(BASE)
        assert plain == (await self._said(BASE))[0]
        if parameter.startswith("credit_card.") and not can.card:
            return  # a card's, where none is paid with
        with_it, _ = await self._said(BASE, SAID[parameter])
        changes = with_it != plain
        # What our own pages keep may go on by settings, and need not be declared.
        assert changes or parameter not in can.parameters
        assert not changes or parameter in can.parameters | USED_ON_OUR_PAGES

    async def test_parameters_without(self, way: str) -> None:
        given = {"order": {"transaction_type": way, "alone": True}, "card": SAVED}
        if way == SERIES:
            given = {"order": {"transaction_type": "payment", "alone": True}, "after": "8a82"}
            given |= {"card": None}
        _, can = await self._said(BASE)
        assert set(can.merchant_initiated_parameters) == can.merchant_initiated | (
            {SERIES} if can.recurring else set()
        )
        if way not in can.merchant_initiated_parameters:
            return
        plain, _ = await self._said(BASE, given)
        for parameter, said in SAID_ALONE.items():
            with_it, _ = await self._said(BASE, given, said)
            implied = way == SERIES and parameter == "additional_data.contract"
            declared = parameter in can.merchant_initiated_parameters[way]
            assert (with_it != plain or implied) is declared, parameter

    async def _said(self, *changes: Mapping[str, Any]) -> tuple[str, Capabilities]:
        """The bodies of the requests that a charge makes, and what the adapter says it can."""
        given: Mapping[str, Any] = self.paying.given
        for change in changes:
            given = samples.changed(given, change)
        script = Script(self.paying, last=faults.answering(500)(b""))
        async with self.opened(script) as gateway:
            await gateway.pay(samples.charge(given))
        return json.dumps([body_of(request) for request in script.requests]), gateway.capabilities
