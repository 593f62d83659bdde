"""docs/links.md: the links that its recipes make, in each language, open a page on the server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.support import samples
from tests.support.document_blocks import RUNNERS, Block, Desk, blocks
from tests.web.server import Server, open_server

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "links.md"

# How each language's recipe is called; what differs with each run is put in.
CALLS: Final = {
    "python": (
        "from sign_link import payment_link\n"
        'order = {{"amount": 1250, "currency": "EUR", "description": "Zwei Stühle",\n'
        '         "tracking_id": "chair/7?", "customer": {{"email": "anna@example.com"}}}}\n'
        'print(payment_link("{url}", "361", "{key}", order))\n'
    ),
    "php": (
        "<?php\nrequire 'sign_link.php';\n"
        "$order = ['amount' => 1250, 'currency' => 'EUR', 'description' => 'Zwei Stühle',\n"
        "  'tracking_id' => 'chair/7?', 'customer' => ['email' => 'anna@example.com']];\n"
        "echo payment_link('{url}', '361', '{key}', $order), \"\\n\";\n"
    ),
    "js": (
        'import {{ paymentLink }} from "./sign-link.mjs";\n'
        'const order = {{ amount: 1250, currency: "EUR", description: "Zwei Stühle",\n'
        '  tracking_id: "chair/7?", customer: {{ email: "anna@example.com" }} }};\n'
        'console.log(paymentLink("{url}", "361", "{key}", order));\n'
    ),
}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    async with open_server(folder, samples.pem()) as opened:
        yield opened


def made(language: str, server: Server, desk: Desk, key: str) -> str:
    (recipe,) = (b for b in blocks(DOCUMENT) if b.language == language)
    desk.run(recipe)
    code = CALLS[language].format(url=server.settings.public_url, key=key)
    return desk.run(Block(DOCUMENT, 0, language, "", code)).strip()


@pytest.mark.parametrize("language", CALLS)
async def test_a_recipes_link_opens(language: str, server: Server, tmp_path: Path) -> None:
    desk = Desk(tmp_path, {})
    old, new = server.settings.shops["361"].link_keys
    found = set()
    for key in (old, new):
        url = made(language, server, desk, key)
        assert url.startswith(f"{server.settings.public_url}/pay/")
        path = urlsplit(url).path
        async with server.customer() as customer:
            opened = await customer.get(path)
            assert opened.status_code == 303, opened.text
            again = await customer.get(path)
            assert again.headers["location"] == opened.headers["location"]
            page = await customer.open(opened.headers["location"])
            assert "€12.50" in page.headline
            assert "Zwei Stühle" in page.text
            assert "chair/7?" in page.text
            changed = path[:-1] + ("A" if path[-1] != "A" else "B")
            assert (await customer.get(changed)).status_code == 404
        found.add(opened.headers["location"])
    assert len(found) == 2
    url = made(language, server, desk, "another key of another shop, long enough")
    async with server.customer() as customer:
        assert (await customer.get(urlsplit(url).path)).status_code == 404


async def test_the_commands(server: Server, tmp_path: Path) -> None:
    """The document's shell blocks run, with the server's settings."""
    desk = Desk(tmp_path, {"CHECKOUT_CONFIG": str(server.folder / "checkout.toml")})
    (command,) = (b for b in blocks(DOCUMENT) if b.language == "sh")
    url = desk.run(command).strip()
    async with server.customer() as customer:
        opened = await customer.get(urlsplit(url).path)
        assert opened.headers["location"].startswith("/de/payment/")


def test_every_block_is_known() -> None:
    found = blocks(DOCUMENT)
    assert len(re.findall(r"^ *```", DOCUMENT.read_text(), re.MULTILINE)) == 2 * len(found)
    assert {block.language for block in found} == {*CALLS, "sh"} <= set(RUNNERS)
