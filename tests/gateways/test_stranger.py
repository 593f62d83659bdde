"""A gateway of somebody else's, in a distribution of its own: nothing here knows it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs

from checkout.app import create_app
from checkout.cli import main
from checkout.gateways import OPTIONS
from checkout.ledger.migrate import migrate
from checkout.payments.recovery import sweep
from checkout.settings import load
from tests.support.distribution import install, installed
from tests.support.samples import rsa_key
from tests.web.server import SHOP, STILL, CreatedPayment, Customer, Line, Mailbox, Server, running

ROOT = Path(__file__).parents[2]
STRANGER = Path(__file__).parent / "stranger"
DAY = 86_400.0
SETTINGS = """\
public_url = "https://pay.example.com"
database = "sqlite:///{folder}/checkout.db"
secrets = ["{secret}"]
sandbox = true

[gateways.pig]
adapter = "piggybank"
base_url = "http://localhost:8002"
pin = "{pin}"

[shops.361]
name = "Demo shop"
secret_key = "{shop}"
private_key = "file:shop.pem"
url = "https://shop.example.com"
email = "help@shop.example.com"

[shops.361.methods]
savings = "pig"
"""


class Pig:
    """The piggy bank: it keeps payments and refunds, and asks for its PIN."""

    def __init__(self, pin: str) -> None:
        self.pin = pin
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self._numbers = count(1)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != f"Bearer {self.pin}":
            return self._say({"message": "Who are you?"}, 401)
        _, kind, *ref = request.url.path.split("/")
        held = self.payments if kind == "payments" else self.refunds
        if request.method == "GET":
            self.asked.append(request.url.path)
            key = request.url.params.get("id")
            found = [each for each in held.values() if each["ref"] in ref or each["id"] == key]
            return self._say(found[0]) if found else self._say({"message": "None such"}, 404)
        body = json.loads(request.content)
        made = {**body, "ref": f"{kind[0]}-{next(self._numbers)}", "state": "booked"}
        if kind == "payments":
            made |= {"state": "waiting", "page": f"https://pig.example/open/{made['ref']}"}
        held[made["ref"]] = made
        return self._say(made)

    def _say(self, said: dict[str, Any], status: int = 200) -> httpx.Response:
        said = {name: value for name, value in said.items() if name not in ("tell", "back_to")}
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(said).encode()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Its own repository, installed as an editable one is."""
    found = tmp_path / "piggybank-gateway"
    shutil.copytree(STRANGER, found, ignore=shutil.ignore_patterns("__pycache__"))
    install(found, "piggybank-gateway", {"piggybank": "piggybank"})
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    pem = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "shop.pem").write_bytes(pem)
    path = tmp_path / "checkout.toml"
    fresh = {name: os.urandom(24).hex() for name in ("secret", "pin", "shop")}
    path.write_text(SETTINGS.format(folder=tmp_path.as_posix(), **fresh))
    return path


@pytest.fixture
def here(folder: Path) -> Iterator[None]:
    with installed(folder):
        yield


def checked(config: Path) -> tuple[int, str]:
    said = CliRunner().invoke(main, ["check", "--config", str(config)])
    return said.exit_code, said.output


def test_the_kit_runs_outside(folder: Path) -> None:
    """With the source archive of checkout beside it, and no more than it has said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


def test_without_it_the_settings_say_so(config: Path) -> None:
    code, said = checked(config)
    assert code == 2
    assert "gateways.pig.adapter: must be one of" in said


def test_its_settings_are_checked_like_ours(config: Path, here: None) -> None:
    code, said = checked(config)
    assert (code, said.count("ok "), "failed" in said) == (0, 4, False)
    assert "holds no ledger yet" in said
    config.write_text(config.read_text().replace("pin = ", 'most = "much"\npin = " " # '))
    code, said = checked(config)
    assert code == 2
    assert "gateways.pig.most: must be an integer" in said


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[tuple[Server, Pig]]:
    """The whole server with the piggy bank behind it."""
    settings = load(config, {}, OPTIONS)
    migrate(settings.database)
    pig, mailbox = Pig(settings.account("pig").options.pin), Mailbox()
    server: Server

    app = create_app(
        settings,
        schedule=STILL,
        clock=lambda: 1_800_000_000.0 + server.offset,
        upstream=httpx.MockTransport(pig),
        downstream=httpx.ASGITransport(mailbox),  # type: ignore[arg-type]
    )
    server = Server(settings, config.parent, app, app, Line(app), mailbox)
    async with running(app):
        yield server, pig


async def hint(customer: Customer, payment: dict[str, Any], body: bytes) -> None:
    """A webhook that nobody signed, some time later: all that it says may be a lie."""
    customer.server.offset += 60
    answer = await customer.post(urlsplit(payment["tell"]).path, content=body)
    assert answer.status_code == 200
    await customer.server.settle_down()


async def told_of(made: CreatedPayment, kind: str) -> int:
    """How often the shop has been told of such a transaction, once it has been."""
    for _ in range(500):
        said = [webhook["type"] for webhook in made.server.mailbox.about(made.token)]
        if kind in said:
            return said.count(kind)
        await asyncio.sleep(0.02)
    return 0


async def paid(
    server: Server, customer: Customer, pig: Pig
) -> tuple[CreatedPayment, dict[str, Any]]:
    made = await server.create(settings={"notification_url": f"{SHOP}/told"})
    page = await customer.open(made.path())
    assert "Name of your pig" in page.text
    (named,) = [name for name in page.form("pay").inputs if name.endswith("-pig")]
    answer = await customer.submit(page.form("pay"), **{named: "Rosa"})
    assert answer.status_code == 303
    payment = list(pig.payments.values())[-1]
    assert (payment["amount"], payment["currency"], payment["pig"]) == (1999, "EUR", "Rosa")
    page = await customer.open(answer.headers["location"])
    assert payment["page"] in page.html
    # A lie changes nothing; it is asked once, and the truth is that it waits.
    asked = len(pig.asked)
    await hint(customer, payment, b'{"ref": "p-1", "state": "paid"}')
    assert len(pig.asked) == asked + 1
    assert (await made.told())["status"] == "incomplete"
    payment["state"] = "paid"
    await hint(customer, payment, b"")
    assert (await made.told())["status"] == "successful"
    return made, payment


async def test_one_pays_and_gets_some_of_it_back_tomorrow(config: Path, here: None) -> None:
    """A refund is booked today and done tomorrow."""
    async with opened(config) as (server, pig), server.customer() as customer:
        made, payment = await paid(server, customer, pig)
        asked = {"request": {"parent_uid": made.uid, "amount": 500, "reason": "Too small"}}
        with capture_logs() as logged:
            answer = await customer.post(
                "/transactions/refunds", json=asked, headers=server.basic()
            )
            said = answer.json()["transaction"]
            assert (said["status"], said["amount"]) == ("pending", 500)
        assert not [line for line in logged if line.get("alert")], "nobody has to look"
        (refund,) = pig.refunds.values()
        assert (refund["payment"], refund["amount"]) == (payment["ref"], 500)
        refund["state"] = "done"
        server.offset += DAY
        await sweep(server.app.state.context.context)
        answer = await customer.get(f"/transactions/{said['uid']}", headers=server.basic())
        assert answer.json()["transaction"]["status"] == "successful"
        assert (await made.told())["status"] == "successful"
        assert len(pig.refunds) == 1
        assert await told_of(made, "refund") == 1


async def test_a_chargeback_is_heard_of_by_a_hint(config: Path, here: None) -> None:
    async with opened(config) as (server, pig), server.customer() as customer:
        made, payment = await paid(server, customer, pig)
        server.offset += 7 * DAY
        await hint(customer, payment, b'{"ref": "p-1", "state": "seized"}')
        assert (await made.told())["status"] == "successful", "somebody's lie"
        payment["state"] = "seized"
        await hint(customer, payment, b"whatever")
        assert (await made.told())["status"] == "refunded"
        assert await told_of(made, "chargeback") == 1
