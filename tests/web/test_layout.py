"""A shop's colours on its pages: light, dark, both, and what an order says of them."""

from __future__ import annotations

import re

from tests.web.conftest import Opened
from tests.web.server import Customer, Server


def style(page: str) -> str:
    (found,) = re.findall(r"<style nonce=\"[^\"]+\">(.*?)</style>", page, re.DOTALL)
    return str(found)


async def sheet(customer: Customer, page: str) -> str:
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    return (await customer.get(address)).text


async def shown(server: Server, **changes: object) -> tuple[str, str]:
    """The payment page, and its stylesheet."""
    back = {"return_url": "https://framing.example.com/"}
    made = await server.create(shop="framing", settings=back | changes)
    async with server.customer() as customer:
        page = (await customer.get(made.path())).text
        return page, await sheet(customer, page)


async def test_both(server: Server) -> None:
    page, css = await shown(server)
    assert style(page).strip() == ":root{--accent:#b34700;--on-accent:#ffffff}"
    assert 'name="color-scheme" content="light dark"' in page
    assert "color-scheme: light dark;" in css
    assert "@media screen and (prefers-color-scheme: dark)" in css
    # A brown that is lost on the dark page: there it is lighter.
    page, _ = await shown(server, style={"widget": {"buttonsColor": "#5a2400"}})
    light, _, dark = style(page).partition("@media screen and (prefers-color-scheme:dark)")
    assert light.strip() == ":root{--accent:#5a2400;--on-accent:#ffffff}"
    assert re.fullmatch(r"\{:root\{--accent:#[0-9a-f]{6};--on-accent:#[0-9a-f]{6}\}\}", dark)
    assert "#5a2400" not in dark


async def test_one_alone(opened: Opened) -> None:
    for scheme, accent in (("light", "#b34700"), ("dark", "#ffb27a")):
        async with opened(framing=f'scheme = "{scheme}"\naccent_dark = "#ffb27a"') as server:
            page, css = await shown(server)
            assert f'name="color-scheme" content="{scheme}"' in page
            assert f"color-scheme: {scheme};" in css
            assert "prefers-color-scheme" not in css + page
            assert ("@media screen {" in css) == (scheme == "dark")
            text = "#ffffff" if scheme == "light" else "#000000"
            assert style(page).strip() == f":root{{--accent:{accent};--on-accent:{text}}}"


async def test_what_the_order_says(server: Server) -> None:
    page, _ = await shown(
        server, style={"widget": {"buttonsColor": "#0a7d33"}, "button": {"borderRadius": "16px"}}
    )
    assert ":root{--accent:#0a7d33;--on-accent:#ffffff;--radius:16px}" in style(page)
    assert "#b34700" not in page


async def test_looks_are_no_reason_to_fail(server: Server) -> None:
    for odd in ("dark", ["x"], {"widget": 1}, {"widget": {"buttonsColor": "</style><script>"}}):
        page, _ = await shown(server, style=odd)
        assert "--accent:#b34700;" in page
        assert page.count("<script") == 1
