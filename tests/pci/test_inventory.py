"""The inventory is complete: a script, a style, a page or a header without a row fails here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from checkout import __version__
from checkout.assets import STATIC, TEMPLATES
from checkout.pci import purposes
from checkout.pci.headers import page_changes
from checkout.pci.inventory import BY_NONCE, Inventory, Shop, inventory, of_settings
from checkout.pci.markup import PUT_IN, Tag, Unexpected, parse_page, vocabulary_of
from checkout.settings import ShopDirectory
from checkout.web.page_types import PAGE_TYPES
from checkout.web.render import Assets, bundles, integrity
from checkout.web.widget import SCRIPTS
from tests.gallery import STATES, render, states
from tests.support.merchant import WALLETS, write_identity
from tests.support.samples import pem
from tests.support.settings import toml
from tests.web.server import Server, open_server

PUBLIC = "https://pay.example.com"


def test_every_script_has_its_purpose() -> None:
    joined = {file for parts in bundles().values() for file in parts}
    files = {path.name for path in (STATIC / "js").glob("*.js")}
    vendored = {f"../vendor/{path.name}" for path in (STATIC / "vendor").glob("*.js")}
    assert set(purposes.SCRIPTS) == joined == files | vendored
    for purpose in (*purposes.SCRIPTS.values(), *purposes.STYLES.values()):
        assert 10 < len(purpose) < 100
        assert not purpose.endswith(".")


def test_every_style_has_its_purpose() -> None:
    served = {re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in Assets().files}
    assert set(purposes.STYLES) == {name for name in served if name.endswith(".css")}
    assert {name for name in served if name.endswith(".js")} == {f"{name}.js" for name in bundles()}


def test_every_page_has_its_type_and_every_joined_script_a_page() -> None:
    templates = {
        path.relative_to(TEMPLATES).as_posix()
        for folder in ("pages", "partials")
        for path in (TEMPLATES / folder).glob("*.html")
    }
    assert {each.template for each in PAGE_TYPES} == templates - set(PUT_IN.values())
    named = {name for each in PAGE_TYPES for name in (*each.scripts, *each.besides)}
    assert named == {f"{name}.js" for name in bundles()}


def test_every_folder_of_static_files_is_known() -> None:
    """Scripts elsewhere would have no row."""
    assert {path.parent.name for path in STATIC.rglob("*.js")} == {"js", "vendor", "widget"}
    assert {path.parent.name for path in STATIC.rglob("*.css")} == {"css"}
    for tag in ("<script", "<style"):
        pages = (path for path in TEMPLATES.rglob("*.html") if path.parent.name != "mail")
        having = [path for path in pages if tag in path.read_text()]
        assert having == [TEMPLATES / "base.html"]


# The scripts of the states that have others than the first of their page.
SCRIPTS_OF: Final = {
    "one-more-check": ("payment.js", "challenge.js"),
    "address": ("payment-address.js",),
    "address-elsewhere": ("payment-address.js",),
    "wallets": ("payment-wallets.js",),
}


@pytest.mark.parametrize("name", sorted(STATES))
def test_a_drawn_page_is_as_the_inventory_says(name: str) -> None:
    """Each state, in each language: its script and its style are those with a row, their hashes
    are said, and there is nothing that its template can't write."""
    whole = inventory(PUBLIC)
    for language in ("en", "de", "ru"):
        template, page, shell = states(language)[name]
        row = whole.page(next(each.name for each in PAGE_TYPES if each.template == template))
        parts = list(parse_page(render(template, page, shell).lstrip()))
        assert not [part for part in parts if isinstance(part, Unexpected)]
        tags = [part for part in parts if isinstance(part, Tag) and not part.closes]
        written = vocabulary_of(template).attributes
        assert not [tag for tag in tags if set(tag.attributes) - written[tag.name]]
        scripts = [tag for tag in tags if tag.name == "script"]
        by_name = {re.sub(r"\.[0-9a-f]{12}\.", ".", each.path)[8:]: each for each in row.scripts}
        first = [name for name, each in by_name.items() if not each.besides][:1]
        assert [(tag.get("src"), tag.get("integrity")) for tag in scripts] == [
            (by_name[script].path, by_name[script].integrity)
            for script in SCRIPTS_OF.get(name, first)
        ]
        (sheet,) = [tag for tag in tags if tag.get("rel") == "stylesheet"]
        known = {each.path: each.integrity for each in row.styles}
        assert known[sheet.get("href")] == sheet.get("integrity")
        assert all(tag.get("crossorigin") == "anonymous" for tag in (*scripts, sheet))


async def test_the_hashes_are_those_of_what_is_served(server: Server) -> None:
    whole = of_settings(server.settings)
    async with server.customer() as customer:
        files = [each for page in whole.pages for each in (*page.scripts, *page.styles)]
        files = [each for each in files if each.integrity]
        assert len(files) > 20
        for each in (*files, *whole.widget):
            answer = await customer.get(each.path)
            assert answer.status_code == 200
            assert integrity(answer.content) == each.integrity
        assert len(whole.widget) == len(SCRIPTS) + 2


async def test_the_headers_are_those_of_every_page(server: Server) -> None:
    """But for the nonce and for who may frame it."""
    whole, made = of_settings(server.settings), await server.create()
    async with server.customer() as customer:
        for name, path in (
            ("payment", made.path()),
            ("order", made.path(kind="order")),
            ("error", "/nowhere"),
        ):
            answer = await customer.get(path)
            for header, value in whole.page(name).headers.items():
                said = re.sub("nonce-[A-Za-z0-9_-]+", "nonce-...", answer.headers[header])
                said = re.sub("frame-ancestors [^;]+", "frame-ancestors ...", said)
                assert said == value, header


@pytest.mark.parametrize("name", ["apple_pay", "google_pay"])
async def test_the_headers_of_a_page_with_wallets(tmp_path: Path, name: str) -> None:
    """They are ours where a shop has wallets, and nothing beyond what its wallets need is."""
    write_identity(tmp_path)
    top = toml({"shops": {"361": {name: WALLETS[name]}}})
    async with open_server(tmp_path, pem(), top=top) as server, server.customer() as customer:
        whole, made = of_settings(server.settings), await server.create()
        headers = (await customer.get(made.path())).headers
        shut = of_settings(msgspec.structs.replace(server.settings, shops=ShopDirectory()))
        for known in (whole, inventory(server.settings.public_url), shut):
            assert list(page_changes(headers, known.page("payment"), known)) == []
        none = Shop(id="1", card_methods=(), frame_origins=())
        without = inventory(server.settings.public_url, shops=(none,))
        assert [each.text for each in page_changes(headers, without.page("payment"), without)]
        policy = "content-security-policy"
        headers[policy] = headers[policy].replace("connect-src", "connect-src https://evil.example")
        changes = list(page_changes(headers, whole.page("payment"), whole))
        assert "connect-src also allows https://evil.example" in str(changes)


def test_what_it_says() -> None:
    whole = inventory(PUBLIC)
    assert whole.version == __version__
    payment = whole.page("payment")
    assert payment.card_form
    assert [page.name for page in whole.pages if page.card_form] == ["payment"]
    script, *others = payment.scripts
    assert [script.besides, *(each.besides for each in others)] == [False] * 4 + [True]
    assert script.authorised_by == BY_NONCE
    assert {part.file for part in script.parts} >= {"card.js", "submit.js"}
    assert all(part.purpose for part in script.parts)
    assert "vendor/htmx-4.0.1.min.js" in {p.file for p in whole.page("wait").scripts[0].parts}
    assert [script.besides for script in whole.page("error").scripts] == [True]  # in a frame
    assert "strict-transport-security" in payment.headers
    assert "strict-transport-security" not in inventory("http://127.0.0.1").page("wait").headers
    assert "form-action 'self'" in payment.headers["content-security-policy"]
    assert "form-action https:" in whole.page("redirect").headers["content-security-policy"]


def test_it_is_kept_as_json() -> None:
    whole = inventory(PUBLIC)
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Inventory) == whole
