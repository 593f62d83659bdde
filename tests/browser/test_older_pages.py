"""Pages that were written for the script before the widget, as plugins and its readme write them:
the script comes from `js.<domain>`, the payment page is at another name of the same server."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from tests.browser.sites import CreatedPayment, Sites
from tests.browser.test_widget import (
    Enter,
    answer,
    browser,
    enter,
    escape,
    frame_of,
    pay,
    press,
    running,
    sites,
)
from tests.journeys.plugin import BROWSER
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, SECONDS, picture
from tests.support.document_blocks import blocks
from tests.support.servers import ROOT

__all__ = ["browser", "enter", "running", "sites"]  # fixtures
pytestmark = BROWSER

# Whatever the path: shops keep what an older server answered.
ADDRESSES: Final = (
    "/widget/hpp.html?token={}",
    "/v2/checkout?token={}",
    "/checkout?iframe=1&token={}",
)

OLD_PAGE: Final = """<!DOCTYPE html>
<html>
<head>
  <title>Test shop</title>
  <link rel="icon" href="data:,">
  <meta name="viewport" content="width=device-width">
  <script type="text/javascript" src="{js}/begateway-1-latest.min.js"></script>
</head>
<body style="width: 80%; margin: 10px auto; font-family: sans-serif">
  <h1>Test shop</h1>
  <p>T-Shirt 5 EUR</p>
  {place}
  <p>Send us a letter.</p>
<script type="text/javascript">
  var options = {{ type: "{kind}", id: "order-7", url: "{url}", style: "", size: {size} }};
  var pf = new BeGateway(options);
  var said = pf.buildForm();
</script>
</body>
</html>"""
PLACES: Final = {
    "inline": '<div id="order-7"></div>',
    "overlay": '<a href="#top" id="order-7">Buy it</a>',
}


def old_page(
    sites: Sites, kind: str, made: CreatedPayment, *, path: str = ADDRESSES[0], **changes: str
) -> str:
    """The address of a page that shows a payment so."""
    given = {
        "js": sites.beside("js"),
        "kind": kind,
        "place": PLACES[kind],
        "size": "{ width: 380, height: 550 }",
        "url": sites.pay + path.format(made.token),
    }
    sites.pages["/old"] = ("text/html", OLD_PAGE.format(**given | changes))
    sites.pages["/old.policy"] = ("", "")
    return f"{sites.shop}/old"


# As the WooCommerce plugin writes it: the script's host is the page's with another first name.
WIDGET_PAGE: Final = """<!DOCTYPE html>
<html>
<head><title>Test shop</title><link rel="icon" href="data:,"></head>
<body>
<script src="{js}/widget/be_gateway.js"></script>
<script>
  var told = [];
  function start() {{
    var params = {{
      checkout_url: "{pay}",
      token: "{token}",
      closeWidget: function (status) {{
        told.push(status);
        if (status == null) window.location.replace("{cancel}");
      }}
    }};
    new BeGateway(params).createWidget();
  }};
  {start}
</script>
</body>
</html>"""


def widget_page(
    sites: Sites,
    made: CreatedPayment,
    start: str = 'window.addEventListener("load", start, false);',
) -> str:
    html = WIDGET_PAGE.format(
        js=sites.beside("js"),
        pay=sites.pay,
        token=made.token,
        cancel=f"{sites.shop}/basket",
        start=start,
    )
    sites.pages |= {"/widget": ("text/html", html), "/widget.policy": ("", "")}
    return f"{sites.shop}/widget"


async def thanked(page: Page, sites: Sites, made: CreatedPayment, status: str) -> None:
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&token={made.token}&status={status}&*")


@pytest.mark.parametrize("path", ADDRESSES)
async def test_inline(sites: Sites, enter: Enter, path: str) -> None:
    """A form as wide as the page says, as high as it is; the page goes on by itself."""
    visitor = await enter()
    made = sites.order()
    page = await visitor.page(old_page(sites, "inline", made, path=path))
    assert await page.evaluate("said") is False
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    box: Any = await page.locator("#order-7 #beGatewayForm").bounding_box()
    assert box["width"] == 380
    around: Any = await page.locator("#order-7").bounding_box()
    assert box["x"] - around["x"] == around["x"] + around["width"] - box["x"] - box["width"]
    await picture(page, "older-inline")
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await answer(frame)
    await thanked(page, sites, made, "successful")
    assert sites.status(made) == "successful"


@pytest.mark.parametrize(
    ("size", "width"),
    [("null", 320), ("undefined", 320), ("{}", 320), ('{width: "450"}', 450), ('{width: "9%"}', 0)],
)
async def test_how_wide(sites: Sites, enter: Enter, size: str, width: int) -> None:
    visitor = await enter()
    page = await visitor.page(old_page(sites, "inline", sites.order(), size=size))
    box: Any = await page.locator("#beGatewayForm").bounding_box()
    around: Any = await page.locator("#order-7").bounding_box()
    assert box["width"] == (width or around["width"])


async def test_cancelled_and_nowhere_to_go(sites: Sites, enter: Enter) -> None:
    """To the address for that; without any the modal shows how it ended until it is closed."""
    visitor = await enter()
    made = sites.order(settings={"cancel_url": f"{sites.shop}/basket"})
    # No such element: at the end of the page, as it was.
    page = await visitor.page(old_page(sites, "inline", made, place=""))
    assert await page.locator("body > #beGatewayForm").count() == 1
    frame = await frame_of(page, sites.pay)
    await press(frame, ".leave button")
    await page.wait_for_url(f"{sites.shop}/basket?token={made.token}&status=*")

    made = sites.order(settings={})
    await page.goto(old_page(sites, "overlay", made))
    await page.get_by_role("link", name="Buy it").click()
    frame = await frame_of(page, sites.pay)
    await pay(frame, PLAIN)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == f"{sites.shop}/old"
    assert sites.status(made) == "successful"


@pytest.mark.parametrize(("said", "scheme"), [("", "light"), ("light dark", "light dark")])
async def test_light_or_dark_as_the_page(
    sites: Sites, enter: Enter, said: str, scheme: str
) -> None:
    """Not a dark form on a white page: browsers take a frame's scheme for what is in it."""
    visitor = await enter()
    place = f'<div id="order-7" style="color-scheme: {said}"></div>'
    page = await visitor.page(old_page(sites, "inline", sites.order(), place=place))
    of = "getComputedStyle(beGatewayForm.shadowRoot.querySelector('iframe')).colorScheme"
    assert await page.evaluate(of) == scheme


async def test_overlay(sites: Sites, enter: Enter) -> None:
    """By a click on the page's own link; what is built last is what opens; closed, it stays."""
    visitor = await enter()
    first, made = sites.order(), sites.order(attempts=1)
    page = await visitor.page(old_page(sites, "overlay", first))
    await page.evaluate("url => new BeGateway({ ...options, url }).buildForm()", made.url)
    link = page.get_by_role("link", name="Buy it")
    dialog = page.get_by_role("dialog", name="Payment")
    await link.click()
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    assert page.url == f"{sites.shop}/old"
    # Another button beside it, by the page's script: no second modal, and nothing of it is heard.
    await page.evaluate(
        """url => {
          document.querySelector("h1").id = "order-8";
          new BeGateway({ ...options, id: "order-8", url }).buildForm();
          document.querySelector("h1").click();
        }""",
        first.url,
    )
    await expect(dialog).to_have_count(1)
    await picture(page, "older-overlay")
    await escape(page)
    await expect(dialog).to_have_count(0)
    await link.click()
    frame = await frame_of(page, sites.pay)
    await pay(frame, DECLINED)
    await thanked(page, sites, made, "failed")
    assert (sites.status(made), sites.status(first)) == ("failed", None)


async def test_overlay_on_a_phone(sites: Sites, enter: Enter) -> None:
    """A declined card can be tried again; nothing goes on before the end."""
    visitor = await enter(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    made = sites.order()
    page = await visitor.page(old_page(sites, "overlay", made))
    await page.get_by_role("link", name="Buy it").tap()
    frame = await frame_of(page, sites.pay)
    await pay(frame, DECLINED)
    await expect(frame.locator("h1, [role=alert]").first).to_be_visible()
    await expect(frame.get_by_text("declined").first).to_be_visible()
    assert page.url == f"{sites.shop}/old"
    await pay(frame, PLAIN)
    await thanked(page, sites, made, "successful")


async def test_inline_in_a_narrow_window(sites: Sites, enter: Enter) -> None:
    """Narrower than the page says, where there is no room."""
    visitor = await enter(viewport={"width": 320, "height": 568})
    page = await visitor.page(old_page(sites, "inline", sites.order()))
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    assert await frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await picture(page, "older-inline-narrow")


async def test_the_bank_in_the_whole_window(sites: Sites, enter: Enter) -> None:
    visitor = await enter()
    sites.behave(iframe=False)
    for kind in PLACES:
        made = sites.order()
        page = await visitor.page(old_page(sites, kind, made))
        if kind == "overlay":
            await page.get_by_role("link", name="Buy it").click()
        frame = await frame_of(page, sites.pay)
        await pay(frame, CHALLENGE)
        await expect(frame.locator("h1")).to_have_text("Taking you to your bank")
        await frame.wait_for_load_state()  # it moves the focus itself until then
        await press(frame, "[data-leave]")
        await page.wait_for_url(f"{sites.bank}/**")
        await answer(page)
        await page.locator("[data-back]").click()
        await thanked(page, sites, made, "successful")


async def test_a_page_that_is_wrong(sites: Sites, enter: Enter) -> None:
    """It is told why in the console, and its script goes on."""
    visitor = await enter()
    visitor.expected = "leads to nothing"
    page = await visitor.page(f"{old_page(sites, 'overlay', sites.order())}")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for changes in ({"url": ""}, {"type": "popup"}, {"id": "nowhere"}, {"type": None}):
        assert not await page.evaluate(
            "c => new BeGateway({ ...options, ...c }).buildForm()", changes
        )
    assert [text.split('"')[1] for text in said] == ["url", "type", "id", "type"]
    # Another address is just opened; no script is one.
    await page.evaluate("new BeGateway({ ...options, url: '/thanks?order=8' }).buildForm()")
    await page.get_by_role("link", name="Buy it").click()
    await page.wait_for_url(f"{sites.shop}/thanks?order=8")
    await page.goto(f"{sites.shop}/old")
    wrong = "new BeGateway({ ...options, url: 'javascript:alert(1)' }).buildForm()"
    told = await page.evaluate(
        f"(() => {{ try {{ {wrong} }} catch (e) {{ return e.message }} }})()"
    )
    assert told == "not a web address"


async def test_the_documents_own_code(sites: Sites, enter: Enter) -> None:
    """The older page of docs/widget.md, word for word."""
    visitor = await enter()
    made = sites.order()
    *_, written = [b.code for b in blocks(ROOT / "docs" / "widget.md") if b.language == "html"]
    for said, real in {
        "https://js.example.com": sites.beside("js"),
        "https://pay.example.com": sites.pay,
        "token=...": f"token={made.token}",
    }.items():
        assert said in written
        written = written.replace(said, real)
    sites.pages |= {"/docs": ("text/html", f"<link rel=icon href=data:,>{written}")}
    sites.pages["/docs.policy"] = ("", "")
    page = await visitor.page(f"{sites.shop}/docs")
    frame = await frame_of(page, sites.pay)
    await pay(frame, PLAIN)
    await thanked(page, sites, made, "successful")


async def test_the_strictest_policy(sites: Sites, enter: Enter) -> None:
    """What docs/widget.md names is enough for this script, too: by the name that it comes from."""
    visitor = await enter()
    address = old_page(sites, "inline", made := sites.order())
    _, written = sites.pages["/old"]
    before, _, rest = written.partition('<script type="text/javascript">')
    script, _, after = rest.partition("</script>")
    before = before.replace(' style="width: 80%; margin: 10px auto; font-family: sans-serif"', "")
    sites.pages["/old"] = ("text/html", f'{before}<script src="/old.js"></script>{after}')
    sites.pages["/old.js"] = ("text/javascript", script)
    policy = (
        f"default-src 'none'; script-src 'self' {sites.beside('js')}; frame-src https:; "
        "img-src data:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    sites.pages["/old.policy"] = ("", policy)
    page = await visitor.page(address)
    frame = await frame_of(page, sites.pay)
    await pay(frame, PLAIN)
    await thanked(page, sites, made, "successful")


async def test_the_widget_by_the_js_name(sites: Sites, enter: Enter) -> None:
    """`null` when closed unpaid and never else: such plugins cancel the order then."""
    visitor = await enter()
    # Others' slip: at once, while the page is still read.
    page = await visitor.page(widget_page(sites, sites.order(), "window.onload = start();"))
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    # By then it hears the key.
    await expect(frame.locator("html[data-around=modal]")).to_be_attached()
    await frame.locator("#f-number").focus()
    await escape(page)
    await page.wait_for_url(f"{sites.shop}/basket")

    made = sites.order()
    await page.goto(widget_page(sites, made))
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await page.get_by_role("button", name="Close").click()  # with the bank's question open
    assert await page.evaluate("told") == ["pending"]
    assert page.url == f"{sites.shop}/widget"

    made = sites.order()
    await page.goto(widget_page(sites, made))
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await answer(frame)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await page.get_by_role("button", name="Close").click()
    await thanked(page, sites, made, "successful")
