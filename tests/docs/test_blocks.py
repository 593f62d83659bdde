"""The documents for shops: every code block runs, against a demo of the servers, as it stands."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from checkout.drill.customer import Customer, good_card
from checkout.local_servers import SHOP, LocalServers
from checkout.sandbox.card_results import TEST_CARDS
from tests.support.document_blocks import (
    FENCE,
    PHP_LIBRARY,
    PICTURES,
    RUNNERS,
    Block,
    Desk,
    blocks,
    php_library,
)
from tests.support.http_server import WebhookServer, webhook_server
from tests.support.local_servers import local_servers
from tests.support.mail_server import MailServer, open_mail_server
from tests.support.polling import wait_until
from tests.support.servers import ROOT

DOCS: Final = ROOT / "docs"

# For shops: their blocks run. The others are for operators and contributors.
SHOPS: Final = (
    "quick-start.md",
    "api.md",
    "saved-cards.md",
    "notifications.md",
    "signed-result.md",
    "going-live.md",
    "test-cards.md",
    "drill.md",
    "products.md",
    "invoices.md",
)
OTHERS: Final = frozenset(
    {
        "adding-a-gateway.md",
        "alerts.md",
        "architecture.md",
        "deploy.md",
        "exchanger.md",
        "operating.md",
        "security.md",
    }
    | {
        "glossary.md",
        "languages.md",
        "mails.md",
        "overpay.md",
        "pci.md",
        "privacy.md",
        "reconciliation.md",
        "reliability.md",
        "rest.md",
        "settings.md",
        "threat-model.md",
        "upgrading.md",
        "wallets.md",
    }
)
# Have tests of their own.
ELSEWHERE: Final = frozenset({"backup.md", "first-shop.md", "links.md", "shops.md", "widget.md"})


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as mail_server:
        yield mail_server


@pytest.fixture(scope="module")
def local(
    mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalServers]:
    smtp = f'\n[smtp]\nurl = "smtp://127.0.0.1:{mail_server.port}"\nsender = "pay@example.com"\n'
    with local_servers(tmp_path_factory.mktemp("demo"), smtp) as local:
        yield local


def desk(folder: Path, local: LocalServers) -> Desk:
    """The reader has put these into the environment, as quick-start.md says."""
    return Desk(
        folder,
        {
            "CHECKOUT": local.checkout,
            "CHECKOUT_CONFIG": str(local.folder / "checkout.toml"),
            "SHOP_ID": SHOP,
            "SHOP_SECRET": local.keys.secret_key,
            "PUBLIC_KEY": local.keys.public_key,
        },
        {"https://pay.example.com": local.checkout, "http://127.0.0.1:8001": local.checkout},
    )


def test_every_document_is_known() -> None:
    names = {path.name for path in DOCS.glob("*.md")}
    assert names - OTHERS - ELSEWHERE == set(SHOPS)


@pytest.mark.parametrize("name", SHOPS)
def test_the_blocks_run(name: str, local: LocalServers, tmp_path: Path) -> None:
    """In order, in one folder, one after the other."""
    document = DOCS / name
    reader = desk(tmp_path, local)
    found = blocks(document)
    # No fence is overlooked, and each has a language that is known here.
    assert len(re.findall(r"^ *```", document.read_text(), re.MULTILINE)) == 2 * len(found)
    assert not {block.language for block in found} - set(RUNNERS)
    for block in found:
        reader.run(block)


def test_nothing_runnable_is_called_a_picture() -> None:
    """`text` is for what can't run: servers that stay, what is fetched, addresses of the reader's
    own."""
    shown = [b for name in SHOPS for b in blocks(DOCS / name) if b.language in PICTURES]
    stays = re.compile(
        r"make demo|checkout (demo|listen)|checkout drill --(demo|start)|npx |--online|=…"
    )
    assert [b.where for b in shown if b.language == "text" and not stays.search(b.code)] == []
    assert FENCE.search("```sh\nx\n```\n")


def test_the_blocks_of_the_widget(tmp_path: Path) -> None:
    """Its scripts and markup run in Chromium (browser/test_widget.py); the rest can be read."""
    document = DOCS / "widget.md"
    found = blocks(document)
    assert len(re.findall(r"^ *```", document.read_text(), re.MULTILINE)) == 2 * len(found)
    assert {block.language for block in found} <= {"html", "js", "toml", "json", ""}
    for block in found:
        if block.language in ("toml", "json"):
            Desk(tmp_path, {}).run(block)


# --- The test of the test -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("sh", "false\ntrue"),
        ("sh", "echo $not_set"),
        ("python", "assert 1 == 2"),
        ("js", "throw new Error('no')"),
        ("php", "<?php throw new Exception('no');"),
        ("json", "{'a': 1}"),
        ("toml", "a = "),
    ],
    ids=["sh", "sh unset", "python", "js", "php", "json", "toml"],
)
def test_a_block_that_fails_is_seen(language: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"notes.md:7"):
        Desk(tmp_path, {}).run(Block(Path("notes.md"), 7, language, "", code))


# --- What the documents promise -----------------------------------------------------------------


def test_the_quick_start_ends_with_a_paid_order(local: LocalServers, tmp_path: Path) -> None:
    """The customer pays between the blocks, as the text says."""
    reader = desk(tmp_path, local)
    said = ""
    for block in blocks(DOCS / "quick-start.md"):
        if "asked.json" in block.code:
            assert "finished: False" in reader.run(block)
            created = json.loads((tmp_path / "created.json").read_text())["checkout"]
            asyncio.run(pay(local, created["redirect_url"]))
        said = reader.run(block)
    assert said == "status: successful finished: True as asked: True\n"


async def pay(local: LocalServers, url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        customer = Customer(browser, local.checkout)
        await customer.open_payment(url)
        await customer.pay(good_card())


def test_an_invoice_of_the_document_arrives(
    local: LocalServers, mail_server: MailServer, tmp_path: Path
) -> None:
    """At the address that it was made for, and at the one that it was sent to again."""
    reader = desk(tmp_path, local)
    told: dict[str, str] = {}  # by address: the plain text

    def came(address: str) -> bool:
        for mail in mail_server.mails:
            plain = mail.get_body(("plain",))
            told[mail["To"]] = plain.get_content() if plain else ""
        return address in told

    for block in blocks(DOCS / "invoices.md"):
        # Others run this document too.
        code = block.code.replace("chair-7", "chair-8").replace("anna@", "bob@")
        reader.run(block._replace(code=code))
        for address in re.findall(r'"email": "(.*?)"', code):
            wait_until(partial(came, address))
    url = json.loads((tmp_path / "invoice.json").read_text())["invoice"]["url"]
    assert [url in told[f"bob@example.{end}"] for end in ("com", "org")] == [True, True]
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 410, "the last blocks have cancelled it"


def test_the_table_of_cards_is_the_sandboxs() -> None:
    rows = re.findall(
        r"^\| ([0-9 ]{19}) \| (.*) \|$", (DOCS / "test-cards.md").read_text(), re.MULTILINE
    )
    assert {number.replace(" ", ""): says for number, says in rows} == {
        number: payment.description for number, payment in TEST_CARDS.items()
    }


Webhook = tuple[dict[str, str], bytes]  # its headers, in small letters, and its body


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as found:
        yield found


@pytest.fixture(scope="module")
def webhook(local: LocalServers, receiver: WebhookServer) -> Webhook:
    """A notification that checkout really sent."""
    order = {"amount": 1999, "currency": "EUR", "description": "Tea", "tracking_id": "order-1234"}
    ways = {"notification_url": f"{receiver.url}/signed"}
    asked = {"transaction_type": "payment", "order": order, "settings": ways}
    made = httpx.post(
        f"{local.checkout}/ctp/api/checkouts",
        json={"checkout": asked},
        auth=(SHOP, local.keys.secret_key),
        trust_env=False,
    ).json()["checkout"]
    asyncio.run(pay(local, made["redirect_url"]))
    return receiver.webhook("signed")


# How each language's block is called: with the key, the signature and the body in these files.
CALLS: Final = {
    "python": (
        "import json, pathlib\n"
        "from verify import read_notification\n"
        "key, signature = (pathlib.Path(n).read_text() for n in ('key', 'signature'))\n"
        "print(json.dumps(read_notification(key, signature, pathlib.Path('body').read_bytes())))\n"
    ),
    "php": (
        "<?php\nrequire 'verify.php';\n"
        "echo json_encode(read_notification(file_get_contents('key'),"
        " file_get_contents('signature'), file_get_contents('body')));\n"
    ),
    "js": (
        "import { readFileSync as read } from 'node:fs';\n"
        "import { readNotification } from './verify.mjs';\n"
        "console.log(JSON.stringify(readNotification("
        "read('key', 'utf8'), read('signature', 'utf8'), read('body'))));\n"
    ),
}


@pytest.mark.parametrize("language", CALLS)
def test_notifications_are_verified(
    language: str, local: LocalServers, webhook: Webhook, tmp_path: Path
) -> None:
    reader = desk(tmp_path, local)
    (block,) = (
        b
        for b in blocks(DOCS / "notifications.md")
        if b.language == language and "verify" in b.name
    )
    reader.run(block)
    headers, body = webhook
    signature = headers["content-signature"]

    def read(signature: str, body: bytes) -> object:
        for name, content in (("key", local.keys.public_key), ("signature", signature)):
            (tmp_path / name).write_text(content)
        (tmp_path / "body").write_bytes(body)
        return json.loads(reader.run(Block(block.document, 0, language, "", CALLS[language])))

    said = read(signature, body)
    assert isinstance(said, dict)
    assert (said["status"], said["tracking_id"], said["amount"]) == (
        "successful",
        "order-1234",
        1999,
    )
    private = load_pem_private_key(local.keys.private_key.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    pss = padding.PSS(padding.MGF1(SHA256()), 32)
    forged = {
        "another body": (signature, body.replace(b"successful", b"failed")),
        "no signature": ("", body),
        "no base64": ("...", body),
        "another hash": (
            b64encode(private.sign(body, padding.PKCS1v15(), SHA512())).decode(),
            body,
        ),
        "another padding": (
            b64encode(private.sign(body, pss, SHA256())).decode(),
            body,
        ),
    }
    assert {how: read(*each) for how, each in forged.items()} == dict.fromkeys(forged)


# The same with the libraries of Standard Webhooks: with the secret, the headers and the body.
BY_LIBRARY: Final = {
    "python": (
        "import json, pathlib\n"
        "from standard import read_notification\n"
        "secret, headers = (pathlib.Path(n).read_text() for n in ('secret', 'headers'))\n"
        "body = pathlib.Path('body').read_bytes()\n"
        "print(json.dumps(read_notification(secret, json.loads(headers), body)))\n"
    ),
    "php": (
        "<?php\nrequire 'standard.php';\n"
        "$headers = json_decode(file_get_contents('headers'), true);\n"
        "echo json_encode(read_notification_by_library("
        "file_get_contents('secret'), $headers, file_get_contents('body')));\n"
    ),
    "js": (
        "import { readFileSync as read } from 'node:fs';\n"
        "import { readNotification } from './standard.mjs';\n"
        "const headers = JSON.parse(read('headers', 'utf8'));\n"
        "console.log(JSON.stringify(readNotification("
        "read('secret', 'utf8'), headers, read('body'))));\n"
    ),
}


@pytest.mark.parametrize("language", BY_LIBRARY)
def test_notifications_are_verified_by_libraries(
    language: str, local: LocalServers, webhook: Webhook, tmp_path: Path
) -> None:
    """As they are, with the secret that `checkout keys --shop` prints."""
    if language == "php" and php_library() is None:
        pytest.skip(
            f"*** NO {PHP_LIBRARY}: it names no copy of libraries/php of standard-webhooks, so its "
            "PHP library is not tried ***"
        )
    reader = desk(tmp_path, local)
    found = blocks(DOCS / "notifications.md")
    (block,) = (b for b in found if b.language == language and "standard" in b.name)
    reader.run(block)
    (command,) = (b for b in found if b.language == "sh" and "checkout keys" in b.code)
    asked = command._replace(code=command.code.strip() + " --json")
    secret = json.loads(reader.run(asked))["webhook_secret"]

    def read(secret: str, headers: dict[str, str], body: bytes) -> object:
        (tmp_path / "secret").write_text(secret)
        (tmp_path / "headers").write_text(json.dumps(headers))
        (tmp_path / "body").write_bytes(body)
        return json.loads(reader.run(Block(block.document, 0, language, "", BY_LIBRARY[language])))

    headers, body = webhook
    for bare in (secret, secret.removeprefix("whsec_")):  # libraries take either
        said = read(bare, headers, body)
        assert isinstance(said, dict)
        assert (said["status"], said["tracking_id"]) == ("successful", "order-1234")
    old = str(int(headers["webhook-timestamp"]) - 301)
    unsigned = {name: value for name, value in headers.items() if name != "webhook-signature"}
    forged = {
        "another body": (secret, headers, body.replace(b"successful", b"failed")),
        "another secret": ("whsec_" + b64encode(b"x" * 64).decode(), headers, body),
        "another id": (secret, headers | {"webhook-id": "x"}, body),
        "too old": (secret, headers | {"webhook-timestamp": old}, body),
        "no signature": (secret, unsigned, body),
    }
    assert {how: read(*each) for how, each in forged.items()} == dict.fromkeys(forged)
