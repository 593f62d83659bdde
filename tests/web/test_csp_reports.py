"""What browsers report of our pages' policies: few, bounded, told once, and nothing secret."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from checkout.web.csp_reports import IN_ALL, MOST_IN_ONE, MOST_KINDS, PER_ADDRESS, WINDOW
from checkout.web.page_types import PAGE_TYPES, page_type
from checkout.web.security import LARGEST_BODY
from tests.web.conftest import Opened
from tests.web.server import Server
from tests.web.settings import PUBLIC
from tests.web.test_security import check, policy_of

SECRET: Final = "Kq3S9vTt0mZyX4c1Lw8bRg"
PAYMENT: Final = f"{PUBLIC}/en/payment/8a8b6f2e-0c5c-4e0a-9d0a-2f1c7f1f5a10/{SECRET}"
OLD: Final = {"Content-Type": "application/csp-report"}
NEW: Final = {"Content-Type": "application/reports+json; charset=utf-8"}


def old(**values: Any) -> bytes:
    usual = {
        "document-uri": PAYMENT,
        "referrer": PAYMENT,
        "violated-directive": "script-src-elem",
        "effective-directive": "script-src-elem",
        "original-policy": "default-src 'none'",
        "disposition": "enforce",
        "blocked-uri": f"https://evil.example/x.js?{SECRET}",
        "script-sample": "4111111111111111",
        "status-code": 200,
    }
    return json.dumps(
        {"csp-report": usual | {k.replace("_", "-"): v for k, v in values.items()}}
    ).encode()


def new(**values: Any) -> dict[str, Any]:
    usual = {
        "documentURL": PAYMENT,
        "effectiveDirective": "script-src-attr",
        "blockedURL": "inline",
        "sample": "alert(4111111111111111)",
        "disposition": "enforce",
        "statusCode": 200,
    }
    return {
        "type": "csp-violation",
        "age": 1,
        "url": PAYMENT,
        "user_agent": "x",
        "body": usual | values,
    }


async def told(server: Server, *bodies: tuple[bytes, dict[str, str]], address: str = "") -> Any:
    """The log's lines of these reports; each from an address of its own."""
    with capture_logs() as lines:
        for number, (body, headers) in enumerate(bodies):
            sender = address or f"198.51.100.{number % 250}"
            async with server.customer(sender) as customer:
                answer = await customer.post("/reports/csp", content=body, headers=headers)
            assert answer.status_code == 204, answer.text
            check(answer)
    return [line for line in lines if line["event"].startswith("policy.")]


def counted(page: str, directive: str) -> float:
    labels = {"page": page, "directive": directive}
    return REGISTRY.get_sample_value("checkout_policy_violations_total", labels) or 0.0


async def test_both_ways_of_reporting(opened: Opened) -> None:
    async with opened() as server:
        before = counted("payment", "script-src-elem"), counted("payment", "script-src-attr")
        lines = await told(server, (old(), OLD), (json.dumps([new()]).encode(), NEW))
        assert [(each["directive"], each["blocked"]) for each in lines] == [
            ("script-src-elem", "https://evil.example"),
            ("script-src-attr", "inline"),
        ]
        for line in lines:
            assert line["event"] == "policy.violation"
            assert line["page"] == "payment"
            assert line["alert"] is True
            assert line["log_level"] == "error"
        after = counted("payment", "script-src-elem"), counted("payment", "script-src-attr")
        assert after == (before[0] + 1, before[1] + 1)


async def test_nothing_secret_is_told(opened: Opened) -> None:
    """Neither the payment's address, nor what was typed, nor a query, nor the sender."""
    async with opened() as server:
        bodies = [
            (old(blocked_uri=blocked, document_uri=page, effective_directive=directive), OLD)
            for blocked in (
                f"https://evil.example/{SECRET}?number=4111111111111111",
                f"https://{SECRET}@evil.example/",
                f"https://{SECRET}/",
                f"https://{SECRET}.evil.example/",
                "wss://4111111111111111.evil.example/",
                "https://4111111111111111.example/",
                PAYMENT,
                f"data:{SECRET}",
                f"javascript:{SECRET}",
                f"chrome-extension://{SECRET}/x.js",
                SECRET,
            )
            for page in (PAYMENT, f"{PUBLIC}/pay/{SECRET}", f"{PUBLIC}/return/{SECRET}?x={SECRET}")
            for directive in ("img-src", SECRET)
        ]
        lines = await told(server, *bodies)
        assert len(lines) > 10
        text = json.dumps(lines)
        for secret in (SECRET, SECRET.lower(), "4111", "8a8b6f2e", "198.51.100"):
            assert secret not in text, secret
        assert {line["page"] for line in lines} == {"payment", "error"}
        assert {line["directive"] for line in lines} == {"img-src", "other"}
        assert {line["blocked"] for line in lines} == {
            "https://evil.example", "wss://evil.example", "https://#.example",
            "self", "extension", "other",
        }  # fmt: skip


async def test_a_kind_is_told_once_an_hour(opened: Opened) -> None:
    async with opened() as server:
        many = [(old(), OLD)] * 30
        (line,) = await told(server, *many)
        assert line["last_hour"] == 0
        server.offset += WINDOW + 1
        (line,) = await told(server, *many)
        assert line["last_hour"] == 30


async def test_kinds_without_end_end(opened: Opened) -> None:
    """Whoever makes names up fills neither the log nor the memory."""
    async with opened() as server:
        bodies = [
            (
                json.dumps(
                    [new(blockedURL=f"https://x{n}.example") for n in range(first, first + 20)]
                ).encode(),
                NEW,
            )
            for first in range(0, 400, 20)
        ]
        lines = await told(server, *bodies)
        assert len(lines) == MOST_KINDS + 1
        assert (lines[-1]["page"], lines[-1]["directive"], lines[-1]["blocked"]) == ("other",) * 3
        assert len(server.app.state.reports._kinds) == MOST_KINDS + 1


async def test_few_from_each_address_and_in_all(opened: Opened) -> None:
    async with opened() as server:

        async def sent(address: str) -> httpx.Response:
            async with server.customer(address) as customer:
                return await customer.post("/reports/csp", content=b"[]", headers=NEW)

        one = [(await sent("2001:db8:1:2::1")).status_code for _ in range(PER_ADDRESS)]
        assert set(one) == {204}
        refused = await sent("2001:db8:1:2:ffff::9")  # the same customer's network
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "60"
        assert (await sent("2001:db8:1:3::1")).status_code == 204
        for number in range(IN_ALL - PER_ADDRESS - 1):
            assert (await sent(f"198.18.{number // 250}.{number % 250}")).status_code == 204
        assert (await sent("203.0.113.9")).status_code == 429
        assert len(server.app.state.reports._senders) < IN_ALL
        server.offset += 61
        assert (await sent("2001:db8:1:2::1")).status_code == 204


EVIL: Final = "https://evil.example/en/payment/x/y"
NO_REPORTS: Final[dict[str, tuple[bytes, dict[str, str], int]]] = {
    "no JSON": (b"{", OLD, 400),
    "nothing": (b"", NEW, 400),
    "JSON of another type": (old(), {"Content-Type": "application/json"}, 400),
    "text": (old(), {"Content-Type": "text/plain"}, 400),
    "deep": (b"[" * 1000, NEW, 400),
    "large": (b"x" * (LARGEST_BODY + 1), NEW, 413),
    "a list of the old type": (b"[]", OLD, 204),
    "an object of the new type": (b"{}", NEW, 204),
    "null": (b"null", NEW, 204),
    "no bodies": (b'[null, {"type": "csp-violation"}]', NEW, 204),
    "a list for a body": (b'[{"type": "csp-violation", "body": []}]', NEW, 204),
    "an empty report": (b'{"csp-report": null}', OLD, 204),
    "numbers": (b'{"csp-report": {"document-uri": 1, "effective-directive": []}}', OLD, 204),
    "another report": (json.dumps([new() | {"type": "deprecation"}]).encode(), NEW, 204),
    "another site": (old(document_uri=EVIL), OLD, 204),
    "a name like ours": (old(document_uri=f"{PUBLIC}.evil.example/"), OLD, 204),
    "no page": (old(document_uri="about:blank"), OLD, 204),
}


@pytest.mark.parametrize(("body", "headers", "status"), NO_REPORTS.values(), ids=NO_REPORTS)
async def test_what_is_no_report_of_ours(
    opened: Opened, body: bytes, headers: dict[str, str], status: int
) -> None:
    async with opened() as server, server.customer() as customer:
        with capture_logs() as lines:
            answer = await customer.post("/reports/csp", content=body, headers=headers)
        assert answer.status_code == status
        check(answer)
        assert lines == []


async def test_so_many_of_one_body(opened: Opened) -> None:
    async with opened() as server:
        many = [new(blockedURL=f"https://x{n}.example") for n in range(60)]
        assert len(await told(server, (json.dumps(many).encode(), NEW))) == MOST_IN_ONE


async def test_a_customers_own_extension_is_no_alarm(opened: Opened) -> None:
    """Some browsers report what their own extensions try."""
    async with opened() as server:
        lines = await told(
            server,
            (old(blocked_uri="moz-extension"), OLD),
            (old(blocked_uri="inline", source_file="chrome-extension://abc/x.js"), OLD),
        )
        (line,) = lines
        assert line["event"] == "policy.extension"
        assert line["log_level"] == "info"
        assert "alert" not in line


async def test_an_older_firefox(opened: Opened) -> None:
    """Without "effective-directive", and the whole directive said."""
    async with opened() as server:
        body = old(
            effective_directive=None, violated_directive="script-src 'nonce-x'", blocked_uri="eval"
        )
        (line,) = await told(server, (body, OLD))
        assert (line["directive"], line["blocked"]) == ("script-src", "eval")


async def test_no_token_no_cookie_no_origin(server: Server) -> None:
    """A browser sends it by itself, also from a frame without an origin."""
    async with server.customer("192.0.2.77") as customer:
        for origin in ("null", "https://shop.example.com", PUBLIC):
            headers = NEW | {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            answer = await customer.post("/reports/csp", content=b"[]", headers=headers)
            assert answer.status_code == 204
            assert "set-cookie" not in answer.headers
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert (await customer.request(method, "/reports/csp")).status_code == 405


async def test_every_page_says_where_to_report(server: Server) -> None:
    made = await server.create()
    async with server.customer() as customer:
        for path in (made.path(), made.path(kind="order"), "/nowhere"):
            answer = await customer.get(path)
            policy = policy_of(answer)
            assert (policy["report-to"], policy["report-uri"]) == ("csp", "/reports/csp")
            assert answer.headers["reporting-endpoints"] == 'csp="/reports/csp"'


def test_every_address_has_its_type() -> None:
    at = {
        "payment": ["/en/payment/a/b", "/en/payment/a/b/pay"],
        "redirect": ["/de/payment/a/b/redirect"],
        "wait": ["/ru/payment/a/b/wait"],
        "status": ["/en/payment/a/b/status"],
        "result": ["/en/payment/a/b/result"],
        "order": ["/en/order/a/b"],
        "product": ["/product/a", "/en/product/a"],
        "error": ["/", "/pay/x", "/en/payment/a", "/en/payment/a/b/c/d", "/english/payment/a/b"],
    }
    assert set(at) == {each.name for each in PAGE_TYPES}
    for name, paths in at.items():
        for path in paths:
            assert page_type(path).name == name, path
