"""Writes the tables of fields into the documents of the API, between the marks that name them:
`python -m tools.api_tables`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple

from checkout.model.validation.table import FieldTable, Row
from checkout.shop_api import app_payments, checkout_request, invoices, merchant_initiated
from checkout.shop_api.additional_data import ADDITIONAL_DATA
from checkout.shop_api.browser import BROWSER
from checkout.shop_api.customer import CUSTOMER
from checkout.shop_api.list_request import TRANSACTIONS
from checkout.shop_api.operation import OPERATION
from checkout.shop_api.products import PRODUCT
from checkout.shop_api.travel import TRAVEL
from checkout.web.api.payment_lists import PAGES
from tools.marked_documents import filled, marked, rewrite

MARKED: Final = marked("fields")


class Documented(NamedTuple):
    """A table, and the objects in it that have a table or a document of their own."""

    table: FieldTable
    apart: Mapping[str, str] = {}


WHO: Final = "[who pays](#who-pays)"
BANK: Final = "[for the gateway and the bank](#for-the-gateway-and-the-bank)"
IN_API: Final = "as in [the API](api.md)"
TABLES: Final = {
    "checkout": Documented(
        checkout_request.CHECKOUT,
        {"order.additional_data": BANK, "customer": WHO, "travel": BANK},
    ),
    "customer": Documented(CUSTOMER),
    "additional_data": Documented(ADDITIONAL_DATA),
    "travel": Documented(TRAVEL),
    "payment_list": Documented(FieldTable(**TRANSACTIONS, **PAGES)),
    "app_payment": Documented(
        app_payments.PAYMENT,
        {"browser": "for 3-D Secure: [its fields](#its-browser)", "customer": WHO},
    ),
    "operation": Documented(OPERATION),
    "merchant_initiated": Documented(
        merchant_initiated.REQUEST,
        {
            "customer": WHO,
            "billing_address": f"names and address, by the same rules: {WHO}",
            "additional_data": BANK,
            "travel": BANK,
        },
    ),
    "browser_data": Documented(BROWSER),
    "product": Documented(PRODUCT, {"payment_method": IN_API}),
    "invoice": Documented(invoices.INVOICE, {"customer": IN_API, "payment_method": IN_API}),
}


def shown(documented: Documented) -> Iterator[Row]:
    """The rows, with one in place of all of an object that is described elsewhere."""
    told = set[str]()
    for row in documented.table.rows():
        path = next(
            (each for each in documented.apart if f"{row.path}.".startswith(f"{each}.")), ""
        )
        if not path:
            yield row
        elif path not in told:
            told.add(path)
            yield Row(path, False, "an object", documented.apart[path])


def alike(row: Row) -> tuple[str, bool, str, str]:
    """Fields of one object that say the same share a line."""
    return (row.path.rpartition(".")[0], row.required, row.takes, row.note)


def line(rows: Iterable[Row]) -> str:
    first, *others = rows
    names = [first.path, *(row.path.rpartition(".")[2] for row in others)]
    mark = " *" if first.required else ""
    written = ", ".join(f"`{name}`{mark}" for name in names)
    return f"| {written} | {first.takes} | {first.note} |"


def table(name: str) -> str:
    lines = [line(rows) for _, rows in groupby(shown(TABLES[name]), alike)]
    return "\n".join(("| field | takes | meaning |", "|---|---|---|", *lines)) + "\n"


def written(text: str) -> str:
    """A document with its tables as they are now."""
    return filled(text, MARKED, table)


if __name__ == "__main__":
    rewrite(written)
