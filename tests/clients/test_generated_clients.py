"""Clients that the usual generators make of `/schema`, as they are: they make a payment, read, list
and refund it over HTTP, and every operation is in them."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
import pytest
from openapi_spec_validator import validate

from checkout.drill.customer import Customer
from checkout.local_servers import SHOP, LocalServers
from tests.support.local_servers import local_servers
from tests.support.node import FOLDER, node_modules

CARD: Final = "4200000000000000"
ENDS: Final = {
    "status": "successful",
    "paid": "successful",
    "refund": "successful",
    "parent": True,
    "pages": ["refund", "payment"],
}
TSCONFIG: Final = {
    "compilerOptions": {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "target": "es2022",
        "module": "nodenext",
        "lib": ["es2022", "dom"],
        "types": [],
    },
    "files": ["pay.ts", "node.d.ts"],
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with local_servers(tmp_path_factory.mktemp("servers")) as found:
        yield found


@pytest.fixture(scope="module")
def document(servers: LocalServers) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{servers.checkout}/schema", trust_env=False).json()
    return found


@pytest.fixture(scope="module")
def schema(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    path.write_text(json.dumps(document))
    return path


def paid(servers: LocalServers, token: str) -> None:
    """The customer pays, on the page."""

    async def pay() -> None:
        async with httpx.AsyncClient(trust_env=False) as browser:
            customer = Customer(browser, servers.checkout)
            await customer.open_payment(f"{servers.checkout}/widget/hpp.html?token={token}")
            await customer.pay(CARD)

    asyncio.run(pay())


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for verbs in document["paths"].values() for operation in verbs.values()]


def test_each_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [each["operationId"] for each in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name[0].islower() and "_" not in name for name in names)
    assert {
        "createCheckout", "readCheckout", "listCheckouts", "readTransaction", "listTransactions",
        "refundPayment", "createProduct", "readProduct", "createInvoice", "readInvoice",
    } <= set(names)  # fmt: skip
    assert {"Order", "Customer", "Settings"} <= set(document["components"]["schemas"])


# --- Python ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def python_client(schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The package's name, importable."""
    folder, name = tmp_path_factory.mktemp("python"), "generated_checkout_client"
    config = folder / "config.yml"
    config.write_text("post_hooks: []\n")  # which would only format it
    made = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(schema),
            "--config", str(config), "--meta", "none", "--output-path", str(folder / name),
            "--fail-on-warning",
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


def test_python(servers: LocalServers, document: dict[str, Any], python_client: str) -> None:
    def module(path: str) -> ModuleType:
        return importlib.import_module(f"{python_client}.{path}")

    models = module("models")
    made_of = {
        path.stem
        for path in Path(str(module("api").__file__)).parent.glob("*/*.py")
        if path.stem != "__init__"
    }
    assert len(made_of) == len(operations(document))
    basic = base64.b64encode(f"{SHOP}:{servers.keys.secret_key}".encode()).decode()
    api = module("client").AuthenticatedClient(
        base_url=servers.checkout, token=basic, prefix="Basic", httpx_args={"trust_env": False}
    )
    order = models.Order(
        amount=1999,
        currency=models.OrderCurrency.EUR,
        description="Two tickets",
        tracking_id="from-python",
    )
    asked = models.CheckoutRequest(
        transaction_type=models.CheckoutRequestTransactionType.PAYMENT, order=order, test=True
    )
    create = module("api.checkouts.create_checkout")
    made = create.sync(
        client=api,
        body=models.CreateCheckoutBody(checkout=asked),
        idempotency_key="from-python",
    )
    token = made.checkout.token
    order.amount = 0
    refused = create.sync(client=api, body=models.CreateCheckoutBody(checkout=asked))
    assert isinstance(refused, models.Error)
    assert "order" in refused.errors.additional_properties
    paid(servers, token)

    read = module("api.checkouts.read_checkout").sync(token, client=api)
    listed = module("api.transactions.list_transactions")
    hour = timedelta(hours=1)
    query: dict[str, Any] = {
        "tracking_id": "from-python",
        "created_from": datetime.now(UTC) - hour,
        "created_to": datetime.now(UTC) + hour,
        "limit": 1,
    }
    found = listed.sync(client=api, **query).transactions[0]
    request = models.RefundPayment(parent_uid=found.uid, amount=500, reason="returned")
    refund = module("api.transactions.refund_payment").sync(
        client=api, body=models.RefundPaymentBody(request=request)
    )
    pages: list[str] = []
    more: dict[str, str] | None = {}
    while more is not None:
        page = listed.sync(client=api, **query, **more)
        pages += [each.type_ for each in page.transactions]
        more = {"after": page.next_} if page.next_ else None
    api.get_httpx_client().close()
    assert {
        "status": read.checkout.status,
        "paid": found.status,
        "refund": refund.transaction.status,
        "parent": refund.transaction.parent_uid == found.uid,
        "pages": pages,
    } == ENDS


# --- TypeScript --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tests/node/pay.ts`, compiled with the types that are made of the document."""
    modules = node_modules("openapi-typescript", "openapi-fetch", "typescript")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "pay.ts").write_text((FOLDER / "pay.ts").read_text())
    (folder / "node.d.ts").write_text("declare const process: { argv: string[]; env: unknown };")
    node(modules / ".bin" / "openapi-typescript", schema, "-o", folder / "schema.ts", cwd=folder)
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    node(modules / ".bin" / "tsc", "--project", folder, cwd=folder)
    return folder / "pay.js"


def node(*words: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        ["node", *map(str, words)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_typescript(servers: LocalServers, program: Path) -> None:
    shop = {
        "CHECKOUT": servers.checkout,
        "SHOP_ID": SHOP,
        "SHOP_SECRET": servers.keys.secret_key,
    }
    made = json.loads(node(program, "create", cwd=program.parent, **shop))
    assert made["refused"] == ["order"]
    paid(servers, made["token"])
    done = node(program, "after", made["token"], "from-typescript", cwd=program.parent, **shop)
    assert json.loads(done) == ENDS
