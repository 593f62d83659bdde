"""Card numbers in what shops send: in free text they are masked before it is stored.

In names and addresses of persons they are refused, by the rules of those fields; in fields of
digits (accounts, tickets, tokens, URLs) they are left as they are.
"""

from __future__ import annotations

import re
from typing import Any, Final

from checkout.model.pan import brand_of, holds_card_number, mask_card_numbers
from checkout.model.validation.description import says, schema_of, words_of
from checkout.model.validation.reader import Invalid, Rule

# Objects whose fields have rules of their own.
APART: Final = frozenset({
    "customer", "billing_address", "recipient", "recipient_billing_address", "passengers",
    "credit_card", "recipient_credit_card", "encrypted_credit_card", "credit_card_fields",
    "masterpass", "browser",
})  # fmt: skip
# Fields of digits, and those where each character counts.
DIGITS: Final = re.compile(
    r"(?:.*_)?(?:id|uid|token|code|email|amount|account|account_number|ticket_number|service_no)"
    r"|.*url"
)
ANYTHING: Final = "meta"  # the shop's own object, with any names
NUMBERS: Final = (
    "description",
    "name",
    "dynamic_billing_descriptor",
    ANYTHING,
)  # text, also as an integer
SMALLEST, LARGEST = 10**12, 10**19  # of 13 to 19 digits


def without_card_numbers(data: Any, name: str = "") -> Any:
    """The same plain data, at most the first six and last four digits of such numbers in it.
    `name`: of the field where it stands."""
    if isinstance(data, dict):
        return {
            key: _in_field(value, name if name == ANYTHING else key) for key, value in data.items()
        }
    if isinstance(data, list):
        return [without_card_numbers(item, name) for item in data]
    if isinstance(data, str):
        return data if DIGITS.fullmatch(name) else mask_card_numbers(data)
    if name in NUMBERS and isinstance(data, int) and SMALLEST <= data < LARGEST:
        masked = mask_card_numbers(str(data))
        return masked if "*" in masked else data
    return data


def _in_field(value: Any, name: str) -> Any:
    return value if name in APART else without_card_numbers(value, name)


def not_a_card(rule: Rule[str]) -> Rule[str]:
    """What `rule` takes as an id, unless it is a card's number, of a known brand and length:
    masked it would be another id, which nobody could find."""

    @says(words_of(rule), **schema_of(rule))
    def checked(value: Any) -> str:
        found = rule(value)
        if holds_card_number(found) and (not _is_number(found) or _is_branded(found)):
            raise Invalid("must not hold a card number")
        return found

    return checked


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_branded(number: str) -> bool:
    brand = brand_of(number)
    return brand is not None and len(number) in brand.lengths
