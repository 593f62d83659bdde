"""Reads the customer: `customer` of the shop's API, and the same fields of a form.

Source: the customer and the billing address of Overpay's charge request. No field holds a card's
number: people paste it where it doesn't belong, and the ledger keeps these.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from checkout.model.order import Customer
from checkout.model.validation.reader import Reader
from checkout.model.validation.rules import (
    blank_is_none,
    cardless,
    country,
    day,
    email_address,
    ip_address,
    text,
)
from checkout.model.validation.table import Field, FieldTable


def _up_to(most: int) -> Field:
    return Field(blank_is_none(cardless(text(most, numbers=True))))


CUSTOMER: Final = FieldTable(
    email=Field(blank_is_none(cardless(email_address))),
    first_name=_up_to(30),
    last_name=_up_to(30),
    address=_up_to(255),
    city=_up_to(60),
    state=_up_to(60)._replace(note="the two letters of the state where the country is US or CA"),
    zip=_up_to(20)._replace(note="NNNNN or NNNNN-NNNN where the country is US"),
    country=Field(blank_is_none(country)),
    phone=_up_to(100),
    birth_date=Field(blank_is_none(day)),
    external_id=_up_to(255),
    taxpayer_id=_up_to(255),
    device_id=_up_to(255),
    ip=Field(
        blank_is_none(ip_address),
        "of a payment page the gateway is told the address that the customer really comes from",
    ),
)


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


def read_customer(fields: Reader, address: Reader | None = None) -> Customer:
    """The shop's `customer`; problems are added to `fields`. `address`: where the charge request
    has names and address apart, and which goes before where both say something."""
    place = {
        name: address if address is not None and address.has(name) else fields for name in CUSTOMER
    }
    found = Customer(**{name: CUSTOMER.take(place[name], name) for name in CUSTOMER})
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
