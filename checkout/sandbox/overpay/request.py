"""The parts that every request of this family has, whatever it pays with."""

from __future__ import annotations

import secrets
import uuid
from typing import TypedDict

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.fields import Fields, between, matching, short
from checkout.sandbox.state import SandboxState

COLOR_DEPTHS = (1, 4, 8, 15, 16, 24, 32, 48)

BROWSER = {
    "accept_header": short(2048),
    "user_agent": short(2048),
    "language": short(255),
    "java_enabled": lambda value: isinstance(value, bool),
    "screen_width": between(1, 999_999),
    "screen_height": between(1, 999_999),
    "window_width": between(0, 999_999),
    "window_height": between(0, 999_999),
    "screen_color_depth": lambda value: value in COLOR_DEPTHS,
    "time_zone": between(-1440, 1440),
    "time_zone_name": short(255),
}
"""The browser's data for 3-D Secure 2, as the document of the charge request lists them."""

CUSTOMER = {
    "ip": short(45),
    "email": matching(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
    "device_id": short(255),
    "birth_date": matching(r"\d{4}-\d{2}-\d{2}"),
    "taxpayer_id": short(255),
    "external_id": short(255),
}

ADDRESS = {
    "first_name": short(30),
    "last_name": short(30),
    "country": matching(r"[A-Z]{2}"),
    "city": short(60),
    "state": short(255),
    "zip": short(255),
    "address": short(255),
    "phone": short(100),
}


class CommonFields(TypedDict):
    """The arguments of a `Transaction` that every request gives."""

    uid: str
    shop_id: str
    secret_key: str
    amount: int
    currency: str
    description: str
    tracking_id: str | None
    test: bool
    language: str
    return_url: str | None
    notification_url: str | None
    created_at: float
    updated_at: float
    expires_at: float | None


def common_fields(
    state: SandboxState, caller: Credentials, fields: Fields, *, least: int = 1
) -> CommonFields:
    """Read them; what is wrong is noted in `fields`. `least`: the smallest amount."""
    now = state.now()
    fields.url("verification_url")
    return CommonFields(
        uid=str(uuid.uuid4()),
        shop_id=caller.shop_id,
        secret_key=caller.secret_key,
        amount=fields.amount(least=least),
        currency=fields.currency(),
        description=fields.text("description", required=True) or "",
        tracking_id=fields.text("tracking_id"),
        test=fields.flag("test"),
        language=fields.text("language", longest=8) or "en",
        return_url=fields.url("return_url"),
        notification_url=fields.url("notification_url"),
        created_at=now,
        updated_at=now,
        expires_at=fields.moment("expired_at"),
    )


def customer_fields(fields: Fields) -> dict[str, object]:
    """Customer, address and browser as given, for the answer and the ledger."""
    extra = fields.section("additional_data")
    extra.text("referer", longest=2048)
    extra.texts("receipt_text")
    return {
        "customer": fields.section("customer").check(CUSTOMER),
        "billing_address": _address(fields.section("billing_address")),
        "browser": extra.section("browser").check(BROWSER),
    }


LOCAL = {
    "state": (("US", "CA"), matching(r"[A-Z]{2}")),
    "zip": (("US",), matching(r"\d{5}(-\d{4})?")),
}
"""Which countries want a field to look like what."""


def _address(section: Fields) -> dict[str, object]:
    kept = section.check(ADDRESS)
    for name, (countries, rule) in LOCAL.items():
        if kept.get("country") in countries and name in kept and not rule(kept[name]):
            section.reject(name)
    return kept


def reference() -> str:
    """A number such as banks print on slips."""
    return str(secrets.randbelow(900_000_000_000) + 100_000_000_000)
