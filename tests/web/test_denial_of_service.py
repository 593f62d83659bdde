"""One request must not stop a worker: each attack, with a clock.

What is sent is as large as the server takes, and made to cost: it is answered within 50 ms of the
processor's time and a few megabytes, whatever the answer.
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from checkout.signing import COOKIE, sign_link
from checkout.web.security import LARGEST_BODY
from tests.support.cpu_and_memory import peak_of, seconds_of
from tests.web.page import Form
from tests.web.server import CARD, OURS, CreatedPayment, Raw, Server, ordered, raw

SECONDS: Final = 0.050
BYTES: Final = 6 * 1024 * 1024
FULL: Final = 58_000  # characters: with the rest of a form or an order nearly 64 KiB

FORM: Final = [(b"content-type", b"application/x-www-form-urlencoded")]
DIGITS: Final = "3 " * (FULL // 2)  # that are nobody's card, however they are grouped
ARABIC: Final = "\u0663 " * (FULL // 14)


@dataclass
class Attack:
    method: str
    path: str
    body: bytes = b""
    query: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


@dataclass
class Target:
    """Payments of a server, and their forms."""

    server: Server
    made: CreatedPayment
    plain: Form
    asking: Form  # for a name and an address

    def post(self, form: Form, **fields: str) -> Attack:
        sent = urlencode(form.fields | fields).encode()
        assert len(sent) <= LARGEST_BODY
        return Attack("POST", form.action, sent, headers=[*ours(), *FORM])

    def card(self, **fields: str) -> Attack:
        return self.post(self.plain, **CARD | fields)

    def get(self, path: str, query: str = "", **headers: bytes) -> Attack:
        return Attack(
            "GET",
            path,
            query=query,
            headers=[(name.replace("_", "-").encode(), value) for name, value in headers.items()],
        )

    def api(self, body: Any, path: str = "/ctp/api/checkouts") -> Attack:
        sent = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        assert len(sent) <= LARGEST_BODY
        return Attack("POST", path, sent, headers=self.basic)

    def report(self, body: bytes) -> Attack:
        kind = [(b"content-type", b"application/reports+json")]
        return Attack("POST", "/reports/csp", body, headers=kind)

    def order(self, **changes: Any) -> Attack:
        return self.api({"checkout": ordered(**changes)})

    def by_app(self, body: Any, path: str = "/ctp/api/checkouts") -> Attack:
        """With the key that every customer has."""
        key = f"Bearer {self.server.settings.shops['361'].publishable_key}"
        sent = json.dumps(body, separators=(",", ":")).encode()
        headers = [(b"authorization", key.encode()), (b"content-type", b"application/json")]
        return Attack("POST", path, sent, headers=headers)

    @property
    def basic(self) -> list[tuple[bytes, bytes]]:
        return [(name.lower().encode(), v.encode()) for name, v in self.server.basic().items()]

    async def suffer(self, attack: Attack) -> Raw:
        return await raw(
            self.server.app,
            attack.method,
            attack.path,
            query=attack.query,
            headers=attack.headers,
            body=attack.body,
        )


def ours() -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in OURS.items()]


def link(target: Target, **payload: Any) -> str:
    return sign_link("361", target.server.settings.shops["361"].link_keys[-1], payload)


def quoted(value: bytes) -> bytes:
    """A cookie of ours that nobody has seen before."""
    return b'%s="%s%d"' % (COOKIE.encode(), value, next(numbers))


numbers: Final = count()


def names(many: int) -> dict[str, int]:
    return {f"{number:x}": 1 for number in range(many)}


ATTACKS: Final[dict[str, tuple[Callable[[Target], Attack], set[int]]]] = {
    # The form.
    "digits and blanks in a field that is shown again": (
        lambda t: t.post(t.asking, first_name=DIGITS),
        {422},
    ),
    "digits and blanks in a field that nobody asked for": (
        lambda t: t.post(t.asking, more=DIGITS),
        {422},
    ),
    "digits of another script": (lambda t: t.post(t.asking, first_name=ARABIC), {422}),
    "blanks in a name": (lambda t: t.post(t.asking, first_name="a" + " " * FULL), {422}),
    "an e-mail of dots": (lambda t: t.post(t.asking, email="a@" + "a." * (FULL // 2)), {422}),
    "a card of digits": (lambda t: t.card(number="4" * FULL), {422}),
    "a holder of blanks": (lambda t: t.card(holder="a " * (FULL // 2)), {422}),
    "an expiry of slashes": (lambda t: t.card(expiry="1/" * (FULL // 4)), {422}),
    "a code of digits": (lambda t: t.card(code="1 " * (FULL // 2)), {422}),
    "a form token without end": (lambda t: t.post(t.plain, form_token="1." * (FULL // 2)), {403}),
    "a form of many fields": (
        lambda t: Attack("POST", t.plain.action, b"a&" * 32_000, headers=[*ours(), *FORM]),
        {400},
    ),
    "a form of percent signs": (
        lambda t: Attack("POST", t.plain.action, b"a=" + b"%41" * 21_000, headers=[*ours(), *FORM]),
        {403},
    ),
    # What browsers report.
    "a report of lists": (lambda t: t.report(b"[" * FULL), {400}),
    "7,000 reports": (lambda t: t.report(b'[{"type":"csp-violation"}%s]' % (b",{}" * 7000)), {400}),
    "a report of one name": (
        lambda t: t.report(
            b'[{"type":"csp-violation","body":{"blockedURL":"http://%s"}}]' % (b"a." * (FULL // 2))
        ),
        {204},
    ),
    # The shop's API.
    "7,000 wrong members": (lambda t: t.order(payment_method=names(7000)), {400}),
    "as many wrong members as are read": (lambda t: t.order(payment_method=names(990)), {422}),
    "28,000 dots in a name": (lambda t: t.order(payment_method={"a." * 28_000: 1}), {400}),
    "many names of dots": (
        lambda t: t.order(payment_method={f"{n}" + "a." * 120: 1 for n in range(200)}),
        {422},
    ),
    "20,000 empty lists": (lambda t: t.order(payment_method={"x": {"y": [[]] * 20_000}}), {400}),
    "20,000 empty lists in bytes": (
        lambda t: t.api(b'{"checkout":{"order":[' + b"[]," * 20_000 + b"[]]}}"),
        {400},
    ),
    "nested objects": (lambda t: t.api(b'{"a":' * 10_000 + b"1" + b"}" * 10_000), {400}),
    "one member 9,000 times": (lambda t: t.api(b'{"x":{' + b'"a":1,' * 9000 + b'"a":1}}'), {400}),
    "unclosed lists": (lambda t: t.api(b"[" * 64_000), {400}),
    "a number without end": (lambda t: t.api(b'{"checkout":' + b"9" * 60_000 + b"}"), {400}),
    "a decimal without end": (lambda t: t.api(b'{"checkout":0.' + b"9" * 60_000 + b"}"), {422}),
    "digits and blanks for a card's parameter": (
        lambda t: t.order(payment_method={"credit_card": {"more": DIGITS}}),
        {422},
    ),
    "as many of them as are kept": (
        lambda t: t.order(payment_method={"credit_card": {"more": DIGITS[:16_000]}}),
        {201},
    ),
    "a description without end": (lambda t: t.order(order={"description": "a" * FULL}), {422}),
    "an e-mail of dots by the API": (
        lambda t: t.order(customer={"email": "a@" + "a." * (FULL // 2)}),
        {201},
    ),
    "a name of flags": (
        lambda t: t.order(customer={"first_name": "\U0001f1e7" * (FULL // 12)}),
        {201},
    ),
    "lines of joiners": (
        lambda t: t.order(order={"additional_data": {"receipt_text": ["x" + "\u200d" * 400] * 20}}),
        {201},
    ),
    "an address of dots": (
        lambda t: t.order(settings={"return_url": "https://" + "a." * (FULL // 2)}),
        {422},
    ),
    "a ticket of blanks": (
        lambda t: t.order(travel={"airline": {"ticket_number": " " * FULL}}),
        {201},  # left out
    ),
    "an unknown currency without end": (lambda t: t.order(order={"currency": "E" * FULL}), {422}),
    "wrong travellers": (
        lambda t: t.order(travel={"airline": {"passengers": [{"first_name": 1}] * 200}}),
        {422},
    ),
    "an app's order of many members": (
        lambda t: t.by_app({"checkout": ordered(**names(900))}),
        {422},
    ),
    "an app's order of many blanks": (
        lambda t: t.by_app({"checkout": ordered(payment_method=[[""] * 900] * 8)}),
        {201},
    ),
    "an app's payment of digits and blanks": (
        lambda t: t.by_app(
            {"request": {"token": t.made.token, "customer": {"first_name": DIGITS}}},
            "/ctp/api/payments",
        ),
        {422},
    ),
    "a key without end": (
        lambda t: Attack("POST", "/ctp/api/payments", headers=[(b"authorization", b"a" * 60_000)]),
        {401},
    ),
    "an invoice of many members": (lambda t: t.api(names(900), "/invoices"), {422}),
    "a product of many members": (lambda t: t.api(names(900), "/products"), {422}),
    "a query of many fields": (
        lambda t: Attack("GET", "/invoices", query="a&" * 8000, headers=t.basic),
        {400},
    ),
    # Headers and addresses.
    "backslashes in the cookie": (
        lambda t: t.get(t.made.path(), cookie=quoted(b"\\\\" * 16_000)),
        {200},
    ),
    "languages without end": (
        lambda t: t.get("/nowhere", accept_language=b"aa-bb-cc," * 7000),
        {404},
    ),
    "an address of dashes": (lambda t: t.get("/" + "a-" * 30_000), {404}),
    "an address of slashes": (lambda t: t.get("/" * 60_000), {404}),
    "a name of a static file": (lambda t: t.get("/static/" + "a" * 60_000), {404}),
    "a query without end": (lambda t: t.get(t.made.path(), "a" * 60_000), {413}),
    "headers without end": (
        lambda t: Attack("GET", t.made.path(), headers=[(b"x-more", b"a" * 700)] * 100),
        {413},
    ),
    "a length without end": (
        lambda t: Attack(
            "POST",
            t.plain.action,
            headers=[*ours(), *FORM, (b"content-length", b"9" * 5000)],
        ),
        {413},
    ),
    "a password without end": (
        lambda t: t.get("/products", authorization=b"Basic " + b"YTph" * 15_000),
        {401},
    ),
    "a link that unpacks": (lambda t: t.get(f"/pay/{link(t, description='0' * 15_000)}"), {422}),
}


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def target(server: Server) -> AsyncIterator[Target]:
    fields = {"customer_fields": {"visible": ["first_name", "email"]}}
    made, asking = await server.create(), await server.create(settings=fields)
    async with server.customer() as customer:
        plain = (await customer.open(made.path())).form("pay")
        asked = (await customer.open(asking.path())).form("pay")
    yield Target(server, made, plain, asked)


@pytest.mark.parametrize("name", ATTACKS)
async def test_it_costs_little(target: Target, name: str) -> None:
    make, statuses = ATTACKS[name]
    attacks = iter([make(target) for _ in range(3)])
    spent, answer = await seconds_of(lambda: target.suffer(next(attacks)))
    assert answer.status in statuses, answer.body[:300]
    assert spent < SECONDS, f"{spent * 1000:.0f} ms"
    assert len(answer.body) < 64 * 1024
    attack = make(target)
    taken = await peak_of(lambda: target.suffer(attack))
    assert taken < BYTES, f"{taken / 2**20:.0f} MB"


LARGEST: Final[dict[str, dict[str, str]]] = {
    f"{number:x}": {} for number in range(990)
}  # objects in as few bytes as can be
KEPT: Final = 24 * 1024 * 1024  # bytes: of orders 16 MiB


async def test_many_large_payments(target: Target) -> None:
    """Each as large as is taken: made, opened and polled. What is kept of them has an end."""
    attack = target.order(
        order={"additional_data": {"meta": LARGEST}}, payment_method={"erip": LARGEST}
    )
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(60):
            answer = await target.suffer(attack)
            assert answer.status == 201
            token = json.loads(answer.body)["checkout"]["token"]
            opened = await target.suffer(Attack("GET", "/widget/hpp.html", query=f"token={token}"))
            page = dict(opened.headers)[b"location"].decode()
            assert (await target.suffer(Attack("GET", page))).status == 200
            await target.suffer(Attack("GET", f"{page}/status"))
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < KEPT, f"{kept / 2**20:.0f} MB"


@pytest.mark.parametrize(
    ("changes", "name", "reason"),
    [
        ({"order": {"additional_data": {"meta": {"x": "y" * 16_384}}}},
         "order.additional_data.meta", "must have at most 16384 bytes as JSON"),
        ({"order": {"additional_data": {"meta": {"x": [1] * 1000}}}},
         "order.additional_data.meta", "must hold at most 1000 values"),
        ({"payment_method": {"erip": {"x": "y" * 16_384}}}, "payment_method.erip",
         "must have at most 16384 bytes as JSON"),
        ({"payment_method": {"erip": {"x": "y" * 9000}, "sbp": {"x": "y" * 9000}}},
         "payment_method", "must have at most 16384 bytes as JSON"),
        ({"payment_method": {"credit_card": {"x": [1] * 1000}}}, "payment_method.credit_card",
         "must hold at most 1000 values"),
        ({"settings": {"more": "y" * 32_768}}, "settings", "must have at most 32768 bytes as JSON"),
        ({"order": {"more": "y" * 32_768}}, "order", "must have at most 32768 bytes as JSON"),
    ],
)  # fmt: skip
async def test_what_a_payment_may_hold(
    target: Target, changes: dict[str, Any], name: str, reason: str
) -> None:
    answer = await target.suffer(target.order(**changes))
    assert answer.status == 422
    told = json.loads(answer.body)["errors"]
    for part in name.split("."):
        told = told[part]
    assert reason in (told["base"] if isinstance(told, dict) else told)


async def test_what_is_wrong_is_told_in_bounds(target: Target) -> None:
    answer = await target.suffer(target.order(payment_method=names(990)))
    body = json.loads(answer.body)["errors"]
    assert len(body["payment_method"]) == 50
    assert body["base"] == ["and 940 more"]
    assert body["payment_method"]["0"] == ["must be an object"]


async def test_many_unknown_fields_are_taken(target: Target) -> None:
    for _ in range(2):
        answer = await target.suffer(target.order(**names(900), order={"x": names(900)}))
        assert answer.status == 201
