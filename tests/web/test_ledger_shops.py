"""Shops of the ledger in a running server: taken over, disabled, unreadable."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from checkout.errors import BadSettings, CheckoutError
from checkout.fresh_keys import new_secret
from checkout.ledger import shops
from checkout.ledger.audit import Actor
from checkout.payments import shop_changes, shop_secrets
from checkout.payments.context import Context
from tests.web.server import Server, open_server, ordered

KEY = new_secret()
BY = Actor("anna", "cli")
TABLE: dict[str, Any] = {
    "name": "Tea shop",
    "url": "https://shop.example.com",
    "methods": {"credit_card": "plain"},
}


@asynccontextmanager
async def server_of(
    folder: Path, pem: str, *keys: str, **changes: Any
) -> AsyncIterator[tuple[Server, Context]]:
    listed = ", ".join(f'"{key}"' for key in keys or (KEY,))
    async with open_server(folder, pem, top=f"shops_key = [{listed}]", **changes) as server:
        yield server, server.app.state.context.context


async def add(context: Context, id: str = "tea", **more: Any) -> dict[str, Any]:
    table = shop_secrets.with_secrets(TABLE | more)
    await shop_changes.add(context, id, table, by=BY)
    return table


async def rename(context: Context, **more: str) -> None:
    def changed(table: dict[str, Any]) -> dict[str, Any]:
        return table | more

    await shop_changes.change(context, "tea", changed, act="shop.change", by=BY)


async def ask(server: Server, method: str, path: str, **more: Any) -> httpx.Response:
    async with server.customer() as http:
        return await http.request(method, path, **more)


async def made(server: Server, shop: str = "tea") -> httpx.Response:
    return await ask(
        server, "POST", "/ctp/api/checkouts",
        json={"checkout": ordered()}, headers=server.basic(shop),
    )  # fmt: skip


def rewritten(server: Server, statement: str, *values: str) -> None:
    """By somebody who can write to the database, but has no key. A new number: it is seen."""
    with sqlite3.connect(server.database) as conn:
        conn.execute(statement, values)
        conn.execute("UPDATE shops SET revision = revision + 100")
    conn.close()


async def test_a_shop_is_added_while_the_server_runs(tmp_path: Path, pem: str) -> None:
    async with server_of(tmp_path, pem) as (server, context):
        table = await add(context)
        paid = await server.create(shop="tea")
        async with server.customer() as customer:
            page = await customer.open(paid.path())
            assert "Tea shop" in page.text
            await rename(context, name="Green tea", legal_name="Tea & Sons Ltd")
            page = await customer.open(paid.path())  # rendered anew, not as it was kept
            assert "Green tea" in page.text
            assert "Tea & Sons Ltd" in page.text
            await rename(context, legal_name="Tea and Sons Ltd")
            assert "Tea and Sons Ltd" in (await customer.open(paid.path())).text
            await customer.pay(paid)
        assert (await paid.told())["status"] == "successful"
        kept = server.database.read_bytes() + (tmp_path / "checkout.db-wal").read_bytes()
        for secret in (table["secret_key"], table["link_keys"][0], table["private_key"][200:260]):
            assert secret.encode() not in kept


async def test_a_disabled_shop_ends_what_it_has(tmp_path: Path, pem: str) -> None:
    async with server_of(tmp_path, pem) as (server, context):
        await add(context)
        started = await server.create(shop="tea")
        assert await shop_changes.disable(context, "tea", by=BY)
        assert not await shop_changes.disable(context, "tea", by=BY)
        refused = await made(server)
        assert (refused.status_code, refused.json()["message"]) == (
            403,
            "This shop is disabled: it takes no new payments",
        )
        async with server.customer() as customer:
            await customer.pay(started)
        assert (await started.told())["status"] == "successful"
        await shop_changes.enable(context, "tea", by=BY)
        assert (await made(server)).status_code != 403


async def test_what_can_not_be_opened_is_missing_and_alerted(tmp_path: Path, pem: str) -> None:
    async with server_of(tmp_path, pem) as (server, context):
        tea, _ = await add(context), await add(context, "coffee", url="https://coffee.example.com")
        # One shop's secrets under the name of another: its API would open to the wrong caller.
        rewritten(server, "UPDATE shops SET sealed = (SELECT sealed FROM shops WHERE id = 'tea')"
                          " WHERE id = 'coffee'")  # fmt: skip
        assert context.ledger_shops is not None
        with capture_logs() as lines:
            await context.ledger_shops.turn()
        (line,) = [each for each in lines if each.get("alert")]
        assert (line["event"], line["shop"]) == ("shop.unreadable", "coffee")
        assert tea["secret_key"] not in repr(lines)
        assert (await made(server)).status_code == 201
        assert "coffee" not in server.settings.shops
        states = {each.id: each.state for each in await shop_changes.listed(context)}
        assert states == {"361": "active", "framing": "active", "tea": "active",
                          "coffee": "unreadable"}  # fmt: skip
    # With another key none of the ledger's shops is there, and the server runs.
    async with server_of(tmp_path, pem, new_secret()) as (server, context):
        assert set(server.settings.shops) == {"361", "framing"}
        assert (await ask(server, "GET", "/health/ready")).status_code == 200


async def test_an_older_database_is_put_in_place(tmp_path: Path, pem: str) -> None:
    """The numbers begin anew, and shops that it does not know are gone."""
    async with server_of(tmp_path, pem) as (server, context):
        await add(context)
        await add(context, "coffee", url="https://coffee.example.com")
        with sqlite3.connect(server.database) as conn:
            conn.execute("DELETE FROM shops WHERE id = 'coffee'")
        conn.close()
        assert context.ledger_shops is not None
        await context.ledger_shops.turn()
        assert set(server.settings.shops) == {"361", "framing", "tea"}


async def test_pages_may_call_once_a_shop_has_apps(tmp_path: Path, pem: str) -> None:
    """What is asked of all shops is asked anew as they change."""
    asked = {"Origin": "https://page.example.com", "Access-Control-Request-Method": "POST"}
    none = {"apps": "", "framing_apps": "apps = false"}
    async with server_of(tmp_path, pem, **none) as (server, context):
        before = await ask(server, "OPTIONS", "/ctp/api/checkouts", headers=asked)
        assert "access-control-allow-origin" not in before.headers
        await add(context, apps=True)
        key = {"Authorization": f"Bearer {server.settings.shops['tea'].publishable_key}"}
        answer = await ask(server, "OPTIONS", "/ctp/api/checkouts", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "*"
        by_app = await ask(
            server, "POST", "/ctp/api/checkouts", json={"checkout": ordered()}, headers=key
        )
        assert by_app.status_code == 201


REFUSED: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("tea", {"accent": "no colour"}, "shops.tea.accent"),
    ("tea", {"methods": {"credit_card": "nowhere"}}, "shops.tea.methods.credit_card"),
    ("tea", {"nonsense": 1}, "shops.tea.nonsense"),
    ("tea", {"private_key": "no key"}, "shops.tea.private_key"),
    ("tea", {"secret_key": KEY}, "must not be the same"),
    ("a/b", {}, "must be named"),
    ("361", {}, "settings file"),
]


async def test_what_is_refused(tmp_path: Path, pem: str) -> None:
    async with server_of(tmp_path, pem) as (_, context):
        for name, more, why in REFUSED:
            with pytest.raises((BadSettings, CheckoutError), match=why):
                await add(context, name, **more)
        assert await context.ledger.read(shops.newest) == 0


async def test_two_at_once_do_not_undo_each_other(tmp_path: Path, pem: str) -> None:
    async with server_of(tmp_path, pem) as (_, context):
        await add(context)
        row = await shop_changes.row_of(context, "tea")
        assert await shop_changes.disable(context, "tea", by=BY)

        def enable(conn: Connection) -> bool:
            return shops.change(conn, row, 1.0, "bert", state=shops.ACTIVE)

        assert not await context.ledger.write(enable)


async def test_the_sealing_key_is_rotated(tmp_path: Path, pem: str) -> None:
    newer = new_secret()
    async with server_of(tmp_path, pem) as (_, context):
        await add(context)
    async with server_of(tmp_path, pem, KEY, newer) as (server, context):
        assert "tea" in server.settings.shops
        assert await shop_changes.seal_anew(context, by=BY) == 1
        assert await shop_changes.seal_anew(context, by=BY) == 0
    async with server_of(tmp_path, pem, newer) as (server, _):
        assert "tea" in server.settings.shops
