"""The query of a list of payments or transactions: what it shall have."""

from __future__ import annotations

import re
from typing import Any, Final

from checkout.ledger.lists import (
    CHECKOUT_STATUSES,
    OPERATION_TYPES,
    ListFilter,
)
from checkout.model.money import EXPONENTS
from checkout.model.order import MONEY_OUT, TRANSACTION_TYPES
from checkout.model.validation.description import says, schema_of
from checkout.model.validation.reader import Invalid, Reader
from checkout.model.validation.rules import choice, minor_units, moment, text
from checkout.model.validation.table import Field, FieldTable

# The plus of a zone is a blank where a caller has not escaped it.
_ZONED: Final = re.compile(r"([0-9-]{10}T[0-9:.]{5,18})(Z|[+ -][0-9]{2}:?[0-9]{2})", re.ASCII)
_currency: Final = says("ISO 4217", **schema_of(choice(EXPONENTS)))(choice(EXPONENTS))
PAYMENT_TYPES: Final = (*TRANSACTION_TYPES, *MONEY_OUT)


@says("ISO 8601 with a zone, like `2030-01-31T12:00:00Z`", type="string", format="date-time")
def zoned_moment(value: Any) -> float:
    """A time with its zone, in seconds since 1970."""
    if isinstance(value, str) and (zoned := _ZONED.fullmatch(value)):
        return moment(zoned[1] + zoned[2].replace(" ", "+"))
    raise Invalid("must be a time with its zone, like 2030-01-31T12:00:00Z")


def _fields(types: tuple[str, ...]) -> FieldTable:
    return FieldTable(
        status=Field(
            choice(sorted(CHECKOUT_STATUSES)),
            "as the items have it; `expired` and `error` are one; `open` and `null`: not tried yet",
        ),
        created_from=Field(zoned_moment, "made then or later"),
        created_to=Field(zoned_moment, "made before"),
        tracking_id=Field(text(255), "the shop's own number, whole"),
        amount=Field(minor_units(least=0), "just this amount"),
        currency=Field(_currency, "of the amount"),
        type=Field(choice(types), "of the transaction"),
    )


CHECKOUTS: Final = _fields(PAYMENT_TYPES)
TRANSACTIONS: Final = _fields((*PAYMENT_TYPES, *OPERATION_TYPES))


def read_wanted(fields: Reader, table: FieldTable, shop: str) -> ListFilter:
    """What a list shall have of a shop; problems are collected in `fields`."""
    wanted = ListFilter(shop=shop, **table.read(fields))
    since, until = wanted.created_from, wanted.created_to
    if since is not None and until is not None and until <= since:
        fields.wrong("created_to", "must be later than created_from")
    return wanted
