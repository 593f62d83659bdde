"""A payment outlives its currency: it is read, shown and refunded; a new one is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Run, answered, run
from tests.web.conftest import Opened
from tests.web.server import CreatedPayment, Customer, Server

__all__ = ["run"]  # the fixture

TABLES = {"payments": ("terms",), "attempts": ("facts",), "invoices": ("terms",)}
ADVICE = "was replaced by {}: state the amount in that currency"


def withdrawn(server: Server, code: str) -> None:
    """ISO withdraws the euro, and the ledger has its payments in `code`."""
    with closing(sqlite3.connect(server.database)) as conn, conn:
        for table, columns in TABLES.items():
            for column in columns:
                conn.execute(
                    f"UPDATE {table} SET {column} = replace({column}, '\"EUR\"', ?)", (f'"{code}"',)
                )


async def api(server: Server, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with server.customer() as http:
        answer = await http.request(method, path, json=body, headers=server.basic())
    return answer.status_code, answer.json()


async def paid(server: Server, customer: Customer) -> CreatedPayment:
    made = await server.create(customer={"email": "ann@example.com"})
    await customer.pay(made)
    return made


@pytest.mark.parametrize(
    ("code", "shown"), [("BYR", "BYR 1,999"), ("BGN", "BGN 19.99"), ("HRK", "HRK 19.99")]
)
async def test_old_payments_stay_readable(opened: Opened, run: Run, code: str, shown: str) -> None:
    async with opened() as server, server.customer() as customer:
        made, open_one = await paid(server, customer), await server.create()
        await api(
            server, "POST", "/invoices",
            {"amount": 1999, "currency": "EUR", "description": "x", "send": False},
        )  # fmt: skip
        withdrawn(server, code)
        told = await made.told()
        assert (told["order"]["currency"], told["order"]["amount"]) == (code, 1999)
        assert told["status"] == "successful"
        status, transaction = await api(server, "GET", f"/transactions/{made.uid}")
        assert (status, transaction["transaction"]["currency"]) == (200, code)
        assert shown in (await customer.open(made.path("result"))).text
        page = await customer.get(open_one.path())
        assert page.status_code == 200, "it can't be paid any more, but it is there"
        status, listed = await api(server, "GET", "/invoices")
        assert (status, listed["invoices"][0]["currency"]) == (200, code)

        async def command(*words: str) -> Result:
            config = server.folder / "checkout.toml"
            return await asyncio.to_thread(run, *words, "--config", config)

        rows = answered(await command("payments", "list", "--json"))
        assert {row["currency"] for row in rows} == {code}
        assert (await command("payments", "list")).exit_code == 0
        for words in (("payments", "show", made.uid), ("invoices", "list")):
            result = await command(*words)
            assert result.exit_code == 0, result.output
        exported = await command("payments", "export", "--customer", "ann@example.com")
        assert exported.exit_code == 0, exported.output
        assert f'"{code}"' in exported.output
        status, refused = await api(
            server, "POST", "/transactions/refunds", {"request": {"parent_uid": made.uid}}
        )
        assert status == 200
        assert refused["transaction"]["currency"] == code


@pytest.mark.parametrize(("code", "new"), [("BYR", "BYN"), ("HRK", "EUR"), ("BGN", "EUR")])
async def test_a_new_one_is_refused(server: Server, code: str, new: str) -> None:
    order = {"amount": 1999, "currency": code, "description": "Two tickets"}
    checkout = {"checkout": {"transaction_type": "payment", "order": order}}
    status, said = await api(server, "POST", "/ctp/api/checkouts", checkout)
    assert (status, said["errors"]["order"]["currency"]) == (422, [ADVICE.format(new)])
    product = {"name": "x", "infinite": True} | order
    requests: list[tuple[str, Any]] = [
        ("/invoices", order | {"send": False}), ("/products", product),
        ("/transactions/charges", {"request": order | {"credit_card": {"token": "t-1"}}}),
    ]  # fmt: skip
    for path, body in requests:
        status, said = await api(server, "POST", path, body)
        assert (status, said["errors"]["currency"]) == (422, [ADVICE.format(new)])
