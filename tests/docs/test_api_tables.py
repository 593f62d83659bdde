"""The documents of the API list the fields that are read: their tables are made of the readers'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.model.validation.table import FieldTable
from checkout.shop_api.merchant_initiated import table_of
from checkout.web.api.document import DESCRIBED
from checkout.web.api.merchant_initiated import KINDS
from tools.api_tables import MARKED, TABLES, shown, written
from tools.marked_documents import DOCS

DOCUMENTS = sorted(path for path in DOCS.glob("*.md") if MARKED.search(path.read_text()))
READ_BY = {
    "/ctp/api/checkouts": "checkout",
    "/ctp/api/payments": "app_payment",
    "/transactions/captures": "operation",
    "/transactions/voids": "operation",
    "/transactions/refunds": "operation",
    "/products": "product",
    "/invoices": "invoice",
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_tables_are_the_readers(path: Any) -> None:
    text = path.read_text()
    assert written(text) == text, "`make docs` writes them anew"


def test_each_table_is_in_a_document() -> None:
    found = [name for path in DOCUMENTS for _, name, _ in MARKED.findall(path.read_text())]
    assert sorted(found) == sorted(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_each_field_says_what_it_takes(name: str) -> None:
    rows = list(shown(TABLES[name]))
    assert rows
    assert all(row.takes for row in rows), rows


def paths(schema: dict[str, Any], before: str = "") -> Iterator[str]:
    """The fields that a schema has, by their paths."""
    for name, each in schema.get("properties", {}).items():
        yield before + name
        yield from paths(each, f"{before}{name}.")
        yield from paths(each.get("items", {}), f"{before}{name}[].")


def table_paths(table: FieldTable) -> set[str]:
    found = {row.path for row in table.rows() if not row.path.endswith("…")}
    return {path.removesuffix("[]") for path in found} | {
        path[: match.start()].removesuffix("[]")
        for path in found
        for match in re.finditer(r"\.", path)
    }


@pytest.mark.parametrize("address", [*READ_BY, *KINDS])
def test_each_field_is_in_the_schema(address: str) -> None:
    table = table_of(KINDS[address]) if address in KINDS else TABLES[READ_BY[address]].table
    body = DESCRIBED[address, "post"]["requestBody"]["content"]["application/json"]["schema"]
    if READ_BY.get(address) not in ("product", "invoice"):
        (body,) = body["properties"].values()
    assert set(paths(body)) == table_paths(table)
