"""Reads who pays: the `customer` of the shop's API, and what a form says of the same fields.

Source: the customer and the billing address of Overpay's charge request. No field holds a card's
number: people paste it where it doesn't belong, and the ledger keeps these.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from checkout.model.checks import Fields, Rule
from checkout.model.order import Customer
from checkout.model.rules import cardless, country, day, email_address, ip_address, text

CUSTOMER: Final[dict[str, Rule[str]]] = {
    "email": cardless(email_address),
    "first_name": cardless(text(30, numbers=True)),
    "last_name": cardless(text(30, numbers=True)),
    "address": cardless(text(255, numbers=True)),
    "city": cardless(text(60, numbers=True)),
    "state": cardless(text(60, numbers=True)),
    "zip": cardless(text(20, numbers=True)),
    "country": country,
    "phone": cardless(text(100, numbers=True)),
    "birth_date": day,
    "external_id": cardless(text(255, numbers=True)),
    "taxpayer_id": cardless(text(255, numbers=True)),
    "device_id": cardless(text(255, numbers=True)),
    "ip": ip_address,
}


class Local(NamedTuple):
    """What a field of an address must look like in some countries."""

    countries: frozenset[str]
    pattern: re.Pattern[str]
    reason: str


LOCAL: Final[dict[str, Local]] = {
    "state": Local(
        frozenset({"US", "CA"}),
        re.compile(r"[A-Z]{2}", re.ASCII),
        "must be the two letters of a state or province, like NY",
    ),
    "zip": Local(
        frozenset({"US"}),
        re.compile(r"[0-9]{5}(-[0-9]{4})?", re.ASCII),
        "must be like 10001 or 10001-1234",
    ),
}


def read_customer(fields: Fields, address: Fields | None = None) -> Customer:
    """The shop's `customer`; what is wrong is told in `fields`. `address`: where the charge request
    has names and address apart, and which goes before where both say something."""
    place = {
        name: address if address is not None and address.has(name) else fields for name in CUSTOMER
    }
    found = Customer(
        **{name: place[name].get(name, blank_is_none(rule)) for name, rule in CUSTOMER.items()}
    )
    found, misfits = fitted(found)
    for name, reason in misfits.items():
        place[name].wrong(name, reason)
    return found


def fitted(customer: Customer) -> tuple[Customer, dict[str, str]]:
    """The address as its country writes it, and why a field of it does not fit there."""
    misfits = {}
    for name, local in LOCAL.items():
        value = getattr(customer, name)
        if value is None or customer.country not in local.countries:
            continue
        written = value.strip().upper()
        if local.pattern.fullmatch(written):
            customer = msgspec.structs.replace(customer, **{name: written})
        else:
            misfits[name] = local.reason
    return customer, misfits


def blank_is_none(rule: Rule[str]) -> Rule[str | None]:
    """Plugins send "" for what they leave out."""

    def checked(value: Any) -> str | None:
        return None if value == "" else rule(value)

    return checked
