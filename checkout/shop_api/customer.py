"""Reads the customer: `customer` of the shop's API, and the same fields of a form.

Source: the customer and the billing address of Overpay's charge request. What a shop says of its
customer is read tolerantly: no sale is lost for it. What the customer types is held to the rules.

People paste a card's number where it doesn't belong, and the ledger keeps these fields. In names
and addresses it is masked, where a customer types it refused. In fields of digits (a phone, a
taxpayer's number, ids) it is what the field says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from checkout.model.order import Customer
from checkout.model.validation.optional_data import (
    birth_date,
    customers_email,
    customers_ip,
    cut_text,
    dropped_if_wrong,
)
from checkout.model.validation.reader import Reader
from checkout.model.validation.rules import (
    blank_is_none,
    cardless,
    day,
    ip_address,
    sendable_email_address,
    text,
)
from checkout.model.validation.table import Field, FieldTable, OptionalData
from checkout.shop_api.country import country_code, named_country
from checkout.shop_api.phone_number import international
from checkout.shop_api.postal_address import postal_code, state_code

# Characters of each text.
LONGEST: Final = {
    "first_name": 30,
    "last_name": 30,
    "address": 255,
    "city": 60,
    "state": 60,
    "zip": 20,
    "phone": 100,
    "external_id": 255,
    "taxpayer_id": 255,
    "device_id": 255,
}
# Fields of digits. No postal code is as long as a card's number: who types one there can mend it.
DIGITS: Final = frozenset({"phone", "external_id", "taxpayer_id", "device_id"})
SENT_AS_THEY_ARE: Final = DIGITS | {"zip"}
NOTES: Final = {
    "state": "the state or its two letters where the country is US or CA",
    "zip": "NNNNN or NNNNN-NNNN where the country is US",
    "phone": "with its country's code, or a number of the `country`",
    "ip": "of a payment page the gateway is told the address that the customer really comes from",
}


def _typed(name: str) -> Field:
    written = text(LONGEST[name], numbers=True)
    return Field(blank_is_none(written if name in DIGITS else cardless(written)))


def _sent(*names: str) -> dict[str, Field]:
    return {
        name: Field(
            cut_text(LONGEST[name], digits=name in SENT_AS_THEY_ARE, marks=False),
            NOTES.get(name, ""),
        )
        for name in names
    }


# What shops send.
CUSTOMER: Final = OptionalData(
    email=Field(dropped_if_wrong(customers_email)),
    **_sent("first_name", "last_name", "address", "city", "state", "zip"),
    country=Field(dropped_if_wrong(named_country)),
    **_sent("phone"),
    birth_date=Field(dropped_if_wrong(birth_date)),
    **_sent("external_id", "taxpayer_id", "device_id"),
    ip=Field(dropped_if_wrong(customers_ip), NOTES["ip"]),
)
# What the customer types, and whom a shop sends money to.
TYPED: Final = FieldTable(
    {name: _typed(name) for name in LONGEST},
    email=Field(blank_is_none(cardless(sendable_email_address))),
    country=Field(blank_is_none(country_code)),
    birth_date=Field(blank_is_none(day)),
    ip=Field(blank_is_none(ip_address)),
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
    """The shop's `customer`; what can't be used is noted in `fields`. `address`: where the charge
    request has names and address apart, and which goes before where both say something."""
    places = (fields,) if address is None else (address, fields)
    found, said = dict[str, str](), dict[str, Reader]()
    for name in CUSTOMER:
        for place in places:
            if name not in found and (value := CUSTOMER.take(place, name)) is not None:
                found[name], said[name] = value, place
    customer, misfits = fitted(Customer(**found))
    for name, reason in misfits.items():
        said[name].drop(name, reason)
    return without(customer, misfits)


def read_recipient(fields: Reader, address: Reader) -> Customer:
    """Who gets money, by the strict rules; problems are added to `fields` and `address`."""
    place = {name: address if address.has(name) else fields for name in TYPED}
    found = Customer(**{name: TYPED.take(place[name], name) for name in TYPED})
    found, misfits = fitted(found)
    for name, reason in misfits.items():
        place[name].wrong(name, reason)
    return found


def without(customer: Customer, names: Iterable[str]) -> Customer:
    return msgspec.structs.replace(customer, **dict.fromkeys(names))


def fitted(customer: Customer) -> tuple[Customer, dict[str, str]]:
    """Address and phone as their country writes them, where they can be read; and why a field of
    the address does not fit there."""
    customer = msgspec.structs.replace(customer, **_as_written_there(customer))
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


def _as_written_there(customer: Customer) -> dict[str, str]:
    country, phone = customer.country, customer.phone
    found = {"phone": international(phone, country) if phone else None}
    if country:
        found["state"] = state_code(country, customer.state) if customer.state else None
        found["zip"] = postal_code(country, customer.zip) if customer.zip else None
    return {name: value for name, value in found.items() if value}
